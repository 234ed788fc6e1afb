internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// Waits for messages of a pool on a thread of its own, and wakes whoever waits for messages of peers.
final class PoolWatch: @unchecked Sendable {
  private let pool: Pool
  private let group: ChannelGroup
  private let lock: Lock
  private let changed: Condition
  // Guarded by `lock`.
  private var wanted: UInt64?
  private var fault: PoolError?

  private init(_ pool: Pool, _ group: ChannelGroup) throws(SystemError) {
    self.pool = pool
    self.group = group
    lock = try Lock()
    changed = try Condition()
  }

  static func start(_ pool: Pool, _ group: ChannelGroup) throws(CommandError) -> PoolWatch {
    let watch: PoolWatch
    do throws(SystemError) {
      watch = try PoolWatch(pool, group)
    } catch {
      throw .failed(Failure(.internal, "failed to watch the pool", causes: [error.message]))
    }
    try Wakener.start("failed to watch the pool") { watch.run() }
    return watch
  }

  /// Asks for an update of the group when the message with this sequence, or a later one, is there.
  func arm(_ sequence: UInt64) {
    lock.lock()
    wanted = sequence
    changed.broadcast()
    lock.unlock()
  }

  /// Why it watches no longer.
  var failure: PoolError? {
    lock.lock()
    defer { lock.unlock() }
    return fault
  }

  private func run() {
    do throws(PoolError) {
      var cursor = try pool.makeCursor(from: .live)
      while StopRequests.requested == nil {
        cursor.next = nextWanted()
        guard try cursor.wait(until: .never) else { return }
        try? group.update()
      }
    } catch {
      lock.lock()
      fault = error
      lock.unlock()
      try? group.update()
    }
  }

  private func nextWanted() -> UInt64 {
    lock.lock()
    defer { lock.unlock() }
    while true {
      if let sequence = wanted.take() { return sequence }
      _ = changed.wait(lock)
    }
  }
}
