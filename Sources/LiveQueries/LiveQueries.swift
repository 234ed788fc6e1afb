public import Platform
internal import SQLite
public import State

/// Queries whose results are kept up to date, for clients that follow them, and tables whose changes are told.
///
/// `Documentation/live-queries.md` says how. Safe from any thread.
public final class LiveQueries: @unchecked Sendable {
  let store: StateStore
  let settings: Settings
  let intake: Intake
  let registry: Registry
  let file: LiveFile
  let analyzer: QueryAnalyzer
  let turns: SnapshotTurns
  private let matcher: Matcher
  private let ending: Lock
  private var thread: Thread?
  /// Set while it is made.
  var following: CommitObserver?

  /// Takes up what was kept in the directory, and follows the store's commits.
  ///
  /// - Throws: `.io` and its like if the directory cannot be used.
  public init(_ store: StateStore, _ settings: Settings) throws(StateError) {
    self.store = store
    self.settings = settings
    ending = try makeLock()
    intake = try Intake(limit: settings.pendingRows, schemaVersion: store.tables.version)
    registry = try Registry(settings)
    turns = try SnapshotTurns(settings.snapshots)
    analyzer = try QueryAnalyzer(store)
    file = try LiveFile(settings.directory, readers: 16, log: settings.log)
    matcher = try Matcher(
      store, settings, intake: intake, registry: registry, file: file, analyzer: analyzer, turns: turns)
    try takeUp()
    do throws(SystemError) { thread = try Thread { [matcher] in matcher.run() } } catch {
      throw StateError(.io, error.message)
    }
  }

  deinit { stop() }

  // MARK: Subscriptions

  /// A stream of a query: of the subscription that there is of the same text, or of a new one.
  ///
  /// - Parameters:
  ///   - parameters: Become part of the text. Names that it does not have are skipped.
  ///   - deadline: When to give up the first evaluation, with `.interrupted`.
  /// - Throws: `.usage`, `.sql`, `.unknownTable` and `.unknownColumn` if the query cannot be followed; `.usage` also if the stream is to
  ///   begin after a change of a subscription that there is not; others if the system fails.
  public func subscribe(
    _ sql: String, _ parameters: Parameters, _ start: LiveStart, until deadline: Deadline
  ) throws(StateError) -> LiveStream {
    let text = try analyzer.expand(sql, parameters)
    while true {
      let (subscription, isNew) = try registry.find(text, until: deadline) { (number) throws(StateError) in
        guard start.from == nil else {
          throw StateError(
            .usage, "a `from` query param was supplied, but no existing subscription found",
            hint: "subscribe without it")
        }
        return try make(number, text)
      }
      let nanoseconds = isNew ? try build(subscription, until: deadline) : 0
      // It may have ended in between.
      if let stream = try open(subscription, start, queryNanoseconds: nanoseconds) { return stream }
    }
  }

  /// A stream of the subscription with that id; nil if there is none.
  public func stream(of id: LiveID, _ start: LiveStart) throws(StateError) -> LiveStream? {
    guard let subscription = registry.subscription(id) else { return nil }
    return try open(subscription, start, queryNanoseconds: 0)
  }

  private func open(
    _ subscription: Subscription, _ start: LiveStart, queryNanoseconds: Int64
  ) throws(StateError) -> LiveStream? {
    try registry.open(subscription) { (lastChange) throws(StateError) in
      var from: UInt64?
      if let wanted = start.from, wanted > 0 {
        // A change that is still to come begins with the next one.
        from = min(wanted, lastChange)
      } else if start.skipsRows {
        from = lastChange
      }
      return try LiveStream(
        subscription.source, id: subscription.id, hash: subscription.hash, from: from, published: lastChange,
        queryNanoseconds: queryNanoseconds
      ) { [registry] in registry.close($0, of: subscription) }
    }
  }

  // MARK: Tables

  /// A stream of what happens to the rows of a table.
  ///
  /// - Throws: `.unknownTable` if it is not among the replicated ones.
  public func updates(of table: String) throws(StateError) -> LiveStream {
    guard let found = store.tables.table(called: table) else { throw .notInSchema(table) }
    let (stream, isFirst) = try registry.open(found) { (feed) throws(StateError) in
      try LiveStream(id: feed.id, hash: fnv1a(feed.name.utf8), limit: settings.bufferedEvents, from: feed.count) {
        [registry, intake] stream in
        if registry.close(stream, of: feed) { intake.endFollowing(feed.table) }
      }
    }
    if isFirst { intake.beginFollowing(found.number) }
    return stream
  }

  // MARK: Telling

  /// All subscriptions, the oldest first.
  public func list() -> [LiveQueryInfo] {
    let now = settings.clock()
    return registry.all.map { one in
      registry.locked {
        LiveQueryInfo(
          id: one.id, hash: one.hash, sql: one.sql, path: file.path, lastChange: one.lastChange,
          streams: one.streams.count, statements: one.plan.statements, cost: one.cost.rate(now: now))
      }
    }
  }

  /// How much there is of everything.
  public var counts: LiveCounts { registry.counts }

  // MARK: Life

  /// Looks at the queries anew, after the schema was loaded again. One that does not work any more ends with an error line.
  public func schemaChanged() { intake.add { $0.schemaChanged = true } }

  /// Looks after what is old now, as it happens every second anyway; returns when that is done, and when all that was committed before
  /// is told to the streams.
  package func sweep() {
    registry.awaitSweep { intake.add { $0.sweeps += 1 } }
  }

  /// Ends all streams, once what was committed is in them, and notes that everything is kept. Nothing works afterwards.
  public func stop() {
    ending.lock()
    defer { ending.unlock() }
    guard let running = thread.take() else { return }
    registry.stop()
    let mark = following.map { store.endFollowing($0) } ?? store.contentMark
    intake.add { $0.isStopping = true }
    running.join()
    for stream in registry.allStreams { stream.finish(nil) }
    if matcher.isTainted { return }
    do throws(StateError) { try file.keep(contentMark: mark) } catch {
      settings.log("live queries will be compared at the next start: \(error.message)")
    }
  }
}
