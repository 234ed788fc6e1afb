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

  /// Whether one of sixteen bytes is `target`.
  @inline(__always)
  private func holds(_ target: UInt8, inBlockAt offset: Int) -> Bool {
    let block = start.loadUnaligned(fromByteOffset: offset, as: SIMD2<UInt64>.self)
    let difference = block ^ SIMD2(repeating: everyByte(target))
    // A byte that is zero here borrows; bytes above it may be flagged in error, but only then.
    let zeros = (difference &- SIMD2(repeating: everyByte(0x01))) & ~difference & SIMD2(repeating: everyByte(0x80))
    return zeros[0] | zeros[1] != 0
  }

  /// Follows brackets and strings from `offset`, which is outside a string, to the bracket that brings `depth` to zero.
  ///
  /// - Returns: where that bracket is; or where the string begins that the content ends in; or nil.
  func endOfContainer(from offset: Int, _ depth: inout Int) -> ScanStop? {
    let (start, count) = (self.start, self.count)
    var level = depth
    defer { depth = level }
    var base = offset
    while base < count {
      let word = start.loadUnaligned(fromByteOffset: base, as: UInt64.self)
      // Bit 5 is all that tells `[` from `{` and `]` from `}`.
      let folded = word | everyByte(0x20)
      let opens = equalBytes(folded, 0x7b)
      let quotes = equalBytes(word, 0x22)
      // Brackets behind a quote are looked at again once the string is over.
      let before = quotes &- 1 & ~quotes
      var brackets = (opens | equalBytes(folded, 0x7d)) & before
      while brackets != 0 {
        let found = base &+ brackets.trailingZeroBitCount &>> 3
        if found >= count { return nil }
        level &+= opens & brackets & (0 &- brackets) != 0 ? 1 : -1
        if level <= 0 { return ScanStop(offset: found, isQuote: false) }
        brackets &= brackets &- 1
      }
      if quotes == 0 {
        base &+= 8
        continue
      }
      let quote = base &+ quotes.trailingZeroBitCount &>> 3
      if quote >= count { return nil }
      guard let end = endOfString(start, from: quote &+ 1, count) else { return ScanStop(offset: quote, isQuote: true) }
      base = end
    }
    return nil
  }

  /// The offset behind the string whose first byte behind the quote is at `offset`; nil if the content ends in it.
  @inline(__always)
  private func endOfString(_ start: UnsafeRawPointer, from offset: Int, _ count: Int) -> Int? {
    var base = offset
    while base < count {
      let word = start.loadUnaligned(fromByteOffset: base, as: UInt64.self)
      let stops = equalBytes(word, 0x22) | equalBytes(word, 0x5c)
      if stops == 0 {
        base &+= 8
        continue
      }
      let found = base &+ stops.trailingZeroBitCount &>> 3
      if found >= count { return nil }
      if start.load(fromByteOffset: found, as: UInt8.self) == UInt8(ascii: "\"") { return found &+ 1 }
      base = found &+ 2
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
    while base &+ 16 <= count, !holds(target, inBlockAt: base) { base &+= 16 }
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
    // Compact values have none, so blocks are only looked at closely when something is there.
    while index &+ 16 <= to {
      if holds(0x0a, inBlockAt: index) {
        for offset in 0..<16 { lines &+= byte(index &+ offset) == 0x0a ? 1 : 0 }
      }
      index &+= 16
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
