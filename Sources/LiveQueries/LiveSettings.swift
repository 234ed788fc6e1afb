internal import Platform

extension LiveQueries {
  /// How live queries work. `Documentation/live-queries.md` says what happens at each bound.
  package struct Settings: Sendable {
    /// Where what clients hold is kept; made if it is missing.
    package var directory: String
    /// Changes of each subscription that a client may still ask for.
    package var retainedChanges: UInt64 = 500
    /// How often older ones are dropped.
    package var purgeSeconds = 300
    /// How long a subscription stays without anybody who listens.
    package var idleSeconds = 600
    /// Changes that may wait for one client before it is cut off.
    package var bufferedEvents = 10_240
    /// Rows, and changes, that are read or written at once.
    package var batchRows = 1_000
    /// Changed rows of one table that may wait to be matched; beyond that all of its rows count as changed.
    package var pendingRows = 20_480
    /// Results that are sent at the same time, besides those that fit into one batch; more wait for their turn.
    package var snapshots = 32
    /// How long sending one result may take, since it keeps the file's log from being emptied.
    package var snapshotSeconds = 300
    /// Subscriptions at most.
    package var subscriptions = 100_000
    /// Tells what time it is, in nanoseconds of a clock that never goes back.
    package var clock: @Sendable () -> Int64 = { Clock.monotonic() }
    /// Is told, in a sentence each, of what nobody asked for.
    package var log: @Sendable (String) -> Void = { _ in }

    /// The usual ones.
    package init(directory: String) { self.directory = directory }
  }
}

/// Where a stream begins.
package struct LiveStart: Sendable {
  /// The last change that the client has; nil or 0 for the whole result.
  package var from: UInt64?
  /// Whether the result is left out, so that only what changes from now on is sent.
  package var skipsRows: Bool

  package init(from: UInt64? = nil, skipsRows: Bool = false) {
    self.from = from
    self.skipsRows = skipsRows
  }
}

/// What a pull leaves behind.
package enum LivePull: Sendable {
  /// There is more: pull again.
  case more
  /// Wait until the stream says that it is ready.
  case empty
  /// The stream is over.
  case ended
}

/// What is known of one subscription.
package struct LiveQueryInfo: Sendable {
  package var id: LiveID
  /// Of the text; the same for the same text.
  package var hash: UInt64
  /// The text, with its parameters put in.
  package var sql: String
  /// The file that holds its result.
  package var path: String
  /// The id of its last change.
  package var lastChange: UInt64
  /// How many listen.
  package var streams: Int
  /// What is asked when a row of a table changed, by the table's name.
  package var statements: [String: String]
  /// What keeping its result costs, in milliseconds a second, as of late.
  package var cost: Double
}

/// How much there is.
package struct LiveCounts: Equatable, Sendable {
  /// Queries whose results are kept.
  package var subscriptions = 0
  /// Clients that follow them.
  package var streams = 0
  /// Clients that follow tables.
  package var tableStreams = 0
  /// Changes of results since the start.
  package var events: UInt64 = 0
  /// Rounds of matching since the start.
  package var rounds: UInt64 = 0
  /// Clients that were cut off because they were too slow.
  package var cutOff: UInt64 = 0
}
