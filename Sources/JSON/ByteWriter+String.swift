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
      return appendQuoted(start, count: bytes.count, readable: bytes.count)
    }
  }

  /// Appends a quoted string.
  public mutating func appendQuoted(_ text: String) {
    append(UInt8(ascii: "\""))
    for byte in text.utf8 { appendEscaped(byte) }
    append(UInt8(ascii: "\""))
  }

  /// Appends a quoted string with a byte in front of it and a byte behind it, as far as they are given.
  ///
  /// - Parameters:
  ///   - prefix: stored before the opening quote.
  ///   - source: `readable` bytes may be read there, of which `count` are the string.
  ///   - suffix: stored behind the closing quote.
  /// - Returns: false, with nothing appended, if the string is not valid UTF-8.
  @inlinable @inline(__always)
  package mutating func appendQuoted(
    prefix: UInt8? = nil, _ source: UnsafeRawPointer, count: Int, readable: Int, suffix: UInt8? = nil
  ) -> Bool {
    // Room for the case without escapes; the slow path asks again.
    var target = reserve(count &+ 4)
    if let prefix {
      target.storeBytes(of: prefix, as: UInt8.self)
      target += 1
    }
    target.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
    target += 1
    let copied = copyPlainASCII(from: source, count: count, readable: readable, to: target)
    if copied == count {
      target += count
      target.storeBytes(of: UInt8(ascii: "\""), as: UInt8.self)
      target += 1
      if let suffix {
        target.storeBytes(of: suffix, as: UInt8.self)
        target += 1
      }
      advance(to: target)
      return true
    }
    return appendQuotedSlowly(prefix, source, count: count, plain: copied, suffix)
  }

  /// Does the same again for a string whose first `plain` bytes need no escape.
  @usableFromInline @inline(never)
  mutating func appendQuotedSlowly(
    _ prefix: UInt8?, _ source: UnsafeRawPointer, count: Int, plain: Int, _ suffix: UInt8?
  ) -> Bool {
    guard UTF8Check.isValid(source + plain, count: count - plain) else { return false }
    if let prefix { append(prefix) }
    append(UInt8(ascii: "\""))
    append(source, count: plain)
    var from = plain
    for index in plain..<count {
      let byte = source.load(fromByteOffset: index, as: UInt8.self)
      if !needsEscape(byte) { continue }
      append(source + from, count: index - from)
      appendEscaped(byte)
      from = index + 1
    }
    append(source + from, count: count - from)
    append(UInt8(ascii: "\""))
    if let suffix { append(suffix) }
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
/// Reads whole words where `readable` allows. `target` has room for `count` bytes and a writer's slack, and may be written
/// up to seven bytes behind them.
@inlinable @inline(__always)
func copyPlainASCII(
  from source: UnsafeRawPointer, count: Int, readable: Int, to target: UnsafeMutableRawPointer
) -> Int {
  var index = 0
  // Long runs in large steps; where one ends, the words below find.
  while index &+ 32 <= count {
    let block = source.loadUnaligned(fromByteOffset: index, as: SIMD4<UInt64>.self)
    target.storeBytes(of: block, toByteOffset: index, as: SIMD4<UInt64>.self)
    let special = specialBytes(block)
    if special[0] | special[1] | special[2] | special[3] != 0 { break }
    index &+= 32
  }
  while index < count {
    let left = count &- index
    let word =
      index &+ 8 <= readable
      ? source.loadUnaligned(fromByteOffset: index, as: UInt64.self) : loadPartial(source + index, count: min(left, 8))
    target.storeBytes(of: word, toByteOffset: index, as: UInt64.self)
    var special = specialBytes(word)
    if left < 8 { special &= (1 &<< UInt64(left &* 8)) &- 1 }
    if special != 0 { return index &+ special.trailingZeroBitCount &>> 3 }
    index &+= 8
  }
  return count
}

/// The 1 to 8 bytes at `source` in the low end of a word, zeros above.
@usableFromInline @inline(never)
func loadPartial(_ source: UnsafeRawPointer, count: Int) -> UInt64 {
  var word: UInt64 = 0
  for index in 0..<count {
    word |= UInt64(source.load(fromByteOffset: index, as: UInt8.self)) << UInt64(index * 8)
  }
  return word
}

/// Non-zero iff a byte is a control, `"`, `\` or not ASCII; its lowest set bit is the top bit of the first such byte.
///
/// Each subtraction sets the top bit of a matching byte. A borrow can only come from a matching byte below, so bits above
/// the lowest may be false, the lowest never is.
@inlinable @inline(__always)
func specialBytes(_ word: UInt64) -> UInt64 {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let control = word &- ones &* 0x20
  let quote = (word ^ ones &* 0x22) &- ones
  let backslash = (word ^ ones &* 0x5c) &- ones
  return (control | quote | backslash | word) & (ones &* 0x80)
}

/// The same of four words.
@inlinable @inline(__always)
func specialBytes(_ words: SIMD4<UInt64>) -> SIMD4<UInt64> {
  let ones: UInt64 = 0x0101_0101_0101_0101
  let control = words &- SIMD4(repeating: ones &* 0x20)
  let quote = (words ^ SIMD4(repeating: ones &* 0x22)) &- SIMD4(repeating: ones)
  let backslash = (words ^ SIMD4(repeating: ones &* 0x5c)) &- SIMD4(repeating: ones)
  return (control | quote | backslash | words) & SIMD4(repeating: ones &* 0x80)
}
