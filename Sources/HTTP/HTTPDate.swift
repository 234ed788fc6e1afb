internal import JSON

/// Dates as HTTP writes them: `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
enum HTTPDate {
  private static let days: StaticString = "ThuFriSatSunMonTueWed"
  private static let months: StaticString = "JanFebMarAprMayJunJulAugSepOctNovDec"

  /// - Parameter seconds: Since 1970-01-01 UTC, up to the end of the year 9999.
  static func text(_ seconds: UInt64) -> [UInt8] {
    let (year, month, day) = Timestamp.date(daysSinceEpoch: Int(min(seconds, 253_402_300_799) / 86400))
    var text: [UInt8] = []
    text.reserveCapacity(29)
    append(days, Int(seconds / 86400 % 7), &text)
    text += [UInt8(ascii: ","), UInt8(ascii: " ")]
    append(day, &text)
    text.append(UInt8(ascii: " "))
    append(months, month - 1, &text)
    text.append(UInt8(ascii: " "))
    append(year / 100, &text)
    append(year % 100, &text)
    text.append(UInt8(ascii: " "))
    append(Int(seconds / 3600 % 24), &text)
    text.append(UInt8(ascii: ":"))
    append(Int(seconds / 60 % 60), &text)
    text.append(UInt8(ascii: ":"))
    append(Int(seconds % 60), &text)
    text += Array(" GMT".utf8)
    return text
  }

  private static func append(_ names: StaticString, _ index: Int, _ text: inout [UInt8]) {
    names.withUTF8Buffer { text.append(contentsOf: $0[index * 3..<index * 3 + 3]) }
  }

  private static func append(_ number: Int, _ text: inout [UInt8]) {
    text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / 10))
    text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number % 10))
  }
}
