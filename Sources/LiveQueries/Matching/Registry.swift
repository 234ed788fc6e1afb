internal import Platform
internal import State

/// All subscriptions, by what they are looked for. Safe from any thread.
final class Registry: @unchecked Sendable {
  /// Subscriptions that a table concerns.
  private struct Concerned {
    /// Whatever the row.
    var any: [Int64: Subscription] = [:]
    /// Only the rows with a key.
    var byKey: [RowKey: [Int64: Subscription]] = [:]
  }

  private let lock: Lock
  private let changed: Condition
  private let settings: LiveQueries.Settings
  private var bySQL: [[UInt8]: Subscription] = [:]
  private var byID: [LiveID: Subscription] = [:]
  private var concerned: [Int: Concerned] = [:]
  private var feeds: [Int: TableFeed] = [:]
  private var nextNumber: Int64 = 1
  private var building = 0
  private var isStopping = false
  private var sweepsAsked: UInt64 = 0
  private var sweepsDone: UInt64 = 0
  private var events: UInt64 = 0
  private var rounds: UInt64 = 0
  private var cutOff: UInt64 = 0

  init(_ settings: LiveQueries.Settings) throws(StateError) {
    self.settings = settings
    lock = try makeLock()
    do throws(SystemError) { changed = try Condition() } catch { throw StateError(.io, error.message) }
  }

