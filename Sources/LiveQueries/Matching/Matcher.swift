internal import Platform
internal import SQLite
internal import State

/// Keeps all results up to date, on a thread of its own. It takes everything that waits at once, asks for what it may have changed in
/// one snapshot of the tables, and writes what came of it in one transaction: at once when it has nothing else to do, and for
/// many commits together when it has.
final class Matcher: @unchecked Sendable {
  let store: StateStore
  let settings: LiveQueries.Settings
  let intake: Intake
  let registry: Registry
  let file: LiveFile
  let analyzer: QueryAnalyzer
  let turns: SnapshotTurns
  /// Of the tables.
  private let reader: Connection
  /// What is put off for the sake of others, by the subscription's number.
  private var putOff: [Int64: Job] = [:]
  private var lastSweep: Int64
  private var lastPurge: Int64
  private var failures = 0
  /// Whether something may be in the file that is no more, so that nothing in it is to be trusted later.
  private(set) var isTainted = false

  typealias Job = (subscription: Subscription, touched: Touched)

  /// Subscriptions of one transaction.
  private static let chunk = 256
  private static let shortestRest: Int64 = 500_000
  private static let longestRest: Int64 = 4_000_000
  private static let second: Int64 = 1_000_000_000
  /// Failures of the system after which the subscriptions concerned end.
  private static let patience = 20

  init(
    _ store: StateStore, _ settings: LiveQueries.Settings, intake: Intake, registry: Registry, file: LiveFile,
    analyzer: QueryAnalyzer, turns: SnapshotTurns
  ) throws(StateError) {
    (self.store, self.settings, self.intake, self.registry) = (store, settings, intake, registry)
    (self.file, self.analyzer, self.turns) = (file, analyzer, turns)
    reader = try store.makeReader()
    lastSweep = settings.clock()
    lastPurge = lastSweep
  }

  /// Works until it is told to stop, and then until nothing is left.
  func run() {
    var rest = Deadline.now
    while true {
      let work = intake.take(after: rest, until: nextDeadline)
      let start = Clock.monotonic()
      // Under load three quarters of the time are left to those who write, more of their commits are taken at once, and few of them
      // have to wake this thread.
      defer {
        rest = .after(nanoseconds: min(max(3 * (Clock.monotonic() - start), Self.shortestRest), Self.longestRest))
      }
      if work.schemaChanged { followSchema() }
      match(work, putsOff: work.sweeps == 0 && !work.isStopping)
      tell(work.notices)
      sweep(isAsked: work.sweeps > 0)
      if work.sweeps > 0 { registry.sweepDone(work.sweeps) }
      if work.isStopping { return finish() }
    }
  }

  /// Does what was put off, or gives it up after a while.
  private func finish() {
    for _ in 0..<Self.patience where !putOff.isEmpty { match(Intake.Work(), putsOff: false) }
    if !putOff.isEmpty { isTainted = true }
  }

  private var nextDeadline: Deadline {
    let now = settings.clock()
    let work = putOff.values.map { $0.subscription.notBefore }.min() ?? .max
    let due = min(work, lastSweep + Self.second)
    return .after(nanoseconds: max(0, due - now))
  }

  // MARK: Rounds

  private func match(_ work: Intake.Work, putsOff: Bool) {
    var jobs = work.touched.isEmpty ? [:] : registry.concerned(by: work.touched)
    for (subscription, touched) in work.catchUps { add((subscription, touched), to: &jobs) }
    for (_, job) in putOff { add(job, to: &jobs) }
    putOff = [:]
    let now = settings.clock()
    if putsOff {
      for (number, job) in jobs where job.subscription.notBefore > now && asksForEverything(job) {
        putOff[number] = job
        jobs[number] = nil
      }
    }
    if jobs.isEmpty { return }
    let ordered = jobs.values.sorted { $0.subscription.number < $1.subscription.number }
    for start in stride(from: 0, to: ordered.count, by: Self.chunk) {
      evaluate(Array(ordered[start..<min(start + Self.chunk, ordered.count)]))
    }
    registry.countRound()
  }

  private func add(_ job: Job, to jobs: inout [Int64: Job]) {
    jobs[job.subscription.number, default: (job.subscription, Touched())].touched.add(
      job.touched, limit: settings.pendingRows)
  }

  private func asksForEverything(_ job: Job) -> Bool {
    let plan = job.subscription.plan
    return job.touched.isEverything
      || job.touched.tables.contains { $1.isEverything || plan.interests[$0]?.reaction == .everything }
  }

  private struct Outcome {
    var subscription: Subscription
    var lines: [LiveLine]
    var lastChange: UInt64
    var nextRow: Int64
    var nanoseconds: Int64
  }

  private func evaluate(_ jobs: [Job]) {
    var outcomes: [Outcome] = []
    var failed: [(subscription: Subscription, error: StateError)] = []
    do throws(StateError) {
      try inSnapshot { (connection) throws(SQLiteError) in
        for job in jobs where registry.isReady(job.subscription) {
          do throws(SQLiteError) {
            outcomes.append(try evaluate(job, connection))
          } catch {
            if error.kind.isOfSystem { throw error }
            failed.append((job.subscription, StateError(error)))
            try StoredResult(connection: connection, query: job.subscription.number).remove()
          }
        }
      }
    } catch {
      return tryLater(jobs, error)
    }
    failures = 0
    for one in outcomes {
      registry.publish(
        one.subscription, one.lines, lastChange: one.lastChange, nextRow: one.nextRow, spent: one.nanoseconds)
    }
    for (subscription, error) in failed { end(subscription, error) }
  }

