/// Bytes as digits of base 16, in lower case.
package enum Hexadecimal {
  /// Two digits a byte.
  package static func text(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes { text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// Sixteen digits a word.
  package static func text(_ words: [UInt64]) -> String {
    text(words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(56 - 8 * $0)) } })
  }

  /// The bytes; nil unless there are only digits, in lower case and two a byte.
  package static func bytes(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }
}

/// The text of a UUID: 32 hexadecimal digits with four dashes.
package enum UUIDText {
  private static let dashes = [8, 13, 18, 23]

  /// - Parameter bytes: 16 of them.
  package static func text(_ bytes: [UInt8]) -> String {
    var digits = Array(Hexadecimal.text(bytes).utf8)
    for place in dashes where place <= digits.count { digits.insert(UInt8(ascii: "-"), at: place) }
    return String(decoding: digits, as: UTF8.self)
  }

  /// The 16 bytes; nil for anything but digits, small or capital, with the four dashes or without any.
  package static func bytes(_ text: String) -> [UInt8]? {
    var digits = text.utf8.map { $0 >= 0x41 && $0 <= 0x46 ? $0 + 0x20 : $0 }
    if digits.count == 36 {
      for place in dashes.reversed() where digits.remove(at: place) != UInt8(ascii: "-") { return nil }
    }
    guard digits.count == 32 else { return nil }
    return Hexadecimal.bytes(String(decoding: digits, as: UTF8.self))
  }
}
