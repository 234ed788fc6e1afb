/// Decimal digits of integers, written into raw memory.
enum DecimalDigits {
  /// Number of digits of `value`, at least 1.
  static func count(of value: UInt64) -> Int {
    if value < 10 { return 1 }
    if value < 100 { return 2 }
    if value < 1000 { return 3 }
    if value < 10_000 { return 4 }
    var count = 4
    var rest = value / 10_000
    while rest != 0 {
      rest /= 10
      count += 1
    }
    return count
  }

  /// Writes the last `count` digits of `value`, with leading zeros; `output` has room for `count` bytes.
  static func write(_ value: UInt64, count: Int, to output: UnsafeMutableRawPointer) {
    var rest = value
    var left = count
    while left >= 2 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      let tens = (pair &* 103) >> 10
      let ones = pair &- tens &* 10
      left -= 2
      output.storeBytes(of: UInt16(truncatingIfNeeded: 0x3030 + tens + ones << 8), toByteOffset: left, as: UInt16.self)
      rest = quotient
    }
    if left == 1 {
      output.storeBytes(of: UInt8(truncatingIfNeeded: 0x30 + rest % 10), as: UInt8.self)
    }
  }
}
