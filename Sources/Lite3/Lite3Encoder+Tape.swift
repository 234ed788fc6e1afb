// The walk from the tape into the document. Room is reserved once for each entry, and an entry is written through one
// local pointer.

extension Lite3Encoder {
  /// Encodes the members of the object at `start` into the empty node `container`, which is `depth` levels deep.
  mutating func encodeMembers(_ tape: TapeMemory, _ start: Int, into container: Int, depth: Int) throws(Lite3Error) {
    let bottom = memberCount
    let range = collectMembers(tape, start)
    memberCount = range.upperBound
    if range.count <= Node.keys {
      try encodeFew(tape, range, into: container, depth)
    } else {
      try encodeMany(tape, range, into: container, depth)
    }
    memberCount = bottom
    try tree.setElements(range.count, of: container)
  }

  /// Encodes the elements of the array at `start` into the empty node `container`, which is `depth` levels deep.
  mutating func encodeElements(_ tape: TapeMemory, _ start: Int, into container: Int, depth: Int) throws(Lite3Error) {
    var cursor = ElementCursor(container)
    let end = tape.end(start) &- 1
    var index = start &+ 1
    while index < end {
      switch tape.type(index) {
      case UInt8(ascii: "\""):
        let text = tape.string(index)
        try tree.memory.reserve(text.count &+ 16)
        tree.insertElement(&cursor, aligned: TreeWriter.isNodeSized(string: text.count))
        var tail = tree.memory.tail
        putString(text.start, text.count, &tail)
        tree.memory.tail = tail
        index &+= 1
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        try tree.memory.reserve(Node.size + 4)
        tree.insertElement(&cursor, aligned: true)
        try encodeContainer(tape, index, depth)
        index = tape.end(index)
      default:
        try tree.memory.reserve(16)
        tree.insertElement(&cursor, aligned: false)
        var tail = tree.memory.tail
        index = putScalar(tape, index, &tail)
        tree.memory.tail = tail
      }
    }
    try tree.setElements(cursor.count, of: container)
  }

  /// Up to seven members fit into the node itself: the entries are appended, then the node is filled in one go.
  private mutating func encodeFew(
    _ tape: TapeMemory, _ range: Range<Int>, into container: Int, _ depth: Int
  ) throws(Lite3Error) {
    tree.countInsertions(range.count)
    var index = range.lowerBound
    while index < range.upperBound {
      let member = members.base[index]
      let (key, hash) = try hashedKey(tape, member)
      let entry = try encodeMember(tape, key, Int(member.value), depth)
      members.base[index].order = UInt64(hash) << 32 | UInt64(UInt32(truncatingIfNeeded: entry))
      index &+= 1
    }
    fill(tree.memory.node(at: container), members.base + range.lowerBound, range.count)
  }

  private mutating func encodeMany(
    _ tape: TapeMemory, _ range: Range<Int>, into container: Int, _ depth: Int
  ) throws(Lite3Error) {
    var index = range.lowerBound
    while index < range.upperBound {
      let member = members.base[index]
      let (key, hash) = try hashedKey(tape, member)
      let place = try tree.findFree(key, hash: hash, in: container)
      let entry = try encodeMember(tape, key, Int(member.value), depth)
      let leaf = tree.memory.node(at: place.leaf)
      leaf.insert(place.hash, entry: entry, at: place.position, keys: leaf.keys)
      index &+= 1
    }
  }

  /// Appends the entry of a member and returns its offset; `depth` is the level of the object it belongs to.
  @inline(__always)
  private mutating func encodeMember(
    _ tape: TapeMemory, _ key: KeyBytes, _ value: Int, _ depth: Int
  ) throws(Lite3Error) -> Int {
    switch tape.type(value) {
    case UInt8(ascii: "\""):
      let text = tape.string(value)
      try tree.memory.reserve(key.room &+ text.count &+ 16)
      var tail = tree.memory.tail
      let entry = tree.putTag(key.count, aligned: TreeWriter.isNodeSized(string: text.count), &tail)
      tail.putPadded(key.start, count: key.count &+ 1)
      putString(text.start, text.count, &tail)
      tree.memory.tail = tail
      return entry
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      try tree.memory.reserve(key.room &+ Node.size)
      var tail = tree.memory.tail
      let entry = tree.putTag(key.count, aligned: true, &tail)
      tail.putPadded(key.start, count: key.count &+ 1)
      tree.memory.tail = tail
      try encodeContainer(tape, value, depth)
      return entry
    default:
      try tree.memory.reserve(key.room &+ 16)
      var tail = tree.memory.tail
      let entry = tree.putTag(key.count, aligned: false, &tail)
      tail.putPadded(key.start, count: key.count &+ 1)
      _ = putScalar(tape, value, &tail)
      tree.memory.tail = tail
      return entry
    }
  }

