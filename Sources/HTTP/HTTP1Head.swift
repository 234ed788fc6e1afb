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
    while let lineFeed = Self.first(0x0a, in: bytes, from: lineStart) {
      guard lineFeed > lineStart, bytes[lineFeed - 1] == 0x0d else { return .malformed }
      let line = UnsafeRawBufferPointer(rebasing: bytes[lineStart..<lineFeed - 1])
      lineStart = lineFeed + 1
      if line.isEmpty {
        // Blank lines before a request are to be ignored.
        if hasLines { return .complete(lineStart) }
        continue
      }
      guard line[0] != 0x20, line[0] != 0x09, Self.first(0x0d, in: line, from: 0) == nil,
        Self.first(0, in: line, from: 0) == nil
      else { return .malformed }
      if hasLines, !Self.beginsWithName(line) { return .malformed }
      hasLines = true
    }
    return .incomplete
  }

  /// Whether a line begins with a token and a colon right behind it (RFC 9112, section 5.1).
  private static func beginsWithName(_ line: UnsafeRawBufferPointer) -> Bool {
    guard let colon = first(UInt8(ascii: ":"), in: line, from: 0), colon > 0 else { return false }
    return line[..<colon].allSatisfy(isTokenByte)
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

  /// Forgets everything, for the next head.
  mutating func reset() { self = HTTP1Head() }

  private static func first(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    let count = bytes.count
    while index < count {
      if bytes[index] == byte { return index }
      index &+= 1
    }
    return nil
  }
}
