extension ByteWriter {
  /// Appends a point in time as RFC 3339 text in UTC: `2026-11-21T01:51:38.864746Z`.
  ///
  /// The fraction has as many digits as needed, and is absent when zero (pool format, section 12).
  ///
  /// - Parameter nanoseconds: since 1970-01-01T00:00:00Z.
  public mutating func appendTimestamp(_ nanoseconds: UInt64) {
    let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    appendSecond(seconds)
    appendFraction(fraction)
    append(UInt8(ascii: "Z"))
  }

  /// Appends date and time without fraction and zone: 19 bytes for every 64-bit number of nanoseconds.
  package mutating func appendSecond(_ seconds: UInt64) {
    let (days, rest) = seconds.quotientAndRemainder(dividingBy: 86_400)
    let (year, month, day) = Timestamp.date(daysSinceEpoch: Int(days))
    let start = reserve(19)
    func put(_ value: Int, digits: Int, at offset: Int, before separator: StaticString) {
      DecimalDigits.write(UInt64(value), count: digits, to: start + offset)
      (start + offset + digits).storeBytes(of: separator.utf8Start.pointee, as: UInt8.self)
    }
    put(year, digits: 4, at: 0, before: "-")
    put(month, digits: 2, at: 5, before: "-")
    put(day, digits: 2, at: 8, before: "T")
    put(Int(rest / 3600), digits: 2, at: 11, before: ":")
    put(Int(rest / 60 % 60), digits: 2, at: 14, before: ":")
    // The byte behind the last digit is slack.
    put(Int(rest % 60), digits: 2, at: 17, before: ".")
    advance(by: 19)
  }

  /// Appends a point and the digits of a fraction, or nothing if it is zero.
  package mutating func appendFraction(_ nanoseconds: UInt64) {
    guard nanoseconds != 0 else { return }
    var digits = nanoseconds
    var count = 9
    if digits % 1_000_000 == 0 {
      digits /= 1_000_000
      count = 3
    } else if digits % 1000 == 0 {
      digits /= 1000
      count = 6
    }
    while digits % 10 == 0 {
      digits /= 10
      count -= 1
    }
    append(UInt8(ascii: "."))
    DecimalDigits.write(digits, count: count, to: reserve(count))
    advance(by: count)
  }
}
