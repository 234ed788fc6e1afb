import CSimdjson

/// Replaces the number literals that the parser would not store exactly as the pool format asks (section 13.3).
///
/// `-0` becomes `-0.0`, and an integer outside 64 bits gets `.0` appended. Both are rare, so a text is only rewritten
/// after the parser refused a number, or after an integer zero was seen and `mayHoldNegativeZero(_:)` agreed.
public enum JSONNumberRewriter {
  /// Whether `-0` followed by something that can end a number occurs anywhere, in a string or not.
  public static func mayHoldNegativeZero(_ text: RawSpan) -> Bool {
    text.withUnsafeBytes { bytes in
      guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return false }
      var index = csimdjson_find_minus_zero(start, bytes.count, 0)
      while index < bytes.count {
        if index + 2 == bytes.count || !continuesNumber(bytes[index + 2]) { return true }
        index = csimdjson_find_minus_zero(start, bytes.count, index + 1)
      }
      return false
    }
  }

  /// Writes the text with such literals replaced; false, and nothing useful in `output`, if there are none.
  static func rewrite(_ text: RawSpan, into output: inout ByteWriter) -> Bool {
    output.removeAll()
    return text.withUnsafeBytes { bytes in
      var changed = false
      var index = 0
      while index < bytes.count {
        let start = index
        let byte = bytes[index]
        if byte == UInt8(ascii: "\"") {
          index = endOfString(bytes, from: index)
        } else if byte == UInt8(ascii: "-") || isDigit(byte) {
          index += 1
          while index < bytes.count, continuesNumber(bytes[index]) { index += 1 }
          if needsFraction(UnsafeRawBufferPointer(rebasing: bytes[start..<index])) {
            output.append(RawSpan(_unsafeBytes: bytes[start..<index]))
            output.append(".0")
            changed = true
            continue
          }
        } else {
          index += 1
        }
        output.append(RawSpan(_unsafeBytes: bytes[start..<index]))
      }
      return changed
    }
  }

  private static func endOfString(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var index = start + 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "\"") { return index + 1 }
      index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return bytes.count
  }

  private static func needsFraction(_ literal: UnsafeRawBufferPointer) -> Bool {
    let negative = literal[0] == UInt8(ascii: "-")
    let digits = negative ? UnsafeRawBufferPointer(rebasing: literal.dropFirst()) : literal
    guard !digits.isEmpty else { return false }
    if negative, digits.count == 1, digits[0] == UInt8(ascii: "0") { return true }
    var magnitude: UInt64 = 0
    var fits = true
    for byte in digits {
      guard isDigit(byte) else { return false }
      let (product, productOverflow) = magnitude.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
      if productOverflow || sumOverflow { fits = false }
      magnitude = sum
    }
    return !fits || (negative && magnitude > UInt64(1) << 63)
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    byte &- UInt8(ascii: "0") < 10
  }

  private static func continuesNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"),
      UInt8(ascii: "+"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
