import Testing

@testable import Channels

@Suite struct TextHeadersTests {
  @Test(
    arguments: [
      ("", []),
      ("\r\n\r\n", []),
      ("a:b\r\n", [["a", "b"]]),
      ("a:b", [["a", "b"]]),
      ("a:b\r\nc:d\r\n", [["a", "b"], ["c", "d"]]),
      ("\r\n\r\na:b\r\n\r\nc:d", [["a", "b"], ["c", "d"]]),
      ("a:b:c:d\r\n", [["a", "b:c:d"]]),
      ("a: \t b c \t \r\n", [["a", "b c"]]),
      (" a :b\r\n", [[" a ", "b"]]),
      ("a:\r\n", [["a", ""]]),
      ("a: \t \r\n", [["a", ""]]),
      ("no colon\r\n", [["no colon", ""]]),
      (" no colon ", [[" no colon ", ""]]),
      ("a:1\r\na:2\r\n", [["a", "1"], ["a", "2"]]),
      ("a:b\nc:d\r\n", [["a", "b\nc:d"]]),
      ("a:b\rc\r\n", [["a", "b\rc"]]),
      ("a:b\r\r\n", [["a", "b\r"]]),
      ("a:b\r", [["a", "b\r"]]),
      ("\r", [["\r", ""]]),
      ("a:b\r\n:hidden\r\nc:d\r\n", [["a", "b"]]),
      (":x", []),
      ("\u{0}:\u{0}\r\n", [["\u{0}", "\u{0}"]]),
    ] as [(String, [[String]])])
  func areReadAsTheProtocolSays(text: String, headers: [[String]]) {
    #expect(walk(text) == headers)
  }

  @Test func aWalkGoesOnBehindALineWithoutAName() throws {
    let stored = Array("a:1\r\n:x\r\nb:2\r\n".utf8)
    var headers = TextHeaders(stored.span.bytes)
    var walks: [[String]] = [[], []]
    while let header = headers.next() { walks[0].append(string(header.name)) }
    while let header = headers.next() { walks[1].append(string(header.name)) }
    #expect(walks == [["a"], ["b"]])
  }

  @Test(
    arguments: [
      ("k:1\r\nk:2\r\n", "1"), ("K:1\r\nk:2", "2"), ("kk:1\r\n", nil), ("k", ""), ("a:k\r\n", nil), ("", nil),
      (":\r\nk:1", nil),
    ] as [(String, String?)])
  func theFirstOfANameIsFound(text: String, value: String?) {
    let (stored, key) = (Array(text.utf8), Array("k".utf8))
    var headers = TextHeaders(stored.span.bytes)
    if headers.next() != nil {}
    var found: [String?] = [nil, nil]
    if let value = headers.first(named: "k") { found[0] = string(value) }
    if let value = headers.first(named: key.span.bytes) { found[1] = string(value) }
    #expect(found == [value, value])
  }

  @Test func tildesMarkReservedNames() {
    let stored = Array("~a:1\r\nb~:2\r\n".utf8)
    var headers = TextHeaders(stored.span.bytes)
    var marks: [Bool] = []
    while let header = headers.next() { marks.append(header.isReserved) }
    #expect(marks == [true, false])
  }

  @Test(
    arguments: [
      ("a", "b", "a:b\r\n"), (" \t\r\na b\r\n ", " b ", "a b: b \r\n"), ("Progress", " [1:3] ", "Progress: [1:3] \r\n"),
      ("~connect_to", "uds|/tmp/x", "~connect_to:uds|/tmp/x\r\n"), ("a", "\u{0}", "a:\u{0}\r\n"),
    ])
  func aFitHeaderIsWrittenAsItIs(name: String, value: String, written: String) {
    #expect(line(name, value).value == written)
  }

  @Test(
    arguments: [
      ("", "b"), (" \t\r\n", "b"), ("a:b", "c"), ("a\r\nb", "c"), ("a\nb", "c"), ("a\rb", "c"), ("a\u{0}b", "c"),
      ("a", ""),
      ("a", "b\r\nc:d"), ("a", "b\n"), ("a", "\r"),
    ])
  func aHeaderThatCouldPassForAnotherIsRefused(name: String, value: String) {
    let error = line(name, value).error
    #expect(error?.kind == .invalidMessage)
    #expect(error?.status == .invalidMessage)
  }

  @Test(arguments: [(0, true), (65_530, true), (65_531, false), (65_535, false), (Int.max, false), (-1, false)])
  func headersStayWithinTheirLimit(stored: Int, fits: Bool) {
    let outcome = line("a", "b", after: stored)
    #expect((outcome.value != nil) == fits)
    if !fits { #expect(outcome.error?.status == .invalidHeadersLen) }
  }

  @Test func whatIsWrittenReadsBack() {
    var numbers = SeededNumbers(state: 2)
    let alphabet = Array("ab:~ \t|\r\n".unicodeScalars)
    for _ in 0..<20_000 {
      func text() -> String {
        String(
          String.UnicodeScalarView(
            (0..<Int.random(in: 0...6, using: &numbers)).compactMap { _ in
              alphabet.randomElement(using: &numbers)
            }))
      }
      let (name, value) = (text(), text())
      guard let written = line(name, value).value else { continue }
      let blanks: Set<Character> = [" ", "\t"]
      let trimmed = String(
        value.drop { blanks.contains($0) }.reversed().drop { blanks.contains($0) }.reversed())
      let headers = walk(written)
      #expect(headers.count == 1)
      #expect(headers.first?.last == trimmed)
    }
  }
}
