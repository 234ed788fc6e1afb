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

  /// Bytes that tag, key and NUL take at most.
  @inline(__always)
  var room: Int { count &+ 8 }

  /// Whether the stored entry at `entry` has this key.
  func isEqual(_ entry: UnsafeRawPointer) -> Bool {
    let tag = entry.loadUnaligned(as: UInt32.self)
    let width = Int(tag & 3) + 1
    let size = Int((tag & (UInt32.max >> UInt32(32 - width * 8))) >> 2)
    guard size == count + 1 else { return false }
    for index in 0..<count
    where entry.load(fromByteOffset: width + index, as: UInt8.self) != start.load(fromByteOffset: index, as: UInt8.self)
    {
      return false
    }
    return true
  }
}

extension TreeWriter {
  /// Whether a string of `count` bytes is as long as a node.
  @inline(__always)
  static func isNodeSized(string count: Int) -> Bool {
    count == Node.size - 1 - 5
  }

  /// Whether `count` raw bytes take as much as a node.
  static func isNodeSized(bytes count: Int) -> Bool {
    count == Node.size - 1 - 4
  }

  /// Puts padding and key tag at `tail`, which then stands where the key goes. Returns the offset of the entry.
  @inline(__always)
  func putTag(_ count: Int, aligned: Bool, _ tail: inout UnsafeMutableRawPointer) -> Int {
    let size = count &+ 1
    let width = size < 64 ? 1 : size < 16_384 ? 2 : 4
    if aligned {
      tail.storeBytes(of: 0, as: UInt32.self)
      tail += (0 &- (tail - memory.base &+ width &+ size)) & 3
    }
    let entry = tail - memory.base
    tail.storeBytes(of: UInt32(truncatingIfNeeded: size &<< 2 | (width &- 1)), as: UInt32.self)
    tail += width
    return entry
  }

  /// Finds a free place for a key, probing past other keys with its hash.
  ///
  /// - Parameter stored: tells whether the entry at an address has the key.
  /// - Returns: the place and the hash to store there.
  @inline(__always)
  mutating func findFree(
    _ key: KeyBytes, hash: UInt32, in container: Int
  ) throws(Lite3Error) -> (hash: UInt32, leaf: Int, position: Int) {
    countInsertions(1)
    var attempt: UInt32 = 0
    while attempt < Lite3Limits.probes {
      try memory.reserve(0)
      let probed = hash &+ attempt &* attempt
      switch find(probed, in: container) {
      case .free(let leaf, let position):
        return (probed, leaf, position)
      case .taken(let entry):
        if key.isEqual(memory.base + entry) { throw Lite3Error(.duplicateKey, offset: entry) }
        attempt += 1
      }
    }
    throw Lite3Error(.collisions, offset: container)
  }

  /// Inserts a key into an object of any size and appends its entry up to the value, which the caller appends.
  ///
  /// - Parameter valueBytes: room that the value will need.
  mutating func insert(_ key: KeyBytes, into container: Int, aligned: Bool, valueBytes: Int) throws(Lite3Error) {
    let hash = KeyHash.of(key.start, count: key.count)
    let place = try findFree(key, hash: hash, in: container)
    try memory.reserve(key.room + valueBytes)
    var tail = memory.tail
    let entry = putTag(key.count, aligned: aligned, &tail)
    tail.put(key.start, count: key.count)
    tail.put(0 as UInt8)
    memory.tail = tail
    let leaf = memory.node(at: place.leaf)
    leaf.insert(place.hash, entry: entry, at: place.position, keys: leaf.keys)
  }

  /// Inserts an empty container under a key; returns its node.
  mutating func insertContainer(_ kind: Lite3Kind, key: StaticString, into object: Int) throws(Lite3Error) -> Int {
    let bytes = KeyBytes(start: key.utf8Start, count: key.utf8CodeUnitCount)
    try insert(bytes, into: object, aligned: true, valueBytes: Node.size)
    return memory.appendNode(kind)
  }

  /// Makes a place for the next element of an array, which the caller appends at once. Room was reserved.
  @inline(__always)
  mutating func insertElement(_ cursor: inout ElementCursor, aligned: Bool) {
    countInsertions(1)
    if !cursor.isDirect { descend(&cursor) }
    if aligned { memory.alignEnd() }
    let leaf = memory.node(at: cursor.leaf)
    leaf.setHash(cursor.keys, UInt32(truncatingIfNeeded: cursor.count))
    leaf.setEntry(cursor.keys, memory.end)
    cursor.keys &+= 1
    cursor.count &+= 1
    leaf.keys = cursor.keys
    if cursor.keys == Node.keys { cursor.isDirect = false }
  }

  @inline(never)
  private mutating func descend(_ cursor: inout ElementCursor) {
    guard case .free(let leaf, let position) = find(UInt32(truncatingIfNeeded: cursor.count), in: cursor.container)
    else { return }
    cursor.leaf = leaf
    cursor.keys = position
    cursor.isDirect = true
    var offset = cursor.container
    while offset != leaf {
      let node = memory.node(at: offset)
      if node.keys == Node.keys { cursor.isDirect = false }
      offset = node.child(node.keys)
    }
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
    var tail = memory.tail
    tail.put(Lite3Kind.string.rawValue)
    tail.put(UInt32(truncatingIfNeeded: count + 1))
    for byte in text.utf8 { tail.put(byte) }
    tail.put(0 as UInt8)
    memory.tail = tail
  }
}
