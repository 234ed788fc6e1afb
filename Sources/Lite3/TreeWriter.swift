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
    memory.tail.put(bytes.start, count: bytes.count)
  }

  /// Counts insertions that are made without `find`, or about to be made with it.
  @inline(__always)
  mutating func countInsertions(_ count: Int) {
    generation &+= UInt32(truncatingIfNeeded: count)
  }

  /// Writes the generation into the root: the last step of a document.
  func finish() throws(Lite3Error) {
    guard memory.end <= Lite3Limits.documentBytes else { throw Lite3Error(.tooLarge) }
    writeGeneration()
  }

  /// Writes the number of elements into the root node of a container: the last step of that container.
  @inline(__always)
  func setElements(_ count: Int, of container: Int) throws(Lite3Error) {
    guard count <= Lite3Limits.elements else { throw Lite3Error(.tooMany, offset: container) }
    let node = memory.node(at: container)
    let keys = UInt32(truncatingIfNeeded: node.keys)
    node.setWord(Node.counts, keys | UInt32(truncatingIfNeeded: count) << Node.elementsShift)
  }

  /// Finds the place of `hash`, splitting full nodes on the way. The insertion was counted and room reserved before.
  mutating func find(_ hash: UInt32, in container: Int) -> Place {
    var offset = container
    var parent = container
    var positionInParent = 0
    while true {
      var node = memory.node(at: offset)
      var keys = node.keys
      if keys == Node.keys {
        if offset == container {
          offset = growRoot(container)
          parent = container
          positionInParent = 0
        }
        let right = split(offset, under: parent, at: positionInParent)
        let above = memory.node(at: parent)
        let separator = above.hash(positionInParent)
        if hash == separator { return .taken(entry: above.entry(positionInParent)) }
        if hash > separator {
          offset = right
          positionInParent += 1
        }
        node = memory.node(at: offset)
        keys = node.keys
      }
      let position = node.position(of: hash, keys: keys)
      if position < keys, node.hash(position) == hash { return .taken(entry: node.entry(position)) }
      let child = node.child(position)
      if child == 0 { return .free(leaf: offset, position: position) }
      parent = offset
      positionInParent = position
      offset = child
    }
  }

  private func writeGeneration() {
    let root = memory.node(at: 0)
    root.setWord(0, root.word(0) & 0xff | generation << 8)
  }

  /// Moves the content of a full root node into a new node, its only child from now on; returns that child.
  @inline(never)
  private mutating func growRoot(_ container: Int) -> Int {
    memory.alignEnd()
    // The copy keeps the generation that the root has at this moment.
    if container == 0 { writeGeneration() }
    let child = memory.end
    let root = memory.node(at: container)
    memory.tail.put(UnsafeRawPointer(root.address), count: Node.size)
    let head = root.word(0)
    root.clear(.null)
    root.setWord(0, head)
    root.setChild(0, child)
    return child
  }

  /// Splits a full node: its middle key goes up into the parent, the three above it into a new right node.
  @inline(never)
  private mutating func split(_ offset: Int, under parent: Int, at position: Int) -> Int {
    memory.alignEnd()
    let left = memory.node(at: offset)
    let rightOffset = memory.appendNode(left.word(0) & 0xff == UInt32(Lite3Kind.array.rawValue) ? .array : .object)
    let right = memory.node(at: rightOffset)
    let above = memory.node(at: parent)
    shift(above, from: position)
    above.setHash(position, left.take(Node.hashes + 12))
    above.setEntry(position, Int(left.take(Node.entries + 12)))
    above.setChild(position + 1, rightOffset)
    for index in 0..<3 {
      right.setHash(index, left.take(Node.hashes + 16 + index * 4))
      right.setEntry(index, Int(left.take(Node.entries + 16 + index * 4)))
    }
    for index in 0..<4 {
      right.setChild(index, Int(left.take(Node.children + 16 + index * 4)))
    }
    left.keys = 3
    right.keys = 3
    return rightOffset
  }

  /// Makes room in a parent for one key at `position` and one child behind it.
  @inline(__always)
  private func shift(_ parent: NodePointer, from position: Int) {
    let keys = parent.keys
    var index = keys
    while index > position {
      parent.setHash(index, parent.hash(index - 1))
      parent.setEntry(index, parent.entry(index - 1))
      parent.setChild(index + 1, parent.child(index))
      index -= 1
    }
    parent.keys = keys + 1
  }
}
