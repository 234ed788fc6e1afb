public import Platform

/// Who runs a loop.
///
/// There is one seat. The loop's own thread takes it when nobody else wants it. A guest takes it when it is empty, and gives
/// it back as soon as the loop has brought what the guest came for; it will most often be back in a moment. So the thread
/// does not take an empty seat at once: it watches for a tick whether the guest comes again, and sits down only when it does
/// not, or when there is something to do right away. While a guest sits for longer than a tick, the thread sleeps.
///
///     thread sits  --something for a waiting thread-->  empty, lent
///     empty, lent  --that thread comes back------------>  guest sits
///     empty, lent  --a tick passes, or work arrives---->  thread sits
///     guest sits   --it has what it came for----------->  empty, lent
///
/// Nothing depends on the tick for more than a delay of `tick`.
struct Seat {
  enum Occupant { case nobody, thread, guest }

  /// How long the thread lets the seat stay empty for a guest that may be back, in nanoseconds.
  static let tick: Int64 = 500_000

  var occupant = Occupant.nobody
  /// How often a guest has sat down.
  var visits: UInt64 = 0
  /// Whether an empty seat is kept for a guest.
  var isLent = false
  /// Whether the thread sleeps without a deadline.
  var threadSleeps = false
  /// Whether the thread should leave the seat after this turn.
  var asksThreadToLeave = false
  var isStopping = false
  /// Threads that wait for the loop to bring them something, without running it.
  var waiting = 0
}

extension EventLoop {
  /// Starts the thread that runs the loop whenever no guest does.
  public func startThread() throws(SystemError) {
    thread = try Thread { [self] in runThread() }
  }

  /// Ends the thread, after the turn it is in, and waits for it. What was submitted is still performed. Guests stay away from
  /// then on. Not from the loop itself.
  public func stopThread() {
    lock.lock()
    seat.isStopping = true
    lock.unlock()
    wake()
    turn.broadcast()
    thread = nil
    // A guest may still sit for the rest of its turn.
    lock.lock()
    while seat.occupant != .nobody {
      lock.unlock()
      network.wake()
      lock.lock()
      if seat.occupant != .nobody { _ = turn.wait(lock, until: .after(nanoseconds: Seat.tick)) }
    }
    seat.occupant = .thread
    lock.unlock()
    drain()
    lock.lock()
    seat.occupant = .nobody
    lock.unlock()
  }

  private func runThread() {
    lock.lock()
    while !seat.isStopping {
      switch seat.occupant {
      case .guest: watchGuest()
      case .nobody where seat.isLent: watchEmptySeat()
      case .nobody, .thread: sit()
      }
    }
    lock.unlock()
  }

  /// Runs the loop until somebody waits who had better run it, or the end. Called and returns with the lock held.
  private func sit() {
    seat.occupant = .thread
    seat.isLent = false
    seat.asksThreadToLeave = false
    while !seat.isStopping, !seat.asksThreadToLeave {
      lock.unlock()
      runTurn(until: .never)
      lock.lock()
    }
    seat.occupant = .nobody
  }

  private func watchGuest() {
    let visits = seat.visits
    let isBusy = turn.wait(lock, until: .after(nanoseconds: Seat.tick))
    guard !isBusy, !seat.isStopping, seat.occupant == .guest, seat.visits == visits else { return }
    seat.threadSleeps = true
    while seat.occupant == .guest, seat.visits == visits, !seat.isStopping { _ = turn.wait(lock) }
    seat.threadSleeps = false
  }

  private func watchEmptySeat() {
    let visits = seat.visits
    let deadline = Deadline.after(nanoseconds: Seat.tick)
    while seat.occupant == .nobody, seat.visits == visits, seat.isLent, !seat.isStopping {
      if !turn.wait(lock, until: deadline) { break }
    }
    if seat.occupant == .nobody, seat.visits == visits { seat.isLent = false }
  }

  // MARK: Guests

  /// Takes the empty seat, or says that somebody sits there. Whoever gets true calls `giveBack` soon.
  public func borrow() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard seat.occupant == .nobody, !seat.isStopping else { return false }
    seat.occupant = .guest
    seat.asksThreadToLeave = false
    seat.visits &+= 1
    return true
  }

  /// Runs turns of the borrowed loop until `isDone`, `deadline`, or the loop is stopped.
  public func run(until deadline: Deadline, unless isDone: () -> Bool) {
    while !isDone(), !isStopping {
      runTurn(until: deadline, unless: isDone)
      if deadline != .never, network.now() >= deadline.nanoseconds { return }
    }
  }

  private var isStopping: Bool {
    lock.lock()
    defer { lock.unlock() }
    return seat.isStopping
  }

  /// Leaves the seat. The thread takes it if there is work, or if others wait for what the loop brings.
  public func giveBack() {
    lock.lock()
    seat.occupant = .nobody
    seat.isLent = !hasSubmissions && seat.waiting == 0
    let signals = seat.threadSleeps || !seat.isLent || seat.isStopping
    lock.unlock()
    if signals { turn.broadcast() }
  }

  /// Says that a thread begins to wait for what the loop brings, without running it.
  public func beginWaiting() {
    lock.lock()
    seat.waiting += 1
    // An empty seat that is kept for somebody else would leave this thread waiting for the tick.
    let signals = seat.occupant == .nobody && seat.isLent
    if signals { seat.isLent = false }
    lock.unlock()
    if signals { turn.broadcast() }
  }

  /// Says that a thread waits no more: it has got what it waited for.
  public func endWaiting() {
    lock.lock()
    seat.waiting -= 1
    lock.unlock()
  }

  /// Says that a waiting thread was given something. If it was the only one, the loop's thread leaves it the seat. Loop only.
  public func lend() {
    lock.lock()
    if seat.occupant == .thread, seat.waiting <= 1 {
      seat.asksThreadToLeave = true
      seat.isLent = true
    }
    lock.unlock()
  }
}
