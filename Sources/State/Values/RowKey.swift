internal import SQLite

/// What a row's clock is filed under: the row id where that is the key, else the packed key.
package enum RowKey: Hashable, Sendable {
  case integer(Int64)
  case packed([UInt8])

  /// The form that is exchanged.
  package var packed: [UInt8] {
    switch self {
    case .integer(let number): PackedKey.pack(integer: number)
    case .packed(let bytes): bytes
    }
  }

  var value: SQLiteValue {
    switch self {
    case .integer(let number): .integer(number)
    case .packed(let bytes): .blob(bytes)
    }
  }

  init?(_ value: SQLiteValue) {
    switch value {
    case .integer(let number): self = .integer(number)
    case .blob(let bytes): self = .packed(bytes)
    default: return nil
    }
  }
}

/// A row of a replicated table.
package struct RowID: Hashable, Sendable {
  /// The table's number.
  package let table: Int
  package let key: RowKey
}

extension RowID: Comparable {
  /// In the order in which the tables of clocks have them.
  package static func < (a: RowID, b: RowID) -> Bool {
    if a.table != b.table { return a.table < b.table }
    switch (a.key, b.key) {
    case (.integer(let x), .integer(let y)): return x < y
    case (.packed(let x), .packed(let y)): return x.lexicographicallyPrecedes(y)
    case (.integer, .packed): return true
    case (.packed, .integer): return false
    }
  }
}
