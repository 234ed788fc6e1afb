internal import SQLite

/// A row that does not agree with its clock: another program wrote it.
public struct RowDifference: Equatable, Sendable {
  /// What is wrong.
  public enum Kind: Sendable {
    /// The row is there, and no clock says so.
    case untracked
    /// A clock says that the row is there, and it is not.
    case missing
  }

  /// The table's name.
  public let table: String
  /// The row's key: `PackedKey`.
  public let key: [UInt8]
  /// What is wrong.
  public let kind: Kind
}

extension StateStore {
  /// Compares rows and clocks: what another program inserted or deleted. Values that it changed cannot be told.
  public func differences() throws(StateError) -> [RowDifference] {
    try database.write { (_) throws(StateError) in try core.differences() }
  }

  /// Takes what another program inserted or deleted as if it had been written here now.
  ///
  /// - Returns: The version that it got; nil if there was nothing to adopt.
  public func adoptDifferences(time: UInt64) throws(StateError) -> UInt64? {
    try database.write { (_) throws(StateError) in
      let found = try core.differences()
      if found.isEmpty { return nil }
      return try core.transaction { () throws(StateError) in try core.adopt(found, time: time) }
    }
  }
}

extension WriterCore {
  func differences() throws(StateError) -> [RowDifference] {
    try connection.transaction(.deferred, failure: { StateError($0) }) { () throws(StateError) in
      let view = try ClockView(connection, known: tables)
      var found: [RowDifference] = []
      for table in tables.tables { found += try differences(of: table, view) }
      return found
    }
  }

  private func differences(of table: TrackedTable, _ view: ClockView) throws(StateError) -> [RowDifference] {
    var alive: Set<RowKey> = []
    try view.forEachClock(of: table) { (row, clock) throws(StateError) in
      if clock.isAlive { alive.insert(row.key) }
    }
    var found: [RowDifference] = []
    let statement = try state { () throws(SQLiteError) in try connection.prepare(table.keysSQL) }
    while try state({ () throws(SQLiteError) in try statement.step() }) {
      let key = table.rowKey(statement.values())
      if alive.remove(key) == nil {
        found.append(RowDifference(table: table.name, key: key.packed, kind: .untracked))
      }
    }
    let missing = alive.map { $0.packed }.sorted { $0.lexicographicallyPrecedes($1) }
    return found + missing.map { RowDifference(table: table.name, key: $0, kind: .missing) }
  }

  func adopt(_ differences: [RowDifference], time: UInt64) throws(StateError) -> UInt64 {
    var changes: [CapturedChange] = []
    for difference in differences {
      guard let index = tables.tables.firstIndex(where: { $0.name.utf8.elementsEqual(difference.table.utf8) }) else {
        continue
      }
      changes.append(
        CapturedChange(
          kind: difference.kind == .untracked ? .insert : .delete, table: index,
          key: try tables.tables[index].rowKey(difference.key).key, newKey: nil, columns: ColumnSet(), depth: 0))
    }
    return try makeClocks(of: changes, time: time).version
  }
}

extension TrackedTable {
  /// A row's key as it is filed, from its values in the table.
  func rowKey(_ values: [SQLiteValue]) -> RowKey {
    if hasIntegerKey, case .integer(let number) = values[0] { return .integer(number) }
    return .packed(PackedKey.pack(values))
  }
}
