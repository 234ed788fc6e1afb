/// The growing memory of one document.
///
/// Invariant: `base` points to `capacity + slack` bytes, 16-aligned, and `end <= capacity`. An offset that was made by
/// appending lies below `end`, and so does a node at it, entirely. After `reserve(n)`, n bytes and the nodes of one
/// insertion may be stored from `tail` on, and whole words up to `slack` bytes behind them; `base`, `tail` and every
/// `NodePointer` stay valid until the next `reserve`.
struct DocumentMemory: ~Copyable {
  /// Room behind every reservation for stores of whole words and blocks.
  static var slack: Int { 64 }
  /// Room behind every reservation for the nodes that one insertion adds by splitting: two for a root and one for each
  /// level below it, each padded.
  static var splitRoom: Int { (Lite3Limits.treeDepth + 3) * (Node.size + 3) }

  private(set) var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var end = 0

  init(capacity: Int) {
    self.capacity = capacity
    base = UnsafeMutableRawPointer.allocate(byteCount: capacity + Self.slack, alignment: 16)
  }

  deinit {
    base.deallocate()
  }

  /// Forgets the content, and gives memory back that only a huge document needed.
  mutating func removeAll() {
    end = 0
    if capacity > Lite3Limits.keptBytes {
      base.deallocate()
      capacity = Lite3Limits.keptBytes
      base = UnsafeMutableRawPointer.allocate(byteCount: capacity + Self.slack, alignment: 16)
    }
  }

  /// Makes room for `count` bytes and the nodes of one insertion.
  @inline(__always)
  mutating func reserve(_ count: Int) throws(Lite3Error) {
    if count > capacity &- end &- Self.splitRoom { try grow(by: count) }
  }

  @inline(never)
  private mutating func grow(by count: Int) throws(Lite3Error) {
    let limit = Lite3Limits.documentBytes + Self.splitRoom
    let needed = end + count + Self.splitRoom
    guard needed <= limit else { throw Lite3Error(.tooLarge) }
    let wanted = max(needed, min(capacity * 2, limit))
    let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted + Self.slack, alignment: 16)
    larger.copyMemory(from: base, byteCount: end)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Where the next byte goes. Stores through a local copy of this pointer, then one assignment, spare a load and a store
  /// of the offset for every piece.
  var tail: UnsafeMutableRawPointer {
    @inline(__always) get { base + end }
    @inline(__always) set { end = newValue - base }
  }

  @inline(__always)
  func node(at offset: Int) -> NodePointer {
    NodePointer(address: base + offset)
  }

  /// Appends a node that is all zero but for its type byte, and returns its offset.
  @inline(__always)
  mutating func appendNode(_ kind: Lite3Kind) -> Int {
    let offset = end
    node(at: offset).clear(kind)
    end = offset &+ Node.size
    return offset
  }

  /// Appends zeros up to a multiple of four.
  @inline(__always)
  mutating func alignEnd() {
    tail.storeBytes(of: 0, as: UInt32.self)
    end = (end &+ 3) & ~3
  }
}

extension UnsafeMutableRawPointer {
  /// Stores a value and moves behind it.
  @inline(__always)
  mutating func put<T: BitwiseCopyable>(_ value: T) {
    storeBytes(of: value, as: T.self)
    self += MemoryLayout<T>.size
  }

  /// Copies `count` bytes and moves behind them. Up to 15 bytes behind the source are read, and up to `slack` bytes behind
  /// the copy are written.
  @inline(__always)
  mutating func putPadded(_ source: UnsafeRawPointer, count: Int) {
    if count <= 64 {
      var offset = 0
      repeat {
        let block = source.loadUnaligned(fromByteOffset: offset, as: SIMD16<UInt8>.self)
        storeBytes(of: block, toByteOffset: offset, as: SIMD16<UInt8>.self)
        offset &+= 16
      } while offset < count
    } else {
      copyMemory(from: source, byteCount: count)
    }
    self += count
  }

  /// Copies `count` bytes and moves behind them.
  @inline(__always)
  mutating func put(_ source: UnsafeRawPointer, count: Int) {
    copyMemory(from: source, byteCount: count)
    self += count
  }
}