  func locked<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    lock.lock()
    defer { lock.unlock() }
    return try body()
  }

  // MARK: Finding

  func subscription(_ id: LiveID) -> Subscription? { locked { byID[id] } }

  var all: [Subscription] { locked { byID.values.sorted { $0.number < $1.number } } }

  /// The subscription of a text once its first result is there, or a new one, for the caller to build.
  ///
  /// - Throws: `.interrupted` at the deadline; what building it failed with.
  func find(
    _ sql: String, until deadline: Deadline, orMake make: (Int64) throws(StateError) -> Subscription
  ) throws(StateError) -> (subscription: Subscription, isNew: Bool) {
    try locked { () throws(StateError) in
      while true {
        if isStopping { throw .stopping }
        guard let found = bySQL[Array(sql.utf8)] else { return (try add(make), true) }
        if case .ready = found.phase { return (found, false) }
        while case .building = found.phase {
          guard changed.wait(lock, until: deadline) || !deadline.hasPassed else {
            throw StateError(.interrupted, "the time allowed for it was over")
          }
        }
        // One whose maker had less time is made again.
        if case .ended(let failure?) = found.phase, failure.kind != .interrupted { throw failure }
      }
    }
  }

  private func add(_ make: (Int64) throws(StateError) -> Subscription) throws(StateError) -> Subscription {
    guard byID.count < settings.subscriptions else {
      throw StateError(.busy, "there are \(byID.count) subscriptions, and more are not allowed", hint: "try later")
    }
    let made = try make(nextNumber)
    nextNumber += 1
    building += 1
    insert(made)
    return made
  }

  /// Takes up one that was kept.
  func takeUp(_ subscription: Subscription) {
    locked {
      nextNumber = max(nextNumber, subscription.number + 1)
      insert(subscription)
    }
  }

  /// Numbers up to this one are taken.
  func reserve(number: Int64) { locked { nextNumber = max(nextNumber, number + 1) } }

  private func insert(_ subscription: Subscription) {
    bySQL[Array(subscription.sql.utf8)] = subscription
    byID[subscription.id] = subscription
    file(subscription)
  }

  // MARK: What concerns whom

  private func file(_ subscription: Subscription) {
    for (table, interest) in subscription.plan.interests {
      if let keys = interest.keys {
        for key in keys {
          concerned[table, default: Concerned()].byKey[key, default: [:]][subscription.number] = subscription
        }
      } else {
        concerned[table, default: Concerned()].any[subscription.number] = subscription
      }
    }
  }

  private func unfile(_ subscription: Subscription) {
    for (table, interest) in subscription.plan.interests {
      guard let keys = interest.keys else {
        concerned[table]?.any[subscription.number] = nil
        continue
      }
      for key in keys {
        concerned[table]?.byKey[key]?[subscription.number] = nil
        if concerned[table]?.byKey[key]?.isEmpty == true { concerned[table]?.byKey[key] = nil }
      }
    }
  }

  /// Goes on with another plan.
  func replan(_ subscription: Subscription, _ plan: QueryPlan) {
    locked {
      unfile(subscription)
      subscription.plan = plan
      file(subscription)
    }
  }

  /// The subscriptions that changes concern, each with those that do. What concerns one that is still built is kept for it.
  func concerned(by touched: Touched) -> [Int64: (subscription: Subscription, touched: Touched)] {
    locked {
      var found: [Int64: (subscription: Subscription, touched: Touched)] = [:]
      for (number, table) in touched.tables {
        guard let concerned = concerned[number] else { continue }
        for (_, subscription) in concerned.any
        where subscription.plan.interests[number]?.concerns(table.union) == true {
          note(subscription, number, table, in: &found)
        }
        if table.isEverything {
          for (_, those) in concerned.byKey {
            for (_, subscription) in those { note(subscription, number, table, in: &found) }
          }
        } else if !concerned.byKey.isEmpty {
          for (key, change) in table.rows {
            for (_, subscription) in concerned.byKey[key] ?? [:]
            where subscription.plan.interests[number]?.concerns(change) == true {
              var single = TouchedTable()
              single.add(key, change, limit: 1)
              note(subscription, number, single, in: &found)
            }
          }
        }
      }
      return found
    }
  }

  private func note(
    _ subscription: Subscription, _ number: Int, _ table: TouchedTable,
    in found: inout [Int64: (subscription: Subscription, touched: Touched)]
  ) {
    if case .building = subscription.phase {
      subscription.backlog.tables[number, default: TouchedTable()].add(table, limit: settings.pendingRows)
      return
    }
    guard found[subscription.number]?.touched.tables[number] != nil else {
      // The table is shared with all others that it concerns.
      found[subscription.number, default: (subscription, Touched())].touched.tables[number] = table
      return
    }
    found[subscription.number]?.touched.tables[number]?.add(table, limit: settings.pendingRows)
  }

  // MARK: The life of a subscription

  /// A new one has its first result; what changed meanwhile.
  func built(_ subscription: Subscription, nextRow: Int64) throws(StateError) -> Touched {
    try locked { () throws(StateError) in
      if isStopping { throw .stopping }
      building -= 1
      changed.broadcast()
      subscription.nextRow = nextRow
      subscription.phase = .ready
      subscription.idleSince = settings.clock()
      defer { subscription.backlog = Touched() }
      return subscription.backlog
    }
  }

  /// A new one could not be made.
  func failed(_ subscription: Subscription, _ error: StateError) {
    locked {
      building -= 1
      drop(subscription, error)
      changed.broadcast()
    }
  }

  /// Ends one, if it is there; those who follow it get the line.
  func end(_ subscription: Subscription, _ error: StateError?) {
    let streams: [LiveStream] = locked {
      defer { subscription.streams = [] }
      drop(subscription, error)
      return subscription.streams
    }
    let line = error.map { LiveLines.error($0.message) }
    for stream in streams { stream.finish(line) }
  }

  private func drop(_ subscription: Subscription, _ error: StateError?) {
    guard byID[subscription.id] === subscription else { return }
    subscription.phase = .ended(error)
    byID[subscription.id] = nil
    bySQL[Array(subscription.sql.utf8)] = nil
    unfile(subscription)
  }

  /// Takes away those that nobody has listened to for long, and returns them.
  func dropIdle(now: Int64) -> [Subscription] {
    locked {
      let limit = Int64(settings.idleSeconds) * 1_000_000_000
      let idle = byID.values.filter { one in
        guard case .ready = one.phase else { return false }
        return one.streams.isEmpty && now - one.idleSince >= limit
      }
      for one in idle { drop(one, nil) }
      return idle
    }
  }

  /// Begins to stop: nothing new from now on. Returns when nothing is being built.
  func stop() {
    locked {
      isStopping = true
      changed.broadcast()
      while building > 0 { _ = changed.wait(lock) }
    }
  }

  /// Whether nothing new is made any more.
  var isOver: Bool { locked { isStopping } }

  // MARK: Streams

  /// Adds a stream that begins with the subscription as it is now.
  ///
  /// - Returns: Nil if the subscription is no more.
  func open(
    _ subscription: Subscription, _ make: (_ lastChange: UInt64) throws(StateError) -> LiveStream
  ) throws(StateError) -> LiveStream? {
    try locked { () throws(StateError) in
      if isStopping { throw .stopping }
      guard case .ready = subscription.phase else { return nil }
      let stream = try make(subscription.lastChange)
      subscription.streams.append(stream)
      return stream
    }
  }

  func close(_ stream: LiveStream, of subscription: Subscription) {
    locked {
      subscription.streams.removeAll { $0 === stream }
      if subscription.streams.isEmpty { subscription.idleSince = settings.clock() }
    }
  }

  /// A round changed the result; tells those who follow it.
  func publish(_ subscription: Subscription, _ lines: [LiveLine], lastChange: UInt64, nextRow: Int64, spent: Int64) {
    let streams: [LiveStream] = locked {
      events += lastChange - subscription.lastChange
      subscription.lastChange = lastChange
      subscription.nextRow = nextRow
      subscription.cost.add(spent, now: settings.clock())
      return subscription.streams
    }
    for stream in streams where stream.publish(lines, last: lastChange) { countCutOff() }
  }

  private func countCutOff() { locked { cutOff += 1 } }
  func countRound() { locked { rounds += 1 } }

  // MARK: Tables

  /// Adds a stream of a table's notices, and whether it is the table's first.
  func open(
    _ table: TrackedTable, _ make: (TableFeed) throws(StateError) -> LiveStream
  ) throws(StateError) -> (stream: LiveStream, isFirst: Bool) {
    try locked { () throws(StateError) in
      if isStopping { throw .stopping }
      let known = feeds[table.number]
      let feed: TableFeed
      if let known { feed = known } else { feed = TableFeed(id: try makeID(), table: table.number, name: table.name) }
      let stream = try make(feed)
      feed.streams.append(stream)
      feeds[table.number] = feed
      return (stream, known == nil)
    }
  }

  /// Takes a stream away; whether it was the table's last.
  func close(_ stream: LiveStream, of feed: TableFeed) -> Bool {
    locked {
      let before = feed.streams.count
      feed.streams.removeAll { $0 === stream }
      guard before > 0, feed.streams.isEmpty, feeds[feed.table] === feed else { return false }
      feeds[feed.table] = nil
      return true
    }
  }

  /// Takes a table's streams away, and returns them.
  func end(_ feed: TableFeed) -> [LiveStream] {
    locked {
      if feeds[feed.table] === feed { feeds[feed.table] = nil }
      defer { feed.streams = [] }
      return feed.streams
    }
  }

  func feed(_ table: Int) -> TableFeed? { locked { feeds[table] } }
  var allFeeds: [TableFeed] { locked { Array(feeds.values) } }

  /// Tells those who follow a table.
  func publish(_ feed: TableFeed, _ texts: [[UInt8]]) {
    let (streams, lines): ([LiveStream], [LiveLine]) = locked {
      let lines = texts.enumerated().map { LiveLine(change: feed.count + UInt64($0) + 1, bytes: $1) }
      feed.count += UInt64(texts.count)
      return (feed.streams, lines)
    }
    for stream in streams where stream.publish(lines, last: lines.last?.change ?? 0) { countCutOff() }
  }

  // MARK: Sweeps

  /// Asks for a sweep, and waits until it is done.
  func awaitSweep(_ ask: () -> Void) {
    locked {
      let wanted = sweepsAsked + 1
      sweepsAsked = wanted
      ask()
      while sweepsDone < wanted { _ = changed.wait(lock) }
    }
  }

  func sweepDone(_ count: UInt64) {
    locked {
      sweepsDone += count
      changed.broadcast()
    }
  }

  // MARK: Telling

  /// Whether it is there and has its first result.
  func isReady(_ subscription: Subscription) -> Bool {
    locked {
      guard case .ready = subscription.phase else { return false }
      return byID[subscription.id] === subscription
    }
  }

  var counts: LiveCounts {
    locked {
      LiveCounts(
        subscriptions: byID.count, streams: byID.values.reduce(0) { $0 + $1.streams.count },
        tableStreams: feeds.values.reduce(0) { $0 + $1.streams.count }, events: events, rounds: rounds, cutOff: cutOff)
    }
  }

  /// Every stream there is.
  var allStreams: [LiveStream] {
    locked { byID.values.flatMap { $0.streams } + feeds.values.flatMap { $0.streams } }
  }
}

func makeID() throws(StateError) -> LiveID {
  do throws(SystemError) { return try LiveID.random() } catch { throw StateError(.io, error.message) }
}

extension StateError {
  static var stopping: StateError { StateError(.busy, "live queries are being stopped", hint: "try again later") }
}
