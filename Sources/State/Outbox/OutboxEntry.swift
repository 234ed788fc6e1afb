/// A change that waits to be put into pools.
package struct OutboxEntry: Equatable, Sendable {
  /// Its number. Later changes have larger ones; some may be left out.
  package let number: Int64
  /// The name of the table.
  package let table: String
  /// Whether this site made the change.
  package let isLocal: Bool
  /// The one capture that it is for; nil for all that want it.
  package let capture: Int64?
  /// The message, as a JSON object.
  package let data: [UInt8]
}

extension RegisteredCapture {
  /// Whether an entry is to be put into the pool.
  package func wants(_ entry: OutboxEntry) -> Bool {
    if let capture = entry.capture { return capture == id }
    return definition.wants(table: entry.table, isLocal: entry.isLocal)
  }
}

/// What comes next in the outbox, as of one moment.
package struct OutboxBatch: Sendable {
  /// In the order of their numbers.
  package var entries: [OutboxEntry] = []
  /// All rows up to this one that were still there were dropped, since the outbox was full; 0 if that never happened.
  package var dropped: Int64 = 0
  /// Whether nothing comes after them.
  package var isLast = true
}

/// What became of a row in one transaction, as far as it can be told before looking at the row.
struct RowTransition {
  let row: RowID
  /// Whether the row was there before the transaction.
  let wasAlive: Bool
  /// Columns that got other values.
  var changed: ColumnSet
  /// Whether all columns count as changed.
  var isWhole: Bool
  /// The transaction that wrote it last.
  var author: Author

  /// A transaction: whose, which, when.
  struct Author: Equatable {
    let site: SiteID
    let version: UInt64
    let time: UInt64
  }
}

/// The rows of a transaction, each once, in the order in which they were first touched.
struct RowTransitions {
  private(set) var rows: [RowTransition] = []
  private var places: [RowID: Int] = [:]

  mutating func append(_ next: RowTransition) {
    guard let place = places[next.row] else {
      places[next.row] = rows.count
      rows.append(next)
      return
    }
    rows[place].changed.formUnion(next.changed)
    rows[place].isWhole = rows[place].isWhole || next.isWhole
    rows[place].author = next.author
  }
}
