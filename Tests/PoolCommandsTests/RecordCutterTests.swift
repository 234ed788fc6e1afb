import JSON
import Support
import Testing

@testable import CommandSupport
@testable import PoolCommands

/// What became of one piece of input.
private enum Piece: Equatable, CustomStringConvertible {
  case record(String, line: Int)
  /// Cut out as a record, and no JSON.
  case bad(String, line: Int)
  case fault(RecordCutter.Fault.Kind, line: Int)

  var description: String {
    switch self {
    case .record(let text, let line): "\(line): \(text)"
    case .bad(let text, let line): "\(line): bad \(text)"
    case .fault(let kind, let line): "\(line): \(kind)"
    }
  }
}

/// Cuts `input`, which arrives in chunks of the given sizes; after each the cutter is told that there is nothing more yet, if
/// `pauses`.
private func cut(
  _ input: [UInt8], _ format: IngestFormat? = .json, limit: Int = 1 << 20, chunks: [Int] = [.max], pauses: Bool = false,
  toleratesUnknown: Bool = false
) -> [Piece] {
  var cutter = RecordCutter(format, recordLimit: limit, toleratesUnknown: toleratesUnknown)
  var pieces: [Piece] = []
  var rest = input[...]
  var number = 0
  var isIdle = false
  while true {
    switch cutter.next(isIdle: isIdle) {
    case .record(let line, let isGuess):
      let bytes = cutter.record.withUnsafeBytes { Array($0) }
      let text = String(decoding: bytes, as: UTF8.self).trimmed
      if isJSON(bytes) {
        pieces.append(.record(text, line: line))
      } else if isGuess {
        cutter.reconsider()
      } else {
        pieces.append(.bad(text, line: line))
        cutter.leaveLineOfWord()
      }
    case .fault(let fault):
      pieces.append(.fault(fault.kind, line: fault.line))
      if fault.concernsAllInput { return pieces }
      cutter.skip()
    case .end: return pieces
    case .needsMore:
      if pauses, !isIdle, rest.startIndex > input.startIndex {
        isIdle = true
      } else if rest.isEmpty {
        cutter.finish()
      } else {
        let chunk = Array(rest.prefix(chunks[number % chunks.count]))
        number += 1
        rest = rest.dropFirst(chunk.count)
        cutter.add(chunk.span.bytes)
        isIdle = false
      }
    }
  }
}

private func isJSON(_ bytes: [UInt8]) -> Bool {
  var parser = JSONParser()
  do throws(JSONError) {
    _ = try parser.parse(bytes.span.bytes)
    return true
  } catch {
    return false
  }
}

extension String {
  fileprivate var trimmed: String {
    let blanks: [UInt8] = [0x20, 0x0A, 0x0D, 0x09]
    let bytes = utf8.drop { blanks.contains($0) }
    return String(decoding: bytes.reversed().drop { blanks.contains($0) }.reversed(), as: UTF8.self)
  }
}

struct RecordCutterTests {
  @Test(
    arguments: [
      ("", []),
      ("  \n \n", []),
      ("{}", [.record("{}", line: 1)]),
      ("{\"a\":1}\n{\"b\":2}\n", [.record("{\"a\":1}", line: 1), .record("{\"b\":2}", line: 2)]),
      ("{\"a\":1}\r\n\r\n{\"b\":2}", [.record("{\"a\":1}", line: 1), .record("{\"b\":2}", line: 3)]),
      (
        "{\"a\":1} {\"b\":2}{\"c\":3}\n{}",
        [
          .record("{\"a\":1}", line: 1), .record("{\"b\":2}", line: 1), .record("{\"c\":3}", line: 1),
          .record("{}", line: 2),
        ]
      ),
      ("{\n\"a\":\n1}\n{}\n", [.record("{\n\"a\":\n1}", line: 1), .record("{}", line: 4)]),
      ("{\"s\":\"}{\\\"\\\\\"}\n{}", [.record("{\"s\":\"}{\\\"\\\\\"}", line: 1), .record("{}", line: 2)]),
      (
        "[1,[2]]\n17 true\n\"x\" null",
        [
          .record("[1,[2]]", line: 1), .record("17", line: 2), .record("true", line: 2), .record("\"x\"", line: 3),
          .record("null", line: 3),
        ]
      ),
    ] as [(String, [Piece])])
  fileprivate func values(input: String, pieces: [Piece]) {
    #expect(cut(Array(input.utf8)) == pieces)
  }

