import JSON

/// Builds documents byte for byte as upstream's insertions do (pool format, section 14.5).
///
/// A document is one buffer in which nodes and entries are appended as they come; a container is a B-tree of nodes keyed
/// by 32-bit hash. This type knows the tree, not where keys and values come from: a caller asks for a place for a hash,
/// then appends the entry.
struct TreeWriter: ~Copyable {
  var memory = DocumentMemory(capacity: 16 << 10)
  /// Insertions so far: the generation of the document's root (section 14.4, generation B).
  private(set) var generation: UInt32 = 0

  /// Where a hash belongs.
  enum Place {
    /// In this leaf, before the key at this position.
    case free(leaf: Int, position: Int)
    /// Already in use, by the entry at this offset.
    case taken(entry: Int)
  }

  /// Starts a document; returns the offset of its root.
  mutating func begin(_ kind: Lite3Kind) -> Int {
    memory.removeAll()
    generation = 0
    return memory.appendNode(kind)
  }

  /// Starts a document with the bytes of another that had come to `generation`.
  mutating func begin(copying bytes: borrowing ByteWriter, generation: UInt32) throws(Lite3Error) {
    memory.removeAll()
    self.generation = generation
    try memory.reserve(bytes.count)
    memory.append(bytes.start, count: bytes.count)
  }

  /// Counts insertions that are made without `find`, or about to be made with it.
  @inline(__always)
  mutating func countInsertions(_ count: Int) {
    generation &+= UInt32(truncatingIfNeeded: count)
  }

  /// Writes the generation into the root: the last step of a document.
  func finish() throws(Lite3Error) {
    guard memory.end <= Lite3Limits.documentBytes else { throw Lite3Error(.tooLarge) }
    memory.setWord(0, memory.word(0) & 0xff | generation << 8)
  }

  /// Writes the number of elements into the root node of a container: the last step of that container.
  @inline(__always)
  func setElements(_ count: Int, of container: Int) throws(Lite3Error) {
    guard count <= Lite3Limits.elements else { throw Lite3Error(.tooMany, offset: container) }
    let keys = memory.word(container + Node.counts) & Node.keysMask
    memory.setWord(container + Node.counts, keys | UInt32(truncatingIfNeeded: count) << Node.elementsShift)
  }

  /// Writes the key at `rank` of a leaf: hash in the high half, entry offset in the low half.
  @inline(__always)
  func setSlot(_ leaf: Int, _ rank: Int, _ slot: UInt64) {
    memory.setWord(leaf + Node.hashes + rank * 4, UInt32(truncatingIfNeeded: slot >> 32))
    memory.setWord(leaf + Node.entries + rank * 4, UInt32(truncatingIfNeeded: slot))
  }

  /// Writes the number of keys of a leaf.
  @inline(__always)
  func setKeys(_ count: Int, of leaf: Int) {
    memory.setWord(leaf + Node.counts, UInt32(truncatingIfNeeded: count))
  }

  /// Finds the place of `hash`, splitting full nodes on the way. The caller counted the insertion before.
  mutating func find(_ hash: UInt32, in container: Int) -> Place {
    var node = container
    var parent = container
    var positionInParent = 0
    while true {
      if count(of: node) == Node.keys {
        if node == container {
          node = growRoot(container)
          parent = container
          positionInParent = 0
        }
        let right = split(node, under: parent, at: positionInParent)
        let separator = memory.word(parent + Node.hashes + positionInParent * 4)
        if hash == separator {
          return .taken(entry: Int(memory.word(parent + Node.entries + positionInParent * 4)))
        }
        if hash > separator {
          node = right
          positionInParent += 1
        }
      }
      let position = self.position(of: hash, in: node)
      if position < count(of: node), memory.word(node + Node.hashes + position * 4) == hash {
        return .taken(entry: Int(memory.word(node + Node.entries + position * 4)))
      }
      let child = Int(memory.word(node + Node.children + position * 4))
      if child == 0 { return .free(leaf: node, position: position) }
      parent = node
      positionInParent = position
      node = child
    }
  }

