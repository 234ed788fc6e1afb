internal import JSON
internal import SQLite

/// `corro_json_contains(selector, object)`: 1 if the object has everything that the selector has, else 0; NULL if one of them is.
///
/// Objects are compared member by member, however deep; a list must be the same list, and any other value the same value.
enum ContainsFunction {
  private static let name = "corro_json_contains"

  static func register(on connection: Connection) throws(SQLiteError) {
    try connection.makeFunction(name, arguments: 2, isPure: true) { arguments in
      switch (arguments[0], arguments[1]) {
      case (.null, _), (_, .null): return .value(.null)
      case (.text(let selector), .text(let object)):
        do throws(JSONError) {
          return .value(.integer(try contains(selector, in: object) ? 1 : 0))
        } catch {
          return .failure("malformed JSON")
        }
      default: return .failure("\(name) takes two texts of JSON")
      }
    }
  }

  static func contains(_ selector: [UInt8], in object: [UInt8]) throws(JSONError) -> Bool {
    var selectorParser = JSONParser()
    var objectParser = JSONParser()
    let wanted = try selectorParser.parse(selector.span.bytes)
    let there = try objectParser.parse(object.span.bytes)
    return has(wanted, wanted.root, in: there, there.root)
  }

  private static func has(
    _ wanted: borrowing JSONTape, _ part: Int, in there: borrowing JSONTape, _ whole: Int
  ) -> Bool {
    guard wanted.kind(at: part) == .object else { return isSame(wanted, part, there, whole) }
    guard there.kind(at: whole) == .object else { return false }
    for (key, value) in members(wanted, part) {
      guard let found = member(wanted, key, of: there, whole) else { return false }
      guard has(wanted, value, in: there, found) else { return false }
    }
    return true
  }

  private static func isSame(_ a: borrowing JSONTape, _ i: Int, _ b: borrowing JSONTape, _ j: Int) -> Bool {
    switch (a.kind(at: i), b.kind(at: j)) {
    case (.string, .string): return text(a, i) == text(b, j)
    case (.array, .array):
      let (left, right) = (elements(a, i), elements(b, j))
      guard left.count == right.count else { return false }
      for (x, y) in zip(left, right) where !isSame(a, x, b, y) { return false }
      return true
    case (.object, .object): return has(a, i, in: b, j) && has(b, j, in: a, i)
    case (.signed, _), (.unsigned, _), (.double, _):
      if let x = a.signed(at: i), let y = b.signed(at: j) { return x == y }
      if let x = a.unsigned(at: i), let y = b.unsigned(at: j) { return x == y }
      guard let x = a.double(at: i), let y = b.double(at: j) else { return false }
      return x == y
    case (let x, let y): return x == y
    }
  }

  private static func member(
    _ wanted: borrowing JSONTape, _ key: Int, of there: borrowing JSONTape, _ whole: Int
  ) -> Int? {
    let name = text(wanted, key)
    return members(there, whole).last { text(there, $0.key) == name }?.value
  }

  private static func members(_ tape: borrowing JSONTape, _ index: Int) -> [(key: Int, value: Int)] {
    var found: [(key: Int, value: Int)] = []
    tape.forEachMember(of: index) { found.append(($0, $1)) }
    return found
  }

  private static func elements(_ tape: borrowing JSONTape, _ index: Int) -> [Int] {
    var found: [Int] = []
    tape.forEachElement(of: index) { found.append($0) }
    return found
  }

  private static func text(_ tape: borrowing JSONTape, _ index: Int) -> [UInt8] {
    tape.string(at: index).withUnsafeBytes { Array($0) }
  }
}
