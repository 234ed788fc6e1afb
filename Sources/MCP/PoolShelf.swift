internal import Pools

/// Pools that stay open between calls, since opening one takes longer than most of what is asked of it.
struct PoolShelf {
  private struct Entry {
    let pool: Pool
    /// Nanoseconds of the clock that never goes back.
    var usedAt: Int64
  }

  /// The one used last at the end.
  private var entries: [Entry] = []

  /// How many are open.
  var count: Int { entries.count }

  /// Closes what nobody asked for in a while: an open pool that was deleted keeps its disk space.
  mutating func tidy(now: Int64) {
    entries.removeAll { now - $0.usedAt > MCPLimits.keptTime }
  }

  /// The pool that is open under this path.
  mutating func take(_ path: String, now: Int64) -> Pool? {
    guard let index = index(of: path) else { return nil }
    var entry = entries.remove(at: index)
    entry.usedAt = now
    entries.append(entry)
    return entry.pool
  }

  /// Keeps a pool open, instead of another of the same path.
  mutating func put(_ pool: Pool, now: Int64) {
    drop(pool.path)
    if entries.count >= MCPLimits.keptPools { entries.removeFirst() }
    entries.append(Entry(pool: pool, usedAt: now))
  }

  /// Lets go of a pool.
  mutating func drop(_ path: String) {
    if let index = index(of: path) { entries.remove(at: index) }
  }

  private func index(of path: String) -> Int? {
    entries.firstIndex { $0.pool.path.utf8.elementsEqual(path.utf8) }
  }
}
