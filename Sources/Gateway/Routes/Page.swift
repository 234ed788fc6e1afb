internal import HTTP
internal import Platform
internal import WebPage

/// The web page, ready to be served: its one script carries a number that is new each time, so that nothing else on the page is
/// ever run.
struct Page: Sendable {
  private static let placeholder: StaticString = "WEIR_NONCE"
  /// What stands between the places for the number.
  private let parts: [[UInt8]]

  init() {
    let bytes = Array(UnsafeBufferPointer(start: webpage_bytes(), count: webpage_size()))
    var parts: [[UInt8]] = []
    var start = 0
    var index = 0
    let word = Self.placeholder.withUTF8Buffer { Array($0) }
    while index + word.count <= bytes.count {
      if bytes[index] == word[0], bytes[index..<index + word.count].elementsEqual(word) {
        parts.append(Array(bytes[start..<index]))
        index += word.count
        start = index
      } else {
        index += 1
      }
    }
    parts.append(Array(bytes[start...]))
    self.parts = parts
  }

  /// The page, and what its `content-security-policy` must be.
  ///
  /// - Throws: When the system has no randomness to give: a number that can be guessed protects nobody.
  func make() throws(SystemError) -> (text: [UInt8], policy: String) {
    let nonce = try "\(SystemRandom.word())\(SystemRandom.word())"
    var text = parts[0]
    for part in parts.dropFirst() { text += Array(nonce.utf8) + part }
    return (
      text,
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; connect-src 'self'; "
        + "img-src data:; style-src 'unsafe-inline'; script-src 'nonce-\(nonce)'"
    )
  }
}
