// The order of members: ascending bytes of their keys, the last of equal keys kept.
//
// Messages of one stream look alike: the keys come in the same order again and again, whatever it is. So before sorting,
// the permutation that sorted the last object of this look is tried, and kept if a pass over the keys finds them
// ascending; only otherwise is anything sorted. The result never depends on what was remembered.

extension Lite3Encoder {
  /// Puts the members of the object at `start` on the stack, ordered and without duplicates; returns where they are.
  @inline(__always)
  mutating func collectMembers(_ tape: TapeMemory, _ start: Int) -> Range<Int> {
    let end = tape.end(start) &- 1
    let first = memberCount
    // Each member takes at least two words.
    members.reserve(first &+ (end &- start))
    let slots = members.base + first
    var count = 0
    var key = start &+ 1
    var isAscending = true
    var last: UInt64 = 0
    while key < end {
      let offset = UInt32(truncatingIfNeeded: tape.words[key])
      let order = tape.order(ofKeyAt: offset)
      // Equal beginnings are settled below; zero is the beginning of the empty key.
      isAscending = isAscending && (order > last || count == 0)
      last = order
      slots[count] = Member(order: order, key: offset, value: UInt32(truncatingIfNeeded: key &+ 1))
      count &+= 1
      key = tape.next(key &+ 1)
    }
    if isAscending { return first..<first &+ count }
    return orderMembers(tape, first, count)
  }

  /// Orders two or more members: on the stack they are followed by room for as many again, which takes the result.
  @inline(never)
  private mutating func orderMembers(_ tape: TapeMemory, _ first: Int, _ count: Int) -> Range<Int> {
    let source = members.base + first
    let target = source + count
    let look = OrderMemory.Look(count: count, first: source[0].order, last: source[count - 1].order)
    if let permutation = orders.permutation(for: look) {
      for index in 0..<count { target[index] = source[Int(permutation[index])] }
      if ascends(tape, target, count) { return first &+ count..<first &+ count &* 2 }
    }
    target.update(from: source, count: count)
    sort(tape, target, count)
    orders.remember(look) { sorted, original in target[sorted].value == source[original].value }
    return first &+ count..<first &+ count &+ removeDuplicates(tape, target, count)
  }

  @inline(__always)
  private func ascends(_ tape: TapeMemory, _ slots: UnsafeMutablePointer<Member>, _ count: Int) -> Bool {
    for index in 1..<count {
      let (left, right) = (slots[index &- 1], slots[index])
      if left.order > right.order { return false }
      if left.order == right.order, tape.compareKeys(at: left.key, right.key) >= 0 { return false }
    }
    return true
  }

  private func sort(_ tape: TapeMemory, _ slots: UnsafeMutablePointer<Member>, _ count: Int) {
    if count > 32 {
      var range = UnsafeMutableBufferPointer(start: slots, count: count)
      range.sort { precedes(tape, $0, $1) }
      return
    }
    for index in 1..<count {
      let member = slots[index]
      var gap = index
      while gap > 0, precedes(tape, member, slots[gap - 1]) {
        slots[gap] = slots[gap - 1]
        gap &-= 1
      }
      slots[gap] = member
    }
  }

  @inline(__always)
  private func precedes(_ tape: TapeMemory, _ left: Member, _ right: Member) -> Bool {
    if left.order != right.order { return left.order < right.order }
    let difference = tape.compareKeys(at: left.key, right.key)
    return difference != 0 ? difference < 0 : left.value < right.value
  }

  /// Keeps the last of each run of equal keys; returns how many members are left.
  private func removeDuplicates(_ tape: TapeMemory, _ slots: UnsafeMutablePointer<Member>, _ count: Int) -> Int {
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
