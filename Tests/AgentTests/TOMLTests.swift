import Testing

@testable import Agent

@Suite struct TOMLTests {
  @Test func keepsEveryKindOfValueWithItsPlace() throws {
    let text = """
      # a comment
      title = "x\\u00e9"
      [numbers]
      whole = 0x0
      far = 9223372036854775807
      share = 1.5
      yes = true
      list = [ 1,
        "two" ]
      when = 2026-11-27T10:00:00.5+01:30
      day = 2026-11-27
      """
    let members = try table(TOML.parse(Array(text.utf8)))
    let title = try #require(members.first { $0.name == "title" })
    #expect(title.place == TextPlace(line: 2, column: 1))
    #expect(title.value.place == TextPlace(line: 2, column: 9))
    guard case .string("xé") = title.value.content else { return #expect(Bool(false), "\(title.value.content)") }
    let numbers = try table(try #require(members.first { $0.name == "numbers" }).value)
    let shown = Dictionary(uniqueKeysWithValues: numbers.map { ($0.name, "\($0.value.content)") })
    #expect(shown["whole"] == "integer(0)")
    #expect(shown["far"] == "integer(9223372036854775807)")
    #expect(shown["share"] == "float(1.5)")
    #expect(shown["yes"] == "boolean(true)")
    #expect(shown["when"] == "time(\"2026-11-27T10:00:00.500000000+01:30\")")
    #expect(shown["day"] == "time(\"2026-11-27\")")
    guard case .array(let elements) = numbers.first(where: { $0.name == "list" })?.value.content else {
      return #expect(Bool(false), "no list")
    }
    #expect(elements.map { $0.place.line } == [8, 9])
  }

  @Test(arguments: [
    ("a = 1\na = 2\n", 2), ("a = \n", 1), ("[a\n", 1), ("a = \"x\n", 1), ("\n\nkey", 3),
    ("a = 99999999999999999999", 1),
    ("a = 'x'\u{0}", 1), ("a = 1\n[%]\nb = 2\n", 2), ("\n\n[\u{0} db]\n", 3),
  ])
  func saysWhereAFaultIs(text: String, line: Int) throws {
    let error = #expect(throws: TOMLError.self) { try TOML.parse(Array(text.utf8)) }
    #expect(error?.place.line == line)
    #expect(error?.message.isEmpty == false)
  }

  @Test func refusesWhatIsNotUTF8() {
    #expect(throws: TOMLError.self) { try TOML.parse(Array("a = \"".utf8) + [0xff, 0xfe] + Array("\"".utf8)) }
  }

  @Test(arguments: [
    "x = " + String(repeating: "[", count: 100_000),
    "x = " + String(repeating: "{ y = ", count: 100_000),
    String(repeating: "a.", count: 200_000) + "a = 1",
    "[" + String(repeating: "a.", count: 200_000) + "a]",
    "x = [ \"\"\"\n'\"\"\", { " + String(repeating: "a.", count: 200_000) + "a = 1 } ]",
    String(repeating: "\"a\" . ", count: 100_000) + "a = 1",
  ])
  func refusesWhatNestsTooDeeply(text: String) {
    #expect(throws: TOMLError.self) { try TOML.parse(Array(text.utf8)) }
  }

  @Test func countsNoDotsThatDivideNoKey() throws {
    let dots = String(repeating: ".", count: 100)
    let text = """
      # \(dots)
      a = "\(dots)\\"\(dots)"  # '\(dots)
      b = '\(dots)\\'
      c = \"\"\"
      \(dots)"
      '\(dots)\"\"\"\"\"
      d = '''
      \(dots)''
      \(dots)'''''
      e = [\(Array(repeating: "1.5", count: 100).joined(separator: ", "))]
      """
    #expect(try table(TOML.parse(Array(text.utf8))).count == 5)
  }

  @Test func refusesMoreThanItsLimitOfBytes() {
    let text = Array(repeating: UInt8(ascii: "\n"), count: TOML.limit + 1)
    #expect(throws: TOMLError.self) { try TOML.parse(text) }
    #expect(throws: Never.self) { try TOML.parse(Array(text.dropLast())) }
  }

  private func table(_ value: TOMLValue) throws -> [TOMLMember] {
    guard case .table(let members) = value.content else {
      throw TOMLError(message: "no table", hint: "", place: .unknown)
    }
    return members
  }
}
