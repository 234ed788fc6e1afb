/// A JSON value, for tests: made at random, written in many ways, and what the format makes of it.
indirect enum NaiveJSON {
  case null
  case bool(Bool)
  /// An integer literal, exactly as written.
  case integer(String)
  case double(Double)
  case string(String)
  case array([NaiveJSON])
  /// In the order written; keys may repeat.
  case object([(key: String, value: NaiveJSON)])

  /// What is left after parsing: the last of equal keys, keys in ascending byte order, integers outside i64 as doubles.
  var normalized: NaiveJSON {
    switch self {
    case .integer(let literal):
      if literal != "-0", Int64(literal) != nil { return self }
      return .double(Double(literal) ?? .nan)
    case .array(let elements):
      return .array(elements.map(\.normalized))
    case .object(let members):
      var last: [[UInt8]: (key: String, value: NaiveJSON)] = [:]
      for member in members { last[Array(member.key.utf8)] = (member.key, member.value.normalized) }
      return .object(last.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value))
    default:
      return self
    }
  }

  /// JSON text with the given white space between tokens.
  func text(space: String = "") -> String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .integer(let literal): literal
    case .double(let value): Self.print(value)
    case .string(let text): Self.quote(text)
    case .array(let elements):
      "[" + space + elements.map { $0.text(space: space) }.joined(separator: "," + space) + space + "]"
    case .object(let members):
      "{" + space
        + members.map { Self.quote($0.key) + space + ":" + space + $0.value.text(space: space) }
        .joined(separator: space + "," + space) + "}"
    }
  }

  private static func quote(_ text: String) -> String {
    var quoted = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\u{8}": quoted += "\\b"
      case "\u{c}": quoted += "\\f"
      case "\n": quoted += "\\n"
      case "\r": quoted += "\\r"
      case "\t": quoted += "\\t"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

  /// Shortest digits from the standard library, laid out by the rules of the pool format (section 13.3).
  private static func print(_ value: Double) -> String {
    let sign = value.sign == .minus ? "-" : ""
    if value == 0 { return sign + "0.0" }
    let parts = value.magnitude.description.split(separator: "e")
    let mantissa = parts[0].split(separator: ".").map(String.init)
    var digits = mantissa[0] + (mantissa.count > 1 ? mantissa[1] : "")
    var exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + mantissa[0].count - 1
    while digits.hasPrefix("0") {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
    if exponent < -5 || exponent > 15 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      return sign + digits.prefix(1) + fraction + "e" + (exponent < 0 ? "-" : "+") + String(abs(exponent))
    }
    if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
    while digits.count < exponent + 2 { digits += "0" }
    return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
  }

  // MARK: Random values

  static func random(depth: Int = 0, _ generator: inout SeededGenerator) -> NaiveJSON {
    switch Int.random(in: 0..<(depth > 5 ? 6 : 9), using: &generator) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &generator))
    case 2, 3: return .integer(randomInteger(&generator))
    case 4:
      let value = Double(bitPattern: generator.next())
      return .double(value.isFinite ? value : 0.5)
    case 5: return .string(randomString(&generator))
    case 6:
      let count = randomCount(&generator)
      return .array((0..<count).map { _ in random(depth: depth + 1 + count / 8, &generator) })
    default: return randomObject(depth: depth, &generator)
    }
  }

  static func randomObject(depth: Int = 0, _ generator: inout SeededGenerator) -> NaiveJSON {
    let count = randomCount(&generator)
    return .object(
      (0..<count).map { _ in (randomKey(&generator), random(depth: depth + 1 + count / 8, &generator)) })
  }

  private static func randomCount(_ generator: inout SeededGenerator) -> Int {
    switch Int.random(in: 0..<10, using: &generator) {
    case 0: 0
    case 1: Int.random(in: 8...60, using: &generator)
    default: Int.random(in: 1...9, using: &generator)
    }
  }

  private static func randomInteger(_ generator: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: ["0", "-0", "-1", "9223372036854775807", "-9223372036854775808"].randomElement(using: &generator) ?? "0"
    case 1:
      [
        "9223372036854775808", "-9223372036854775809", "18446744073709551615", "18446744073709551616",
        "123456789012345678901234567890", "-99999999999999999999",
      ]
      .randomElement(using: &generator) ?? "0"
    case 2: String(Int64(bitPattern: generator.next()))
    default: String(Int.random(in: -100_000...100_000, using: &generator))
    }
  }

  private static func randomKey(_ generator: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: ["", "Bb", "CA", "BbBb", "BbCA", "CABb", "CACA"].randomElement(using: &generator) ?? ""
    case 1: String(repeating: "k", count: Int.random(in: 60...70, using: &generator))
    case 2: "common_prefix_" + String(Int.random(in: 0..<20, using: &generator))
    case 3: "ключ" + String(Int.random(in: 0..<20, using: &generator))
    default: String(Int.random(in: 0..<200, using: &generator), radix: 36)
    }
  }

  private static func randomString(_ generator: inout SeededGenerator) -> String {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: ["", "\u{0}", "a\u{0}b", "\"\\\u{1f}\n", "😀\u{2028}", "\u{7f}-0,"].randomElement(using: &generator) ?? ""
    case 1: String(repeating: "x", count: Int.random(in: 85...95, using: &generator))
    default: String(repeating: "añ", count: Int.random(in: 0...12, using: &generator))
    }
  }
}
