internal import Gateway
internal import Platform

/// What happened to the files of a running server, kept until somebody logs it. Safe from any thread.
final class ServerEvents: @unchecked Sendable {
  /// The most that are kept; older ones give way.
  private static let limit = 64

  private let lock: Lock
  private var waiting: [AccessEvent] = []

  init() throws(SystemError) { lock = try Lock() }

  func add(_ event: AccessEvent) {
    lock.lock()
    defer { lock.unlock() }
    if waiting.count == Self.limit { waiting.removeFirst() }
    waiting.append(event)
  }

  /// What happened since the last call, in order.
  func take() -> [AccessEvent] {
    lock.lock()
    defer { lock.unlock() }
    let taken = waiting
    waiting = []
    return taken
  }
}
