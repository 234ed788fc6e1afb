/// The growing memory of one document, addressed by offset.
///
/// The only code of the writing side that touches raw memory directly.
///
/// Invariant: `base` points to `capacity + slack` bytes, 16-aligned; `end <= capacity`. Every offset passed in was made by
/// appending, so it lies below `end`, and a node at it lies below `end` entirely. `reserve` is called before bytes are
/// appended; stores of whole words may reach up to `slack` bytes behind what was reserved.
struct DocumentMemory: ~Copyable {
  /// Room behind every reservation: for stores of whole words, and for the nodes that one insertion may add by splitting
  /// (two for a root and one for each of nine levels, each padded).
  static var slack: Int { 64 }
  static var splitRoom: Int { 12 * (Node.size + 3) }

  private(set) var base: UnsafeMutableRawPointer
  var start: UnsafeRawPointer { UnsafeRawPointer(base) }
  private var capacity: Int
  private(set) var end = 0

  init(capacity: Int) {
    self.capacity = capacity
    base = UnsafeMutableRawPointer.allocate(byteCount: capacity + Self.slack, alignment: 16)
  }

  deinit {
    base.deallocate()
  }

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
    let needed = end + count + Self.splitRoom
    guard needed <= Lite3Limits.documentBytes + Self.splitRoom else { throw Lite3Error(.tooLarge) }
    let wanted = max(needed, min(capacity * 2, Lite3Limits.documentBytes + Self.splitRoom))
    let larger = UnsafeMutableRawPointer.allocate(byteCount: wanted + Self.slack, alignment: 16)
    larger.copyMemory(from: base, byteCount: end)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  // MARK: Appending

  @inline(__always)
  mutating func advance(by count: Int) {
    end &+= count
  }

  /// Appends zeros up to a multiple of four.
  @inline(__always)
  mutating func alignEnd() {
    pad(by: (0 &- end) & 3)
  }

  /// Appends up to four zeros.
  @inline(__always)
  mutating func pad(by count: Int) {
    (base + end).storeBytes(of: 0, as: UInt32.self)
    end &+= count
  }

  @inline(__always)
  mutating func append(_ byte: UInt8) {
    (base + end).storeBytes(of: byte, as: UInt8.self)
    end &+= 1
  }

  @inline(__always)
  mutating func append(_ word: UInt32) {
    (base + end).storeBytes(of: word, as: UInt32.self)
    end &+= 4
  }

  @inline(__always)
  mutating func append(_ word: UInt64) {
    (base + end).storeBytes(of: word, as: UInt64.self)
    end &+= 8
  }

  /// Appends `count` bytes from memory that is readable up to 15 bytes behind them.
  @inline(__always)
  mutating func appendPadded(_ source: UnsafeRawPointer, count: Int) {
    let target = base + end
    if count <= 32 {
      target.storeBytes(of: source.loadUnaligned(as: SIMD16<UInt8>.self), as: SIMD16<UInt8>.self)
      if count > 16 {
        let rest = source.loadUnaligned(fromByteOffset: 16, as: SIMD16<UInt8>.self)
        target.storeBytes(of: rest, toByteOffset: 16, as: SIMD16<UInt8>.self)
      }
    } else {
      target.copyMemory(from: source, byteCount: count)
    }
    end &+= count
  }

  /// Appends `count` bytes.
  mutating func append(_ source: UnsafeRawPointer, count: Int) {
    (base + end).copyMemory(from: source, byteCount: count)
    end &+= count
  }

  /// Appends a node that is all zero but for its type byte, and returns its offset.
  @inline(__always)
  mutating func appendNode(_ kind: Lite3Kind) -> Int {
    let node = end
    let target = base + node
    var first = SIMD16<UInt8>.zero
    first[0] = kind.rawValue
    target.storeBytes(of: first, as: SIMD16<UInt8>.self)
    for block in 1..<6 {
      target.storeBytes(of: .zero, toByteOffset: block &* 16, as: SIMD16<UInt8>.self)
    }
    end &+= Node.size
    return node
  }

  // MARK: Words of nodes

  @inline(__always)
  func word(_ offset: Int) -> UInt32 {
    base.load(fromByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  func setWord(_ offset: Int, _ value: UInt32) {
    base.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
  }

  func copyNode(from source: Int, to target: Int) {
    (base + target).copyMemory(from: base + source, byteCount: Node.size)
  }
}
