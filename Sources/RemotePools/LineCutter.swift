internal import JSON

/// Cuts what comes in pieces into lines, of a bounded length.
package struct LineCutter: ~Copyable {
  package enum Step { case goOn, stop, tooLong }

  private let limit: Int
  /// The beginning of a line whose end has not come.
  private var rest = ByteWriter(capacity: 256)

  package init(limit: Int) { self.limit = limit }

  /// Whether a line was begun and not ended.
  package var isWithinLine: Bool { !rest.isEmpty }

  /// Forgets what was begun.
  package mutating func removeAll() {
    rest.removeAll()
    rest.shrink(above: 1 << 20)
  }

  /// Passes the lines that `piece` ends on to `body`, without their line ends, and keeps what is left. Lines of white space alone
  /// are passed over.
  package mutating func take(_ piece: RawSpan, _ body: (RawSpan) -> Bool) -> Step {
    var start = 0
    while let end = Self.lineEnd(in: piece, from: start) {
      let part = piece.extracting(start..<end)
      start = end + 1
      if rest.isEmpty {
        if part.byteCount > limit { return .tooLong }
        if !Self.isBlank(part), !body(part) { return .stop }
        continue
      }
      if part.byteCount > limit - rest.count { return .tooLong }
      rest.append(part)
      let goesOn = body(rest.bytes)
      removeAll()
      if !goesOn { return .stop }
    }
    let left = piece.extracting(start..<piece.byteCount)
    if left.byteCount > limit - rest.count { return .tooLong }
    rest.append(left)
    return .goOn
  }

  private static func lineEnd(in piece: RawSpan, from start: Int) -> Int? {
    piece.withUnsafeBytes { bytes in
      var index = start
      // Eight at a time while a word is there: a byte that becomes zero borrows from its highest bit.
      while index &+ 8 <= bytes.count {
        let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ 0x0A0A_0A0A_0A0A_0A0A
        let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
        if zeros != 0 { return index &+ zeros.trailingZeroBitCount / 8 }
        index &+= 8
      }
      while index < bytes.count, bytes[index] != 0x0A { index += 1 }
      return index < bytes.count ? index : nil
    }
  }

  private static func isBlank(_ line: RawSpan) -> Bool {
    line.withUnsafeBytes { $0.allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D } }
  }
}
