/// A hybrid logical clock: wall time that never stands still and never goes back, also past the times of others.
///
/// A time is NTP64: whole seconds since 1970 in the upper 32 bits, and the fraction of the second in the lower 32.
package struct HybridClock: Sendable {
  /// How far ahead of this machine's clock a time of somebody else may be: 300 ms.
  package static let largestLead: UInt64 = (300 << 32) / 1000

  private var last: UInt64 = 0

  /// A clock that has told no time yet.
  package init() {}

  /// The time now, above all that it told before.
  ///
  /// - Parameter wall: nanoseconds since 1970, as the machine believes it.
  package mutating func now(wall: UInt64) -> UInt64 {
    last = max(last &+ 1, Self.time(wall: wall))
    return last
  }

  /// Goes past a time of somebody else; false, and nothing is done, if that is too far ahead.
  package mutating func pass(_ time: UInt64, wall: UInt64) -> Bool {
    guard time <= Self.time(wall: wall).addingReportingOverflow(Self.largestLead).partialValue else { return false }
    last = max(last, time)
    return true
  }

  /// Nanoseconds since 1970 as NTP64.
  package static func time(wall: UInt64) -> UInt64 {
    let (seconds, fraction) = wall.quotientAndRemainder(dividingBy: 1_000_000_000)
    return seconds << 32 | (fraction << 32) / 1_000_000_000
  }

  /// Nanoseconds since 1970 of a time in NTP64.
  package static func wall(time: UInt64) -> UInt64 {
    // Rounded up, since the fraction was rounded down: so each nanosecond comes back as it was.
    let fraction = ((time & 0xffff_ffff) * 1_000_000_000 + 0xffff_ffff) >> 32
    return (time >> 32) * 1_000_000_000 + fraction
  }
}
