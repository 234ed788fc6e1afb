// Values that people write on command lines.

/// An amount of memory or disk: decimal digits and an optional `K`, `M` or `G` of either case, by 1024.
package enum ByteSize {
  package static let hint = "Write a number with an optional K, M or G, for example 64K, 8M or 1G."

  /// The amount in bytes.
  package static func parse(_ text: String) throws(ValueError) -> UInt64 {
    var digits = Array(text.utf8)
    var unit: UInt64 = 1
    if let last = digits.last, !isDigit(last) {
      switch last | 0x20 {
      case UInt8(ascii: "k"): unit = 1 << 10
      case UInt8(ascii: "m"): unit = 1 << 20
      case UInt8(ascii: "g"): unit = 1 << 30
      default:
        throw ValueError(digits.first.map(isDigit) == true ? "invalid size suffix" : "invalid size", hint: hint)
      }
      digits.removeLast()
      if let last = digits.last, !isDigit(last), digits.first.map(isDigit) == true {
        throw ValueError("invalid size suffix", hint: hint)
      }
    }
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else { throw ValueError("invalid size", hint: hint) }
    guard let number = decimal(digits) else { throw ValueError("size overflow", hint: hint) }
    let (bytes, overflow) = number.multipliedReportingOverflow(by: unit)
    if overflow { throw ValueError("size overflow", hint: hint) }
    return bytes
  }
}

/// A span of time: an integer and one of `ms`, `s`, `m`, `h`.
package enum Span {
  package static let hint = "Write a whole number and a unit: 250ms, 5s, 10m or 2h."

  /// The span in nanoseconds.
  package static func parse(_ text: String) throws(ValueError) -> UInt64 {
    let bytes = Array(text.utf8)
    let digits = bytes.prefix(while: isDigit)
    let unit: UInt64
    switch Array(bytes[digits.endIndex...]) {
    case Array("ms".utf8): unit = 1_000_000
    case Array("s".utf8): unit = 1_000_000_000
    case Array("m".utf8): unit = 60_000_000_000
    case Array("h".utf8): unit = 3_600_000_000_000
    default: throw ValueError("invalid duration", hint: hint)
    }
    guard !digits.isEmpty, let number = decimal(Array(digits)) else { throw ValueError("invalid duration", hint: hint) }
    let (nanoseconds, overflow) = number.multipliedReportingOverflow(by: unit)
    if overflow { throw ValueError("invalid duration", hint: hint) }
    return nanoseconds
  }
}

/// Numbers as options write them.
package enum Number {
  /// A whole number from 0 to 2^64 - 1, in decimal digits only.
  package static func parse(_ text: String, for option: Option) throws(ValueError) -> UInt64 {
    guard let number = whole(text) else {
      throw ValueError("invalid value '\(text)' for '\(option.display)'", hint: "Give a whole number of 0 or more.")
    }
    return number
  }

  package static func parse(_ text: String, for positional: Positional) throws(ValueError) -> UInt64 {
    guard let number = whole(text) else {
      throw ValueError("invalid value '\(text)' for '\(positional.display)'", hint: "Give a whole number of 0 or more.")
    }
    return number
  }

  private static func whole(_ text: String) -> UInt64? {
    let digits = Array(text.utf8)
    return !digits.isEmpty && digits.allSatisfy(isDigit) ? decimal(digits) : nil
  }
}

private func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

/// The number that these digits write; nil when it is larger than 64 bits can hold.
private func decimal(_ digits: [UInt8]) -> UInt64? {
  var number: UInt64 = 0
  for digit in digits {
    let (shifted, first) = number.multipliedReportingOverflow(by: 10)
    let (sum, second) = shifted.addingReportingOverflow(UInt64(digit - UInt8(ascii: "0")))
    if first || second { return nil }
    number = sum
  }
  return number
}
