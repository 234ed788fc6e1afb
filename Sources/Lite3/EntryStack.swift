/// Entry offsets of the objects being walked, outermost first: scratch memory that one walker uses again and again.
///
/// Invariant: `base` points to `capacity` words of which the first `count` are set; indices passed in are below `count`.
struct EntryStack: ~Copyable {
  private var base: UnsafeMutablePointer<UInt32>
  private var capacity = 512
  private(set) var count = 0
  private var orders = OrderMemory()

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
  mutating func push(_ entry: Int) {
    reserve(1)
    base[count] = UInt32(truncatingIfNeeded: entry)
    count &+= 1
  }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if more > capacity &- count { grow(by: more) }
  }

  @inline(never)
  private mutating func grow(by more: Int) {
    let wanted = max(count + more, capacity * 2)
    let larger = UnsafeMutablePointer<UInt32>.allocate(capacity: wanted)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Puts the entries under a checked node on the stack in the order of the tree.
  mutating func push(under node: Int, of document: DocumentBytes, _ budget: inout WorkBudget) throws(Lite3Error) {
    if document.child(node, 0) != 0 { return try pushTree(node, document, &budget, steps: 0) }
    let keys = document.keys(node)
    try budget.visit(keys &+ 1, at: node)
    reserve(Node.keys)
    // All seven slots, used or not: cheaper than counting.
    for index in 0..<Node.keys { base[count &+ index] = UInt32(truncatingIfNeeded: document.entry(node, index)) }
    count &+= keys
  }

  private mutating func pushTree(
    _ node: Int, _ document: DocumentBytes, _ budget: inout WorkBudget, steps: Int
  ) throws(Lite3Error) {
    guard document.child(node, 0) != 0 else { return try push(under: node, of: document, &budget) }
    if steps == Lite3Limits.treeDepth { throw Lite3Error(.corrupt, offset: node) }
    let keys = document.keys(node)
    try budget.visit(keys &+ 1, at: node)
    for index in 0...keys {
      let child = document.child(node, index)
      try document.checkNode(child)
      try pushTree(child, document, &budget, steps: steps &+ 1)
      if index < keys { push(document.entry(node, index)) }
    }
  }

  /// Puts the entries from `first` on, which were pushed from under `node`, in ascending order.
  ///
  /// Entries of objects that look alike come in the same disorder: the permutation that sorted the last one is tried
  /// before anything is sorted.
  @inline(__always)
  mutating func sort(from first: Int, node: Int, of document: DocumentBytes) {
    let count = self.count &- first
    if count < 2 { return }
    reserve(count)
    let (source, target) = (base + first, base + self.count)
    let look = OrderMemory.Look(
      count: count, first: document.uncheckedLong(node &+ Node.hashes), last: UInt64(document.hash(node, 2)))
    if let permutation = orders.permutation(for: look) {
      var ascends = true
      var last: UInt32 = 0
      for index in 0..<count {
        let entry = source[Int(permutation[index])]
        target[index] = entry
        ascends = ascends && last <= entry
        last = entry
      }
      if ascends {
        source.update(from: target, count: count)
        return
      }
    }
    sortSlowly(first, look)
  }

  @inline(never)
  private mutating func sortSlowly(_ first: Int, _ look: OrderMemory.Look) {
    let count = self.count - first
    let (source, target) = (base + first, base + self.count)
    target.update(from: source, count: count)
    var range = UnsafeMutableBufferPointer(start: source, count: count)
    range.sort()
    orders.remember(look) { sorted, original in source[sorted] == target[original] }
  }

  /// Orders the entries from `first` on, which are in the order of the tree, by key; keeps the last of equal keys.
  mutating func sortByKey(
    from first: Int, of document: DocumentBytes, _ budget: inout WorkBudget
  ) throws(Lite3Error) {
    var keyed: [(key: StoredKey, entry: Int)] = []
    keyed.reserveCapacity(count - first)
    for index in first..<count {
      let key = try document.key(self[index])
      try budget.read(key.count, at: key.start)
      keyed.append((key, self[index]))
    }
    // A stable sort: equal keys stay in the order of the tree.
    keyed.sort { document.compare($0.key, $1.key) < 0 }
    truncate(to: first)
    for index in keyed.indices {
      if index + 1 < keyed.count, document.compare(keyed[index].key, keyed[index + 1].key) == 0 { continue }
      push(keyed[index].entry)
    }
  }
}
