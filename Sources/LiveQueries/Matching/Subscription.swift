internal import State

/// A query whose result is kept, and those who follow it.
///
/// What changes is guarded by the registry's lock, but for what only the matcher's thread touches.
final class Subscription: @unchecked Sendable {
  enum Phase {
    /// Its first result is being made.
    case building
    case ready
    /// It is no more; why, if it failed.
    case ended(StateError?)
  }

  /// Its number in the file.
  let number: Int64
  let id: LiveID
  let hash: UInt64
  /// The text, with its parameters put in.
  let sql: String
  var source: StreamSource

  var plan: QueryPlan
  var phase: Phase
  var streams: [LiveStream] = []
  /// Since when nobody listens.
  var idleSince: Int64
  var lastChange: UInt64 = 0
  var nextRow: Int64 = 1
  /// What changed while the first result was made.
  var backlog = Touched()
  var cost: Cost

  // Only the matcher's thread:

  /// Not to be evaluated as a whole before that time: an expensive query must not keep the others waiting.
  var notBefore: Int64 = 0
  /// The last change when older ones were last dropped.
  var purgedAt: UInt64 = 0

  init(
    number: Int64, id: LiveID, sql: String, plan: QueryPlan, phase: Phase, source: StreamSource, now: Int64
  ) {
    (self.number, self.id, self.sql, self.plan, self.phase) = (number, id, sql, plan, phase)
    self.source = source
    hash = fnv1a(sql.utf8)
    idleSince = now
    cost = Cost(now: now)
  }
}

/// Time that is spent on something, over the last minute or two.
struct Cost {
  private var spent: Int64 = 0
  private var since: Int64
  private var before: (spent: Int64, since: Int64)?

  private static let span: Int64 = 60_000_000_000

  init(now: Int64) { since = now }

  mutating func add(_ nanoseconds: Int64, now: Int64) {
    if now - since > Self.span {
      before = now - since > 2 * Self.span ? nil : (spent, since)
      (spent, since) = (0, now)
    }
    spent += nanoseconds
  }

  /// Milliseconds a second.
  func rate(now: Int64) -> Double {
    let (all, start) = (spent + (before?.spent ?? 0), before?.since ?? since)
    return Double(all) / 1e6 / max(1, Double(now - start) / 1e9)
  }
}

/// Those who follow the rows of one table.
final class TableFeed: @unchecked Sendable {
  let id: LiveID
  let table: Int
  let name: String
  // Guarded by the registry's lock:
  var streams: [LiveStream] = []
  /// Notices so far.
  var count: UInt64 = 0

  init(id: LiveID, table: Int, name: String) {
    (self.id, self.table, self.name) = (id, table, name)
  }
}
