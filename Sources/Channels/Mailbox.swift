internal import Platform

/// What has arrived for one group, in the order in which it arrived. Any thread puts in and takes out.
///
/// It needs no bound of its own: what peers send is bounded by the message pool, what the engine adds by the number of channels,
/// and what the application adds by the application.
final class Mailbox: @unchecked Sendable {
  /// Distinguishes groups of one engine.
  let id: UInt32
  private let lock: Lock
  private let arrival: Condition

  // Guarded by `lock`.
  @exclusivity(unchecked) private var list = NodeList()
  @exclusivity(unchecked) private var waiting = 0
  @exclusivity(unchecked) private var isClosed = false
  /// Whether the receiver runs the loop just now, and would not see a condition.
  @exclusivity(unchecked) private var runsLoop = false

  init(id: UInt32) throws(SystemError) {
    self.id = id
    lock = try Lock()
    arrival = try Condition()
  }

  /// Who has to be told of something new.
  enum Wake { case nobody, waiter, loop }

  /// Puts messages in. Gives them back when the mailbox is closed.
  func put(_ more: NodeList, _ refused: inout NodeList) -> Wake {
    lock.lock()
    defer { lock.unlock() }
    if isClosed {
      refused = more
      return .nobody
    }
    list.append(more)
    if runsLoop { return .loop }
    guard waiting > 0 else { return .nobody }
    arrival.signal()
    return .waiter
  }

  /// The next. Where there is another, it is for one of those who wait: putting in woke one at most.
  func take() -> MessageNode.Pointer? {
    lock.lock()
    defer { lock.unlock() }
    let node = list.pop()
    if waiting > 0, !list.isEmpty { arrival.signal() }
    return node
  }

  var isOver: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isClosed
  }

  /// Whether there is something to take, or will never be again.
  var isReady: Bool {
    lock.lock()
    defer { lock.unlock() }
    return !list.isEmpty || isClosed
  }

  /// Says whether the receiver runs the loop. False when there is something already, so that it need not.
  func beginRunning() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard list.isEmpty, !isClosed else { return false }
    runsLoop = true
    return true
  }

  func endRunning() {
    lock.lock()
    runsLoop = false
    lock.unlock()
  }

  /// Waits until there is something, or `deadline`.
  func wait(until deadline: Deadline) {
    lock.lock()
    waiting += 1
    while list.isEmpty, !isClosed, arrival.wait(lock, until: deadline) {}
    waiting -= 1
    lock.unlock()
  }

  /// Takes nothing more, wakes everybody, and gives what nobody took.
  func close() -> (left: NodeList, runsLoop: Bool) {
    lock.lock()
    isClosed = true
    let left = list
    list = NodeList()
    let runs = runsLoop
    lock.unlock()
    arrival.broadcast()
    return (left, runs)
  }
}
