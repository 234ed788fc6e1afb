internal import SQLite

extension WriterCore {
  /// Makes a table that is there a replicated one. Its rows count as inserted now; `time` is that of their changes.
  ///
  /// Inside a transaction; the caller goes on with `reloadTables`.
  func track(_ name: String, time: UInt64) throws(StateError) {
    guard let shape = try TableShape(name, on: connection) else { throw .unknownTable(name) }
    if let refusal = try shape.refusal() { throw refusal }
    let id = try state { () throws(SQLiteError) in
      // A table that was dropped once comes back under its old number.
      let id = try connection.value(
        "INSERT INTO __weir_table (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET retired = 0 RETURNING id",
        [SQLiteValue(name)])
      return Int(id?.integer ?? 0)
    }
    try numberColumns(of: shape, id)
    let kind = shape.hasIntegerKey ? ("INTEGER PRIMARY KEY", "") : ("BLOB PRIMARY KEY", " WITHOUT ROWID")
    try state { () throws(SQLiteError) in
      try connection.run("CREATE TABLE \(TrackedTable.clockTable(id)) (key \(kind.0), clock BLOB NOT NULL)\(kind.1)")
      try raiseSchemaVersion()
    }
    try reloadTables()
    guard let table = tables.table(named: name) else { throw .unknownTable(name) }
    try state { () throws(SQLiteError) in try WriterGuard.install(on: connection, table) }
    try insertClocks(ofRowsOf: table, time: time)
  }

  /// Gives numbers to columns that have none.
  func numberColumns(of shape: TableShape, _ id: Int) throws(StateError) {
    try state { () throws(SQLiteError) in
      for column in shape.tracked {
        try connection.run(
          "INSERT OR IGNORE INTO __weir_column (table_id, name, number)"
            + " SELECT id, ?2, next_column FROM __weir_table WHERE id = ?1",
          [.integer(Int64(id)), SQLiteValue(column.name)])
        if connection.changes == 0 { continue }
        try connection.run(
          "UPDATE __weir_table SET next_column = next_column + 1 WHERE id = ?", [.integer(Int64(id))])
      }
    }
  }

  func raiseSchemaVersion() throws(SQLiteError) {
    try connection.run("UPDATE __weir_meta SET value = value + 1 WHERE name = 'schema'")
  }

  /// Takes in the tables as the open transaction has them. If it is undone, it must be called once more.
  func reloadTables() throws(StateError) {
    let found = try TrackedTables.asOf(connection, known: tables)
    if found !== tables { use(found) }
  }

  private func insertClocks(ofRowsOf table: TrackedTable, time: UInt64) throws(StateError) {
    let index = tables.tables.firstIndex { $0 === table } ?? 0
    var changes: [CapturedChange] = []
    let statement = try state { () throws(SQLiteError) in try connection.prepare(table.keysSQL) }
    while try state({ () throws(SQLiteError) in try statement.step() }) {
      changes.append(
        CapturedChange(
          kind: .insert, table: index, key: table.rowKey(statement.values()), newKey: nil, columns: ColumnSet(),
          depth: 0))
    }
    if changes.isEmpty { return }
    _ = try makeClocks(of: changes, time: time)
  }

  /// Runs what changes the schema as one transaction, and goes on with what came of it: the old schema if it fails.
  func changingSchema<R>(_ body: () throws(StateError) -> R) throws(StateError) -> R {
    do throws(StateError) {
      return try transaction { () throws(StateError) in
        // What is in memory is filed by numbers that the change may end.
        try clocks.fold()
        let result = try body()
        try reloadTables()
        return result
      }
    } catch {
      try reloadTables()
      throw error
    }
  }

  /// Columns of a table were added by ALTER TABLE: the rows that are there have no record of them.
  func columnsWereAdded(to name: String) throws(StateError) {
    guard let table = tables.table(named: name), let shape = try TableShape(name, on: connection) else {
      throw .unknownTable(name)
    }
    try numberColumns(of: shape, table.id)
    try state { () throws(SQLiteError) in try raiseSchemaVersion() }
    try reloadTables()
    guard let changed = tables.table(named: name) else { throw .unknownTable(name) }
    try state { () throws(SQLiteError) in try WriterGuard.install(on: connection, changed) }
  }

