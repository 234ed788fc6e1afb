import CSimdjson

/// Validity of UTF-8.
public enum UTF8Check {
  /// Whether the bytes are valid UTF-8.
  public static func isValid(_ bytes: RawSpan) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      return isValid(start, count: bytes.count)
    }
  }

  /// Whether `count` bytes are valid UTF-8.
  ///
  /// Short ASCII text, which most keys and strings are, is settled here; a call through the library costs more than that.
  @inlinable @inline(__always)
  package static func isValid(_ start: UnsafeRawPointer, count: Int) -> Bool {
    var seen: UInt64 = 0
    var index = 0
    if count >= 8 {
      while index &+ 8 <= count {
        seen |= start.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        index &+= 8
      }
      // The last eight bytes, some of them again.
      seen |= start.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
    } else {
      while index < count {
        seen |= UInt64(start.load(fromByteOffset: index, as: UInt8.self))
        index &+= 1
      }
    }
    return seen & 0x8080_8080_8080_8080 == 0 || isValidSlowly(start, count: count)
  }

  @usableFromInline @inline(never)
  static func isValidSlowly(_ start: UnsafeRawPointer, count: Int) -> Bool {
    csimdjson_is_utf8(start.assumingMemoryBound(to: UInt8.self), count)
  }
}
