// Text is compared and cut by its UTF-8 bytes: never by canonical equivalence, and never by grapheme clusters, whose tables
// some builds leave out.

extension String {
  /// True when both are the same bytes.
  package func hasSameBytes(as other: String) -> Bool { utf8.elementsEqual(other.utf8) }

  /// True when these are the first bytes.
  package func hasBytePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  /// Everything after the first `count` bytes. `count` must lie between two characters.
  package func droppingBytes(_ count: Int) -> String {
    String(decoding: utf8.dropFirst(count), as: UTF8.self)
  }
}

extension [String] {
  /// Byte-wise membership.
  package func containsBytes(of text: String) -> Bool {
    contains { $0.hasSameBytes(as: text) }
  }

  /// The texts one after the other with `separator` between them.
  package func joinedText(_ separator: String) -> String {
    var result = ""
    for (position, text) in self.enumerated() {
      if position > 0 { result += separator }
      result += text
    }
    return result
  }
}
