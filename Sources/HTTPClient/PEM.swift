/// The bytes inside the armour of PEM (RFC 7468).
enum PEM {
  /// The first certificate of a text, in DER; nil if there is none, or it is not whole.
  static func certificate(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    let begin = Array("-----BEGIN CERTIFICATE-----".utf8)
    guard let start = index(of: begin, in: text) else { return nil }
    var decoder = Base64()
    for byte in text[(start + begin.count)...] {
      if byte == UInt8(ascii: "-") { return decoder.finish() }
      guard decoder.take(byte) else { return nil }
    }
    return nil
  }

  private static func index(of pattern: [UInt8], in text: UnsafeRawBufferPointer) -> Int? {
    guard text.count >= pattern.count else { return nil }
    return (0...(text.count - pattern.count)).first { text[$0...].starts(with: pattern) }
  }

  private struct Base64 {
    private var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var count = 0
    private var isPadded = false

    /// False for what cannot be there.
    mutating func take(_ byte: UInt8) -> Bool {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - UInt8(ascii: "A")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - UInt8(ascii: "a") + 26
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0") + 52
      case UInt8(ascii: "+"): value = 62
      case UInt8(ascii: "/"): value = 63
      case UInt8(ascii: "="):
        isPadded = true
        return true
      case 0x0A, 0x0D, 0x20, 0x09: return true
      default: return false
      }
      if isPadded { return false }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
      return true
    }

    func finish() -> [UInt8]? { count < 6 && !bytes.isEmpty ? bytes : nil }
  }
}
