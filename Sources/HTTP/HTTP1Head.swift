/// Finds the end of a request's head, and refuses what two readers of it could take for two things.
///
/// Lines end with CR and LF, both; neither is anywhere else; no line continues the one before it (RFC 9112, sections 2.2 and
/// 5.2). Parsers differ about these, and requests are smuggled through the difference.
struct HTTP1Head {
  enum Progress: Equatable {
    case incomplete
    /// The head ends before this offset.
    case complete(Int)
    case malformed
  }

  private var lineStart = 0
  private var hasLines = false

  /// - Parameter bytes: All of the head that came so far: what was passed before, and more.
  mutating func scan(_ bytes: UnsafeRawBufferPointer) -> Progress {
    while let end = Self.firstControl(in: bytes, from: lineStart) {
      // The one thing that is right: CR, and LF right behind it. Without the latter the line goes on, or is malformed.
      guard bytes[end] == 0x0d else { return .malformed }
      guard end + 1 < bytes.count else { return .incomplete }
      guard bytes[end + 1] == 0x0a else { return .malformed }
      let line = UnsafeRawBufferPointer(rebasing: bytes[lineStart..<end])
      lineStart = end + 2
      if line.isEmpty {
        // Blank lines before a request are to be ignored.
        if hasLines { return .complete(lineStart) }
        continue
      }
      guard line[0] != 0x20, line[0] != 0x09, !hasLines || Self.beginsWithName(line) else { return .malformed }
      hasLines = true
    }
    return .incomplete
  }

  /// Forgets everything, for the next head.
  mutating func reset() { self = HTTP1Head() }

  /// Whether a line begins with a token and a colon right behind it (RFC 9112, section 5.1).
  private static func beginsWithName(_ line: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while index < line.count {
      let byte = line[index]
      if byte == UInt8(ascii: ":") { return index > 0 }
      guard isTokenByte(byte) else { return false }
      index &+= 1
    }
    return false
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
      UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"),
      UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// The first CR, LF or NUL.
  private static func firstControl(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    let count = bytes.count
    while index < count {
      if index &+ 8 <= count {
        // Not zero if any of the eight bytes is below 0x10, whatever the others are.
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if (word &- 0x1010_1010_1010_1010) & ~word & 0x8080_8080_8080_8080 == 0 {
          index &+= 8
          continue
        }
      }
      let end = min(index &+ 8, count)
      while index < end {
        let byte = bytes[index]
        if byte == 0x0d || byte == 0x0a || byte == 0 { return index }
        index &+= 1
      }
    }
    return nil
  }
}
