/// The hash of a key: start at 5381; for each byte multiply by 33 and add the byte; modulo 2^32.
///
/// Written as a polynomial, eight bytes are three multiplications instead of a chain of eight.
enum KeyHash {
  static var start: UInt32 { 5381 }

  /// The hash of `count` bytes at `key`.
  ///
  /// Reads whole words: up to seven bytes behind the key must be readable.
  @inline(__always)
  static func ofPadded(_ key: UnsafeRawPointer, count: Int) -> UInt32 {
    var hash = start
    var index = 0
    while index &+ 8 <= count {
      hash = hash &* power(8) &+ sum(key.loadUnaligned(fromByteOffset: index, as: UInt64.self))
      index &+= 8
    }
    let left = count &- index
    if left == 0 { return hash }
    let word = key.loadUnaligned(fromByteOffset: index, as: UInt64.self) &<< UInt64((8 &- left) &* 8)
    return hash &* power(left) &+ sum(word)
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
