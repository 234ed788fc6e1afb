internal import State

/// What happened to rows of one table, for those who follow the table: each row once, or again where it came back or went since.
struct TableNotices: Sendable {
  private(set) var notices: [(key: RowKey, isAlive: Bool)] = []
  private var last: [RowKey: Bool] = [:]
  /// Whether some were dropped, since there were too many.
  private(set) var isTooMuch = false

  mutating func add(_ key: RowKey, isAlive: Bool, limit: Int) {
    if isTooMuch || last[key] == isAlive { return }
    guard notices.count < limit else {
      isTooMuch = true
      return
    }
    last[key] = isAlive
    notices.append((key, isAlive))
  }
}
