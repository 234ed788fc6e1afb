/// The hash of a key: start at 5381; for each byte multiply by 33 and add the byte; modulo 2^32.
///
/// Written as a polynomial, eight bytes are three multiplications instead of a chain of eight.
enum KeyHash {
  static var start: UInt32 { 5381 }

  /// The hash of `count` bytes at `key`; nil if one of them is zero, which no key may hold.
  ///
  /// Reads whole words: up to seven bytes behind the key must be readable.
  @inline(__always)
  static func ofPadded(_ key: UnsafeRawPointer, count: Int) -> UInt32? {
    var hash = start
    var zeros: UInt64 = 0
    var index = 0
    while index &+ 8 <= count {
      let word = key.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      hash = hash &* power(8) &+ sum(word)
      zeros |= zeroBytes(word)
      index &+= 8
    }
    let left = count &- index
    if left > 0 {
      // Zeros in front of the last bytes add nothing to the sum.
      let unused = UInt64((8 &- left) &* 8)
      let word = key.loadUnaligned(fromByteOffset: index, as: UInt64.self) &<< unused
      hash = hash &* power(left) &+ sum(word)
      zeros |= zeroBytes(word | (1 &<< unused &- 1))
    }
    return zeros == 0 ? hash : nil
  }

  /// The hash of `count` bytes at `key`; reads nothing else.
  static func of(_ key: UnsafeRawPointer, count: Int) -> UInt32 {
    var hash = start
    for index in 0..<count {
      hash = hash &* 33 &+ UInt32(key.load(fromByteOffset: index, as: UInt8.self))
    }
    return hash
  }

  /// The bytes of `word`, first byte lowest, as digits of a number to base 33.
  ///
  /// Neighbours are folded in pairs, fours and eight; 16-bit lanes hold at most 255 * 34, 32-bit lanes 255 * 34 * 1090.
  @inline(__always)
  private static func sum(_ word: UInt64) -> UInt32 {
    let pairs = (word & 0x00ff_00ff_00ff_00ff) &* 33 &+ (word &>> 8 & 0x00ff_00ff_00ff_00ff)
    let fours = (pairs & 0x0000_ffff_0000_ffff) &* (33 * 33) &+ (pairs &>> 16 & 0x0000_ffff_0000_ffff)
    let first = UInt32(truncatingIfNeeded: fours)
    let second = UInt32(truncatingIfNeeded: fours &>> 32)
    return first &* power(4) &+ second
  }

  /// Non-zero iff a byte of `word` is zero.
  @inline(__always)
  private static func zeroBytes(_ word: UInt64) -> UInt64 {
    (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
  }

  /// 33 to the `exponent`, modulo 2^32, for 0 ... 8.
  @inline(__always)
  private static func power(_ exponent: Int) -> UInt32 {
    switch exponent {
    case 0: 1
    case 1: 33
    case 2: 1089
    case 3: 35937
    case 4: 1_185_921
    case 5: 39_135_393
    case 6: 1_291_467_969
    case 7: 3_963_737_313
    default: 1_954_312_449
    }
  }
}
