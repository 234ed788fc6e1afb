/// Finds bytes by looking at eight of them at a time.
///
/// The loads stay inside the buffer: whole words first, then single bytes.
package enum ByteSearch {
  /// The index of the first `byte` at or after `start`; nil if there is none.
  package static func first(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    let pattern = 0x0101_0101_0101_0101 &* UInt64(byte)
    var index = max(0, start)
    while index &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self).littleEndian ^ pattern
      // A byte that is zero borrows, and only a byte below 0x80 can show that it did; the lowest such bit is true.
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return index &+ zeros.trailingZeroBitCount / 8 }
      index &+= 8
    }
    while index < bytes.count {
      if bytes[index] == byte { return index }
      index += 1
    }
    return nil
  }

  /// How many times `byte` occurs in the range.
  package static func count(_ byte: UInt8, in bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int {
    var count = 0
    for other in bytes[range] where other == byte { count += 1 }
    return count
  }
}
