// Entries (pool format, section 14.3): what stands between the nodes.
//
// `aligned` is said of values whose size behind the type byte is 95, the size of a node: their first byte falls on a
// multiple of four. The test is on the size alone, so it is true of containers and of 90-byte strings and 91 raw bytes.

/// Where the next element of an array goes.
struct ElementCursor {
  let container: Int
  /// Elements so far: the index of the next one.
  var count = 0
  fileprivate var leaf: Int
  fileprivate var keys = 0
  /// Whether the next element goes behind the last one in `leaf` and no node above it is due to be split.
  fileprivate var isDirect = true

  init(_ container: Int) {
    self.container = container
    leaf = container
  }
}

/// A key on its way into a document.
struct KeyBytes {
  let start: UnsafeRawPointer
  let count: Int
}

extension TreeWriter {
  /// Whether a string of `count` bytes is as long as a node.
  @inline(__always)
  static func isNodeSized(string count: Int) -> Bool {
    count == Node.size - 1 - 5
  }

  /// Appends an entry up to its value: padding, key tag, key and NUL. Returns its offset.
  ///
  /// A zero byte stands behind the key, and 15 more bytes are readable. Room was reserved.
  @inline(__always)
  mutating func appendPaddedKey(_ key: KeyBytes, aligned: Bool) -> Int {
    let entry = appendTag(key.count, aligned: aligned)
    memory.appendPadded(key.start, count: key.count + 1)
    return entry
  }

  @inline(__always)
  private mutating func appendTag(_ count: Int, aligned: Bool) -> Int {
    let size = count &+ 1
    let width = size < 64 ? 1 : size < 16_384 ? 2 : 4
    if aligned { memory.pad(by: (0 &- (memory.end &+ width &+ size)) & 3) }
    let entry = memory.end
    memory.setWord(entry, UInt32(truncatingIfNeeded: size &<< 2 | (width &- 1)))
    memory.advance(by: width)
    return entry
  }

  /// Inserts a key into an object of any size and appends its entry up to the value.
  ///
  /// - Parameter valueBytes: room that the value will need.
  mutating func insert(
    _ key: KeyBytes, hash: UInt32, into container: Int, aligned: Bool, valueBytes: Int
  ) throws(Lite3Error) {
    countInsertions(1)
    var attempt: UInt32 = 0
    while attempt < Lite3Limits.probes {
      try memory.reserve(key.count + 8 + valueBytes)
      let probed = hash &+ attempt &* attempt
      switch find(probed, in: container) {
      case .free(let leaf, let position):
        let entry = appendTag(key.count, aligned: aligned)
        memory.append(key.start, count: key.count)
        memory.append(0 as UInt8)
        insert(probed, entry: entry, leaf: leaf, position: position)
        return
      case .taken(let entry):
        if isKey(key, at: entry) { throw Lite3Error(.duplicateKey, offset: entry) }
        attempt += 1
      }
    }
    throw Lite3Error(.collisions, offset: container)
  }

  /// Makes a place for the next element of an array, which the caller appends at once. Room was reserved.
  @inline(__always)
  mutating func insertElement(_ cursor: inout ElementCursor, aligned: Bool) {
    countInsertions(1)
    if !cursor.isDirect { descend(&cursor) }
    if aligned { memory.alignEnd() }
    let slot = cursor.keys * 4
    memory.setWord(cursor.leaf + Node.hashes + slot, UInt32(truncatingIfNeeded: cursor.count))
    memory.setWord(cursor.leaf + Node.entries + slot, UInt32(truncatingIfNeeded: memory.end))
    cursor.keys &+= 1
    cursor.count &+= 1
    memory.setWord(cursor.leaf + Node.counts, UInt32(truncatingIfNeeded: cursor.keys))
    if cursor.keys == Node.keys { cursor.isDirect = false }
  }

  @inline(never)
  private mutating func descend(_ cursor: inout ElementCursor) {
    guard case .free(let leaf, let position) = find(UInt32(truncatingIfNeeded: cursor.count), in: cursor.container)
    else { return }
    cursor.leaf = leaf
    cursor.keys = position
    cursor.isDirect = true
    var node = cursor.container
    while node != leaf {
      let keys = count(of: node)
      if keys == Node.keys { cursor.isDirect = false }
      node = Int(memory.word(node + Node.children + keys * 4))
    }
  }

  /// Whether the entry at an offset has this key.
  func isKey(_ key: KeyBytes, at entry: Int) -> Bool {
    let stored = memory.base + entry
    let tag = stored.loadUnaligned(as: UInt32.self)
    let width = Int(tag & 3) + 1
    let size = Int((tag & (UInt32.max >> UInt32(32 - width * 8))) >> 2)
    guard size == key.count + 1 else { return false }
    for index in 0..<key.count
    where stored.load(fromByteOffset: width + index, as: UInt8.self)
      != key.start.load(fromByteOffset: index, as: UInt8.self)
    {
      return false
    }
    return true
  }

  /// Inserts an empty container under a key; returns its node.
  mutating func insertContainer(_ kind: Lite3Kind, key: StaticString, into object: Int) throws(Lite3Error) -> Int {
    let bytes = KeyBytes(start: key.utf8Start, count: key.utf8CodeUnitCount)
    let hash = KeyHash.of(bytes.start, count: bytes.count)
    try insert(bytes, hash: hash, into: object, aligned: true, valueBytes: Node.size)
    return memory.appendNode(kind)
  }

  /// Appends a string element to an array.
  mutating func appendElement(_ text: String, _ cursor: inout ElementCursor) throws(Lite3Error) {
    let count = text.utf8.count
    try memory.reserve(count + 16)
    insertElement(&cursor, aligned: Self.isNodeSized(string: count))
    appendString(text, count)
  }

  /// Appends a string value of `count` bytes. Room was reserved.
  mutating func appendString(_ text: String, _ count: Int) {
    memory.append(Lite3Kind.string.rawValue)
    memory.append(UInt32(truncatingIfNeeded: count + 1))
    for byte in text.utf8 { memory.append(byte) }
    memory.append(0 as UInt8)
  }
}
