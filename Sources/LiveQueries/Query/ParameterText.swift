internal import Platform
internal import SQLite
internal import State

// Parameters become part of a subscription's text, so that the same text with the same values is the same subscription. SQLite's own
// function for that cuts text at a NUL and real numbers at 15 digits, and lets `x-?` with a negative number become a comment.

extension SQLTokens {
  /// The text with values in the place of its parameters. Names that the text does not have are skipped; parameters without a value are
  /// NULL.
  ///
  /// - Throws: `.sql` if values by position are too few or too many.
  func expanded(_ parameters: Parameters) throws(StateError) -> String {
    let numbered = numberedParameters
    let values = try values(of: numbered, parameters)
    if numbered.isEmpty { return text(0..<bytes.count) }
    var output: [UInt8] = []
    var place = 0
    for (token, number, _) in numbered {
      output += bytes[place..<token.range.lowerBound]
      let literal = SQLTokens.literal(values[number] ?? .null)
      if let last = output.last, isWordByte(last) || last == UInt8(ascii: "-") { output.append(0x20) }
      output += literal
      place = token.range.upperBound
      if place < bytes.count, isWordByte(bytes[place]) { output.append(0x20) }
    }
    output += bytes[place...]
    return String(decoding: output, as: UTF8.self)
  }

  /// The parameters with the numbers that SQLite gives them.
  private var numberedParameters: [(token: Token, number: Int, name: String)] {
    var found: [(token: Token, number: Int, name: String)] = []
    var largest = 0
    for token in tokens where token.kind == .parameter {
      let name = text(of: token)
      var number = largest + 1
      if bytes[token.range.lowerBound] == UInt8(ascii: "?") {
        number = Int(name.dropFirst()) ?? number
      } else if let same = found.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) {
        number = same.number
      }
      largest = max(largest, number)
      found.append((token, number, name))
    }
    return found
  }

  private func values(
    of numbered: [(token: Token, number: Int, name: String)], _ parameters: Parameters
  ) throws(StateError) -> [Int: SQLiteValue] {
    var values: [Int: SQLiteValue] = [:]
    switch parameters {
    case .positional(let given):
      let count = numbered.reduce(0) { max($0, $1.number) }
      guard given.count == count else {
        throw StateError(
          .sql, "\(given.count) values for \(count) parameters", hint: "give one value for each parameter")
      }
      for (index, value) in given.enumerated() { values[index + 1] = value }
    case .named(let pairs):
      for (name, value) in pairs {
        for one in numbered where one.name.utf8.elementsEqual(name.utf8) { values[one.number] = value }
      }
    }
    return values
  }

  /// The value as SQL that gives the same value and has no affinity.
  static func literal(_ value: SQLiteValue) -> [UInt8] {
    switch value {
    case .null: Array("NULL".utf8)
    case .integer(let number): Array(String(number).utf8)
    case .real(let number): Array(literal(number).utf8)
    case .text(let bytes): literal(text: bytes)
    case .blob(let bytes): literal(blob: bytes)
    }
  }

  private static func literal(_ number: Double) -> String {
    if number.isNaN { return "NULL" }
    if number.isInfinite { return number < 0 ? "-9e999" : "9e999" }
    return number.description
  }

  private static func literal(text: [UInt8]) -> [UInt8] {
    let isPlain = !text.contains(0) && String(validating: text, as: UTF8.self) != nil
    // A unary plus takes away the affinity that a cast has.
    guard isPlain else { return Array("(+CAST(".utf8) + literal(blob: text) + Array(" AS TEXT))".utf8) }
    let quote = UInt8(ascii: "'")
    var output = [quote]
    for byte in text {
      if byte == quote { output.append(quote) }
      output.append(byte)
    }
    return output + [quote]
  }

  private static func literal(blob: [UInt8]) -> [UInt8] {
    Array("x'\(Hexadecimal.text(blob))'".utf8)
  }
}
