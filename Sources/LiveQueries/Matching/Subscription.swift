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
  /// Time that was spent on it, and since when.
  var spent: Int64 = 0
  var spentSince: Int64

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
    spentSince = now
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
