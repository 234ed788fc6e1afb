public import Platform

/// What names a subscription: 16 random bytes, shown as a UUID with dashes.
public struct LiveID: Hashable, Sendable, CustomStringConvertible {
  /// The bytes.
  public let bytes: [UInt8]

  /// A new one: a UUID of version 4.
  public static func random() throws(SystemError) -> LiveID {
    let halves = [try SystemRandom.word() & ~0xf000 | 0x4000, try SystemRandom.word() & (.max >> 2) | 1 << 63]
    return LiveID(bytes: halves.flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } })
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// Nil unless there are 16 bytes.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// The id that a text names: 32 hexadecimal digits, with the four dashes of a UUID or without any; else nil.
  public init?(_ text: String) {
    var digits = Array(text.utf8)
    if digits.count == 36 {
      for place in [23, 18, 13, 8] where digits.remove(at: place) != UInt8(ascii: "-") { return nil }
    }
    guard digits.count == 32 else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: 32, by: 2) {
      guard let high = hexValue(digits[place]), let low = hexValue(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  /// With dashes.
  public var description: String {
    var text: [UInt8] = []
    for (place, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(place) { text.append(UInt8(ascii: "-")) }
      text += hexDigits(byte)
    }
    return String(decoding: text, as: UTF8.self)
  }
}

func hexDigits(_ byte: UInt8) -> [UInt8] {
  [byte >> 4, byte & 15].map { $0 < 10 ? UInt8(ascii: "0") + $0 : UInt8(ascii: "a") + $0 - 10 }
}

private func hexValue(_ digit: UInt8) -> UInt8? {
  switch digit {
  case 0x30...0x39: digit - 0x30
  case 0x41...0x46, 0x61...0x66: (digit | 0x20) - 0x61 + 10
  default: nil
  }
}
