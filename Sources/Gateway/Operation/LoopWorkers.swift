internal import Platform
internal import Reactor

/// Threads for what may block, which the loop wakes when it has seen all that its turn brought. Any thread.
final class LoopWorkers: @unchecked Sendable {
  private let loop: EventLoop
  private let workers: Workers
  private let waker: Waker

  private final class Waker: LoopSource, @unchecked Sendable {
    private let workers: Workers
    init(_ workers: Workers) {
      self.workers = workers
      super.init()
    }
    override func attend() { workers.wake() }
  }

  /// - Parameter limit: jobs that may wait for a thread at a time.
  init(_ loop: EventLoop, threads: Int, limit: Int) throws(SystemError) {
    self.loop = loop
    workers = try Workers(threads: threads, limit: limit)
    waker = Waker(workers)
  }

  /// Has a worker do something; false when they have as much to do as they may.
  ///
  /// - Parameter ignoringLimit: For what was admitted before and goes on.
  func submit(ignoringLimit: Bool = false, _ job: @escaping Workers.Job) -> Bool {
    guard workers.submit(ignoringLimit: ignoringLimit, job) else { return false }
    loop.request(waker)
    return true
  }

  /// Called by a job that is about to wait for something: what is behind it should not.
  func expectWait() { workers.wake() }

  /// Ends the threads, when the loop is run no more.
  func stop() { workers.stop() }
}
