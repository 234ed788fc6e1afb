internal import JSON
internal import SQLite
internal import State

/// One statement of a request, in any of the forms that the reference has (section 2.2).
struct StatementRequest: Sendable {
  let sql: String
  let parameters: Parameters

  /// Why a body holds no statements.
  enum Fault: Error, Sendable {
    /// It is not JSON.
    case malformed(JSONError)
    /// It is JSON of another shape.
    case shape(StaticString)
  }

  /// The one statement that a body holds.
  static func one(_ body: [UInt8]) throws(Fault) -> StatementRequest {
    try parse(body) { (reader) throws(Fault) in try reader.statement(at: reader.tape.root, ordinals: []) }
  }

  /// The statements of a body that is an array of them.
  static func list(_ body: [UInt8]) throws(Fault) -> [StatementRequest] {
    try parse(body) { (reader) throws(Fault) in
      guard reader.tape.kind(at: reader.tape.root) == .array else {
        throw .shape("the body must be an array of statements")
      }
      var statements: [StatementRequest] = []
      for (ordinal, element) in reader.elements(of: reader.tape.root).enumerated() {
        statements.append(try reader.statement(at: element, ordinals: [ordinal]))
      }
      return statements
    }
  }

  /// The texts of a body that is an array of them.
  static func texts(_ body: [UInt8]) throws(Fault) -> [String] {
    try parse(body) { (reader) throws(Fault) in
      guard reader.tape.kind(at: reader.tape.root) == .array else { throw .shape("the body must be an array of texts") }
      var texts: [String] = []
      for element in reader.elements(of: reader.tape.root) {
        guard let text = reader.tape.text(at: element) else { throw .shape("the body must be an array of texts") }
        texts.append(text)
      }
      return texts
    }
  }

  private static func parse<R>(
    _ body: [UInt8], _ read: (borrowing StatementReader) throws(Fault) -> R
  ) throws(Fault) -> R {
    var parser = JSONParser()
    let tape: JSONTape
    do throws(JSONError) { tape = try parser.parse(body.span.bytes) } catch { throw .malformed(error) }
    return try read(StatementReader(tape: tape, text: body))
  }
}

/// Reads statements from a parsed body.
private struct StatementReader: ~Escapable {
  let tape: JSONTape
  /// What was parsed.
  let text: [UInt8]

  @_lifetime(copy tape)
  init(tape: JSONTape, text: [UInt8]) {
    self.tape = tape
    self.text = text
  }

  func elements(of index: Int) -> [Int] {
    var found: [Int] = []
    tape.forEachElement(of: index) { found.append($0) }
    return found
  }

  private func members(of index: Int) -> [(key: Int, value: Int)] {
    var found: [(Int, Int)] = []
    tape.forEachMember(of: index) { found.append(($0, $1)) }
    return found
  }

  private static var unknownForm: StatementRequest.Fault {
    .shape(
      """
      a statement is a text, [text, [values]], [text, {names: values}] or {"query": text, "params": [values]}
      """)
  }

  /// - Parameter ordinals: where the statement stands: the number of each value on the way within the one around it.
  func statement(at index: Int, ordinals: [Int]) throws(StatementRequest.Fault) -> StatementRequest {
    switch tape.kind(at: index) {
    case .string: return StatementRequest(sql: tape.text(at: index) ?? "", parameters: .positional([]))
    case .object: return try verbose(at: index, ordinals)
    case .array:
      let parts = elements(of: index)
      guard parts.count == 2, let sql = tape.text(at: parts[0]), tape.kind(at: parts[1]) != .null,
        let parameters = try parameters(at: parts[1], ordinals + [1])
      else { throw Self.unknownForm }
      return StatementRequest(sql: sql, parameters: parameters)
    default: throw Self.unknownForm
    }
  }

  private func verbose(at index: Int, _ ordinals: [Int]) throws(StatementRequest.Fault) -> StatementRequest {
    var sql: String?
    var positional: (index: Int, ordinal: Int)?
    var named: (index: Int, ordinal: Int)?
    for (ordinal, (key, value)) in members(of: index).enumerated() {
      let name = tape.text(at: key) ?? ""
      if name.utf8.elementsEqual("query".utf8) { sql = tape.text(at: value) }
      if name.utf8.elementsEqual("params".utf8) { positional = (value, ordinal) }
      if name.utf8.elementsEqual("named_params".utf8) { named = (value, ordinal) }
    }
    guard let sql else { throw .shape("a statement as an object needs the text `query`") }
    if let positional, tape.kind(at: positional.index) != .null {
      guard tape.kind(at: positional.index) == .array else { throw .shape("`params` must be an array") }
      let parameters = try parameters(at: positional.index, ordinals + [positional.ordinal])
      return StatementRequest(sql: sql, parameters: parameters ?? .positional([]))
    }
    if let named, tape.kind(at: named.index) != .null {
      guard tape.kind(at: named.index) == .object else { throw .shape("`named_params` must be an object") }
      let parameters = try parameters(at: named.index, ordinals + [named.ordinal])
      return StatementRequest(sql: sql, parameters: parameters ?? .positional([]))
    }
    return StatementRequest(sql: sql, parameters: .positional([]))
  }

