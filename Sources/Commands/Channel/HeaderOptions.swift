internal import Arguments
internal import Channels
internal import CommandSupport

/// A text header as the command line writes it.
struct Header {
  let name: String
  let value: String

  /// Reads `NAME:VALUE`; the first colon ends the name.
  init(_ text: String, for option: Option) throws(CommandError) {
    let bytes = Array(text.utf8)
    let hint = "Write NAME:VALUE, both of them not empty and without line ends."
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else {
      throw .usage("invalid value '\(text)' for '\(option.display)'", hint: hint)
    }
    name = String(decoding: bytes[..<colon], as: UTF8.self)
    let rest = bytes[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
    value = String(decoding: rest, as: UTF8.self)
    if bytes.first == UInt8(ascii: "~") {
      throw .usage("a header that begins with ~ belongs to the engine", hint: "Choose another name.")
    }
    do throws(ChannelError) {
      _ = try TextHeaderLine(name: Array(name.utf8).span.bytes, value: Array(value.utf8).span.bytes)
    } catch {
      throw .usage(error.message, hint: hint)
    }
  }

  static func list(_ option: Option, _ invocation: Invocation) throws(CommandError) -> [Header] {
    var headers: [Header] = []
    for text in invocation.values(option) { headers.append(try Header(text, for: option)) }
    return headers
  }
}

extension Message {
  mutating func append(_ headers: [Header]) throws(ChannelError) {
    for header in headers { try appendHeader(header.name, header.value) }
  }

  /// Whether one of its headers is this one.
  borrowing func has(_ wanted: Header) -> Bool {
    var walk = headers
    while let header = walk.next() {
      if header.name.isSame(as: wanted.name), header.value.isSame(as: wanted.value) { return true }
    }
    return false
  }
}

extension RawSpan {
  func isSame(as text: String) -> Bool { withUnsafeBytes { $0.elementsEqual(text.utf8) } }

  /// A copy as text; nil if it is not UTF-8.
  var text: String? { String(validating: bytes, as: UTF8.self) }

  var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}
