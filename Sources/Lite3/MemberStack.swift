/// The members of the objects being encoded, outermost first: scratch memory that one encoder uses again and again.
///
/// Invariant: `base` points to `capacity` members; every index used lies in a range that `push` returned room for. The
/// address changes when the stack grows, so nobody keeps it across a call that may push.
struct MemberStack: ~Copyable {
  private(set) var base: UnsafeMutablePointer<Member>
  private(set) var capacity: Int

  init() {
    capacity = 256
    base = .allocate(capacity: capacity)
  }

  deinit {
    base.deallocate()
  }

  /// Makes members up to index `count` addressable.
  @inline(__always)
  mutating func reserve(_ count: Int) {
    if count > capacity { grow(to: count) }
  }

  @inline(never)
  private mutating func grow(to count: Int) {
    let wanted = max(count, capacity * 2)
    let larger = UnsafeMutablePointer<Member>.allocate(capacity: wanted)
    larger.moveInitialize(from: base, count: capacity)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Gives back memory that one huge object needed.
  mutating func shrink() {
    guard capacity > Lite3Limits.keptBytes / MemoryLayout<Member>.stride else { return }
    base.deallocate()
    capacity = 256
    base = .allocate(capacity: capacity)
  }
}

/// One member of an object on its way from the tape into the document.
struct Member {
  /// The first eight bytes of the key, first byte highest, zeros behind a shorter key: orders most keys by itself.
  /// Once the entry is written: its hash << 32 | its offset.
  var order: UInt64
  /// Offset of the key in the tape's strings. Once the entry is written: its rank by hash.
  var key: UInt32
  /// Index of the value in the tape; larger for the later of two members with the same key.
  var value: UInt32
}
