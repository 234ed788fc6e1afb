internal import Documents
internal import Platform
internal import Pools
internal import Reactor

/// All tails that are open, and the feeds of the pools that they read.
final class TailBoard: @unchecked Sendable {
  /// A feed without tails is kept for so many nanoseconds: clients that ask in slices are back at once.
  private static let patience: Int64 = 2_000_000_000
  /// After so many nanoseconds of silence an event stream says that it is alive.
  private static let silence: Int64 = 15_000_000_000

  /// Tails that may be open at a time.
  let limit: Int
  private let pools: NamedPools
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var feeds: [TailFeed.Running] = []
  @exclusivity(unchecked) private var ending: [TailFeed.Running] = []
  // Loop only.
  private var tails: [Tail] = []
  /// Permits of others, who wait for messages without being tails.
  private var others = 0

  init(_ pools: NamedPools, limit: Int) throws(SystemError) {
    self.pools = pools
    self.limit = limit
    lock = try Lock()
  }

  // MARK: The loop

  /// Whether one more may be opened.
  var hasRoom: Bool { tails.count + others < limit }

  /// How many are open.
  var count: Int { tails.count + others }

  func add(_ tail: Tail) {
    tail.boardPlace = tails.count
    tails.append(tail)
  }

  func remove(_ tail: Tail) {
    let place = tail.boardPlace
    guard place >= 0 else { return }
    tail.boardPlace = -1
    let last = tails.removeLast()
    if place < tails.count {
      tails[place] = last
      last.boardPlace = place
    }
  }

  /// Takes a permit for something else that waits; false when there is none.
  func takePermit() -> Bool {
    guard hasRoom else { return false }
    others += 1
    return true
  }

  func returnPermit() { others -= 1 }

  /// About once a second: ends those whose grant no longer holds, lets feeds go that nobody needs, shows signs of life.
  func check(_ isStillValid: (Grant) -> Bool) {
    let now = Clock.monotonic()
    for tail in tails {
      if !isStillValid(tail.call.grant) {
        tail.fail(
          Failure(
            .permission, "access was withdrawn", hint: "The token or key has expired, was revoked, or was changed."))
      } else {
        tail.keepAlive(now, after: Self.silence)
      }
    }
    lock.lock()
    for running in feeds where running.feed.members == 0 && now - running.feed.lonelySince > Self.patience {
      running.feed.stop()
    }
    ending += feeds.filter { $0.feed.isStopping || $0.feed.hasEnded }
    feeds.removeAll { $0.feed.isStopping || $0.feed.hasEnded }
    // Letting one go waits for its thread, which takes no time now.
    let ended = ending.filter { $0.feed.hasEnded }
    ending.removeAll { $0.feed.hasEnded }
    lock.unlock()
    _ = ended
  }

  /// Ends the feeds, and waits for their threads. Nobody opens tails any more.
  func endFeeds() {
    lock.lock()
    let all = feeds + ending
    (feeds, ending) = ([], [])
    lock.unlock()
    for running in all { running.feed.stop() }
  }

  /// Ends all of them. The loop is about to stop.
  func endAll() { for tail in tails { tail.end() } }

  /// Those that are open now.
  var open: [Tail] { tails }

  /// How many of `tails` are of a pool, and how many messages the slowest is behind. Any thread.
  static func followers(of name: String, newest: UInt64?, among tails: [Tail]) -> (count: UInt64, lag: UInt64) {
    var (count, lag): (UInt64, UInt64) = (0, 0)
    for tail in tails where tail.poolName.utf8.elementsEqual(name.utf8) {
      count += 1
      lag = max(lag, tail.lag(newest: newest ?? 0))
    }
    return (count, lag)
  }

  // MARK: Any thread

  /// One member less.
  func leave(_ feed: TailFeed) {
    lock.lock()
    feed.members -= 1
    if feed.members == 0 { feed.lonelySince = Clock.monotonic() }
    lock.unlock()
  }

  /// The feed of a pool, with one more member.
  func feed(of name: String) throws(PoolError) -> TailFeed {
    try pools.use(name) { (pool) throws(PoolError) in
      // A pool that was replaced is found out here, and not by a stream that began already.
      _ = try pool.bounds()
      return try feed(of: pool)
    }
  }

  private func feed(of pool: Pool) throws(PoolError) -> TailFeed {
    lock.lock()
    defer { lock.unlock() }
    if let running = feeds.first(where: { $0.feed.pool === pool && !$0.feed.hasEnded && !$0.feed.isStopping }) {
      running.feed.members += 1
      return running.feed
    }
    let running = try TailFeed.Running(pool)
    running.feed.members = 1
    feeds.append(running)
    return running.feed
  }
}
