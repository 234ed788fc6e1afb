/// Prepared statements by their text. The one that was not used for longest leaves first.
struct StatementCache {
  private struct Entry {
    let statement: Statement
    var used: UInt64
  }

  private var entries: [[UInt8]: Entry] = [:]
  private var clock: UInt64 = 0
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  mutating func take(_ sql: String) -> Statement? {
    // Statements of a reader's loop come in a row, so this stays small; text is compared as bytes.
    let key = Array(sql.utf8)
    guard let statement = entries[key]?.statement else { return nil }
    clock += 1
    entries[key]?.used = clock
    return statement
  }

  mutating func insert(_ statement: Statement) {
    if entries.count >= limit, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
      entries[oldest.key] = nil
    }
    clock += 1
    entries[Array(statement.sql.utf8)] = Entry(statement: statement, used: clock)
  }

  mutating func removeAll() { entries = [:] }
}
