internal import CPlatform

/// What a socket is ready for, or what one wants to hear of.
public struct Readiness: OptionSet, Sendable {
  /// The bits, as `platform_poll_event` has them.
  public let rawValue: UInt32
  /// What these bits say.
  public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// There is something to read or to accept, or the end.
  public static let read = Readiness(rawValue: PLATFORM_POLL_READ)
  /// There is room to write, or a connect has ended.
  public static let write = Readiness(rawValue: PLATFORM_POLL_WRITE)
  /// Reported only: the connection is over in both directions.
  public static let hangUp = Readiness(rawValue: PLATFORM_POLL_HANGUP)
  /// Reported only: the next call on the socket says what is wrong.
  public static let error = Readiness(rawValue: PLATFORM_POLL_ERROR)
}

/// Tells one thread which of many sockets are ready. One thread waits at a time; everything else is safe from any thread, also
/// during a wait.
public struct Poller: ~Copyable, @unchecked Sendable {
  /// Which mechanism of the system to use.
  public enum Kind: UInt32, Sendable {
    /// The best the system has.
    case best
    /// `poll`, where the system is POSIX.
    case poll
  }

  /// One socket that is ready.
  public struct Event: Sendable {
    /// What the socket was registered with.
    public var token: UInt64
    /// What it is ready for.
    public var ready: Readiness

    /// One socket, by its token, and what it is ready for.
    public init(token: UInt64, ready: Readiness) {
      self.token = token
      self.ready = ready
    }
  }

  private let poller: OpaquePointer
  /// What the system writes into; of the one thread that waits.
  private let native: UnsafeMutablePointer<platform_poll_event>
  private static let capacity = 256

  /// A poller that watches nothing.
  public init(_ kind: Kind = .best) throws(SystemError) {
    var poller: OpaquePointer?
    try check(platform_poller_make(kind.rawValue, &poller))
    guard let poller else { throw SystemError(.noMemory) }
    self.poller = poller
    native = .allocate(capacity: Self.capacity)
  }

  deinit {
    platform_poller_free(poller)
    native.deallocate()
  }

  /// Begins to watch a socket.
  public borrowing func add(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try check(platform_poller_add(poller, socket, interest.rawValue, token))
  }

  /// Watches a socket for something else.
  public borrowing func modify(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try check(platform_poller_modify(poller, socket, interest.rawValue, token))
  }

  /// Watches a socket no more: before it is closed.
  public borrowing func remove(_ socket: SocketNumber) { _ = platform_poller_remove(poller, socket) }

  /// Waits for events, a wake or the deadline and returns how many events were written into `events`.
  public borrowing func wait(
    into events: UnsafeMutableBufferPointer<Event>, until deadline: Deadline
  ) throws(SystemError) -> Int {
    var count = 0
    let capacity = min(events.count, Self.capacity)
    let status = platform_poller_wait(poller, native, capacity, &count, deadline.nanoseconds)
    if status == PLATFORM_TIMED_OUT { return 0 }
    try check(status)
    for index in 0..<count {
      events[index] = Event(token: native[index].token, ready: Readiness(rawValue: native[index].ready))
    }
    return count
  }

  /// Ends the current wait, or the next one.
  public borrowing func wake() { platform_poller_wake(poller) }
}
