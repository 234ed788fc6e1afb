// The walk from the tape into the document. Room is reserved once for each entry.

extension Lite3Encoder {
  /// Encodes the members of the object at `start` into the empty node `container`, which is `depth` levels deep.
  mutating func encodeMembers(_ tape: TapeMemory, _ start: Int, into container: Int, depth: Int) throws(Lite3Error) {
    let first = memberCount
    let count = try collectMembers(tape, start)
    memberCount = first + count
    if count <= Node.keys {
      try encodeFew(tape, first, count, into: container, depth)
    } else {
      try encodeMany(tape, first, count, into: container, depth)
    }
    memberCount = first
    try tree.setElements(count, of: container)
  }

  /// Encodes the elements of the array at `start` into the empty node `container`, which is `depth` levels deep.
  mutating func encodeElements(_ tape: TapeMemory, _ start: Int, into container: Int, depth: Int) throws(Lite3Error) {
    var cursor = ElementCursor(container)
    let end = tape.end(start) - 1
    var value = start + 1
    while value < end {
      try tree.memory.reserve(valueBytes(tape, value))
      tree.insertElement(&cursor, aligned: isNodeSized(tape, value))
      try appendValue(tape, value, depth)
      value = tape.next(value)
    }
    try tree.setElements(cursor.count, of: container)
  }

  /// Up to seven members fit into the node itself: the entries are appended, then the node is filled in one go.
  private mutating func encodeFew(
    _ tape: TapeMemory, _ first: Int, _ count: Int, into container: Int, _ depth: Int
  ) throws(Lite3Error) {
    tree.countInsertions(count)
    for index in first..<first + count {
      let member = members.base[index]
      let key = try key(tape, member)
      let value = Int(member.value)
      try tree.memory.reserve(key.count + 8 + valueBytes(tape, value))
      let hash = KeyHash.ofPadded(key.start, count: key.count)
      let entry = tree.appendPaddedKey(key, aligned: isNodeSized(tape, value))
      try appendValue(tape, value, depth)
      members.base[index].order = UInt64(hash) << 32 | UInt64(UInt32(truncatingIfNeeded: entry))
    }
    fill(container, members.base + first, count)
  }

  /// Writes up to seven keys into a leaf, in ascending order of their hashes.
  @inline(__always)
  private mutating func fill(_ container: Int, _ slots: UnsafeMutablePointer<Member>, _ count: Int) {
    var collides = false
    for index in 0..<count {
      let slot = slots[index].order
      var rank = 0
      for other in 0..<count {
        rank &+= slots[other].order < slot ? 1 : 0
        collides = collides || (other != index && slots[other].order >> 32 == slot >> 32)
      }
      tree.setSlot(container, rank, slot)
    }
    if collides { fillProbing(container, slots, count) }
    tree.setKeys(count, of: container)
  }

  /// Keys with equal hashes: each, in order of insertion, takes the first of its probing sequence that is free.
  @inline(never)
  private mutating func fillProbing(_ container: Int, _ slots: UnsafeMutablePointer<Member>, _ count: Int) {
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
      tree.setSlot(container, rank, slots[index].order)
    }
  }

  private mutating func encodeMany(
    _ tape: TapeMemory, _ first: Int, _ count: Int, into container: Int, _ depth: Int
  ) throws(Lite3Error) {
    for index in first..<first + count {
      let member = members.base[index]
      let key = try key(tape, member)
      let value = Int(member.value)
      let hash = KeyHash.ofPadded(key.start, count: key.count)
      try tree.insert(
        key, hash: hash, into: container, aligned: isNodeSized(tape, value), valueBytes: valueBytes(tape, value))
      try appendValue(tape, value, depth)
    }
  }

  /// Room for the value at an index without what lies inside a container.
  @inline(__always)
  private func valueBytes(_ tape: TapeMemory, _ index: Int) -> Int {
    let type = tape.type(index)
    return type == UInt8(ascii: "\"") ? tape.string(index).count &+ 8 : Node.size &+ 4
  }

  /// Whether the value at an index has the size of a node.
  @inline(__always)
  private func isNodeSized(_ tape: TapeMemory, _ index: Int) -> Bool {
    switch tape.type(index) {
    case UInt8(ascii: "{"), UInt8(ascii: "["): true
    case UInt8(ascii: "\""): TreeWriter.isNodeSized(string: tape.string(index).count)
    default: false
    }
  }

  /// Appends a value; `depth` is the level of the container it belongs to. Room was reserved.
  @inline(__always)
  private mutating func appendValue(_ tape: TapeMemory, _ index: Int, _ depth: Int) throws(Lite3Error) {
    switch tape.type(index) {
    case UInt8(ascii: "\""):
      let text = tape.string(index)
      tree.memory.append(Lite3Kind.string.rawValue)
      tree.memory.append(UInt32(truncatingIfNeeded: text.count &+ 1))
      tree.memory.appendPadded(text.start, count: text.count &+ 1)
    case UInt8(ascii: "l"):
      let bits = tape.words[index &+ 1]
      if bits == 0 { metIntegerZero = true }
      tree.memory.append(Lite3Kind.int64.rawValue)
      tree.memory.append(bits)
    case UInt8(ascii: "d"):
      tree.memory.append(Lite3Kind.double.rawValue)
      tree.memory.append(tape.words[index &+ 1])
    case UInt8(ascii: "u"):
      tree.memory.append(Lite3Kind.double.rawValue)
      tree.memory.append(Double(tape.words[index &+ 1]).bitPattern)
    case UInt8(ascii: "{"):
      guard depth < Lite3Limits.depth else { throw Lite3Error(.tooDeep) }
      let node = tree.memory.appendNode(.object)
      try encodeMembers(tape, index, into: node, depth: depth + 1)
    case UInt8(ascii: "["):
      guard depth < Lite3Limits.depth else { throw Lite3Error(.tooDeep) }
      let node = tree.memory.appendNode(.array)
      try encodeElements(tape, index, into: node, depth: depth + 1)
    case UInt8(ascii: "t"):
      tree.memory.append(Lite3Kind.bool.rawValue)
      tree.memory.append(1 as UInt8)
    case UInt8(ascii: "f"):
      tree.memory.append(Lite3Kind.bool.rawValue)
      tree.memory.append(0 as UInt8)
    default:
      tree.memory.append(Lite3Kind.null.rawValue)
    }
  }

  /// The key of a member, refused if it cannot be stored.
  @inline(__always)
  private func key(_ tape: TapeMemory, _ member: Member) throws(Lite3Error) -> KeyBytes {
    let (start, count) = tape.string(at: member.key)
    if KeyBytes(start: start, count: count).containsZero { throw Lite3Error(.nulInKey) }
    return KeyBytes(start: start, count: count)
  }
}

extension KeyBytes {
  /// Whether one of the bytes is zero. Up to seven bytes behind the key must be readable.
  @inline(__always)
  fileprivate var containsZero: Bool {
    let ones: UInt64 = 0x0101_0101_0101_0101
    var index = 0
    while index < count {
      var word = start.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      let left = count &- index
      if left < 8 { word |= UInt64.max &<< UInt64(left &* 8) }
      if (word &- ones) & ~word & (ones &* 0x80) != 0 { return true }
      index &+= 8
    }
    return false
  }
}
