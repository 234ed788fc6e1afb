/// Points in time as nanoseconds since 1970-01-01T00:00:00Z, and their RFC 3339 text.
public enum Timestamp {
  /// Why a text is not a point in time this project can hold.
  public enum Fault: Error, Equatable, Sendable {
    /// Not an RFC 3339 date and time.
    case malformed
    /// Before 1970.
    case tooEarly
    /// After 2554-07-21T23:34:33.709551615Z.
    case tooLate
  }

  /// Reads an RFC 3339 date and time with `Z` or a numeric offset and any number of fraction digits.
  ///
  /// Digits beyond nanoseconds are dropped. `T` and `Z` may be lower case and the separator may be a space, as the RFC
  /// allows; a leap second (`:60`) reads as the second after it.
  public static func nanoseconds(_ text: RawSpan) throws(Fault) -> UInt64 {
    var scanner = Scanner(text)
    let year = try scanner.number(digits: 4)
    try scanner.skip(UInt8(ascii: "-"))
    let month = try scanner.number(digits: 2)
    try scanner.skip(UInt8(ascii: "-"))
    let day = try scanner.number(digits: 2)
    guard scanner.skipAny(of: "Tt ") else { throw .malformed }
    let hour = try scanner.number(digits: 2)
    try scanner.skip(UInt8(ascii: ":"))
    let minute = try scanner.number(digits: 2)
    try scanner.skip(UInt8(ascii: ":"))
    let second = try scanner.number(digits: 2)
    let fraction = try scanner.fraction()
    let offset = try scanner.offset()
    guard scanner.isAtEnd, (1...12).contains(month), (1...daysIn(month: month, of: year)).contains(day), hour < 24,
      minute < 60, second <= 60
    else { throw .malformed }
    let days = daysSinceEpoch(year: year, month: month, day: day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    guard seconds >= 0 else { throw .tooEarly }
    let (scaled, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = scaled.addingReportingOverflow(UInt64(fraction))
    guard !overflow, !carry else { throw .tooLate }
    return sum
  }

  /// Days of the proleptic Gregorian calendar from 1970-01-01 to the date.
  ///
  /// Years are counted from March, so that the leap day is the last of its year and months have a regular pattern.
  static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = month > 2 ? month - 3 : month + 9
    let leapDays = marchYear.floored(by: 4) - marchYear.floored(by: 100) + marchYear.floored(by: 400)
    let dayOfYear = (153 * marchMonth + 2) / 5 + day - 1
    return marchYear * 365 + leapDays + dayOfYear - 719_468
  }

  /// The date that lies `days` days after 1970-01-01.
  package static func date(daysSinceEpoch days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = shifted.floored(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func daysIn(month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

extension Int {
  fileprivate func floored(by divisor: Int) -> Int {
    (self >= 0 ? self : self - divisor + 1) / divisor
  }
}

/// Reads a timestamp from left to right.
private struct Scanner: ~Escapable {
  private let text: RawSpan
  private var index = 0

  @_lifetime(copy text)
  init(_ text: RawSpan) {
    self.text = text
  }

  var isAtEnd: Bool { index == text.byteCount }

  private func peek() -> UInt8? {
    index < text.byteCount ? text.byte(at: index) : nil
  }

  @_lifetime(self: copy self)
  mutating func number(digits: Int) throws(Timestamp.Fault) -> Int {
    var value = 0
    for _ in 0..<digits {
      guard let digit = nextDigit() else { throw .malformed }
      value = value * 10 + digit
    }
    return value
  }

  @_lifetime(self: copy self)
  mutating func skip(_ byte: UInt8) throws(Timestamp.Fault) {
    guard peek() == byte else { throw .malformed }
    index += 1
  }

  @_lifetime(self: copy self)
  mutating func skipAny(of bytes: StaticString) -> Bool {
    guard let byte = peek() else { return false }
    for offset in 0..<bytes.utf8CodeUnitCount where bytes.utf8Start[offset] == byte {
      index += 1
      return true
    }
    return false
  }

  /// Nanoseconds of a fraction that may follow.
  @_lifetime(self: copy self)
  mutating func fraction() throws(Timestamp.Fault) -> Int {
    guard peek() == UInt8(ascii: ".") else { return 0 }
    index += 1
    var value = 0
    var weight = 100_000_000
    guard let first = nextDigit() else { throw .malformed }
    value = first * weight
    while let digit = nextDigit() {
      weight /= 10
      value += digit * weight
    }
    return value
  }

  /// Seconds east of UTC.
  @_lifetime(self: copy self)
  mutating func offset() throws(Timestamp.Fault) -> Int {
    if skipAny(of: "Zz") { return 0 }
    let sign = peek() == UInt8(ascii: "-") ? -1 : 1
    guard skipAny(of: "+-") else { throw .malformed }
    let hours = try number(digits: 2)
    try skip(UInt8(ascii: ":"))
    let minutes = try number(digits: 2)
    guard hours < 24, minutes < 60 else { throw .malformed }
    return sign * (hours * 3600 + minutes * 60)
  }

  @_lifetime(self: copy self)
  private mutating func nextDigit() -> Int? {
    guard let byte = peek(), byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
    index += 1
    return Int(byte - UInt8(ascii: "0"))
  }
}
