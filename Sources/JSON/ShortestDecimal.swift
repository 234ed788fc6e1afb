import CSimdjson

/// The shortest decimal digits that read back as one double.
struct ShortestDecimal {
  // A double never needs more than 17 digits; the C function writes into these 24 bytes.
  private var low: SIMD16<UInt8> = .zero
  private var high: SIMD8<UInt8> = .zero
  /// Number of digits, 1 ... 17.
  private(set) var count = 0
  /// The value is d.ddd times ten to this.
  private(set) var exponent = 0

  /// - Parameter value: finite and greater than zero.
  init(_ value: Double) {
    var exponent: Int32 = 0
    let (count, low, high) = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 16) { digits in
      guard let start = digits.baseAddress else { return (0, SIMD16<UInt8>.zero, SIMD8<UInt8>.zero) }
      digits.initializeMemory(as: UInt8.self, repeating: 0)
      let count = csimdjson_shortest_digits(value, start.assumingMemoryBound(to: UInt8.self), &exponent)
      return (Int(count), start.load(as: SIMD16<UInt8>.self), start.load(fromByteOffset: 16, as: SIMD8<UInt8>.self))
    }
    self.low = low
    self.high = high
    self.count = count
    self.exponent = Int(exponent)
  }

  /// The ASCII digit at `index`, which is less than `count`.
  func digit(_ index: Int) -> UInt8 {
    index < 16 ? low[index] : high[index - 16]
  }
}
