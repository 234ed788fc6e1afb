/// Remembers, for the looks of objects seen last, the permutation that put their members in order.
///
/// Only a source of guesses: whoever uses one checks it.
struct OrderMemory: ~Copyable {
  /// What an object looks like before its keys were compared.
  struct Look {
    let count: Int
    /// The beginnings of the first and the last key as they came.
    let first: UInt64
    let last: UInt64

    /// The slot of this look.
    @inline(__always)
    fileprivate var slot: Int {
      let mixed = (first ^ last &<< 1 ^ UInt64(truncatingIfNeeded: count)) &* 0x9e37_79b9_7f4a_7c15
      return Int(truncatingIfNeeded: mixed &>> 58)
    }
  }

  /// Objects with more members are sorted each time.
  private static var longest: Int { 63 }
  private static var slots: Int { 64 }

  /// One row of 64 bytes a slot: the number of members, then the original index of each in order.
  private let rows: UnsafeMutablePointer<UInt8>

  init() {
    rows = .allocate(capacity: Self.slots * 64)
    rows.initialize(repeating: 0, count: Self.slots * 64)
  }

  deinit {
    rows.deallocate()
  }

  /// The permutation remembered for a look: for each member in order, its index as it came, below the count.
  @inline(__always)
  func permutation(for look: Look) -> UnsafePointer<UInt8>? {
    let row = rows + look.slot &* 64
    return look.count <= Self.longest && Int(row[0]) == look.count ? UnsafePointer(row + 1) : nil
  }

  /// Remembers a permutation, given by what tells whether a sorted member is the one that came at an index.
  func remember(_ look: Look, _ isSame: (_ sorted: Int, _ original: Int) -> Bool) {
    guard look.count <= Self.longest else { return }
    let row = rows + look.slot * 64
    row[0] = UInt8(look.count)
    for sorted in 0..<look.count {
      for original in 0..<look.count where isSame(sorted, original) { row[1 + sorted] = UInt8(original) }
    }
  }
}