  @Test(
    arguments: [
      (
        "a broken line", "{\"a\":1}\n{\"b\":\n{\"c\":3}\n",
        [
          .record("{\"a\":1}", line: 1), .fault(.unfinished, line: 2), .record("{\"c\":3}", line: 3),
        ]
      ),
      ("a line cut off", "{\"b\":1\n{\"c\":3}\n", [.fault(.unexpectedByte, line: 1), .record("{\"c\":3}", line: 2)]),
      (
        "a string that does not end", "{\"b\":\"x\n{\"c\":3}\n",
        [
          .fault(.unexpectedByte, line: 1), .record("{\"c\":3}", line: 2),
        ]
      ),
      ("words", "not json\n{}\n", [.bad("not", line: 1), .record("{}", line: 2)]),
      ("punctuation", "}{\n{}\n", [.fault(.unexpectedByte, line: 1), .record("{}", line: 2)]),
      (
        "a broken value over lines", "{\n \"a\" 1\n \"b\"\n}\n{\"c\":{\n}}",
        [
          .fault(.unexpectedByte, line: 1), .record("{\"c\":{\n}}", line: 5),
        ]
      ),
      (
        "an indented one", "  {\n    \"a\" 1,\n    {\n  }\n  {\"c\":3}\n",
        [
          .fault(.unexpectedByte, line: 1), .record("{\"c\":3}", line: 5),
        ]
      ),
      ("the end within a value", "{\"a\":1}\n{\"b\":", [.record("{\"a\":1}", line: 1), .fault(.unfinished, line: 2)]),
      ("bad content", "{\"a\":tru}\n{}", [.bad("{\"a\":tru}", line: 1), .record("{}", line: 2)]),
    ] as [(String, String, [Piece])])
  fileprivate func faults(name: String, input: String, pieces: [Piece]) {
    #expect(cut(Array(input.utf8)) == pieces)
  }

  @Test(
    arguments: [
      (
        .jsonLines, "{\"a\":1}\n\n{\"a\":\n1}\n {} \n",
        [
          .record("{\"a\":1}", line: 1), .bad("{\"a\":", line: 3), .bad("1}", line: 4), .record("{}", line: 5),
        ]
      ),
      (
        .sequence, "\u{1E}{\"a\":1}\n\u{1E}{\"b\":\n2}\n\u{1E}\n\u{1E}{\"c\":\n\u{1E}{}",
        [
          .record("{\"a\":1}", line: 1), .record("{\"b\":\n2}", line: 2), .fault(.unfinished, line: 5),
          .record("{}", line: 6),
        ]
      ),
      (
        .events, ": hello\n\ndata: {\"a\":1}\nid: 7\n\nevent: x\ndata:{\"b\":\ndata: 2}\r\n\r\nretry: 5\ndata: {}",
        [
          .record("{\"a\":1}", line: 3), .record("{\"b\":\n2}", line: 7), .record("{}", line: 11),
        ]
      ),
    ] as [(IngestFormat, String, [Piece])])
  fileprivate func otherFormats(format: IngestFormat, input: String, pieces: [Piece]) {
    #expect(cut(Array(input.utf8), format) == pieces)
    #expect(cut(Array(input.utf8), format, chunks: [1], pauses: true) == pieces)
  }

  @Test func whatIsTooLargeIsLeftOut() {
    let long = "{\"x\":\"" + String(repeating: "x", count: 500) + "\"}"
    let input = Array("{\"a\":1}\n\(long)\n{\"b\":2}\n{\n\"y\":\(long)}\n{\"c\":3}\n".utf8)
    let pieces: [Piece] = [
      .record("{\"a\":1}", line: 1), .fault(.tooLarge, line: 2), .record("{\"b\":2}", line: 3),
      .fault(.tooLarge, line: 4),
      .record("{\"c\":3}", line: 6),
    ]
    for chunks in [[Int.max], [1], [7, 300]] {
      for pauses in [false, true] {
        #expect(cut(input, limit: 100, chunks: chunks, pauses: pauses) == pieces)
      }
    }
  }

