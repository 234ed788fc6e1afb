/// The bytes of a stored document, read by offset.
///
/// The only code of the reading side that touches raw memory directly. The document may be hostile, and may change while
/// it is read (another process writes into the mapping): every offset is checked against `count` before it is used, and
/// a value that was checked is kept, never read again.
///
/// Invariant: `base` points to `count` readable bytes for as long as the `RawSpan` it came from lives. The functions whose
/// names say `unchecked` rely on their caller; all others check.
struct DocumentBytes {
  let base: UnsafeRawPointer
  let count: Int

  /// Refuses bytes that are too few for a root node or too many for 32-bit offsets.
  @inline(__always)
  init(_ document: RawSpan) throws(Lite3Error) {
    let bytes = document.withUnsafeBytes { $0 }
    guard let start = bytes.baseAddress, bytes.count >= Node.size, bytes.count <= Int(UInt32.max) else {
      throw Lite3Error(.corrupt, offset: 0)
    }
    base = start
    count = bytes.count
  }

  @inline(__always)
  func uncheckedByte(_ offset: Int) -> UInt8 {
    base.load(fromByteOffset: offset, as: UInt8.self)
  }

  @inline(__always)
  func uncheckedWord(_ offset: Int) -> UInt32 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  func uncheckedLong(_ offset: Int) -> UInt64 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
  }

  /// Checks that a node can be at an offset: aligned, inside, an object or array.
  @inline(__always)
  func checkNode(_ offset: Int) throws(Lite3Error) {
    guard offset & 3 == 0, offset <= count &- Node.size, uncheckedByte(offset) & 0xfe == Lite3Kind.object.rawValue
    else { throw Lite3Error(.corrupt, offset: offset) }
  }

  /// The number of keys of a checked node.
  @inline(__always)
  func keys(_ node: Int) -> Int {
    Int(uncheckedWord(node &+ Node.counts) & Node.keysMask)
  }

  /// The number of elements that the root node of a container claims.
  @inline(__always)
  func elements(_ node: Int) -> Int {
    Int(uncheckedWord(node &+ Node.counts) &>> Node.elementsShift)
  }

  @inline(__always)
  func hash(_ node: Int, _ index: Int) -> UInt32 {
    uncheckedWord(node &+ Node.hashes &+ index &* 4)
  }

  @inline(__always)
  func entry(_ node: Int, _ index: Int) -> Int {
    Int(uncheckedWord(node &+ Node.entries &+ index &* 4))
  }

  @inline(__always)
  func child(_ node: Int, _ index: Int) -> Int {
    Int(uncheckedWord(node &+ Node.children &+ index &* 4))
  }

  /// The key of the entry at an offset, and where its value begins.
  @inline(__always)
  func key(_ entry: Int) throws(Lite3Error) -> StoredKey {
    guard entry < count else { throw Lite3Error(.corrupt, offset: entry) }
    let first = uncheckedByte(entry)
    let width = Int(first & 3) &+ 1
    var size = Int(first &>> 2)
    if width > 1 {
      guard entry &+ width <= count else { throw Lite3Error(.corrupt, offset: entry) }
      for index in 1..<width {
        size |= Int(uncheckedByte(entry &+ index)) &<< (index &* 8 &- 2)
      }
    }
    let start = entry &+ width
    // Less than, not equal: a value follows.
    guard size > 0, size < count &- start, uncheckedByte(start &+ size &- 1) == 0 else {
      throw Lite3Error(.corrupt, offset: entry)
    }
    return StoredKey(start: start, count: size &- 1, tagWidth: width)
  }

  /// The value at an offset.
  @inline(__always)
  func value(_ offset: Int) throws(Lite3Error) -> StoredValue {
    guard offset < count else { throw Lite3Error(.corrupt, offset: offset) }
    let left = count &- offset
    switch uncheckedByte(offset) {
    case Lite3Kind.null.rawValue:
      return StoredValue(kind: .null, offset: offset, count: 0)
    case Lite3Kind.bool.rawValue where left >= 2:
      return StoredValue(kind: .bool, offset: offset &+ 1, count: 1)
    case Lite3Kind.int64.rawValue where left >= 9:
      return StoredValue(kind: .int64, offset: offset &+ 1, count: 8)
    case Lite3Kind.double.rawValue where left >= 9:
      return StoredValue(kind: .double, offset: offset &+ 1, count: 8)
    case Lite3Kind.bytes.rawValue where left >= 5:
      let length = Int(uncheckedWord(offset &+ 1))
      guard length <= left &- 5 else { break }
      return StoredValue(kind: .bytes, offset: offset &+ 5, count: length)
    case Lite3Kind.string.rawValue where left >= 6:
      let length = Int(uncheckedWord(offset &+ 1))
      guard length >= 1, length <= left &- 5, uncheckedByte(offset &+ 4 &+ length) == 0 else { break }
      return StoredValue(kind: .string, offset: offset &+ 5, count: length &- 1)
    case Lite3Kind.object.rawValue:
      try checkNode(offset)
      return StoredValue(kind: .object, offset: offset, count: 0)
    case Lite3Kind.array.rawValue:
      try checkNode(offset)
      return StoredValue(kind: .array, offset: offset, count: 0)
    default:
      break
    }
    throw Lite3Error(.corrupt, offset: offset)
  }

  /// Whether a stored key has these bytes.
  func isEqual(_ stored: StoredKey, _ key: UnsafeRawPointer, count: Int) -> Bool {
    guard stored.count == count else { return false }
    for index in 0..<count
    where uncheckedByte(stored.start &+ index) != key.load(fromByteOffset: index, as: UInt8.self) {
      return false
    }
    return true
  }

  /// Compares two stored keys byte by byte: negative, zero or positive.
  @inline(__always)
  func compare(_ left: StoredKey, _ right: StoredKey) -> Int {
    let (first, second) = (order(left), order(right))
    if first != second { return first < second ? -1 : 1 }
    return compareSlowly(left, right)
  }

  @inline(never)
  private func compareSlowly(_ left: StoredKey, _ right: StoredKey) -> Int {
    for index in 0..<min(left.count, right.count) {
      let difference = Int(uncheckedByte(left.start &+ index)) &- Int(uncheckedByte(right.start &+ index))
      if difference != 0 { return difference }
    }
    return left.count &- right.count
  }

  /// The first eight bytes of a key, first byte highest, zeros behind a shorter key: orders most keys by itself.
  @inline(__always)
  private func order(_ key: StoredKey) -> UInt64 {
    guard key.start &+ 8 <= count else { return orderAtEnd(key) }
    let word = uncheckedLong(key.start).bigEndian
    if key.count >= 8 { return word }
    if key.count == 0 { return 0 }
    let unused = UInt64(64 &- key.count &* 8)
    return (word &>> unused) &<< unused
  }

  @inline(never)
  private func orderAtEnd(_ key: StoredKey) -> UInt64 {
    var word: UInt64 = 0
    for index in 0..<min(8, key.count) {
      word |= UInt64(uncheckedByte(key.start &+ index)) << UInt64(56 - index * 8)
    }
    return word
  }
}

/// A key whose bytes lie inside the document.
struct StoredKey {
  /// Offset of the first byte.
  var start: Int
  /// Bytes without the NUL.
  var count: Int
  /// Bytes of the tag before the key.
  var tagWidth: Int

  /// Offset of the value behind the key; less than the length of the document.
  @inline(__always)
  var value: Int { start &+ count &+ 1 }
}

/// A value whose bytes lie inside the document.
struct StoredValue {
  var kind: Lite3Kind
  /// Of a container: of its root node. Of any other value: of what follows the type byte and length.
  var offset: Int
  /// Bytes at `offset`; of a string without the NUL. 0 for containers.
  var count: Int
}
