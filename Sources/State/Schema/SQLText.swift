/// The words and marks of SQL text, as far as a schema's files have to be looked into before SQLite reads them.
struct SQLText {
  /// A piece of the text that is no blank and no comment.
  struct Token {
    /// A quoted name without its quotes, else the piece itself.
    let text: String
    let isName: Bool
    /// Bytes of the piece in the text.
    let range: Range<Int>
  }

  let bytes: [UInt8]
  private(set) var tokens: [Token] = []

  init(_ text: String) {
    bytes = Array(text.utf8)
    var place = 0
    while let token = next(&place) { tokens.append(token) }
  }

  private func next(_ place: inout Int) -> Token? {
    skipBlanks(&place)
    guard place < bytes.count else { return nil }
    let start = place
    switch bytes[place] {
    case UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "'"): skipQuoted(&place, until: bytes[start])
    case UInt8(ascii: "["): skipQuoted(&place, until: UInt8(ascii: "]"))
    case let byte where SQLText.isWord(byte):
      while place < bytes.count, SQLText.isWord(bytes[place]) { place += 1 }
      return token(start..<place, isName: true)
    default:
      place += 1
      return token(start..<place, isName: false)
    }
    return Token(text: unquoted(start..<place), isName: bytes[start] != UInt8(ascii: "'"), range: start..<place)
  }

  private func token(_ range: Range<Int>, isName: Bool) -> Token {
    Token(text: String(decoding: bytes[range], as: UTF8.self), isName: isName, range: range)
  }

  private func unquoted(_ range: Range<Int>) -> String {
    let quote = bytes[range.upperBound - 1]
    var inner: [UInt8] = []
    var index = range.lowerBound + 1
    while index < range.upperBound - 1 {
      inner.append(bytes[index])
      index += bytes[index] == quote ? 2 : 1
    }
    return String(decoding: inner, as: UTF8.self)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte == UInt8(ascii: ".")
      || (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & ~0x20)
  }

  private func skipBlanks(_ place: inout Int) {
    while place < bytes.count {
      if bytes[place] <= 0x20 {
        place += 1
      } else if bytes[place...].starts(with: "--".utf8) {
        while place < bytes.count, bytes[place] != 0x0a { place += 1 }
      } else if bytes[place...].starts(with: "/*".utf8) {
        place += 2
        while place < bytes.count, !bytes[place...].starts(with: "*/".utf8) { place += 1 }
        place = min(place + 2, bytes.count)
      } else {
        return
      }
    }
  }

  private func skipQuoted(_ place: inout Int, until quote: UInt8) {
    place += 1
    while place < bytes.count {
      let isEnd = bytes[place] == quote
      place += 1
      if isEnd {
        // A doubled quote is one of the name's own.
        guard place < bytes.count, bytes[place] == quote, quote != UInt8(ascii: "]") else { return }
        place += 1
      }
    }
  }

  /// Whether it begins with these words, in capitals or not.
  func begins(with words: String...) -> Bool {
    tokens.count >= words.count && zip(tokens, words).allSatisfy { $0.text.isSame(word: $1) }
  }

  /// The texts of the columns in a CREATE TABLE, in order: what stands between the commas of the outer parentheses.
  var definitions: [(name: String, text: String)] {
    var found: [(String, String)] = []
    var depth = 0
    var start: Int?
    for (index, token) in tokens.enumerated() {
      let mark = token.isName ? "" : token.text
      if mark == "(" { depth += 1 }
      if mark == ")" { depth -= 1 }
      if depth == 1, mark == "(", start == nil { start = index + 1 }
      let isEnd = depth == 0 && mark == ")" || depth == 1 && mark == ","
      guard let first = start, isEnd else { continue }
      if first < index {
        let range = tokens[first].range.lowerBound..<tokens[index - 1].range.upperBound
        found.append((tokens[first].text, String(decoding: bytes[range], as: UTF8.self)))
      }
      if depth == 0 { break }
      start = index + 1
    }
    return found
  }

  /// The line of a byte, from 1.
  static func line(of offset: Int, in text: String) -> Int {
    1 + text.utf8.prefix(offset).reduce(0) { $1 == 0x0a ? $0 + 1 : $0 }
  }
}

extension String {
  /// Whether the two are the same word, in capitals or not; SQL's words and names are ASCII-insensitive.
  func isSame(word other: String) -> Bool {
    func small(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
    return utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { small($0) == small($1) }
  }
}
