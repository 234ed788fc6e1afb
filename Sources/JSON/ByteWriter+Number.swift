// Numbers as the pool format prints them (section 13.3): integers exact; doubles with the shortest digits that read back
// the same, positional for decimal exponents -5 ... 15, scientific outside, and always recognisable as a double.

extension ByteWriter {
  /// Appends a decimal integer.
  public mutating func appendDecimal(_ value: UInt64) {
    let count = DecimalDigits.count(of: value)
    DecimalDigits.write(value, count: count, to: reserve(count))
    advance(by: count)
  }

  /// Appends a decimal integer.
  public mutating func appendDecimal(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    appendDecimal(value.magnitude)
  }

  /// Appends a double.
  ///
  /// - Returns: false, with nothing appended, for NaN and infinities, which JSON cannot hold.
  public mutating func appendDecimal(_ value: Double) -> Bool {
    guard value.isFinite else { return false }
    if value.sign == .minus { append(UInt8(ascii: "-")) }
    let magnitude = value.magnitude
    if magnitude < 1e9, magnitude >= 1e-3 || magnitude == 0, appendShortDecimal(magnitude) { return true }
    appendShortest(magnitude)
    return true
  }

  /// Appends a value that has at most six decimals, or returns false.
  ///
  /// Why the result is the shortest: `scaled` has at most 15 digits, two decimals of at most 15 digits never read as the
  /// same double, and `scaled / 1e6` is the correctly rounded reading of that decimal since both operands are exact.
  private mutating func appendShortDecimal(_ magnitude: Double) -> Bool {
    let scaled = UInt64(magnitude * 1e6 + 0.5)
    guard Double(scaled) / 1e6 == magnitude else { return false }
    let (whole, fraction) = scaled.quotientAndRemainder(dividingBy: 1_000_000)
    appendDecimal(whole)
    append(UInt8(ascii: "."))
    var (digits, count) = (fraction, 6)
    while count > 1, digits % 10 == 0 {
      digits /= 10
      count -= 1
    }
    DecimalDigits.write(digits, count: count, to: reserve(count))
    advance(by: count)
    return true
  }

  private mutating func appendShortest(_ magnitude: Double) {
    let shortest = ShortestDecimal(magnitude)
    let digits = shortest.count
    let exponent = shortest.exponent
    switch exponent {
    case 0...15:
      let whole = exponent + 1
      appendDigits(shortest, 0..<min(whole, digits))
      appendZeros(whole - digits)
      append(UInt8(ascii: "."))
      if digits > whole {
        appendDigits(shortest, whole..<digits)
      } else {
        append(UInt8(ascii: "0"))
      }
    case -5..<0:
      append("0.")
      appendZeros(-exponent - 1)
      appendDigits(shortest, 0..<digits)
    default:
      appendDigits(shortest, 0..<1)
      if digits > 1 {
        append(UInt8(ascii: "."))
        appendDigits(shortest, 1..<digits)
      }
      append(exponent < 0 ? "e-" : "e+")
      appendDecimal(UInt64(exponent.magnitude))
    }
  }

  private mutating func appendDigits(_ shortest: ShortestDecimal, _ range: Range<Int>) {
    for index in range { append(shortest.digit(index)) }
  }

  private mutating func appendZeros(_ count: Int) {
    if count > 0 {
      for _ in 0..<count { append(UInt8(ascii: "0")) }
    }
  }
}
