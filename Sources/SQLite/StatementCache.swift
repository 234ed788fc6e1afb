/// Prepared statements by their text. The one that was not used for longest leaves first.
package struct StatementCache {
  private struct Entry {
    let statement: Statement
    var used: UInt64
  }

  private var entries: [[UInt8]: Entry] = [:]
  /// What is looked for first: most callers say the same again.
  private var last: Statement?
  private var clock: UInt64 = 0
  private let limit: Int

  /// - Parameter limit: How many are kept; at least 1.
  package init(limit: Int) { self.limit = limit }

  /// The statement of this text, reset and with nothing bound; prepared if it is not there.
  package mutating func statement(_ sql: String, on connection: Connection) throws(SQLiteError) -> Statement {
    let found = try find(sql, on: connection)
    found.reset()
    found.clearBindings()
    last = found
    return found
  }

  private mutating func find(_ sql: String, on connection: Connection) throws(SQLiteError) -> Statement {
    // Text is compared as bytes.
    if let last, Self.isSame(last.sql, sql) { return last }
    let key = Array(sql.utf8)
    clock += 1
    if let found = entries[key]?.statement {
      entries[key]?.used = clock
      return found
    }
    let made = try connection.prepare(sql)
    if entries.count >= limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
      entries[oldest.key] = nil
    }
    entries[key] = Entry(statement: made, used: clock)
    return made
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    guard a.utf8.count == b.utf8.count else { return false }
    let isSame = a.utf8.withContiguousStorageIfAvailable { a in
      b.utf8.withContiguousStorageIfAvailable { b in a.elementsEqual(b) }
    }
    return (isSame ?? nil) ?? a.utf8.elementsEqual(b.utf8)
  }

  /// Forgets all of them.
  package mutating func removeAll() { (entries, last) = ([:], nil) }
}
