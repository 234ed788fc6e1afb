internal import CPlatform

/// A word in a mapped file on which threads of any process sleep and are woken.
///
/// A waker with nobody asleep makes no system call. A wait may end for no reason, and nothing may depend on a wake-up: it
/// only makes things faster. Safe from any thread.
public struct Wake: ~Copyable, @unchecked Sendable {
  /// What `prepare` saw; a wake-up after it ends the wait that is given it.
  public struct Ticket: Sendable { let value: UInt32 }

  private let wake: OpaquePointer

  /// The word at `offset` of `mapping`, which maps `file` and outlives this value. The word starts as zero and is aligned.
  public init(_ file: borrowing File, _ mapping: borrowing Mapping, offset: Int) throws(SystemError) {
    var wake: OpaquePointer?
    let word = (mapping.base + offset).assumingMemoryBound(to: UInt32.self)
    try check(platform_wake_open(file.handle, word, &wake))
    guard let wake else { throw SystemError(.io) }
    self.wake = wake
  }

  deinit { platform_wake_close(wake) }

  /// Announces a sleeper. Look at the shared state again before `wait`.
  public borrowing func prepare() -> Ticket { Ticket(value: platform_wake_prepare(wake)) }

  /// Sleeps until woken after `ticket`, the deadline, or a stop request.
  public borrowing func wait(_ ticket: Ticket, until deadline: Deadline) {
    _ = platform_wake_wait(wake, ticket.value, deadline.nanoseconds)
  }

  /// Wakes every sleeper of every process.
  public borrowing func wakeAll() { platform_wake_all(wake) }
}

/// A named counting semaphore, as processes that know nothing of `Wake` use it.
public struct NamedSemaphore: ~Copyable, @unchecked Sendable {
  private let semaphore: OpaquePointer

  /// Opens the semaphore `name` (without a slash), with `creating` making it with count 0 if it is missing.
  ///
  /// - Throws: `.notFound` if it is missing, `.unsupported` where the system has none or the name is too long for it.
  public init(_ name: String, creating: Bool) throws(SystemError) {
    var semaphore: OpaquePointer?
    try check(name.withCString { platform_semaphore_open($0, creating, &semaphore) })
    guard let semaphore else { throw SystemError(.unsupported) }
    self.semaphore = semaphore
  }

  deinit { platform_semaphore_close(semaphore) }

  /// Adds one if the count is 0.
  public borrowing func postIfZero() { platform_semaphore_post_if_zero(semaphore) }

  /// Takes one if there is one.
  public borrowing func tryTake() -> Bool { platform_semaphore_try_take(semaphore) }

  /// Removes the name.
  public static func unlink(_ name: String) { _ = name.withCString { platform_semaphore_unlink($0) } }
}
