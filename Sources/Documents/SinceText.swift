internal import JSON

/// Points in time as people write them where messages are selected.
package enum SinceText {
  /// Nanoseconds since 1970-01-01 UTC; nil when the text has neither of two forms: an RFC 3339 timestamp, or how long ago, as
  /// an integer and one of `s`, `m`, `h`, `d` of either case. What lies outside of what can be held is the nearest that can.
  ///
  /// - Parameter now: what "ago" is counted from.
  package static func nanoseconds(_ text: String, now: UInt64) -> UInt64? {
    if let ago = ago(text) { return now > ago ? now - ago : 0 }
    let bytes = Array(text.utf8)
    do throws(Timestamp.Fault) {
      return try Timestamp.nanoseconds(bytes.span.bytes)
    } catch {
      switch error {
      case .malformed: return nil
      case .tooEarly: return 0
      case .tooLate: return .max
      }
    }
  }

  /// How many nanoseconds ago; nil when the text has another form, or the span is too long to be held.
  package static func ago(_ text: String) -> UInt64? {
    let bytes = Array(text.utf8)
    guard bytes.count > 1, let last = bytes.last else { return nil }
    var span: UInt64
    switch last | 0x20 {
    case UInt8(ascii: "s"): span = 1_000_000_000
    case UInt8(ascii: "m"): span = 60_000_000_000
    case UInt8(ascii: "h"): span = 3_600_000_000_000
    case UInt8(ascii: "d"): span = 86_400_000_000_000
    default: return nil
    }
    var number: UInt64 = 0
    for digit in bytes.dropLast() {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      let (shifted, first) = number.multipliedReportingOverflow(by: 10)
      let (sum, second) = shifted.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
      if first || second { return nil }
      number = sum
    }
    let overflow: Bool
    (span, overflow) = number.multipliedReportingOverflow(by: span)
    return overflow ? nil : span
  }
}
