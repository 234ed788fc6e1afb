import CSimdjson

// JSON strings (pool format, section 13.3): only `"`, `\` and controls below 0x20 are escaped.

extension ByteWriter {
  /// Appends a quoted string.
  ///
  /// - Parameter text: UTF-8.
  /// - Returns: false, with nothing appended, if the bytes are not valid UTF-8.
  public mutating func appendQuoted(_ text: RawSpan) -> Bool {
    text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else {
        append("\"\"")
        return true
      }
      return appendQuoted(start, count: bytes.count)
    }
  }

  /// Appends a quoted string.
  public mutating func appendQuoted(_ text: String) {
    append(UInt8(ascii: "\""))
    for byte in text.utf8 { appendEscaped(byte) }
    append(UInt8(ascii: "\""))
  }

  /// Appends a quoted string; false, with nothing appended, if the `count` bytes at `source` are not valid UTF-8.
  package mutating func appendQuoted(_ source: UnsafeRawPointer, count: Int) -> Bool {
    // Room for the case without escapes; the slow path asks again.
    let start = reserve(count + 2)
    start.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
    let copied = copyPlainASCII(from: source, count: count, to: start + 1)
    if copied == count {
      start.storeBytes(of: UInt8(ascii: "\""), toByteOffset: count + 1, as: UInt8.self)
      advance(by: count + 2)
      return true
    }
    return appendQuotedSlowly(source, count: count, plain: copied)
  }

  /// Goes on after `plain` bytes that were already stored behind an uncounted quote.
  @inline(never)
  private mutating func appendQuotedSlowly(_ source: UnsafeRawPointer, count: Int, plain: Int) -> Bool {
    let rest = UnsafeRawBufferPointer(start: source + plain, count: count - plain)
    guard csimdjson_is_utf8((source + plain).assumingMemoryBound(to: UInt8.self), rest.count) else { return false }
    advance(by: 1 + plain)
    var from = 0
    for index in 0..<rest.count where needsEscape(rest[index]) {
      append(source + plain + from, count: index - from)
      appendEscaped(rest[index])
      from = index + 1
    }
    append(source + plain + from, count: rest.count - from)
    append(UInt8(ascii: "\""))
    return true
  }

  private func needsEscape(_ byte: UInt8) -> Bool {
    byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
  }

  private mutating func appendEscaped(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""): append("\\\"")
    case UInt8(ascii: "\\"): append("\\\\")
    case 0x08: append("\\b")
    case 0x0c: append("\\f")
    case 0x0a: append("\\n")
    case 0x0d: append("\\r")
    case 0x09: append("\\t")
    case 0..<0x20:
      append("\\u00")
      appendHexDigit(byte >> 4)
      appendHexDigit(byte & 15)
    default: append(byte)
    }
  }

  private mutating func appendHexDigit(_ digit: UInt8) {
    append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
  }
}

/// Copies bytes up to the first that is not ASCII or needs an escape; returns how many.
///
/// Reads `source..<source + count`. `target` has room for `count` bytes and the writer's slack.
@inline(__always)
private func copyPlainASCII(from source: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer) -> Int {
  var index = 0
  while index &+ 8 <= count {
    let word = source.loadUnaligned(fromByteOffset: index, as: UInt64.self)
    target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
    let special = specialBytes(word)
    if special != 0 { return index &+ special.trailingZeroBitCount / 8 }
    index &+= 8
  }
  let left = count &- index
  if left == 0 { return count }
  let word: UInt64
  if count >= 8 {
    // The last eight bytes again; those before `index` are known to be plain.
    word = source.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    target.storeBytes(of: word, toByteOffset: count &- 8, as: UInt64.self)
    let special = specialBytes(word)
    return special == 0 ? count : count &- 8 &+ special.trailingZeroBitCount / 8
  }
  // Fewer than eight bytes in all: gathered from overlapping halves, padded with a plain byte.
  word = loadPartial(source, count: left)
  target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
  let padding = (0x2020_2020_2020_2020 as UInt64) &<< UInt64(left &* 8)
  let special = specialBytes(word | padding)
  return special == 0 ? count : special.trailingZeroBitCount / 8
}

/// The 1 to 7 bytes at `source` in the low end of a word, zeros above.
@inline(__always)
private func loadPartial(_ source: UnsafeRawPointer, count: Int) -> UInt64 {
  if count >= 4 {
    let low = UInt64(source.loadUnaligned(as: UInt32.self))
    let high = UInt64(source.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
    return low | high << UInt64((count &- 4) &* 8)
  }
  let first = UInt64(source.load(as: UInt8.self))
  let middle = UInt64(source.load(fromByteOffset: count >> 1, as: UInt8.self))
  let last = UInt64(source.load(fromByteOffset: count &- 1, as: UInt8.self))
  return first | middle << UInt64((count >> 1) &* 8) | last << UInt64((count &- 1) &* 8)
}

/// Non-zero iff a byte is a control, `"`, `\` or not ASCII; its lowest set bit is the top bit of the first such byte.
///
/// Each subtraction sets the top bit of a matching byte. A borrow can only come from a matching byte below, so bits above
/// the lowest may be false, the lowest never is.
@inline(__always)
private func specialBytes(_ word: UInt64) -> UInt64 {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let control = word &- ones &* 0x20
  let quote = (word ^ ones &* 0x22) &- ones
  let backslash = (word ^ ones &* 0x5c) &- ones
  return (control | quote | backslash | word) & (ones &* 0x80)
}
