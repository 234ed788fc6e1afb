package import SQLite

// What those need who keep something that is made of the replicated tables.

extension StateStore {
  /// A reader of the caller's own, which stays open as long as the caller likes.
  package func makeReader() throws(StateError) -> Connection {
    try state { () throws(SQLiteError) in try database.makeReader() }
  }

  /// Takes away what `onCommit` added, and says what had been committed by then. What was made of the tables at that time is still true
  /// when a store that is opened later says the same of `contentMark`.
  package func endFollowing(_ observer: CommitObserver) -> [UInt8] {
    database.write { _ in
      core.removeObserver(observer.number)
      return core.contentMark
    }
  }

  /// What names the content of the replicated tables: all transactions that were taken in, and the schema's version.
  package var contentMark: [UInt8] { database.write { _ in core.contentMark } }
}

extension WriterCore {
  var contentMark: [UInt8] {
    var words = [tables.version]
    for (number, version) in clocks.sites.versions.enumerated() {
      words.append(version)
      guard let books = versions[number] else { continue }
      for range in books.missing.ranges { words += [range.lowerBound, range.upperBound] }
      words.append(.max)
      words += books.partial.keys.sorted() + [.max]
    }
    let numbers = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    return clocks.sites.ids.flatMap { $0.bytes } + numbers
  }
}

extension TrackedTable {
  /// The table's number, which stays the same as long as it is there.
  package var number: Int { id }
  /// The columns of the key, in its order.
  package var keyColumns: [String] { key.map { $0.name } }
  /// The number of a replicated column in `TouchedRow.columns`; nil if it is one of the key, or computed.
  package func place(of column: String) -> Int? { columns.firstIndex { $0.name.isSame(word: column) } }
  /// Whether the key has a column of that name.
  package func isKey(_ column: String) -> Bool { key.contains { $0.name.isSame(word: column) } }

  /// What the row of this key is filed under, provided that the columns of the key store these values as they are and compare them
  /// by their bytes; nil in any doubt.
  package func fileKey(_ values: [SQLiteValue]) -> RowKey? {
    guard values.count == key.count else { return nil }
    for (column, value) in zip(key, values) {
      switch (column.affinity, value) {
      case (.numeric, .integer), (.text, .text), (.blob, .blob): break
      default: return nil
      }
    }
    if hasIntegerKey, case .integer(let number) = values[0] { return .integer(number) }
    return .packed(PackedKey.pack(values))
  }
}

extension TrackedTables {
  /// The table of that name, in capitals or not.
  package func table(called name: String) -> TrackedTable? { tables.first { $0.name.isSame(word: name) } }
  /// The table of that number.
  package func table(number: Int) -> TrackedTable? { table(id: number) }
}

extension TouchedRow {
  /// The number of the row's table.
  package var tableNumber: Int { table }
  /// What the row is filed under.
  package var rowKey: RowKey { key }
  /// The columns that got other values, by their place; all of them if `kind` is `.whole`.
  package var columns: ColumnSet { changed }
}

extension RowKey {
  /// The values of the key.
  package var values: [SQLiteValue] {
    get throws(StateError) {
      switch self {
      case .integer(let number): [.integer(number)]
      case .packed(let bytes): try PackedKey.unpack(bytes)
      }
    }
  }
}
