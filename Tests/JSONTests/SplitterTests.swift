import JSON
import Testing

struct SplitterTests {
  @Test(
    arguments: [
      (.values, #"{"a":1}{"b":2}"#, [#"{"a":1}@1"#, #"{"b":2}@1"#]),
      (.values, "{\n  \"a\": [1,\n 2]\n}\n\n[3]\n", ["{\n  \"a\": [1,\n 2]\n}@1", "[3]@6"]),
      (
        .values, #"{"s":"}\"]{\\"} "x\"y"1 true"z" nul"#,
        [#"{"s":"}\"]{\\"}@1"#, #""x\"y"@1"#, "1@1", "true@1", #""z"@1"#, "nul@1"]
      ),
      (.values, "} ]1,2\n{}", ["}@1", "]1,2@1", "{}@2"]),
      (.values, "  \r\n\t ", []), (.values, "", []), (.values, "7", ["7@1"]), (.values, "[{]}", ["[{]}@1"]),
      (.lines, "{\"a\":1}\n\n  {\"b\"\n:2}", ["{\"a\":1}@1", "{\"b\"@3", ":2}@4"]),
      (.lines, "1 2\r\n3", ["1 2\r@1", "3@2"]),
      (.records, "\u{1e}{\"a\":\n1}\n\u{1e}{}\u{1e}\u{1e} 5", ["{\"a\":\n1}\n@1", "{}@3", "5@3"]),
    ] as [(JSONValueSplitter.Separation, String, [String])])
  func valuesComeWholeWhateverTheChunks(separation: JSONValueSplitter.Separation, source: String, expected: [String]) {
    let source = bytes(source)
    for size in 1...max(source.count, 1) {
      var splitter = JSONValueSplitter(separation)
      #expect(split(&splitter, source, chunk: size) == expected, "chunks of \(size)")
    }
  }

  @Test(arguments: [
    (#"{"a":1} {"a":"#, [#"{"a":1}@1"#, "unfinished@1"]), ("\n\"abc", ["unfinished@2"]), ("\n[[]", ["unfinished@2"]),
    ("\"a\\", ["unfinished@1"]),
  ])
  func anEndInsideAValueIsSaid(source: String, expected: [String]) {
    var splitter = JSONValueSplitter()
    #expect(split(&splitter, bytes(source), chunk: 3) == expected)
  }

  @Test func aValueBeyondTheLimitIsSaidOnceAndSkipped() {
    let long = "[" + String(repeating: "1,\n", count: 100) + "1]"
    let source = bytes("{\"a\":1}\n" + long + "\n{\"b\":2}" + long + "7777777777777777 9")
    for size in [1, 2, 7, 64, 1000] {
      var splitter = JSONValueSplitter(maximumBytes: 8)
      let expected = [#"{"a":1}@1"#, "tooLarge@2", #"{"b":2}@103"#, "tooLarge@103", "tooLarge@203", "9@203"]
      #expect(split(&splitter, source, chunk: size) == expected, "chunks of \(size)")
    }
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func randomStreams(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var source: [UInt8] = []
    var expected: [String] = []
    var line = 1
    for _ in 0..<Int.random(in: 1...30, using: &generator) {
      let value = Self.randomValue(depth: 0, &generator)
      expected.append("\(value)@\(line)")
      let gap = [" ", "\n", "\r\n", " \n\n "].randomElement(using: &generator) ?? " "
      source += bytes(value + gap)
      line += (value + gap).utf8.filter { $0 == 0x0a }.count
    }
    var splitter = JSONValueSplitter()
    #expect(split(&splitter, source, chunk: Int.random(in: 1...100, using: &generator)) == expected)
  }

  private static func randomValue(depth: Int, _ generator: inout SeededGenerator) -> String {
    let strings = [#""""#, #""a b""#, #""\\""#, #""\"}]{[""#, #""é\u0000""#, #""\\\\\"""#]
    switch Int.random(in: 0..<(depth > 4 ? 2 : 4), using: &generator) {
    case 0: return strings.randomElement(using: &generator) ?? ""
    case 1: return "[]"
    case 2:
      let count = Int.random(in: 0...3, using: &generator)
      return "[" + (0..<count).map { _ in randomValue(depth: depth + 1, &generator) }.joined(separator: ",\n") + "]"
    default:
      let count = Int.random(in: 0...3, using: &generator)
      return "{"
        + (0..<count).map { _ in #""k[":"# + randomValue(depth: depth + 1, &generator) }.joined(separator: ", ") + "}"
    }
  }

  /// Feeds the source in chunks and lists values and errors, each with its line.
  private func split(_ splitter: inout JSONValueSplitter, _ source: [UInt8], chunk: Int) -> [String] {
    var found: [String] = []
    var index = 0
    while index < source.count {
      let end = min(index + chunk, source.count)
      splitter.append(Array(source[index..<end]).span.bytes)
      drain(&splitter, into: &found)
      index = end
    }
    splitter.finish()
    drain(&splitter, into: &found)
    return found
  }

  private func drain(_ splitter: inout JSONValueSplitter, into found: inout [String]) {
    while true {
      do throws(JSONError) {
        guard let piece = try splitter.next() else { return }
        found.append(piece.text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } + "@\(piece.line)")
      } catch {
        found.append("\(error.kind)@\(error.line ?? 0)")
      }
    }
  }
}
