// Text is bytes here: names are compared byte by byte, never by canonical equivalence.

extension StaticString {
  /// The same text as a string.
  var text: String { withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }

  /// Whether a string has exactly these bytes.
  func isSame(as text: String) -> Bool {
    withUTF8Buffer { $0.elementsEqual(text.utf8) }
  }

  /// Whether `bytes` are exactly these.
  func isSame(as bytes: RawSpan) -> Bool {
    withUTF8Buffer { own in bytes.withUnsafeBytes { own.elementsEqual($0) } }
  }
}

extension RawSpan {
  /// The byte at `index`, which must be within bounds.
  @inline(__always)
  func byte(_ index: Int) -> UInt8 { unsafeLoad(fromByteOffset: index, as: UInt8.self) }

  /// Whether both have the same bytes.
  func isSame(as other: RawSpan) -> Bool {
    withUnsafeBytes { own in other.withUnsafeBytes { own.elementsEqual($0) } }
  }

  /// Where `byte` first is at or after `start`; nil if nowhere.
  func firstIndex(of wanted: UInt8, from start: Int = 0) -> Int? {
    var index = start
    while index < byteCount {
      if byte(index) == wanted { return index }
      index += 1
    }
    return nil
  }
}

/// The bytes that the formats of this module give a meaning to.
enum Byte {
  static let tab: UInt8 = 0x09
  static let lineFeed: UInt8 = 0x0a
  static let carriageReturn: UInt8 = 0x0d
  static let space: UInt8 = 0x20
  static let colon: UInt8 = 0x3a
  static let bar: UInt8 = 0x7c
  static let tilde: UInt8 = 0x7e
  static let delete: UInt8 = 0x7f
}