  @Test func aValueIsARecordBeforeItsLineEnds() {
    var cutter = RecordCutter(.json, recordLimit: 1000)
    cutter.add(Array("{\"a\":1}".utf8).span.bytes)
    #expect(cutter.next(isIdle: false) == .needsMore)
    #expect(cutter.next(isIdle: true) == .record(line: 1, isGuess: false))
    #expect(cutter.next(isIdle: true) == .needsMore)
    cutter.add(Array("\n17".utf8).span.bytes)
    #expect(cutter.next(isIdle: true) == .needsMore)
    cutter.finish()
    #expect(cutter.next(isIdle: true) == .record(line: 2, isGuess: false))
  }

  @Test func oneLongLineOfManyValuesNeedsNoEnd() {
    let value = "{\"text\":\"" + String(repeating: "y", count: 1000) + "\"}"
    let input = Array(String(repeating: value, count: 2000).utf8)
    let pieces = cut(input, limit: 10_000, chunks: [100_000])
    #expect(pieces.count == 2000)
    #expect(pieces.allSatisfy { $0 == .record(value, line: 1) })
  }

  /// However the bytes arrive, the same records and the same faults come out.
  @Test(arguments: 0..<300 as Range<UInt64>)
  func chunksMakeNoDifference(seed: UInt64) {
    var random = SplitMix(seed: seed)
    let lines = [
      "{\"a\":1}", "{\"a\":{\"b\":[1,2,{}]}}", "  {\"x\":\"\\\"{[\"} {\"y\":2}", "{", " \"k\": [1,", " 2]", "}", "",
      "\r", "17 null",
      "not json", "{\"cut\":", "\"text\"", "]", "{\"bad\":tru}", "{\"z\":1}{\"z\":2}", "\u{1E}{\"s\":1}",
      "data: {\"e\":1}", ":",
    ]
    var input: [UInt8] = []
    for _ in 0..<Int.random(in: 1...12, using: &random) {
      input += Array((lines.randomElement(using: &random) ?? "").utf8)
      if Bool.random(using: &random) || Bool.random(using: &random) { input.append(0x0A) }
    }
    for format in [IngestFormat.json, .jsonLines, .sequence, .events] {
      let limit = Bool.random(using: &random) ? 1000 : 12
      let whole = cut(input, format, limit: limit)
      for _ in 0..<4 {
        let chunks = (0..<5).map { _ in Int.random(in: 1...9, using: &random) }
        let text = String(decoding: input, as: UTF8.self)
        #expect(cut(input, format, limit: limit, chunks: chunks) == whole, "\(format) \(limit) \(chunks)\n\(text)")
        #expect(
          cut(input, format, limit: limit, chunks: chunks, pauses: true) == whole,
          "pausing \(format) \(limit) \(chunks)\n\(text)")
      }
    }
  }

  @Test func aByteOrderMarkIsNoPartOfTheInput() {
    let input = [0xEF, 0xBB, 0xBF] + Array("{}".utf8)
    for chunks in [[Int.max], [1], [2]] {
      #expect(cut(input, nil, chunks: chunks, pauses: true) == [.record("{}", line: 1)])
    }
  }

  @Test func columnsAreCountedInTheWholeLine() {
    var cutter = RecordCutter(.json, recordLimit: 1000)
    let filler = "{\"n\":1}" + String(repeating: " ", count: 400_000)
    cutter.add(Array(filler.utf8).span.bytes)
    #expect(cutter.next(isIdle: true) == .record(line: 1, isGuess: false))
    cutter.add(Array("{\"n\" 2}\n".utf8).span.bytes)
    guard case .record(_, isGuess: true) = cutter.next(isIdle: false) else { return }
    cutter.reconsider()
    guard case .fault(let fault) = cutter.next(isIdle: false) else { return }
    #expect(fault.column == 400_013)
  }
}
