internal import Documents
internal import HTTPClient
internal import Platform
internal import Pools

/// The receiving thread of a follower, and what it shares with whoever takes.
final class FollowerLink: @unchecked Sendable {
  private let pool: RemotePool
  private let selection: RemoteFollower.Selection
  private let lock: Lock
  private let changed: Condition

  // Guarded by `lock`.
  private var waiting = MessageQueue()
  private var changes: [RemoteFollower.Change] = []
  private var outcome: Failure?
  private var isCancelled = false
  private var isWoken = false

  // The thread's own.
  private let slices: TailSlices
  private var isLost = false
  private var pause = RemoteLimits.firstPause
  private var attempts = 0

  init(_ pool: RemotePool, _ selection: RemoteFollower.Selection) throws(SystemError) {
    self.pool = pool
    self.selection = selection
    lock = try Lock()
    changed = try Condition()
    slices = TailSlices(pool, selection)
  }

  // MARK: Whoever takes

  var failure: Failure? {
    lock.lock()
    defer { lock.unlock() }
    return outcome
  }

  /// Gives what is waiting for an empty queue, and tells what became of the connection.
  func exchange(_ queue: inout MessageQueue) -> [RemoteFollower.Change] {
    lock.lock()
    defer { lock.unlock() }
    swap(&queue, &waiting)
    let told = changes
    changes = []
    changed.broadcast()
    return told
  }

  func wait(until deadline: Deadline) {
    lock.lock()
    defer { lock.unlock() }
    while waiting.isEmpty, changes.isEmpty, outcome == nil, !isWoken {
      if !changed.wait(lock, until: deadline), deadline.hasPassed { break }
    }
    isWoken = false
  }

  func wake() {
    lock.lock()
    isWoken = true
    changed.broadcast()
    lock.unlock()
  }

  func cancel() {
    lock.lock()
    isCancelled = true
    changed.broadcast()
    lock.unlock()
    pool.cancel()
  }

  // MARK: The thread

  func run() {
    while true {
      switch slices.receive({ answered() }, { add($0, $1, $2) }) {
      case .ended(let isProgress):
        if slices.next == 0 || selection.last.map({ slices.next > $0 }) == true { return }
        if isProgress { noteProgress() } else if !rest() { return }
      case .stopped: return
      case .failed(let failure, isPassing: true):
        if slices.hasReceived { noteProgress() }
        attempts += 1
        if selection.last != nil, attempts > RemoteLimits.boundedAttempts { return end(failure) }
        tellLoss(failure)
        if !rest() || !isStillThere() { return }
      case .failed(let failure, isPassing: false): return end(failure)
      }
    }
  }

  private func noteProgress() {
    attempts = 0
    pause = RemoteLimits.firstPause
  }

  /// The server has begun to answer.
  private func answered() {
    guard isLost else { return }
    isLost = false
    tell(.regained)
  }

  private func tellLoss(_ failure: Failure) {
    if isLost { return }
    isLost = true
    tell(.lost(failure))
  }

  private func tell(_ change: RemoteFollower.Change) {
    lock.lock()
    // Of an endless coming and going nobody needs to know each step.
    if changes.count < 64 { changes.append(change) }
    changed.broadcast()
    lock.unlock()
  }

  private func end(_ failure: Failure) {
    lock.lock()
    outcome = failure
    changed.broadcast()
    lock.unlock()
  }

  /// Waits before the next attempt; false when it is cancelled.
  private func rest() -> Bool {
    let deadline = Deadline.after(nanoseconds: pause)
    pause = min(pause * 2, RemoteLimits.longestPause)
    lock.lock()
    defer { lock.unlock() }
    while !isCancelled, !deadline.hasPassed { _ = changed.wait(lock, until: deadline) }
    return !isCancelled
  }

  /// Whether the pool is the one that was followed: a server may have come back with another one under the name. True also when
  /// it cannot be asked yet.
  private func isStillThere() -> Bool {
    do throws(Failure) {
      let newest = try pool.info().info.bounds?.upperBound ?? 0
      // What was once there is never taken back.
      let known = max(selection.newest, slices.hasReceivedAny ? slices.next &- 1 : 0)
      guard newest < known else { return true }
      end(
        Failure(
          .notFound, "the pool was replaced by another one",
          hint: "It begins anew: its newest message is \(newest), and it was \(known) before.",
          address: pool.reference.text, sequence: slices.next))
      return false
    } catch {
      return true
    }
  }

  /// Hands a message over, when there is room; false when it is cancelled.
  private func add(_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    while !isCancelled, !waiting.isEmpty, waiting.byteCount + document.byteCount > RemoteLimits.waitingBytes {
      _ = changed.wait(lock, until: .after(nanoseconds: 1_000_000_000))
    }
    if isCancelled { return false }
    let wasEmpty = waiting.isEmpty
    waiting.add(document, sequence: sequence, time: time)
    if wasEmpty { changed.broadcast() }
    return true
  }
}
