internal import Documents

/// Tells of messages that were evicted before they were read, at most once a second.
package struct DropNotices {
  private static let interval: Int64 = 1_000_000_000

  private let pool: PoolLabel
  private let command: String
  private var pending: ClosedRange<UInt64>?
  private var dropped: UInt64 = 0
  private var lastTold: Int64?

  /// - Parameter command: Who tells.
  package init(_ pool: PoolLabel, command: String) {
    self.pool = pool
    self.command = command
  }

  /// When the pending notice may be told, in nanoseconds of the monotonic clock; nil when there is none.
  package var due: Int64? {
    guard pending != nil else { return nil }
    return lastTold.map { $0 + Self.interval } ?? .min
  }

  package mutating func add(_ gap: ClosedRange<UInt64>) {
    dropped += gap.upperBound - gap.lowerBound + 1
    pending = pending.map { $0.lowerBound...gap.upperBound } ?? gap
  }

  /// The notice to tell now, if any; several gaps become one.
  ///
  /// - Parameter now: Nanoseconds of the monotonic clock; nil at the end, when nothing can be put off.
  package mutating func take(now: Int64?) -> Notice? {
    guard let gap = pending, let due else { return nil }
    if let now {
      guard now >= due else { return nil }
      lastTold = now
    }
    defer {
      pending = nil
      dropped = 0
    }
    return Notice(
      kind: .drop, command: command, message: "dropped \(dropped) \(dropped == 1 ? "message" : "messages")",
      pool: pool.text,
      details: [
        ("last_seen_seq", .whole(gap.lowerBound - 1)), ("next_seen_seq", .whole(gap.upperBound + 1)),
        ("dropped_count", .whole(dropped)), ("pool_path", .text(pool.path)),
      ])
  }
}
