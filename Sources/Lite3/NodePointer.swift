/// One node of the document being built.
///
/// Invariant: `address` is that of a node in a `DocumentMemory` that has not grown since. Indices are below the width of
/// the arrays they go into: 7 hashes, 7 entries, 8 children.
struct NodePointer {
  let address: UnsafeMutableRawPointer

  /// The number of keys. Setting it clears the element count beside it.
  var keys: Int {
    @inline(__always) get { Int(address.load(fromByteOffset: Node.counts, as: UInt32.self) & Node.keysMask) }
    @inline(__always) nonmutating set { setWord(Node.counts, UInt32(truncatingIfNeeded: newValue)) }
  }

  @inline(__always)
  func hash(_ index: Int) -> UInt32 { word(Node.hashes &+ index &* 4) }

  @inline(__always)
  func setHash(_ index: Int, _ hash: UInt32) { setWord(Node.hashes &+ index &* 4, hash) }

  @inline(__always)
  func entry(_ index: Int) -> Int { Int(word(Node.entries &+ index &* 4)) }

  @inline(__always)
  func setEntry(_ index: Int, _ entry: Int) {
    setWord(Node.entries &+ index &* 4, UInt32(truncatingIfNeeded: entry))
  }

  @inline(__always)
  func child(_ index: Int) -> Int { Int(word(Node.children &+ index &* 4)) }

  @inline(__always)
  func setChild(_ index: Int, _ child: Int) {
    setWord(Node.children &+ index &* 4, UInt32(truncatingIfNeeded: child))
  }

  @inline(__always)
  func word(_ offset: Int) -> UInt32 {
    address.load(fromByteOffset: offset, as: UInt32.self)
  }

  @inline(__always)
  func setWord(_ offset: Int, _ value: UInt32) {
    address.storeBytes(of: value, toByteOffset: offset, as: UInt32.self)
  }

  /// Reads a word and leaves zero in its place.
  @inline(__always)
  func take(_ offset: Int) -> UInt32 {
    let value = word(offset)
    setWord(offset, 0)
    return value
  }

  /// The number of hashes that are below `hash`.
  ///
  /// Counted over all seven slots, without a branch. The unused ones hold zero, which is below every hash but zero.
  @inline(__always)
  func position(of hash: UInt32, keys: Int) -> Int {
    var below = 0
    for index in 0..<Node.keys { below &+= self.hash(index) < hash ? 1 : 0 }
    return hash == 0 ? 0 : below &- (Node.keys &- keys)
  }

  /// Makes the node all zero but for its type byte.
  @inline(__always)
  func clear(_ kind: Lite3Kind) {
    for block in 0..<6 {
      address.storeBytes(of: .zero, toByteOffset: block &* 16, as: SIMD16<UInt8>.self)
    }
    address.storeBytes(of: kind.rawValue, as: UInt8.self)
  }

  /// Puts a key into a leaf at `position`; those from there on move up by one.
  ///
  /// Each array is loaded twice as eight words, once from its first slot and once from the word before it, and the two are
  /// merged at the position. The eighth word, which belongs to the next field, is put right afterwards.
  @inline(__always)
  func insert(_ hash: UInt32, entry: Int, at position: Int, keys: Int) {
    let lanes = SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7)
    // All bits of the lanes below the position: the sign of a difference, spread.
    let stay = (lanes &- SIMD8(repeating: Int32(truncatingIfNeeded: position))) &>> 31
    // All loads come before the stores: a load that overlaps a store still under way has to wait for it.
    let hashes = merged(at: Node.hashes, stay)
    let entries = merged(at: Node.entries, stay)
    address.storeBytes(of: hashes, toByteOffset: Node.hashes, as: SIMD8<Int32>.self)
    address.storeBytes(of: entries, toByteOffset: Node.entries, as: SIMD8<Int32>.self)
    setHash(position, hash)
    setEntry(position, entry)
    setChild(0, 0)
    self.keys = keys &+ 1
  }

  @inline(__always)
  private func merged(at offset: Int, _ stay: SIMD8<Int32>) -> SIMD8<Int32> {
    let here = address.loadUnaligned(fromByteOffset: offset, as: SIMD8<Int32>.self)
    let before = address.loadUnaligned(fromByteOffset: offset &- 4, as: SIMD8<Int32>.self)
    return here & stay | before & ~stay
  }
}
