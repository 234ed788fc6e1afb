/// One value of a database, in its storage class.
///
/// Text is bytes: compared byte by byte, and kept as it is where it is not valid UTF-8.
public enum SQLiteValue: Hashable, Sendable {
  case null
  case integer(Int64)
  case real(Double)
  case text([UInt8])
  case blob([UInt8])

  /// The text.
  public init(_ text: String) { self = .text(Array(text.utf8)) }

  /// The text as a string, with replacement characters where it is not valid UTF-8; nil for any other class.
  public var string: String? {
    guard case .text(let bytes) = self else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The integer; nil for any other class.
  public var integer: Int64? {
    guard case .integer(let number) = self else { return nil }
    return number
  }
}

extension SQLiteValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral {
  /// The text.
  public init(stringLiteral text: String) { self.init(text) }
  /// The integer.
  public init(integerLiteral number: Int64) { self = .integer(number) }
  /// The real number.
  public init(floatLiteral number: Double) { self = .real(number) }
}

/// The storage class of a value; the raw value is the library's.
public enum SQLiteClass: Int32, Sendable {
  case integer = 1
  case real, text, blob, null
}

/// Names and texts as parts of SQL.
package enum SQL {
  /// A name of a table, column or index, quoted whatever it contains.
  package static func name(_ name: String) -> String { quoted(name, UInt8(ascii: "\"")) }

  /// A text literal.
  package static func literal(_ text: String) -> String { quoted(text, UInt8(ascii: "'")) }

  private static func quoted(_ text: String, _ quote: UInt8) -> String {
    var bytes: [UInt8] = [quote]
    for byte in text.utf8 {
      if byte == quote { bytes.append(quote) }
      bytes.append(byte)
    }
    bytes.append(quote)
    return String(decoding: bytes, as: UTF8.self)
  }
}
