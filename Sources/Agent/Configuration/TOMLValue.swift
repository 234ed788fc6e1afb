internal import CTOML

/// Where something stands in a text: line and column from 1, the column in characters; 0 is unknown.
struct TextPlace: Sendable, Equatable {
  var line: Int
  var column: Int

  static let unknown = TextPlace(line: 0, column: 0)
}

/// A value of a TOML document, with its place.
struct TOMLValue: Sendable {
  enum Content: Sendable {
    /// In no order.
    case table([TOMLMember])
    case array([TOMLValue])
    case string(String)
    case integer(Int64)
    case float(Double)
    case boolean(Bool)
    /// A date, a time, or both, as RFC 3339 writes it.
    case time(String)
  }

  var content: Content
  var place: TextPlace

  /// What it is, for messages.
  var kindName: String {
    switch content {
    case .table: "a table"
    case .array: "a list"
    case .string: "a string"
    case .integer: "a whole number"
    case .float: "a number"
    case .boolean: "true or false"
    case .time: "a date or time"
    }
  }
}

/// One key of a table and what it stands for.
struct TOMLMember: Sendable {
  var name: String
  var place: TextPlace
  var value: TOMLValue
}

/// Why a text is no TOML document.
struct TOMLError: Error {
  /// One sentence, lower case, no full stop.
  var message: String
  var hint: String
  var place: TextPlace
}

/// Reads TOML 1.0.
enum TOML {
  /// The most bytes that a document may have.
  static let limit = Int(CTOML_TEXT_BYTES)

  /// The document, a table.
  static func parse(_ text: [UInt8]) throws(TOMLError) -> TOMLValue {
    var error = ctoml_error()
    let document = text.withUnsafeBytes { bytes in
      ctoml_parse(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &error)
    }
    guard let document else { throw TOMLError(error) }
    defer { ctoml_free(document) }
    var count = 0
    let nodes = UnsafeBufferPointer(start: ctoml_nodes(document, &count), count: count)
    return TOMLValue(nodes, at: 0)
  }
}

extension TOMLValue {
  // The nodes come from one document that was parsed whole: every `end` lies behind its node and within the list, and nesting
  // is bounded by the parser (`ctoml.h`).
  fileprivate init(_ nodes: UnsafeBufferPointer<ctoml_node>, at index: Int) {
    let node = nodes[index]
    place = TextPlace(node.place)
    content =
      switch Int(node.kind) {
      case CTOML_STRING: .string(String(node.text))
      case CTOML_INTEGER: .integer(node.integer)
      case CTOML_FLOAT: .float(node.number)
      case CTOML_BOOLEAN: .boolean(node.boolean)
      case CTOML_TIME: .time(String(node.text))
      case CTOML_ARRAY: .array(Self.parts(of: index, nodes) { TOMLValue(nodes, at: $0) })
      default:
        .table(
          Self.parts(of: index, nodes) { part in
            TOMLMember(
              name: String(nodes[part].key), place: TextPlace(nodes[part].key_place), value: TOMLValue(nodes, at: part))
          })
      }
  }

  private static func parts<Part>(
    of index: Int, _ nodes: UnsafeBufferPointer<ctoml_node>, _ make: (Int) -> Part
  ) -> [Part] {
    var parts: [Part] = []
    var next = index + 1
    while next < nodes[index].end {
      parts.append(make(next))
      next = nodes[next].end
    }
    return parts
  }
}

extension TextPlace {
  fileprivate init(_ place: ctoml_place) { self.init(line: Int(place.line), column: Int(place.column)) }
}

extension String {
  fileprivate init(_ text: ctoml_text) {
    self.init(decoding: UnsafeRawBufferPointer(start: text.bytes, count: text.length), as: UTF8.self)
  }
}

extension TOMLError {
  fileprivate init(_ error: ctoml_error) {
    var error = error
    let words = withUnsafeBytes(of: &error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    place = TextPlace(error.place)
    hint = "Correct the line; https://toml.io says how TOML is written."
    switch Int(error.code) {
    case CTOML_TOO_LARGE:
      message = "the file is larger than \(TOML.limit) bytes"
      hint = "Check that it is the configuration file."
    case CTOML_TOO_DEEP: message = "a key has more than \(CTOML_KEY_PARTS) parts"
    case CTOML_MEMORY:
      message = "not enough memory for the file"
      hint = "Close other programs, and try again."
    default: message = "not TOML: \(words.isEmpty ? "something is wrong" : words)"
    }
  }
}