  /// Brings the clocks of a table in line with what a program of the same schema on every node made of it: records of columns
  /// that are no more go, and cells that differ from their default get one. Nobody is told: all nodes do the same.
  func realign(_ name: String) throws(StateError) {
    try columnsWereAdded(to: name)
    guard let table = tables.table(named: name) else { throw .unknownTable(name) }
    try forgetMissingColumns(of: table)
    var stamps = LocalStamps(version: max(1, clocks.sites.versions[0]), time: 0)
    for (row, old) in try clocksInOrder(of: table) {
      var clock = old
      try recordOthers(than: &clock, of: row, table, &stamps)
      if clock != old { try clocks.set(clock, of: row, old: old) }
    }
  }

  /// Drops the records of columns that the table does not have any more. Their names stay known, for peers that still send them.
  func forgetMissingColumns(of table: TrackedTable) throws(StateError) {
    for (row, old) in try clocksInOrder(of: table) {
      var clock = old
      for cell in old.allCells where table.index(ofNumber: cell.column) == nil { clock.removeColumn(cell.column) }
      if clock != old { try clocks.set(clock, of: row, old: old) }
    }
  }

  private func clocksInOrder(of table: TrackedTable) throws(StateError) -> [(RowID, RowClock)] {
    var rows: [(RowID, RowClock)] = []
    try ClockView(connection, known: tables).forEachClock(of: table) { (row, clock) throws(StateError) in
      rows.append((row, clock))
    }
    return rows.sorted { $0.0 < $1.0 }
  }

  private func recordOthers(
    than clock: inout RowClock, of row: RowID, _ table: TrackedTable, _ stamps: inout LocalStamps
  ) throws(StateError) {
    guard clock.isAlive else { return }
    let key = try table.rowKey(row.key.packed).values
    for (index, column) in table.columns.enumerated() where clock.cell(column.number) == nil {
      let value = try mergeStatements.value(table, index, key)
      if value.order(against: column.defaultValue) == .equal { continue }
      clock.set(RowClock.Cell(column: column.number, version: 1, stamp: stamps.next()))
    }
  }
}

extension StateStore {
  /// Makes tables that are there replicated ones. Their rows count as inserted now, on this site.
  public func track(_ names: [String], time: UInt64 = 0) throws(StateError) {
    try changeSchema { (core) throws(StateError) in for name in names { try core.track(name, time: time) } }
  }

  /// How `alter` takes what the statements did.
  package enum Alteration {
    /// They added columns: rows that are there have no record of them.
    case addColumns
    /// Every node runs the same ones: `WriterCore.realign`.
    case sameEverywhere
  }

  /// Runs statements that change a replicated table's columns.
  package func alter(_ table: String, _ statements: [String], _ alteration: Alteration) throws(StateError) {
    try changeSchema { (core) throws(StateError) in
      guard let id = core.tables.table(named: table)?.id else { throw .unknownTable(table) }
      try state { () throws(SQLiteError) in
        try core.connection.run("DROP INDEX IF EXISTS \(TrackedTable.guardIndex(id))")
      }
      for sql in statements { try state { () throws(SQLiteError) in try core.connection.run(sql) } }
      switch alteration {
      case .addColumns: try core.columnsWereAdded(to: table)
      case .sameEverywhere: try core.realign(table)
      }
    }
  }

  /// Changes the schema as one transaction, and lets readers go on with the new one.
  func changeSchema<R>(_ body: (WriterCore) throws(StateError) -> R) throws(StateError) -> R {
    let (result, tables) = try database.write { (_) throws(StateError) in
      (try core.changingSchema { () throws(StateError) in try body(core) }, core.tables)
    }
    publish(tables)
    return result
  }
}