  /// Inserts a hash and the offset of its entry at a place that `find` gave.
  @inline(__always)
  func insert(_ hash: UInt32, entry: Int, leaf: Int, position: Int) {
    let keys = count(of: leaf)
    var index = keys
    while index > position {
      memory.setWord(leaf + Node.hashes + index * 4, memory.word(leaf + Node.hashes + index * 4 - 4))
      memory.setWord(leaf + Node.entries + index * 4, memory.word(leaf + Node.entries + index * 4 - 4))
      index &-= 1
    }
    memory.setWord(leaf + Node.hashes + position * 4, hash)
    memory.setWord(leaf + Node.entries + position * 4, UInt32(truncatingIfNeeded: entry))
    memory.setWord(leaf + Node.counts, UInt32(truncatingIfNeeded: keys + 1))
  }

  /// The number of keys of one node.
  @inline(__always)
  func count(of node: Int) -> Int {
    Int(memory.word(node + Node.counts) & Node.keysMask)
  }

  /// The number of hashes of a node that are below `hash`.
  @inline(__always)
  private func position(of hash: UInt32, in node: Int) -> Int {
    let keys = count(of: node)
    var position = 0
    for index in 0..<keys where memory.word(node + Node.hashes + index * 4) < hash {
      position = index + 1
    }
    return position
  }

  /// Moves the content of a full root node into a new node, its only child from now on; returns that child.
  private mutating func growRoot(_ container: Int) -> Int {
    memory.alignEnd()
    if container == 0 {
      // The copy keeps the generation that the root has at this moment.
      memory.setWord(0, memory.word(0) & 0xff | generation << 8)
    }
    let child = memory.end
    memory.copyNode(from: container, to: child)
    memory.advance(by: Node.size)
    for index in 0..<Node.keys {
      memory.setWord(container + Node.hashes + index * 4, 0)
      memory.setWord(container + Node.entries + index * 4, 0)
      memory.setWord(container + Node.children + index * 4, 0)
    }
    memory.setWord(container + Node.children + Node.keys * 4, 0)
    memory.setWord(container + Node.counts, 0)
    memory.setWord(container + Node.children, UInt32(truncatingIfNeeded: child))
    return child
  }

  /// Splits a full node: its middle key goes up into the parent, the three above it into a new right node.
  private mutating func split(_ left: Int, under parent: Int, at position: Int) -> Int {
    memory.alignEnd()
    let kind: Lite3Kind = UInt8(truncatingIfNeeded: memory.word(left)) == Lite3Kind.array.rawValue ? .array : .object
    let right = memory.appendNode(kind)
    shift(parent, from: position)
    memory.setWord(parent + Node.hashes + position * 4, take(left + Node.hashes + 12))
    memory.setWord(parent + Node.entries + position * 4, take(left + Node.entries + 12))
    memory.setWord(parent + Node.children + position * 4 + 4, UInt32(truncatingIfNeeded: right))
    for index in 0..<3 {
      memory.setWord(right + Node.hashes + index * 4, take(left + Node.hashes + 16 + index * 4))
      memory.setWord(right + Node.entries + index * 4, take(left + Node.entries + 16 + index * 4))
    }
    for index in 0..<4 {
      memory.setWord(right + Node.children + index * 4, take(left + Node.children + 16 + index * 4))
    }
    memory.setWord(left + Node.counts, 3)
    memory.setWord(right + Node.counts, 3)
    return right
  }

  /// Makes room in a parent for one key at `position` and one child behind it.
  private func shift(_ parent: Int, from position: Int) {
    let keys = count(of: parent)
    var index = keys
    while index > position {
      memory.setWord(parent + Node.hashes + index * 4, memory.word(parent + Node.hashes + index * 4 - 4))
      memory.setWord(parent + Node.entries + index * 4, memory.word(parent + Node.entries + index * 4 - 4))
      memory.setWord(parent + Node.children + index * 4 + 4, memory.word(parent + Node.children + index * 4))
      index -= 1
    }
    memory.setWord(parent + Node.counts, UInt32(truncatingIfNeeded: keys + 1))
  }

  /// Reads a word and leaves zero in its place.
  @inline(__always)
  private func take(_ offset: Int) -> UInt32 {
    let value = memory.word(offset)
    memory.setWord(offset, 0)
    return value
  }
}
