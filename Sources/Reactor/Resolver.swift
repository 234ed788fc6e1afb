internal import Platform
internal import Synchronization

/// Resolves names on a few threads of the process, because the system's resolver blocks for as long as it likes.
///
/// The threads are started when they are first needed and live as long as the process. What waits is bounded: a name too many
/// is refused with `.limit`.
enum Resolver {
  static let threadLimit = 4
  static let queueLimit = 4096

  private struct Job {
    let host: String
    let port: UInt16
    let loop: EventLoop
    let done: @Sendable (Result<[SocketAddress], SystemError>) -> Void
  }

  /// Guarded by its lock.
  private final class Pool: @unchecked Sendable {
    let lock: Lock
    let turn: Condition
    var jobs: [Job] = []
    var idle = 0
    var count = 0

    init() throws(SystemError) {
      lock = try Lock()
      turn = try Condition()
    }
  }

  private static let pool: Pool? = try? Pool()

  static func resolve(
    _ host: String, port: UInt16, on loop: EventLoop,
    _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) {
    guard let pool else { return loop.submit { done(.failure(SystemError(.noMemory))) } }
    pool.lock.lock()
    guard pool.jobs.count < queueLimit else {
      pool.lock.unlock()
      return loop.submit { done(.failure(SystemError(.limit))) }
    }
    pool.jobs.append(Job(host: host, port: port, loop: loop, done: done))
    let starts = pool.idle < pool.jobs.count && pool.count < threadLimit
    if starts { pool.count += 1 }
    pool.lock.unlock()
    if starts { start(pool) } else { pool.turn.signal() }
  }

  private static func start(_ pool: Pool) {
    do throws(SystemError) {
      // Joined by nobody: it ends with the process.
      let thread = Unmanaged.passRetained(KeptThread(try Thread { work(pool) }))
      _ = thread
    } catch {
      pool.lock.lock()
      pool.count -= 1
      // With no thread at all nobody would come for what waits.
      let left = pool.count == 0 ? pool.jobs : []
      if pool.count == 0 { pool.jobs.removeAll() }
      pool.lock.unlock()
      for job in left { finish(job, .failure(error)) }
    }
  }

  private final class KeptThread {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }

  private static func work(_ pool: Pool) {
    pool.lock.lock()
    while true {
      while pool.jobs.isEmpty {
        pool.idle += 1
        _ = pool.turn.wait(pool.lock)
        pool.idle -= 1
      }
      let job = pool.jobs.removeFirst()
      pool.lock.unlock()
      finish(job, addresses(job))
      pool.lock.lock()
    }
  }

  private static func addresses(_ job: Job) -> Result<[SocketAddress], SystemError> {
    do throws(SystemError) {
      return .success(try SocketAddress.resolve(job.host, port: job.port))
    } catch {
      return .failure(error)
    }
  }

  private static func finish(_ job: Job, _ result: Result<[SocketAddress], SystemError>) {
    let done = job.done
    job.loop.submit { done(result) }
  }
}
