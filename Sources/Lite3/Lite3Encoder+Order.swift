// The order of members: ascending bytes of their keys, the last of equal keys kept. Most objects are small and many come
// in order, so the first pass only looks, and sorting works on the first eight bytes of the keys where they differ.

extension Lite3Encoder {
  /// Puts the members of the object at `start` on the stack, ordered and without duplicates; returns how many.
  mutating func collectMembers(_ tape: TapeMemory, _ start: Int) throws(Lite3Error) -> Int {
    let end = tape.end(start) - 1
    let first = memberCount
    var next = first
    var key = start + 1
    var isAscending = true
    var last: UInt64 = 0
    while key < end {
      members.reserve(next + 1)
      let offset = UInt32(truncatingIfNeeded: tape.words[key])
      let order = tape.order(ofKeyAt: offset)
      // Equal beginnings are settled below; zero is the beginning of the empty key.
      isAscending = isAscending && (order > last || next == first)
      last = order
      members.base[next] = Member(order: order, key: offset, value: UInt32(truncatingIfNeeded: key + 1))
      next &+= 1
      key = tape.next(key + 1)
    }
    let count = next - first
    if isAscending || count < 2 { return count }
    sort(tape, first, count)
    return removeDuplicates(tape, first, count)
  }

  private mutating func sort(_ tape: TapeMemory, _ first: Int, _ count: Int) {
    let slots = members.base + first
    if count > 32 {
      var range = UnsafeMutableBufferPointer(start: slots, count: count)
      range.sort { Self.precedes(tape, $0, $1) }
      return
    }
    for index in 1..<count {
      let member = slots[index]
      var gap = index
      while gap > 0, Self.precedes(tape, member, slots[gap - 1]) {
        slots[gap] = slots[gap - 1]
        gap &-= 1
      }
      slots[gap] = member
    }
  }

  @inline(__always)
  private static func precedes(_ tape: TapeMemory, _ left: Member, _ right: Member) -> Bool {
    if left.order != right.order { return left.order < right.order }
    let difference = tape.compareKeys(at: left.key, right.key)
    return difference != 0 ? difference < 0 : left.value < right.value
  }

  /// Keeps the last of each run of equal keys; returns how many members are left.
  private mutating func removeDuplicates(_ tape: TapeMemory, _ first: Int, _ count: Int) -> Int {
    let slots = members.base + first
    var kept = 0
    for index in 1..<count {
      let isSame =
        slots[kept].order == slots[index].order && tape.compareKeys(at: slots[kept].key, slots[index].key) == 0
      if !isSame { kept += 1 }
      slots[kept] = slots[index]
    }
    return kept + 1
  }
}