  /// Runs `body` with one snapshot of the tables, and keeps all that it writes, or nothing.
  private func inSnapshot(_ body: (Connection) throws(SQLiteError) -> Void) throws(StateError) {
    do throws(SQLiteError) {
      try reader.transaction(.deferred) { () throws(SQLiteError) in
        try file.database.write { (connection) throws(SQLiteError) in
          try connection.transaction(.immediate) { () throws(SQLiteError) in try body(connection) }
        }
      }
    } catch {
      throw StateError(error)
    }
  }

  private func evaluate(_ job: Job, _ connection: Connection) throws(SQLiteError) -> Outcome {
    let start = Clock.monotonic()
    let subscription = job.subscription
    let plan = subscription.plan
    let writer = ResultWriter(
      StoredResult(connection: connection, query: subscription.number), partCount: plan.parts.count,
      nextRow: subscription.nextRow, lastChange: subscription.lastChange, lineLimit: settings.bufferedEvents)
    var evaluation = Evaluation(plan, reader: reader, writer: writer, batch: settings.batchRows)
    let isWhole = asksForEverything(job)
    if isWhole {
      try evaluation.compareEverything()
    } else {
      for (number, table) in job.touched.tables {
        guard let interest = plan.interests[number], case .parts(let places) = interest.reaction else { continue }
        try evaluation.follow(table, interest, places: places)
      }
    }
    let isChanged = evaluation.writer.lastChange != subscription.lastChange
    if isChanged { try evaluation.writer.finish() }
    let spent = Clock.monotonic() - start
    // What takes long is asked for again only after twice that time, at most a second.
    if isWhole, spent > Self.second / 200 { subscription.notBefore = settings.clock() + min(2 * spent, Self.second) }
    return Outcome(
      subscription: subscription, lines: evaluation.writer.lines, lastChange: evaluation.writer.lastChange,
      nextRow: evaluation.writer.nextRow, nanoseconds: spent)
  }

  /// The system failed: nothing was changed, and nothing is lost.
  private func tryLater(_ jobs: [Job], _ error: StateError) {
    failures += 1
    settings.log("live queries could not be brought up to date: \(error.message)")
    if failures > Self.patience {
      failures = 0
      isTainted = true
      for job in jobs { end(job.subscription, error) }
      return
    }
    let later = settings.clock() + Self.second / 2
    for job in jobs {
      // So that it is put off.
      job.subscription.notBefore = later
      putOff[job.subscription.number] = (job.subscription, .everything)
    }
  }

  // MARK: The end of a subscription

  /// Ends a subscription that cannot go on; its streams get an error line.
  private func end(_ subscription: Subscription, _ error: StateError) {
    settings.log("a live query ends: \(error.message): \(subscription.sql)")
    registry.end(subscription, error)
    forget([subscription])
  }

  private func forget(_ subscriptions: [Subscription]) {
    if subscriptions.isEmpty { return }
    for one in subscriptions { intake.endReading(one.plan.interests.keys) }
    do throws(StateError) {
      try file.transaction { (connection) throws(StateError) in
        for one in subscriptions {
          do throws(SQLiteError) {
            try StoredResult(connection: connection, query: one.number).remove()
          } catch {
            throw StateError(error)
          }
        }
      }
    } catch {
      isTainted = true
      settings.log("what is left of a live query could not be removed: \(error.message)")
    }
  }

  // MARK: Schemas

  private func followSchema() {
    let tables = store.tables
    for subscription in registry.all where registry.isReady(subscription) {
      do throws(StateError) {
        let plan = try analyzer.plan(subscription.sql, tables)
        if plan == subscription.plan { continue }
        guard plan.whole == subscription.plan.whole, plan.columns == subscription.plan.columns else {
          throw StateError(
            .schema, "the schema gave the query other columns: subscribe again", hint: "subscribe again")
        }
        intake.endReading(subscription.plan.interests.keys)
        registry.replan(subscription, plan)
        intake.beginReading(plan.interests.keys)
        putOff[subscription.number] = (subscription, .everything)
      } catch {
        end(subscription, error)
      }
    }
    for feed in registry.allFeeds where tables.table(number: feed.table) == nil {
      for stream in registry.end(feed) { stream.finish(LiveLines.error(StateError.notInSchema(feed.name).message)) }
      intake.endFollowing(feed.table)
    }
    reader.dropCachedStatements()
  }

  // MARK: What is old

  private func sweep(isAsked: Bool) {
    let now = settings.clock()
    guard isAsked || now - lastSweep >= Self.second else { return }
    lastSweep = now
    forget(registry.dropIdle(now: now))
    for stream in registry.allStreams { stream.expire(now: now) }
    turns.wakeNext()
    guard now - lastPurge >= Int64(settings.purgeSeconds) * Self.second else { return }
    lastPurge = now
    purge()
  }

  private func purge() {
    let grown = registry.all.filter { $0.lastChange > $0.purgedAt && $0.lastChange > settings.retainedChanges }
    if grown.isEmpty { return }
    do throws(StateError) {
      try file.transaction { (connection) throws(StateError) in
        for one in grown {
          do throws(SQLiteError) {
            try StoredResult(connection: connection, query: one.number).purge(keeping: settings.retainedChanges)
          } catch {
            throw StateError(error)
          }
        }
      }
      for one in grown { one.purgedAt = one.lastChange }
    } catch {
      settings.log("older changes of live queries could not be dropped: \(error.message)")
    }
  }
}

extension SQLiteError.Kind {
  /// Whether the system failed, and not the query.
  var isOfSystem: Bool {
    switch self {
    case .busy, .locked, .noMemory, .readOnly, .interrupted, .io, .corrupt, .full, .cannotOpen, .protocolError,
      .notADatabase, .permission:
      true
    default: false
    }
  }
}
