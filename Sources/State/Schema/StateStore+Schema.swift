internal import SQLite

extension StateStore {
  /// Makes the tables what the schema says, in one transaction: new tables and columns, indexes, retirements. Then tries again what
  /// waited for it. Tables that the schema does not name stay.
  ///
  /// - Parameter time: Of the rows of a table that is taken over, which count as inserted now.
  @discardableResult
  public func apply(_ schema: Schema, time: UInt64) throws(StateError) -> SchemaReport {
    let plan = try database.write { (_) throws(StateError) in try core.plan(schema) }
    var report = SchemaReport()
    if !plan.steps.isEmpty {
      report = try changeSchema { (core) throws(StateError) in
        var report = SchemaReport()
        // Once more: somebody may have changed the tables since.
        for step in try core.plan(schema).steps { try core.perform(step, time: time, &report) }
        return report
      }
      try retrySetAside()
    }
    report.version = tables.version
    return report
  }

  /// Drops the tables and columns that are retired: the second step, for when every node has taken the first.
  ///
  /// - Returns: What was dropped, as `table` or `table.column`. Changes of it that peers still send are dropped too.
  public func dropRetired() throws(StateError) -> [String] {
    try changeSchema { (core) throws(StateError) in try core.dropRetired() }
  }

  /// What is retired and not dropped yet, as `table` or `table.column`.
  public func retired() throws(StateError) -> [String] {
    try database.write { (_) throws(StateError) in try core.retiredNames().map { $0.description } }
  }
}

extension Schema.Retired {
  var description: String { column.map { "\(table).\($0)" } ?? table }
}

extension WriterCore {
  func plan(_ schema: Schema) throws(StateError) -> SchemaPlan {
    let indexes = try state { () throws(SQLiteError) in try Schema.Index.all(on: connection) }
      .filter { !FileLayout.isBook($0.name) }
    return try SchemaPlan(
      schema, existing: { (name) throws(StateError) in try TableShape(name, on: connection) },
      isTracked: { tables.table(named: $0) != nil }, retired: try retiredNames(), indexes: indexes)
  }

  func perform(_ step: SchemaStep, time: UInt64, _ report: inout SchemaReport) throws(StateError) {
    switch step {
    case .make(let table):
      try change(table.sql, table.name)
      try track(table.name, time: time)
      report.tables.append(table.name)
    case .adopt(let name):
      try track(name, time: time)
      report.tables.append(name)
    case .add(let table, let column, let definition):
      try change("ALTER TABLE \(SQL.name(table)) ADD COLUMN \(definition)", table)
      try columnsWereAdded(to: table)
      report.columns.append("\(table).\(column)")
    case .makeIndex(let index):
      try change(index.sql, index.table)
      report.indexes.append(index.name)
    case .dropIndex(let name):
      try change("DROP INDEX IF EXISTS \(SQL.name(name))", nil)
      report.droppedIndexes.append(name)
    case .retire(let one):
      if try setRetired(one, true) { report.retired.append(one.description) }
    case .restore(let one):
      if try setRetired(one, false) { report.restored.append(one.description) }
    }
  }

  private func change(_ sql: String, _ table: String?) throws(StateError) {
    do throws(SQLiteError) { try connection.run(sql) } catch {
      throw StateError(.schema, error.message, hint: error.hint, table: table)
    }
  }

  /// Whether that was new.
  private func setRetired(_ one: Schema.Retired, _ isRetired: Bool) throws(StateError) -> Bool {
    guard let table = tables.table(named: one.table) else { return false }
    return try state { () throws(SQLiteError) in
      let (id, flag) = (SQLiteValue.integer(Int64(table.id)), SQLiteValue.integer(isRetired ? 1 : 0))
      if let column = one.column {
        try connection.run(
          "UPDATE __weir_column SET retired = ?1 WHERE table_id = ?2 AND name = ?3 AND retired <> ?1",
          [flag, id, SQLiteValue(column)])
      } else {
        try connection.run("UPDATE __weir_table SET retired = ?1 WHERE id = ?2 AND retired <> ?1", [flag, id])
      }
      let isNew = connection.changes > 0
      if isNew { try raiseSchemaVersion() }
      return isNew
    }
  }

  /// What is retired and still there.
  func retiredNames() throws(StateError) -> [Schema.Retired] {
    let rows = try state { () throws(SQLiteError) in
      try connection.rows(
        "SELECT name, NULL FROM __weir_table WHERE retired = 1 UNION ALL"
          + " SELECT t.name, c.name FROM __weir_column c JOIN __weir_table t ON t.id = c.table_id WHERE c.retired = 1 AND t.retired = 0"
      )
    }
    return rows.compactMap { row in
      guard let name = row[0].string, let table = tables.table(named: name) else { return nil }
      guard let column = row[1].string else { return Schema.Retired(table: name, column: nil) }
      return table.index(of: column) == nil ? nil : Schema.Retired(table: name, column: column)
    }
  }

  func dropRetired() throws(StateError) -> [String] {
    var dropped: [String] = []
    for one in try retiredNames() {
      guard let table = tables.table(named: one.table) else { continue }
      if let column = one.column { try drop(column, of: table) } else { try drop(table) }
      dropped.append(one.description)
    }
    return dropped
  }

  private func drop(_ table: TrackedTable) throws(StateError) {
    try change("DROP TABLE \(SQL.name(table.name))", table.name)
    try state { () throws(SQLiteError) in
      try connection.run("DROP TABLE \(table.clockTable)")
      try connection.run("DELETE FROM __weir_version WHERE table_id = ?", [.integer(Int64(table.id))])
      try raiseSchemaVersion()
    }
    try reloadTables()
  }

  private func drop(_ column: String, of table: TrackedTable) throws(StateError) {
    try change("DROP INDEX IF EXISTS \(SQL.name(TrackedTable.guardIndex(table.id)))", table.name)
    try change("ALTER TABLE \(SQL.name(table.name)) DROP COLUMN \(SQL.name(column))", table.name)
    try columnsWereAdded(to: table.name)
    guard let changed = tables.table(named: table.name) else { return }
    try forgetMissingColumns(of: changed)
  }
}
