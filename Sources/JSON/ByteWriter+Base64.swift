extension ByteWriter {
  /// Appends `count` bytes as padded base64 text of the standard alphabet.
  package mutating func appendBase64(_ source: UnsafeRawPointer, count: Int) {
    var index = 0
    while index < count {
      let taken = min(3, count - index)
      var group: UInt32 = 0
      for offset in 0..<3 {
        let byte = offset < taken ? source.load(fromByteOffset: index + offset, as: UInt8.self) : 0
        group = group << 8 | UInt32(byte)
      }
      for digit in 0..<4 {
        append(digit <= taken ? base64Digit(group >> UInt32(18 - digit * 6) & 63) : UInt8(ascii: "="))
      }
      index += 3
    }
  }
}

private func base64Digit(_ value: UInt32) -> UInt8 {
  let digit = UInt8(truncatingIfNeeded: value)
  return switch digit {
  case 0..<26: UInt8(ascii: "A") + digit
  case 26..<52: UInt8(ascii: "a") + (digit - 26)
  case 52..<62: UInt8(ascii: "0") + (digit - 52)
  case 62: UInt8(ascii: "+")
  default: UInt8(ascii: "/")
  }
}
