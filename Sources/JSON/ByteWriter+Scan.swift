// What the splitter looks for, eight bytes at a time. All loads lie inside the content or the slack behind it.

/// Where a scan stopped.
struct ScanStop {
  var offset: Int
  var isQuote: Bool
}

extension JSONPiece {
  /// The caller narrows the lifetime to that of the buffer's owner.
  @_lifetime(immortal)
  init(unsafeBuffer buffer: borrowing ByteWriter, _ start: Int, _ end: Int, line: Int) {
    let text = RawSpan(_unsafeStart: buffer.start + start, byteCount: end - start)
    let piece = JSONPiece(text: text, line: line, readableBeyond: buffer.count - end + buffer.readableBeyond)
    self = _overrideLifetime(piece, copying: ())
  }
}

extension ByteWriter {
  @inline(__always)
  private func word(_ offset: Int) -> UInt64 {
    UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
  }

  @inline(__always)
  private func byte(_ offset: Int) -> UInt8 {
    start.load(fromByteOffset: offset, as: UInt8.self)
  }

  /// Follows brackets from `offset` to the one that brings `depth` to zero, or to a quote.
  func firstBracketOrQuote(from offset: Int, _ depth: inout Int) -> ScanStop? {
    var base = offset
    while base < count {
      let word = self.word(base)
      // Bit 5 is all that tells `[` from `{` and `]` from `}`.
      let folded = word | everyByte(0x20)
      let opens = equalBytes(folded, 0x7b)
      var stops = opens | equalBytes(folded, 0x7d) | equalBytes(word, 0x22)
      while stops != 0 {
        let bit = stops.trailingZeroBitCount
        let found = base &+ bit / 8
        if found >= count { return nil }
        let byte = self.byte(found)
        if byte == UInt8(ascii: "\"") { return ScanStop(offset: found, isQuote: true) }
        depth &+= opens &>> UInt64(bit) & 1 == 1 ? 1 : -1
        if depth <= 0 { return ScanStop(offset: found, isQuote: false) }
        stops &= stops &- 1
      }
      base &+= 8
    }
    return nil
  }

  /// The first quote or backslash from `offset` on.
  func firstQuoteOrBackslash(from offset: Int) -> ScanStop? {
    var base = offset
    while base < count {
      let word = self.word(base)
      let stops = equalBytes(word, 0x22) | equalBytes(word, 0x5c)
      if stops != 0 {
        let found = base &+ stops.trailingZeroBitCount / 8
        return found < count ? ScanStop(offset: found, isQuote: byte(found) == UInt8(ascii: "\"")) : nil
      }
      base &+= 8
    }
    return nil
  }

  /// The first `target` from `offset` on.
  func first(_ target: UInt8, from offset: Int) -> Int? {
    var base = offset
    while base < count {
      let stops = equalBytes(word(base), target)
      if stops != 0 {
        let found = base &+ stops.trailingZeroBitCount / 8
        return found < count ? found : nil
      }
      base &+= 8
    }
    return nil
  }

  /// The end of a run of bytes that begin nothing new: white space, an opening bracket or a quote ends it.
  func endOfWord(from offset: Int) -> Int {
    var index = offset
    while index < count {
      switch byte(index) {
      case UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\""): return index
      case let current where isJSONSpace(current): return index
      default: index += 1
      }
    }
    return index
  }

  /// Skips white space and another byte; gives the offset behind it, the line feeds in it and the byte at that offset, if any.
  func skipSpace(from offset: Int, and extra: UInt8) -> (offset: Int, lines: Int, first: UInt8?) {
    var index = offset
    var lines = 0
    while index < count {
      let current = byte(index)
      if !isJSONSpace(current), current != extra { return (index, lines, current) }
      lines += current == 0x0a ? 1 : 0
      index += 1
    }
    return (index, lines, nil)
  }

  func countLineFeeds(_ from: Int, _ to: Int) -> Int {
    var lines = 0
    var index = from
    while index &+ 8 <= to {
      lines &+= equalBytes(word(index), 0x0a).nonzeroBitCount
      index &+= 8
    }
    while index < to {
      lines &+= byte(index) == 0x0a ? 1 : 0
      index &+= 1
    }
    return lines
  }
}

@inline(__always)
private func everyByte(_ byte: UInt8) -> UInt64 {
  0x0101_0101_0101_0101 &* UInt64(byte)
}

/// The top bit of each byte that equals `byte`, and nothing else.
@inline(__always)
private func equalBytes(_ word: UInt64, _ byte: UInt8) -> UInt64 {
  let difference = word ^ everyByte(byte)
  return ~((difference & everyByte(0x7f)) &+ everyByte(0x7f) | difference | everyByte(0x7f))
}
