internal import CPlatform

/// A thread of its own. It is joined when the value goes away.
public struct Thread: ~Copyable, @unchecked Sendable {
  private let thread: OpaquePointer

  private final class Body {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
  }

  /// Starts `body` on a new thread.
  public init(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
    var thread: OpaquePointer?
    let context = Unmanaged.passRetained(Body(body))
    let status = platform_thread_start(
      { context in
        guard let context else { return }
        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
      }, context.toOpaque(), &thread)
    if status != PLATFORM_OK { context.release() }
    try check(status)
    guard let thread else { throw SystemError(.limit) }
    self.thread = thread
  }

  deinit { platform_thread_join(thread) }

  /// Waits for its end.
  public consuming func join() {}

  /// Lets another thread run.
  public static func yield() { platform_thread_yield() }
}

/// Lets one thread at a time in. Not recursive. Freed with the value.
public struct Lock: ~Copyable, @unchecked Sendable {
  fileprivate let mutex: OpaquePointer

  /// A free lock.
  public init() throws(SystemError) {
    var mutex: OpaquePointer?
    try check(platform_mutex_make(&mutex))
    guard let mutex else { throw SystemError(.noMemory) }
    self.mutex = mutex
  }

  deinit { platform_mutex_free(mutex) }

  /// Waits for the lock.
  public borrowing func lock() { platform_mutex_lock(mutex) }
  /// Takes the lock if it is free.
  public borrowing func tryLock() -> Bool { platform_mutex_try_lock(mutex) }
  /// Gives the lock back.
  public borrowing func unlock() { platform_mutex_unlock(mutex) }
}

/// Threads that wait for something that a `Lock` guards. Freed with the value.
public struct Condition: ~Copyable, @unchecked Sendable {
  private let condition: OpaquePointer

  /// A condition that nobody waits for.
  public init() throws(SystemError) {
    var condition: OpaquePointer?
    try check(platform_condition_make(&condition))
    guard let condition else { throw SystemError(.noMemory) }
    self.condition = condition
  }

  deinit { platform_condition_free(condition) }

  /// Sleeps with `lock` given up, and holds it again on return. False when the deadline passed. May wake for no reason.
  public borrowing func wait(_ lock: borrowing Lock, until deadline: Deadline = .never) -> Bool {
    platform_condition_wait(condition, lock.mutex, deadline.nanoseconds)
  }

  /// Wakes one.
  public borrowing func signal() { platform_condition_signal(condition) }
  /// Wakes all.
  public borrowing func broadcast() { platform_condition_broadcast(condition) }
}

/// Shut until one thread opens it for all that wait; it stays open. Safe from any thread.
public final class Latch: @unchecked Sendable {
  private let lock: Lock
  private let news: Condition
  @exclusivity(unchecked) private var isOpen = false

  /// One that is shut.
  public init() throws(SystemError) {
    lock = try Lock()
    news = try Condition()
  }

  /// Lets everybody through.
  public func open() {
    lock.lock()
    isOpen = true
    lock.unlock()
    news.broadcast()
  }

  /// Waits until it is open; false if the deadline passed before.
  @discardableResult
  public func wait(until deadline: Deadline = .never) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    while !isOpen {
      if deadline.hasPassed { return false }
      _ = news.wait(lock, until: deadline)
    }
    return true
  }
}
