internal import Platform

extension LiveQueries {
  /// How live queries work. `Documentation/live-queries.md` says what happens at each bound.
  public struct Settings: Sendable {
    /// Where what clients hold is kept; made if it is missing.
    public var directory: String
    /// Changes of each subscription that a client may still ask for.
    public var retainedChanges: UInt64 = 500
    /// How often older ones are dropped.
    public var purgeSeconds = 300
    /// How long a subscription stays without anybody who listens.
    public var idleSeconds = 600
    /// Changes that may wait for one client before it is cut off.
    public var bufferedEvents = 10_240
    /// Rows, and changes, that are read or written at once.
    public var batchRows = 1_000
    /// Changed rows of one table that may wait to be matched; beyond that all of its rows count as changed.
    public var pendingRows = 20_480
    /// Results that are sent at the same time, besides those that fit into one batch; more wait for their turn.
    public var snapshots = 32
    /// How long sending one result may take, since it keeps the file's log from being emptied.
    public var snapshotSeconds = 300
    /// Subscriptions at most.
    public var subscriptions = 100_000
    /// Tells what time it is, in nanoseconds of a clock that never goes back.
    public var clock: @Sendable () -> Int64 = { Clock.monotonic() }
    /// Is told, in a sentence each, of what nobody asked for.
    public var log: @Sendable (String) -> Void = { _ in }

    /// The usual ones.
    public init(directory: String) { self.directory = directory }
  }
}

/// Where a stream begins.
public struct LiveStart: Sendable {
  /// The last change that the client has; nil or 0 for the whole result.
  public var from: UInt64?
  /// Whether the result is left out, so that only what changes from now on is sent.
  public var skipsRows: Bool

  /// A start with these parts.
  public init(from: UInt64? = nil, skipsRows: Bool = false) {
    self.from = from
    self.skipsRows = skipsRows
  }
}

/// What a pull leaves behind.
public enum LivePull: Sendable {
  /// There is more: pull again.
  case more
  /// Wait until the stream says that it is ready.
  case empty
  /// The stream is over.
  case ended
}

/// What is known of one subscription.
public struct LiveQueryInfo: Sendable {
  /// What names it.
  public var id: LiveID
  /// Of the text; the same for the same text.
  public var hash: UInt64
  /// The text, with its parameters put in.
  public var sql: String
  /// The file that holds its result.
  public var path: String
  /// The id of its last change.
  public var lastChange: UInt64
  /// How many listen.
  public var streams: Int
  /// What is asked when a row of a table changed, by the table's name.
  public var statements: [String: String]
  /// What keeping its result costs, in milliseconds a second, as of late.
  public var cost: Double
}

/// How much there is.
public struct LiveCounts: Equatable, Sendable {
  /// Queries whose results are kept.
  public var subscriptions = 0
  /// Clients that follow them.
  public var streams = 0
  /// Clients that follow tables.
  public var tableStreams = 0
  /// Changes of results since the start.
  public var events: UInt64 = 0
  /// Rounds of matching since the start.
  public var rounds: UInt64 = 0
  /// Clients that were cut off because they were too slow.
  public var cutOff: UInt64 = 0
}
