public import Platform

/// A bounded set of threads for work that blocks: files, databases, filters. A loop must never wait for any of it.
///
/// Jobs start in the order in which they were submitted, and run side by side. Most are short: one awake thread does many of
/// them in the time that it takes to wake another. So few are woken: the first when `wake` is called, which whoever submits many
/// jobs does once behind them; another when many wait, or when a job says by `wake` that it is about to block. Safe from any
/// thread.
public final class Workers: @unchecked Sendable {
  /// What is to be done, by the thread of this number, from 0 on.
  public typealias Job = @Sendable (_ worker: Int) -> Void

  /// Jobs that may wait for a thread at a time; further ones are refused at once. A job that runs does not count: who asked
  /// may have its result, and ask again, before its thread is free.
  public let limit: Int
  /// How many jobs may wait for the threads that are awake before another is woken.
  private static let queue = 16
  /// How often a thread without a job lets others run before it sleeps: more may follow at once.
  private static let patience = 4

  private let lock: Lock
  private let news: Condition
  // Guarded by `lock`.
  @exclusivity(unchecked) private var jobs = JobRing()
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
  ///   - limit: jobs that may wait for a thread at a time; at least 1.
  public init(threads count: Int, limit: Int) throws(SystemError) {
    self.limit = max(1, limit)
    lock = try Lock()
    news = try Condition()
    for number in 0..<max(1, count) { threads.append(ThreadBox(try Thread { [self] in work(number) })) }
  }

  /// Has `job` run by one of the threads, once `wake` is called; false, and nothing is done, when as many jobs wait as may.
  ///
  /// - Parameter ignoringLimit: For what was admitted before and goes on.
  public func submit(ignoringLimit: Bool = false, _ job: @escaping Job) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard !isStopping, ignoringLimit || jobs.count < limit else { return false }
    jobs.append(job)
    return true
  }

  /// Has a thread that sleeps look for jobs, if there are any. Called behind submissions, and by a job that may block while
  /// others wait.
  public func wake() {
    lock.lock()
    let calls = jobs.count > 0 && sleeping > 0 && called == 0
    if calls { called += 1 }
    lock.unlock()
    if calls { news.signal() }
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
    var patience = Self.patience
    lock.lock()
    while true {
      guard let job = jobs.removeFirst() else {
        if isStopping { break }
        if patience > 0 {
          patience -= 1
          lock.unlock()
          Thread.yield()
          lock.lock()
          continue
        }
        sleeping += 1
        _ = news.wait(lock)
        sleeping -= 1
        called = 0
        continue
      }
      patience = Self.patience
      let calls = jobs.count > Self.queue && sleeping > 0 && called == 0
      if calls { called += 1 }
      lock.unlock()
      if calls { news.signal() }
      job(number)
      lock.lock()
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
