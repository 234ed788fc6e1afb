/// Entry offsets, last in first out: scratch memory that one walker uses again and again.
///
/// Invariant: `base` points to `capacity` words of which the first `count` are set; indices passed in are below `count`.
struct EntryStack: ~Copyable {
  private var base: UnsafeMutablePointer<UInt32>
  private var capacity = 512
  private(set) var count = 0

  init() {
    base = .allocate(capacity: capacity)
  }

  deinit {
    base.deallocate()
  }

  @inline(__always)
  subscript(index: Int) -> Int { Int(base[index]) }

  mutating func removeAll() {
    count = 0
    if capacity > Lite3Limits.keptBytes / 4 {
      base.deallocate()
      capacity = 512
      base = .allocate(capacity: capacity)
    }
  }

  @inline(__always)
  mutating func truncate(to newCount: Int) {
    count = newCount
  }

  @inline(__always)
  mutating func push(_ entry: UInt32) {
    if count == capacity { grow() }
    base[count] = entry
    count &+= 1
  }

  @inline(never)
  private mutating func grow() {
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }

  /// Puts the entries from `first` on in ascending order.
  @inline(__always)
  mutating func sort(from first: Int) {
    let count = self.count &- first
    if count > 32 {
      var range = UnsafeMutableBufferPointer(start: base + first, count: count)
      range.sort()
      return
    }
    var index = first &+ 1
    while index < self.count {
      let entry = base[index]
      var gap = index
      while gap > first, base[gap &- 1] > entry {
        base[gap] = base[gap &- 1]
        gap &-= 1
      }
      base[gap] = entry
      index &+= 1
    }
  }
}
