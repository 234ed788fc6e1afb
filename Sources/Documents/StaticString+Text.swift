extension StaticString {
  /// The same text as a string.
  package var text: String { withUTF8Buffer { String(decoding: $0, as: UTF8.self) } }
}
