internal import SQLite

extension TrackedTables {
  /// The replicated tables as the connection sees them: `known`, if they are of the same schema.
  static func asOf(_ connection: Connection, known: TrackedTables) throws(StateError) -> TrackedTables {
    let version = try schemaVersion(connection)
    return version == .integer(Int64(known.version)) ? known : try load(from: connection)
  }

  private static func schemaVersion(_ connection: Connection) throws(StateError) -> SQLiteValue? {
    try state { () throws(SQLiteError) in
      try connection.value("SELECT value FROM __weir_meta WHERE name = 'schema'")
    }
  }

  /// The replicated tables as the file has them.
  static func load(from connection: Connection) throws(StateError) -> TrackedTables {
    let version = try schemaVersion(connection)?.integer ?? 0
    let rows = try state { () throws(SQLiteError) in
      try connection.rows("SELECT id, name, retired FROM __weir_table ORDER BY id")
    }
    var tables: [TrackedTable] = []
    var retired: [String] = []
    for row in rows {
      guard let id = row[0].integer, let name = row[1].string else { throw damaged }
      // A retired table is there, and replicated, until it is dropped.
      if let shape = try TableShape(name, on: connection) {
        tables.append(try TrackedTable(id: Int(id), shape, on: connection))
      } else if row[2] == 1 {
        retired.append(name)
      } else {
        throw StateError(
          .foreignWriter, "the replicated table \(name) is not there",
          hint: "restore the database from a backup, or let it be made anew by its schema", table: name)
      }
    }
    return TrackedTables(version: UInt64(version), tables, retired: retired)
  }

  private static var damaged: StateError {
    StateError(.corrupt, "the list of replicated tables is damaged", hint: "restore the database from a backup")
  }
}

extension TrackedTable {
  convenience init(id: Int, _ shape: TableShape, on connection: Connection) throws(StateError) {
    let rows = try state { () throws(SQLiteError) in
      try connection.rows("SELECT name, number FROM __weir_column WHERE table_id = ?", [.integer(Int64(id))])
    }
    var numbers: [[UInt8]: Int] = [:]
    for row in rows {
      guard let name = row[0].string, let number = row[1].integer else { continue }
      numbers[Array(name.utf8)] = Int(number)
    }
    let places = HookPlaces(shape)
    var columns: [Column] = []
    for column in shape.tracked {
      guard let number = numbers.removeValue(forKey: Array(column.name.utf8)) else {
        throw StateError(
          .foreignWriter, "column \(column.name) of \(shape.name) was added by another program",
          hint: "add it to the schema and load that", table: shape.name)
      }
      columns.append(
        Column(
          number: number, name: column.name, place: places[column], defaultValue: try column.defaultValue()))
    }
    self.init(
      id: id, name: shape.name,
      key: shape.key.map {
        KeyColumn(name: $0.name, place: places[$0], affinity: $0.affinity(isStrict: shape.isStrict))
      },
      columns: columns.sorted { $0.number < $1.number }, hasIntegerKey: shape.hasIntegerKey,
      retired: numbers.keys.map { String(decoding: $0, as: UTF8.self) })
  }
}

/// By which number the hook knows the columns of a table.
///
/// Some versions of SQLite count the columns as they are declared, others as they are stored, where virtual ones are left out.
private struct HookPlaces {
  private let columns: [TableShape.Column]

  init(_ shape: TableShape) {
    columns = HookPlaces.skipsVirtual ? shape.columns.filter { !$0.isVirtual } : shape.columns
  }

  subscript(column: TableShape.Column) -> Int { columns.firstIndex(of: column) ?? 0 }

  /// Found out by trying.
  private static let skipsVirtual: Bool = {
    guard let connection = try? Connection("", .memory) else { return false }
    nonisolated(unsafe) var skips = false
    connection.onChange { change in
      if change.kind == .update { skips = change.old(1)?.value == "old" && change.new(1)?.value == "new" }
    }
    try? connection.run(
      "CREATE TABLE t(a INTEGER PRIMARY KEY, v AS ('virtual') VIRTUAL, b); INSERT INTO t(b) VALUES ('old'); UPDATE t SET b = 'new'"
    )
    return skips
  }()
}

extension TableShape.Column {
  /// What a row shows that is older than the column.
  fileprivate func defaultValue() throws(StateError) -> SQLiteValue {
    guard let defaultText else { return .null }
    return try state { () throws(SQLiteError) in
      let copy = try Connection("", .memory)
      // In parentheses: the catalogue leaves out those that an expression was declared with.
      try copy.run("CREATE TABLE t(k INTEGER PRIMARY KEY, c \(type) DEFAULT (\(defaultText)))")
      try copy.run("INSERT INTO t DEFAULT VALUES")
      return try copy.value("SELECT c FROM t") ?? .null
    }
  }
}
