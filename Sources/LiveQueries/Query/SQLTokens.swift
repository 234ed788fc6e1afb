/// The words and marks of a statement, as SQLite divides them. Comments and blanks are left out.
struct SQLTokens {
  enum Kind {
    /// A keyword or a name without quotes.
    case word
    /// A name in quotes.
    case name
    case text, blob, number, parameter, mark
  }

  struct Token {
    let kind: Kind
    /// Its bytes in the text.
    let range: Range<Int>
    /// How many parentheses are open around it; of a parenthesis itself, how many around the pair.
    let depth: Int
  }

  let bytes: [UInt8]
  private(set) var tokens: [Token] = []
  private var place = 0
  private var depth = 0

  init(_ text: String) {
    bytes = Array(text.utf8)
    while let token = next() { tokens.append(token) }
  }

  // MARK: Asking

  /// The token's own bytes.
  func bytes(of token: Token) -> ArraySlice<UInt8> { bytes[token.range] }
  /// The token as it is written.
  func text(of token: Token) -> String { String(decoding: bytes[token.range], as: UTF8.self) }
  /// A part of the text.
  func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  /// Whether the token at an index is this word; capitals do not count.
  func isWord(_ index: Int, _ word: StaticString) -> Bool {
    guard tokens.indices.contains(index), tokens[index].kind == .word else { return false }
    return Self.isSame(bytes[tokens[index].range], word)
  }

  /// Whether the token at an index is this mark.
  func isMark(_ index: Int, _ mark: StaticString) -> Bool {
    guard tokens.indices.contains(index), tokens[index].kind == .mark else { return false }
    return Self.isSame(bytes[tokens[index].range], mark)
  }

  /// The name that a token stands for, without its quotes; nil if it is no name.
  func name(_ index: Int) -> String? {
    guard tokens.indices.contains(index) else { return nil }
    switch tokens[index].kind {
    case .word: return text(of: tokens[index])
    case .name: return String(decoding: unquoted(tokens[index].range), as: UTF8.self)
    default: return nil
    }
  }

  /// What stands between quotes, with doubled ones made single.
  func unquoted(_ range: Range<Int>) -> [UInt8] {
    let quote = bytes[range.upperBound - 1]
    var inner: [UInt8] = []
    var index = range.lowerBound + 1
    while index < range.upperBound - 1 {
      inner.append(bytes[index])
      index += bytes[index] == quote && quote != UInt8(ascii: "]") ? 2 : 1
    }
    return inner
  }

  private static func isSame(_ bytes: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
    word.withUTF8Buffer { other in
      bytes.count == other.count && zip(bytes, other).allSatisfy { small($0) == small($1) }
    }
  }

  // MARK: Dividing

  private func byte(_ offset: Int = 0) -> UInt8 { place + offset < bytes.count ? bytes[place + offset] : 0 }

  private mutating func next() -> Token? {
    skipBlanks()
    guard place < bytes.count else { return nil }
    let start = place
    let kind = takeOne()
    if kind == .mark, bytes[start] == UInt8(ascii: ")") { depth = max(0, depth - 1) }
    defer { if kind == .mark, bytes[start] == UInt8(ascii: "(") { depth += 1 } }
    return Token(kind: kind, range: start..<place, depth: depth)
  }

  private mutating func takeOne() -> Kind {
    let first = byte()
    switch first {
    case UInt8(ascii: "'"):
      takeQuoted(until: first)
      return .text
    case UInt8(ascii: "\""), UInt8(ascii: "`"):
      takeQuoted(until: first)
      return .name
    case UInt8(ascii: "["):
      takeQuoted(until: UInt8(ascii: "]"))
      return .name
    case UInt8(ascii: "x"), UInt8(ascii: "X"):
      guard byte(1) == UInt8(ascii: "'") else { return takeWord() }
      place += 1
      takeQuoted(until: UInt8(ascii: "'"))
      return .blob
    case UInt8(ascii: "?"):
      place += 1
      while isDigit(byte()) { place += 1 }
      return .parameter
    case UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "$"), UInt8(ascii: "#"):
      return takeNamedParameter()
    case UInt8(ascii: ".") where isDigit(byte(1)):
      return takeNumber()
    default:
      if isDigit(first) { return takeNumber() }
      return isWordByte(first) ? takeWord() : takeMark()
    }
  }

  private mutating func takeWord() -> Kind {
    while isWordByte(byte()) { place += 1 }
    return .word
  }

  private mutating func takeNumber() -> Kind {
    if byte() == UInt8(ascii: "0"), byte(1) | 0x20 == UInt8(ascii: "x") {
      place += 2
      while isWordByte(byte()) { place += 1 }
      return .number
    }
    while isDigit(byte()) || byte() == UInt8(ascii: ".") { place += 1 }
    if byte() | 0x20 == UInt8(ascii: "e") {
      let signed = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-")
      if isDigit(byte(signed ? 2 : 1)) {
        place += signed ? 2 : 1
        while isDigit(byte()) { place += 1 }
      }
    }
    return .number
  }

  private mutating func takeNamedParameter() -> Kind {
    let start = place
    place += 1
    while true {
      if isWordByte(byte()) {
        place += 1
      } else if byte() == UInt8(ascii: ":"), byte(1) == UInt8(ascii: ":") {
        place += 2
      } else if byte() == UInt8(ascii: "("), place > start + 1, isTclEnd() {
        while byte() != UInt8(ascii: ")") { place += 1 }
        place += 1
        return .parameter
      } else {
        return .parameter
      }
    }
  }

  /// Whether a parameter's suffix in parentheses, as `$a(b)` has it, begins here.
  private func isTclEnd() -> Bool {
    var index = place + 1
    while index < bytes.count, bytes[index] > 0x20, bytes[index] != UInt8(ascii: ")") { index += 1 }
    return index < bytes.count && bytes[index] == UInt8(ascii: ")")
  }

  private mutating func takeMark() -> Kind {
    let longest: [StaticString] = ["->>", "||", "<<", ">>", "<=", ">=", "==", "!=", "<>", "->"]
    for mark in longest {
      let isHere = mark.withUTF8Buffer { bytes[place...].starts(with: $0) }
      if isHere {
        place += mark.utf8CodeUnitCount
        return .mark
      }
    }
    place += 1
    return .mark
  }

  private mutating func takeQuoted(until quote: UInt8) {
    place += 1
    while place < bytes.count {
      let isEnd = bytes[place] == quote
      place += 1
      if isEnd {
        guard byte() == quote, quote != UInt8(ascii: "]") else { return }
        place += 1
      }
    }
  }

  private mutating func skipBlanks() {
    while place < bytes.count {
      if byte() <= 0x20 {
        place += 1
      } else if byte() == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "-") {
        while place < bytes.count, byte() != 0x0a { place += 1 }
      } else if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
        place += 2
        while place < bytes.count, !(byte() == UInt8(ascii: "*") && byte(1) == UInt8(ascii: "/")) { place += 1 }
        place = min(place + 2, bytes.count)
      } else {
        return
      }
    }
  }
}

private func small(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }

private func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

/// Whether a byte may stand in a name without quotes.
func isWordByte(_ byte: UInt8) -> Bool {
  byte >= 0x80 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || isDigit(byte)
    || (0x61...0x7a).contains(small(byte))
}