  private mutating func encodeContainer(_ tape: TapeMemory, _ index: Int, _ depth: Int) throws(Lite3Error) {
    guard depth < Lite3Limits.depth else { throw Lite3Error(.tooDeep) }
    if tape.type(index) == UInt8(ascii: "{") {
      let node = tree.memory.appendNode(.object)
      try encodeMembers(tape, index, into: node, depth: depth &+ 1)
    } else {
      let node = tree.memory.appendNode(.array)
      try encodeElements(tape, index, into: node, depth: depth &+ 1)
    }
  }

  @inline(__always)
  private func putString(_ start: UnsafeRawPointer, _ count: Int, _ tail: inout UnsafeMutableRawPointer) {
    tail.put(Lite3Kind.string.rawValue)
    tail.put(UInt32(truncatingIfNeeded: count &+ 1))
    tail.putPadded(start, count: count &+ 1)
  }

  /// Puts a number, boolean or null; returns the index behind it. Nine bytes may be stored, whatever the value takes.
  @inline(__always)
  private mutating func putScalar(_ tape: TapeMemory, _ index: Int, _ tail: inout UnsafeMutableRawPointer) -> Int {
    switch tape.type(index) {
    case UInt8(ascii: "l"):
      let bits = tape.words[index &+ 1]
      metIntegerZero = metIntegerZero || bits == 0
      tail.put(Lite3Kind.int64.rawValue)
      tail.put(bits)
      return index &+ 2
    case UInt8(ascii: "d"):
      tail.put(Lite3Kind.double.rawValue)
      tail.put(tape.words[index &+ 1])
      return index &+ 2
    case UInt8(ascii: "u"):
      tail.put(Lite3Kind.double.rawValue)
      tail.put(Double(tape.words[index &+ 1]).bitPattern)
      return index &+ 2
    case UInt8(ascii: "n"):
      tail.put(Lite3Kind.null.rawValue)
      return index &+ 1
    default:
      tail.put(Lite3Kind.bool.rawValue)
      tail.put(tape.type(index) == UInt8(ascii: "t") ? 1 : 0 as UInt8)
      return index &+ 1
    }
  }

  /// Writes up to seven keys into a leaf, in ascending order of their hashes.
  ///
  /// Each pair is compared once, without a branch on the outcome, and counts for the rank of one of the two.
  @inline(__always)
  private func fill(_ leaf: NodePointer, _ slots: UnsafeMutablePointer<Member>, _ count: Int) {
    leaf.keys = count
    var collides = false
    var index = 0
    while index < count {
      let slot = slots[index].order
      var rank: UInt32 = 0
      var other = 0
      while other < index {
        let isAbove: UInt32 = slots[other].order < slot ? 1 : 0
        rank &+= isAbove
        slots[other].key &+= 1 &- isAbove
        collides = collides || (slots[other].order ^ slot) &>> 32 == 0
        other &+= 1
      }
      // The key was written: its place now holds the rank.
      slots[index].key = rank
      index &+= 1
    }
    index = 0
    while index < count {
      let (slot, rank) = (slots[index].order, Int(slots[index].key))
      leaf.setHash(rank, UInt32(truncatingIfNeeded: slot &>> 32))
      leaf.setEntry(rank, Int(UInt32(truncatingIfNeeded: slot)))
      index &+= 1
    }
    if collides { fillProbing(leaf, slots, count) }
  }

  /// Keys with equal hashes: each, in order of insertion, takes the first of its probing sequence that is free.
  @inline(never)
  private func fillProbing(_ leaf: NodePointer, _ slots: UnsafeMutablePointer<Member>, _ count: Int) {
    for index in 0..<count {
      let entry = slots[index].order & 0xffff_ffff
      let hash = UInt32(truncatingIfNeeded: slots[index].order >> 32)
      var attempt: UInt32 = 0
      // Fewer than seven hashes are taken, so one of the first seven attempts is free.
      while (0..<index).contains(where: { slots[$0].order >> 32 == UInt64(hash &+ attempt &* attempt) }) {
        attempt += 1
      }
      slots[index].order = UInt64(hash &+ attempt &* attempt) << 32 | entry
    }
    for index in 0..<count {
      let rank = (0..<count).count { slots[$0].order < slots[index].order }
      leaf.setHash(rank, UInt32(truncatingIfNeeded: slots[index].order >> 32))
      leaf.setEntry(rank, Int(UInt32(truncatingIfNeeded: slots[index].order)))
    }
  }

  /// The key of a member and its hash; refused if it cannot be stored.
  @inline(__always)
  private func hashedKey(_ tape: TapeMemory, _ member: Member) throws(Lite3Error) -> (KeyBytes, UInt32) {
    let (start, count) = tape.string(at: member.key)
    guard let hash = KeyHash.ofPadded(start, count: count) else { throw Lite3Error(.nulInKey) }
    guard count <= Lite3Limits.keyBytes else { throw Lite3Error(.tooMany) }
    return (KeyBytes(start: start, count: count), hash)
  }
}
