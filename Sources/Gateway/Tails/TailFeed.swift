internal import Documents
internal import Platform
internal import Pools
internal import Synchronization

/// Follows one pool for all tails that have caught up with it: one thread, however many they are.
///
/// What a tail missed before, it reads by itself (`Tail.pump`); it joins here when nothing is left between it and this
/// position, and drops out when it cannot keep up. So nobody waits for a slow one.
final class TailFeed: @unchecked Sendable {
  /// How long one wait takes at most before the thread looks whether it is still wanted, in nanoseconds.
  private static let longestWait: Int64 = 250_000_000

  private static let stopPause: Int64 = 10_000_000

  let pool: Pool
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var live: [Tail] = []
  @exclusivity(unchecked) private var position: UInt64
  private let stops = Atomic<Bool>(false)
  private let ended = Atomic<Bool>(false)

  /// Tails that belong to it, live or not, and since when there are none. Guarded by the board's lock.
  @exclusivity(unchecked) var members = 0
  @exclusivity(unchecked) var lonelySince: Int64 = 0

  private let box: CursorBox

  init(_ pool: Pool) throws(PoolError) {
    self.pool = pool
    let cursor = try pool.makeCursor(from: .live)
    position = cursor.next
    do throws(SystemError) {
      lock = try Lock()
    } catch {
      throw PoolError(error, "failed to make a lock", path: pool.path)
    }
    box = CursorBox(cursor)
  }

  /// Has the thread end soon.
  func stop() { stops.store(true, ordering: .relaxed) }

  /// Whether it was told to.
  var isStopping: Bool { stops.load(ordering: .relaxed) }

  /// Whether the thread has ended, so that letting the feed go takes no time.
  var hasEnded: Bool { ended.load(ordering: .acquiring) }

  /// Takes a tail in that wants `next` and what follows; false when that is behind already.
  func join(_ tail: Tail, next: UInt64) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard next >= position, !stops.load(ordering: .relaxed) else { return false }
    tail.place = live.count
    live.append(tail)
    return true
  }

  /// Lets a tail go, if it is here.
  func leave(_ tail: Tail) {
    lock.lock()
    defer { lock.unlock() }
    let place = tail.place
    guard place >= 0 else { return }
    tail.place = -1
    let last = live.removeLast()
    if place < live.count {
      live[place] = last
      last.place = place
    }
  }

  // MARK: The thread

  /// A feed and the thread that runs it. Whoever lets it go waits for the thread, and so is never that thread.
  final class Running {
    let feed: TailFeed
    private let thread: Thread

    init(_ pool: Pool) throws(PoolError) {
      let feed = try TailFeed(pool)
      do throws(SystemError) {
        thread = try Thread { feed.run() }
      } catch {
        throw PoolError(error, "failed to start a thread", path: pool.path)
      }
      self.feed = feed
    }
  }

  private final class CursorBox: @unchecked Sendable {
    @exclusivity(unchecked) var cursor: Cursor
    init(_ cursor: consuming Cursor) { self.cursor = cursor }
  }

  /// Follows the pool until it is stopped, or the pool fails.
  func run() {
    let batch = FeedBatch()
    var isQuiet = false
    while !stops.load(ordering: .relaxed) {
      do throws(PoolError) {
        guard try box.cursor.wait(until: .after(nanoseconds: Self.longestWait), isQuiet: isQuiet) else {
          isQuiet = true
          // Waits come to an end at once when the process is asked to stop; this thread soon is too.
          if StopRequests.requested != nil { Clock.sleep(until: .after(nanoseconds: Self.stopPause)) }
          continue
        }
        isQuiet = false
        batch.removeAll()
        let read = try box.cursor.forEach { frame in
          batch.add(frame)
          return true
        }
        for tail in audience(next: box.cursor.next) { tail.deliver(batch, gap: read.gap) }
      } catch {
        for tail in audience(next: .max) { tail.fail(Failure(error)) }
        break
      }
    }
    ended.store(true, ordering: .releasing)
  }

  /// Who is to get what was read just now; whoever joins from here on wants what comes at `next`.
  private func audience(next: UInt64) -> [Tail] {
    lock.lock()
    defer { lock.unlock() }
    position = next
    return live
  }
}
