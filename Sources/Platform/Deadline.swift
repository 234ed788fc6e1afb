internal import CPlatform

/// A moment of the monotonic clock at which a wait gives up.
public struct Deadline: Sendable, Equatable {
  /// Nanoseconds of `Clock.monotonic()`.
  public var nanoseconds: Int64

  /// The moment `nanoseconds` of `Clock.monotonic()`.
  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// Ask once and do not wait.
  public static var now: Deadline { Deadline(nanoseconds: .min) }
  /// Wait without limit.
  public static var never: Deadline { Deadline(nanoseconds: .max) }

  /// `duration` nanoseconds from now, at most `never`.
  public static func after(nanoseconds duration: Int64) -> Deadline {
    let (sum, overflow) = Clock.monotonic().addingReportingOverflow(max(0, duration))
    return overflow ? .never : Deadline(nanoseconds: sum)
  }

  /// The nearer of the two.
  public static func earlier(_ a: Deadline, _ b: Deadline) -> Deadline { a.nanoseconds <= b.nanoseconds ? a : b }

  /// Whether the moment has come.
  public var hasPassed: Bool { self != .never && Clock.monotonic() >= nanoseconds }
}

/// The machine's clocks. Safe from any thread.
public enum Clock {
  /// Nanoseconds of a clock that never goes back; comparable between the processes of one boot.
  public static func monotonic() -> Int64 { platform_monotonic() }

  /// Nanoseconds since 1970-01-01T00:00:00Z as the machine believes it; 0 for a clock set before that.
  public static func wall() -> UInt64 { UInt64(max(0, platform_wall())) }

  /// Sleeps until the deadline. For back-off between attempts only.
  public static func sleep(until deadline: Deadline) { platform_sleep_until(deadline.nanoseconds) }
}

/// Unpredictable numbers from the system's cryptographic source.
public enum SystemRandom {
  /// One random word.
  public static func word() throws(SystemError) -> UInt64 {
    var word: UInt64 = 0
    try check(platform_random(&word, 8))
    return word
  }
}
