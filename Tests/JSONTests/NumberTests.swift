import JSON
import Testing

struct NumberTests {
  @Test(arguments: [
    (0.0, "0.0"), (-0.0, "-0.0"), (1.0, "1.0"), (-2.5, "-2.5"), (100.0, "100.0"), (0.1, "0.1"), (0.3, "0.3"),
    (0.1 + 0.2, "0.30000000000000004"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
    (123456789012345680.0, "1.2345678901234568e+17"),
    (9_007_199_254_740_993.0, "9007199254740992.0"), (0.00001, "0.00001"), (0.000001, "1e-6"), (0.0000123, "0.0000123"),
    (1.5e-7, "1.5e-7"), (999_999_999.999999, "999999999.999999"), (1_000_000_000.5, "1000000000.5"),
    (Double.leastNonzeroMagnitude, "5e-324"), (2.2250738585072014e-308, "2.2250738585072014e-308"),
    (Double.leastNormalMagnitude.nextDown, "2.225073858507201e-308"),
    (1.7976931348623157e308, "1.7976931348623157e+308"), (18446744073709551615.0, "1.8446744073709552e+19"),
    (4.35, "4.35"), (0.001, "0.001"), (0.0010000000000000002, "0.0010000000000000002"), (1e9, "1000000000.0"),
    (9007199254740991.0, "9007199254740991.0"), (1e23, "1e+23"), (9.5367431640625e-7, "9.5367431640625e-7"),
  ])
  func doublesArePrintedShortest(value: Double, expected: String) {
    #expect(written { _ = $0.appendDecimal(value) } == expected)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity])
  func whatJSONCannotHoldIsRefused(value: Double) {
    var writer = ByteWriter()
    let isWritten = writer.appendDecimal(value)
    #expect(!isWritten)
    #expect(writer.count == 0)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func doublesReadBackTheSame(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<2000 {
      let value = Self.randomDouble(round, &generator)
      let printed = written { _ = $0.appendDecimal(value) }
      #expect(Double(printed)?.bitPattern == value.bitPattern, "\(printed)")
      // The standard library prints shortest digits too.
      #expect(Self.significant(printed) == Self.significant(value.description), "\(printed) \(value)")
    }
  }

  @Test(
    arguments: [
      (Int64.min, "-9223372036854775808"), (.max, "9223372036854775807"), (0, "0"), (-1, "-1"), (9, "9"), (10, "10"),
      (99, "99"), (100, "100"), (-1000, "-1000"), (12345, "12345"), (999_999, "999999"),
      (10_000_000_000, "10000000000"),
    ] as [(Int64, String)])
  func integersAreExact(value: Int64, expected: String) {
    #expect(written { $0.appendDecimal(value) } == expected)
  }

  @Test func unsignedIntegersAreExact() {
    #expect(written { $0.appendDecimal(UInt64.max) } == "18446744073709551615")
    var value: UInt64 = 1
    while value < .max / 10 {
      for candidate in [value - 1, value, value + 1] {
        #expect(written { $0.appendDecimal(candidate) } == candidate.description)
      }
      value *= 10
    }
  }

  /// Doubles of every magnitude, and many with few decimals, as programs write them.
  private static func randomDouble(_ round: Int, _ generator: inout SeededGenerator) -> Double {
    while true {
      let value: Double =
        switch round % 4 {
        case 0: Double(bitPattern: generator.next())
        case 1: Double(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &generator)) / 1e6
        case 2: Double(Int64.random(in: -1_000_000...1_000_000, using: &generator)) / 1e3
        default: Double.random(in: -1e9...1e9, using: &generator)
        }
      if value.isFinite { return value }
    }
  }

  /// Significant digits without zeros at either end, and without exponent.
  private static func significant(_ text: String) -> [UInt8] {
    var digits = text.utf8.prefix { $0 != UInt8(ascii: "e") }.filter { (0x30...0x39).contains($0) }
    while digits.first == 0x30 { digits.removeFirst() }
    while digits.last == 0x30 { digits.removeLast() }
    return digits
  }
}
