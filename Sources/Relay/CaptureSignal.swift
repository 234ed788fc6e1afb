internal import Platform
internal import Pools

/// What passes between the thread of a `TableCapture` and others: that there is work, that it is to end, and how far it is.
final class CaptureSignal: @unchecked Sendable {
  /// How far a capture is, as its sender knows.
  struct Report {
    let id: Int64
    let position: Int64
    let messages: UInt64
    let failure: PoolError?
  }

  private let lock: Lock
  private let condition: Condition
  // Guarded by `lock`.
  private var hasWork = false
  private var end: Deadline?
  private var published: [Report] = []

  init() throws(SystemError) {
    lock = try Lock()
    condition = try Condition()
  }

  /// There is something in the outbox, or the captures are others.
  func wake() {
    lock.lock()
    let isNew = !hasWork
    hasWork = true
    lock.unlock()
    if isNew { condition.signal() }
  }

  /// The thread is to end, with what it can do until the deadline.
  func stop(until deadline: Deadline) {
    lock.lock()
    end = end.map { .earlier($0, deadline) } ?? deadline
    lock.unlock()
    condition.signal()
  }

  /// Sleeps until there is work, or the deadline; when the thread is to end, if it is.
  func wait(until deadline: Deadline) -> Deadline? {
    lock.lock()
    defer { lock.unlock() }
    while !hasWork, end == nil, !deadline.hasPassed { _ = condition.wait(lock, until: deadline) }
    hasWork = false
    return end
  }

  func publish(_ reports: [Report]) {
    lock.lock()
    published = reports
    lock.unlock()
  }

  var reports: [Report] {
    lock.lock()
    defer { lock.unlock() }
    return published
  }
}
