import JSON

/// Unchecked access to a tape, for the encoder's loops.
///
/// Invariant: made from a `JSONTape` and used only while that one is alive. A tape is the output of a successful parse:
/// container starts point behind their ends, keys come before values, and string offsets are those of complete strings
/// in memory that is readable up to 64 bytes behind the last.
struct TapeMemory {
  let words: UnsafePointer<UInt64>
  let strings: UnsafeRawPointer

  init(_ tape: borrowing JSONTape) {
    words = tape.words
    strings = UnsafeRawPointer(tape.strings)
  }

  /// The type of a value: the top byte of its first word.
  @inline(__always)
  func type(_ index: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: words[index] &>> 56)
  }

  /// The index behind the end of the container that starts at `index`.
  @inline(__always)
  func end(_ index: Int) -> Int {
    Int(UInt32(truncatingIfNeeded: words[index]))
  }

  /// The index behind the value at `index`.
  @inline(__always)
  func next(_ index: Int) -> Int {
    switch type(index) {
    case UInt8(ascii: "{"), UInt8(ascii: "["): end(index)
    case UInt8(ascii: "l"), UInt8(ascii: "d"), UInt8(ascii: "u"): index &+ 2
    default: index &+ 1
    }
  }

  /// The string whose offset the word at `index` holds.
  @inline(__always)
  func string(_ index: Int) -> (start: UnsafeRawPointer, count: Int) {
    string(at: UInt32(truncatingIfNeeded: words[index]))
  }

  /// The string at an offset. A zero byte stands behind it.
  @inline(__always)
  func string(at offset: UInt32) -> (start: UnsafeRawPointer, count: Int) {
    let start = strings + Int(offset)
    return (start + 4, Int(start.loadUnaligned(as: UInt32.self)))
  }

  /// The first eight bytes of the key at an offset as a number that orders keys; zeros behind a shorter key.
  @inline(__always)
  func order(ofKeyAt offset: UInt32) -> UInt64 {
    let key = string(at: offset)
    let word = key.start.loadUnaligned(as: UInt64.self).bigEndian
    if key.count >= 8 { return word }
    if key.count == 0 { return 0 }
    let unused = UInt64(64 &- key.count &* 8)
    return (word &>> unused) &<< unused
  }

  /// Compares two keys byte by byte: negative, zero or positive.
  func compareKeys(at first: UInt32, _ second: UInt32) -> Int {
    let (left, right) = (string(at: first), string(at: second))
    for index in 0..<min(left.count, right.count) {
      let difference =
        Int(left.start.load(fromByteOffset: index, as: UInt8.self))
        - Int(right.start.load(fromByteOffset: index, as: UInt8.self))
      if difference != 0 { return difference }
    }
    return left.count - right.count
  }
}