  /// Nil if they are neither a list nor a map.
  private func parameters(at index: Int, _ ordinals: [Int]) throws(StatementRequest.Fault) -> Parameters? {
    switch tape.kind(at: index) {
    case .array:
      var values: [SQLiteValue] = []
      for (ordinal, element) in elements(of: index).enumerated() {
        values.append(value(at: element, ordinals + [ordinal]))
      }
      return .positional(values)
    case .object:
      var pairs: [(name: String, value: SQLiteValue)] = []
      for (ordinal, (key, element)) in members(of: index).enumerated() {
        pairs.append((tape.text(at: key) ?? "", value(at: element, ordinals + [ordinal])))
      }
      return .named(pairs)
    default: return nil
    }
  }

  private func value(at index: Int, _ ordinals: [Int]) -> SQLiteValue {
    switch tape.kind(at: index) {
    case .null, nil: .null
    case .true: .integer(1)
    case .false: .integer(0)
    case .signed: .integer(tape.signed(at: index) ?? 0)
    case .unsigned, .double: .real(tape.double(at: index) ?? 0)
    case .string: .text(tape.string(at: index).withUnsafeBytes { Array($0) })
    case .array: blob(at: index).map { .blob($0) } ?? raw(ordinals)
    case .object: raw(ordinals)
    }
  }

  /// The bytes whose numbers the array lists; nil if it is another array.
  private func blob(at index: Int) -> [UInt8]? {
    var bytes: [UInt8] = []
    for element in elements(of: index) {
      guard let number = tape.unsigned(at: element), number <= 255 else { return nil }
      bytes.append(UInt8(number))
    }
    return bytes
  }

  /// The text of a value as it was sent.
  private func raw(_ ordinals: [Int]) -> SQLiteValue {
    var range = JSONText.value(in: text, from: 0)
    for ordinal in ordinals { range = JSONText.child(ordinal, of: range, in: text) }
    return .text(Array(text[range]))
  }
}

/// Finds values in a text that is known to be JSON, and so does not look whether it is.
enum JSONText {
  /// The value that begins at or behind `start`, white space before it left out.
  static func value(in text: [UInt8], from start: Int) -> Range<Int> {
    let first = skipBlanks(text, start)
    return first..<end(of: text, first)
  }

  /// The value of the element or member with this number, from 0 on, of the container in `range`.
  static func child(_ ordinal: Int, of range: Range<Int>, in text: [UInt8]) -> Range<Int> {
    guard !range.isEmpty else { return range }
    let isObject = text[range.lowerBound] == UInt8(ascii: "{")
    var position = range.lowerBound + 1
    for number in 0...ordinal {
      if isObject { position = skipBlanks(text, end(of: text, skipBlanks(text, position))) + 1 }
      let found = value(in: text, from: position)
      if number == ordinal { return found }
      position = skipBlanks(text, found.upperBound) + 1
    }
    return range
  }

  private static func skipBlanks(_ text: [UInt8], _ start: Int) -> Int {
    var index = start
    while index < text.count, text[index] == 0x20 || text[index] == 0x0a || text[index] == 0x0d || text[index] == 0x09 {
      index += 1
    }
    return index
  }

  /// The end of the value that begins at `start`.
  private static func end(of text: [UInt8], _ start: Int) -> Int {
    var (index, depth) = (start, 0)
    while index < text.count {
      switch text[index] {
      case UInt8(ascii: "\""):
        index = endOfString(text, index)
        if depth == 0 { return index }
        continue
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        // A number or word ends before the bracket of the container around it.
        if depth == 0 { return index }
        depth -= 1
        if depth == 0 { return index + 1 }
      case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0a, 0x0d, 0x09:
        if depth == 0 { return index }
      default: break
      }
      index += 1
    }
    return index
  }

  private static func endOfString(_ text: [UInt8], _ start: Int) -> Int {
    var index = start + 1
    while index < text.count, text[index] != UInt8(ascii: "\"") {
      index += text[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    return min(index + 1, text.count)
  }
}
