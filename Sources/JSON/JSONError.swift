/// Why a JSON text was refused.
public struct JSONError: Error, Equatable, Sendable {
  /// What is wrong; stable across versions.
  public enum Kind: UInt8, Sendable {
    /// A token where another was expected, or text after the value.
    case syntax
    /// Containers nested deeper than the parser accepts.
    case depth
    /// A bad escape, a lone surrogate or a raw control character in a string.
    case string
    /// A malformed number, or one beyond the range of a double.
    case number
    /// Bytes that are not UTF-8.
    case utf8
    /// No value at all.
    case empty
    /// The text ends inside a value.
    case unfinished
    /// More bytes than the limit in force.
    case tooLarge
    /// The system has no memory for the text.
    case memory
  }

  /// What is wrong.
  public let kind: Kind
  /// Byte offset of the fault in the text, if known.
  public var offset: Int?
  /// Line of the fault, counted from 1, if known: in the stream for a value of a stream, else in the text.
  public var line: Int?

  /// Makes an error.
  public init(_ kind: Kind, offset: Int? = nil, line: Int? = nil) {
    self.kind = kind
    self.offset = offset
    self.line = line
  }

  /// One sentence, lower case, no full stop.
  public var message: StaticString {
    switch kind {
    case .syntax: "invalid json: unexpected token"
    case .depth: "invalid json: nested too deeply"
    case .string: "invalid json: bad escape or control character in a string"
    case .number: "invalid json: malformed or out-of-range number"
    case .utf8: "invalid json: not valid utf-8"
    case .empty: "invalid json: no value"
    case .unfinished: "invalid json: the text ends inside a value"
    case .tooLarge: "json text is larger than the limit"
    case .memory: "not enough memory for the json text"
    }
  }
}
