public import Platform

/// A bounded set of threads for work that blocks: files, databases, filters. A loop must never wait for any of it.
///
/// Jobs start in the order in which they were submitted, and run side by side. Safe from any thread.
public final class Workers: @unchecked Sendable {
  /// What is to be done, by the thread of this number, from 0 on.
  public typealias Job = @Sendable (_ worker: Int) -> Void

  /// Jobs that may run or wait at a time; further ones are refused at once.
  public let limit: Int
  private let lock: Lock
  private let news: Condition
  // Guarded by `lock`.
  @exclusivity(unchecked) private var jobs = JobRing()
  @exclusivity(unchecked) private var running = 0
  @exclusivity(unchecked) private var sleeping = 0
  /// Threads that were signalled and have not looked yet.
  @exclusivity(unchecked) private var called = 0
  @exclusivity(unchecked) private var isStopping = false
  private var threads: [ThreadBox] = []

  private final class ThreadBox {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }

  /// Starts the threads.
  ///
  /// - Parameters:
  ///   - threads: how many run jobs; at least 1.
  ///   - limit: jobs that may run or wait at a time.
  public init(threads count: Int, limit: Int) throws(SystemError) {
    self.limit = max(1, limit)
    lock = try Lock()
    news = try Condition()
    for number in 0..<max(1, count) { threads.append(ThreadBox(try Thread { [self] in work(number) })) }
  }

  /// Has `job` run by one of the threads; false, and nothing is done, when there are as many jobs as may be.
  ///
  /// - Parameter ignoringLimit: For what was admitted before and goes on.
  public func submit(ignoringLimit: Bool = false, _ job: @escaping Job) -> Bool {
    lock.lock()
    guard !isStopping, ignoringLimit || running + jobs.count < limit else {
      lock.unlock()
      return false
    }
    jobs.append(job)
    // One that is on its way finds this job too, and calls another if there is more than it can do.
    let calls = sleeping > 0 && called == 0
    if calls { called += 1 }
    lock.unlock()
    if calls { news.signal() }
    return true
  }

  /// Runs what was submitted, and ends the threads. Not from one of them.
  public func stop() {
    lock.lock()
    isStopping = true
    lock.unlock()
    news.broadcast()
    threads = []
  }

  private func work(_ number: Int) {
    lock.lock()
    while true {
      guard let job = jobs.removeFirst() else {
        if isStopping { break }
        sleeping += 1
        _ = news.wait(lock)
        sleeping -= 1
        called = 0
        continue
      }
      running += 1
      let calls = jobs.count > 0 && sleeping > 0 && called == 0
      if calls { called += 1 }
      lock.unlock()
      if calls { news.signal() }
      job(number)
      lock.lock()
      running -= 1
    }
    lock.unlock()
  }
}

/// Jobs in order, in a buffer that is used again and again.
private struct JobRing {
  typealias Job = Workers.Job

  private var slots: [Job?] = Array(repeating: nil, count: 64)
  private var first = 0
  private(set) var count = 0

  mutating func append(_ job: @escaping Job) {
    if count == slots.count { grow() }
    slots[(first + count) & (slots.count - 1)] = job
    count += 1
  }

  mutating func removeFirst() -> Job? {
    guard count > 0 else { return nil }
    let job = slots[first].take()
    first = (first + 1) & (slots.count - 1)
    count -= 1
    return job
  }

  private mutating func grow() {
    var larger: [Job?] = []
    larger.reserveCapacity(slots.count * 2)
    for index in 0..<count { larger.append(slots[(first + index) & (slots.count - 1)]) }
    larger += Array(repeating: nil, count: slots.count * 2 - count)
    (slots, first) = (larger, 0)
  }
}
