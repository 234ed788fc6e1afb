public import Platform
internal import Synchronization

/// One poller, its timers, and the sources that it watches; run by one thread at a time.
///
/// Who runs it may change. A loop with a thread of its own (`startThread`) lends itself to a *guest*: a thread that would
/// otherwise sleep until the loop has something for it, and now waits in the poller itself, which saves both the way through
/// another thread. `EventLoop+Seat.swift` says how the seat changes hands. Everything marked "loop only" may be called by
/// whoever runs the loop, and by sources and timers that it calls.
public final class EventLoop: @unchecked Sendable {
  /// The world this loop lives in.
  public let network: Network

  // Loop only.
  @exclusivity(unchecked) private var sources = SourceTable()
  @exclusivity(unchecked) private var timers = TimerHeap()
  private let events: UnsafeMutableBufferPointer<Poller.Event>
  @exclusivity(unchecked) private var taken: [LoopSource] = []
  @exclusivity(unchecked) private var takenTasks: [@Sendable () -> Void] = []
  /// What streams read into, for the duration of one call. Loop only.
  let wireBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
  /// What secure layers decrypt into, for the duration of one call. Loop only.
  let plainBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 32 << 10, alignment: 64)
  /// Whether a stream reads, so that these two buffers are in use. Loop only.
  @exclusivity(unchecked) var isReading = false
  /// Nanoseconds of the clock when the current turn's events were taken. Loop only.
  @exclusivity(unchecked) public private(set) var time: Int64
  /// Why the poller did not work when it was last asked; nil as long as it does. Loop only.
  @exclusivity(unchecked) public private(set) var failure: SystemError?
  /// How often the loop lets others run before it sleeps, after it was given work.
  private static let patience = 4
  /// How long the loop rests when the poller does not work, in nanoseconds.
  private static let rest: Int64 = 10_000_000

  // Guarded by `lock`.
  let lock: Lock
  let turn: Condition
  @exclusivity(unchecked) private var requests: [LoopSource] = []
  @exclusivity(unchecked) private var tasks: [@Sendable () -> Void] = []
  /// Whether there are requests or tasks that the loop has not taken.
  @exclusivity(unchecked) var hasSubmissions = false
  /// Whether the loop is run no more.
  @exclusivity(unchecked) private var hasEnded = false
  /// Whether whoever runs the loop is in the poller, or about to be, without having seen submissions.
  @exclusivity(unchecked) private var isBlocking = false
  /// Whether somebody asked for the end of a wait that had not begun.
  @exclusivity(unchecked) private var isWoken = false
  @exclusivity(unchecked) var seat = Seat()

  var thread: Thread?

  /// A loop that nobody runs yet.
  public init(_ network: Network) throws(SystemError) {
    self.network = network
    lock = try Lock()
    turn = try Condition()
    events = .allocate(capacity: 256)
    events.initialize(repeating: Poller.Event(token: 0, ready: []))
    time = network.now()
  }

  deinit {
    events.deallocate()
    wireBuffer.deallocate()
    plainBuffer.deallocate()
  }

  // MARK: Sources (loop only)

  /// Begins to watch `socket` for `source`.
  public func add(_ source: LoopSource, _ socket: SocketNumber, _ interest: Readiness) throws(SystemError) {
    let token = sources.insert(source)
    do throws(SystemError) {
      try network.watch(socket, interest, token: token)
    } catch {
      sources.remove(token)
      throw error
    }
    source.token = token
  }

  /// Watches for something else.
  public func update(_ source: LoopSource, _ socket: SocketNumber, _ interest: Readiness) throws(SystemError) {
    try network.rewatch(socket, interest, token: source.token)
  }

  /// Watches no more. No event of it is dispatched after this.
  public func remove(_ source: LoopSource, _ socket: SocketNumber) {
    guard source.token != 0 else { return }
    network.unwatch(socket)
    sources.remove(source.token)
    source.token = 0
  }

  /// How many sources are watched.
  public var sourceCount: Int { sources.count }

  // MARK: Timers (loop only)

  /// Calls `action` on the loop when the clock reaches `deadline` (nanoseconds).
  public func schedule(at deadline: Int64, _ action: @escaping () -> Void) -> LoopTimer {
    timers.add(at: deadline, action)
  }

  /// Calls `action` after `duration` nanoseconds.
  public func schedule(after duration: Int64, _ action: @escaping () -> Void) -> LoopTimer {
    let (deadline, overflow) = network.now().addingReportingOverflow(max(0, duration))
    return timers.add(at: overflow ? .max : deadline, action)
  }

  /// A timer that will not fire.
  public func cancel(_ timer: LoopTimer) { _ = timers.take(timer) }

  /// When the nearest timer is due, in nanoseconds of the clock; nil if there is none.
  package var nearestTimer: Int64? { timers.nearest }

  // MARK: Submissions (any thread)

  /// Has `source.attend` called on the loop, once for all requests that come before it.
  public func request(_ source: LoopSource) {
    lock.lock()
    if source.isRequested || hasEnded {
      lock.unlock()
      return
    }
    source.isRequested = true
    requests.append(source)
    unlockAndWake()
  }

  /// Has `source.attend` called when the guest comes back to whom the empty seat is lent, at the latest after a tick; false, and
  /// nothing is done, when the seat is not lent. For what had better be done together with more of its kind.
  func requestLazily(_ source: LoopSource) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard seat.occupant == .nobody, seat.isLent, !hasEnded else { return false }
    if !source.isRequested {
      source.isRequested = true
      requests.append(source)
      hasSubmissions = true
    }
    return true
  }

  /// Has `task` called on the loop, after those that were submitted before; never, when the loop was stopped.
  public func submit(_ task: @escaping @Sendable () -> Void) {
    lock.lock()
    if hasEnded {
      lock.unlock()
      return
    }
    tasks.append(task)
    unlockAndWake()
  }

  /// Called with the lock held. Only the first submission since the loop last looked wakes it, and only if it sleeps.
  private func unlockAndWake() {
    let isFirst = !hasSubmissions
    hasSubmissions = true
    let wakesPoller = isFirst && isBlocking
    // What waits lazily is not a reason to leave this to the guest as well.
    let signals = seat.occupant == .nobody && (isFirst || seat.isLent)
    if signals { seat.isLent = false }
    lock.unlock()
    if wakesPoller { network.wake() }
    if signals { turn.signal() }
  }

  /// Has `source.attend` called by whoever runs the loop just now; false, and nothing is done, when nobody does.
  func requestIfOccupied(_ source: LoopSource) -> Bool {
    lock.lock()
    guard seat.occupant != .nobody else {
      lock.unlock()
      return false
    }
    lock.unlock()
    request(source)
    return true
  }

  /// Ends the wait of whoever runs the loop, or else the next one.
  public func wake() {
    lock.lock()
    let wakesPoller = isBlocking
    if !wakesPoller { isWoken = true }
    lock.unlock()
    if wakesPoller { network.wake() }
  }

  // MARK: Running

  /// Whether a turn would find a submission or a timer that is due. Loop only.
  package var hasDueWork: Bool {
    lock.lock()
    defer { lock.unlock() }
    return hasSubmissions || (timers.nearest ?? .max) <= network.now()
  }

  /// One turn: what was submitted, timers, a wait until something happens or `deadline`, and what it brought.
  ///
  /// Only whoever runs the loop calls this. It does not wait if `isDone` before that: what was submitted, or a timer, may have
  /// brought what the caller is after.
  func runTurn(until deadline: Deadline, unless isDone: () -> Bool = { false }) {
    // Senders that left something to the loop will most likely leave more: giving them the processor for a moment saves waking
    // this thread for each piece, and makes the pieces larger.
    var patience = performSubmissions() ? Self.patience : 0
    fireTimers()
    let hasEnough = isDone()
    while patience > 0, !hasEnough, !hasSubmissionsNow {
      Thread.yield()
      patience -= 1
    }
    lock.lock()
    let mayBlock = !hasSubmissions && !hasEnough && !isWoken && !seat.asksThreadToLeave
    isBlocking = mayBlock
    isWoken = false
    lock.unlock()
    let limit = mayBlock ? nearer(deadline) : .now
    let count = wait(until: limit)
    if mayBlock {
      lock.lock()
      isBlocking = false
      lock.unlock()
    }
    time = network.now()
    for index in 0..<count {
      let event = events[index]
      sources.find(event.token)?.ready(event.ready)
    }
    fireTimers()
    performSubmissions()
  }

  private var hasSubmissionsNow: Bool {
    lock.lock()
    defer { lock.unlock() }
    return hasSubmissions
  }

  private func nearer(_ deadline: Deadline) -> Deadline {
    guard let timer = timers.nearest else { return deadline }
    return .earlier(deadline, Deadline(nanoseconds: timer))
  }

  private func wait(until deadline: Deadline) -> Int {
    do throws(SystemError) {
      let count = try network.wait(into: events, until: deadline)
      failure = nil
      return count
    } catch {
      // Perhaps it is a lack of memory that passes. Asking again at once would make a busy loop.
      failure = error
      if deadline != .now { Clock.sleep(until: .earlier(deadline, .after(nanoseconds: Self.rest))) }
      return 0
    }
  }

  /// False when none was due.
  @discardableResult
  private func fireTimers() -> Bool {
    guard let nearest = timers.nearest else { return false }
    let now = network.now()
    guard nearest <= now else { return false }
    time = now
    // Timers that are added meanwhile wait for their turn, even if they are due.
    let limit = timers.added
    while let action = timers.takeDue(now, among: limit) { action() }
    return true
  }

  /// False when there were none.
  @discardableResult
  private func performSubmissions() -> Bool {
    lock.lock()
    guard hasSubmissions else {
      lock.unlock()
      return false
    }
    hasSubmissions = false
    swap(&taken, &requests)
    swap(&takenTasks, &tasks)
    for source in taken { source.isRequested = false }
    lock.unlock()
    for task in takenTasks { task() }
    for source in taken { source.attend() }
    takenTasks.removeAll(keepingCapacity: true)
    taken.removeAll(keepingCapacity: true)
    return true
  }

  /// Performs what is still submitted, and drops the timers; when the loop is run no more. What is submitted by that is
  /// performed too, for so many rounds; what comes later is dropped, so that it keeps nothing alive.
  func drain() {
    var rounds = 64
    while rounds > 0, performSubmissions() { rounds -= 1 }
    lock.lock()
    hasEnded = true
    let (lateTasks, lateRequests) = (tasks, requests)
    tasks = []
    requests = []
    lock.unlock()
    let dropped = timers.takeAll()
    _ = (lateTasks, lateRequests, dropped)
  }
}
