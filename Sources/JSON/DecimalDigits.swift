/// Decimal digits of integers, written into raw memory.
enum DecimalDigits {
  /// Number of digits of `value`, at least 1.
  ///
  /// 1233 / 4096 is a little more than the logarithm of 2: the guess from the number of bits is right or one too low.
  @inline(__always)
  static func count(of value: UInt64) -> Int {
    let guess = ((64 &- (value | 1).leadingZeroBitCount) &* 1233) &>> 12
    return guess &+ (value >= power(guess) ? 1 : 0) &+ (value == 0 ? 1 : 0)
  }

  /// Writes the last `count` digits of `value`, with leading zeros; `output` has room for `count` bytes.
  @inline(__always)
  static func write(_ value: UInt64, count: Int, to output: UnsafeMutableRawPointer) {
    var rest = value
    var left = count
    while left >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      let tens = (pair &* 103) &>> 10
      let ones = pair &- tens &* 10
      left &-= 2
      output.storeBytes(
        of: UInt16(truncatingIfNeeded: 0x3030 &+ tens &+ ones &<< 8), toByteOffset: left, as: UInt16.self)
      rest = quotient
    }
    if left == 1 {
      output.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 &+ rest % 10), as: UInt8.self)
    }
  }

  /// Ten to the `exponent`; the largest number for exponents beyond 19, which no guess needs.
  @inline(__always)
  private static func power(_ exponent: Int) -> UInt64 {
    switch exponent {
    case 0: 1
    case 1: 10
    case 2: 100
    case 3: 1000
    case 4: 10_000
    case 5: 100_000
    case 6: 1_000_000
    case 7: 10_000_000
    case 8: 100_000_000
    case 9: 1_000_000_000
    case 10: 10_000_000_000
    case 11: 100_000_000_000
    case 12: 1_000_000_000_000
    case 13: 10_000_000_000_000
    case 14: 100_000_000_000_000
    case 15: 1_000_000_000_000_000
    case 16: 10_000_000_000_000_000
    case 17: 100_000_000_000_000_000
    case 18: 1_000_000_000_000_000_000
    default: 10_000_000_000_000_000_000
    }
  }
}
