/// Columns of a table, by their index in `TrackedTable.columns`.
package struct ColumnSet: Equatable, Sendable {
  private var low: UInt64 = 0
  private var high: [UInt64] = []

  package init() {}

  package var isEmpty: Bool { low == 0 && high.allSatisfy { $0 == 0 } }

  package mutating func insert(_ index: Int) {
    if index < 64 {
      low |= 1 << UInt64(index)
      return
    }
    let word = index / 64 - 1
    while high.count <= word { high.append(0) }
    high[word] |= 1 << UInt64(index % 64)
  }

  package func contains(_ index: Int) -> Bool {
    if index < 64 { return low >> UInt64(index) & 1 == 1 }
    let word = index / 64 - 1
    return word < high.count && high[word] >> UInt64(index % 64) & 1 == 1
  }

  package func intersects(_ other: ColumnSet) -> Bool {
    low & other.low != 0 || zip(high, other.high).contains { $0 & $1 != 0 }
  }

  package mutating func formUnion(_ other: ColumnSet) {
    low |= other.low
    for word in other.high.indices {
      while high.count <= word { high.append(0) }
      high[word] |= other.high[word]
    }
  }
}

/// A change of one row, as the hook told it: no values, since those are in the row.
struct CapturedChange {
  enum Kind: UInt8 {
    case insert, delete, update
  }

  let kind: Kind
  /// Index in `TrackedTables.tables`.
  let table: Int
  /// Of the row before, for an insert afterwards.
  let key: RowKey
  /// Of the row afterwards, if it got another one.
  let newKey: RowKey?
  /// Whose values differ, for an update.
  let columns: ColumnSet
  /// How many triggers deep it happened.
  let depth: Int
}
