import Support
import Testing

@testable import MCP

struct LinesTests {
  private func lines(_ chunks: [String], limit: Int = 10) -> [String] {
    var lines = MCPLines(limit: limit)
    var found: [String] = []
    func note(_ line: MCPLines.Line?) -> Bool {
      switch line {
      case nil: return false
      case .text(let bytes): found.append(String(decoding: bytes, as: UTF8.self))
      case .tooLong: found.append("too long")
      }
      return true
    }
    for chunk in chunks {
      let bytes = Array(chunk.utf8)
      lines.add(bytes.span.bytes)
      while note(lines.next()) {}
    }
    _ = note(lines.last())
    #expect(lines.next() == nil)
    return found
  }

  @Test(
    arguments: [
      ([], []), ([""], []), (["a\n"], ["a"]), (["a"], ["a"]), (["a\nb"], ["a", "b"]),
      (["a\n", "\n", "b\n"], ["a", "b"]),
      (["\n \t\r\n\r\n  "], []), (["a\r\n"], ["a\r"]), (["a", "b", "\nc", "\n"], ["ab", "c"]),
      (["0123456789\n"], ["0123456789"]), (["01234567890\na\n"], ["too long", "a"]), (["01234567890"], ["too long"]),
      (["012345", "678901", "2345", "\na\n"], ["too long", "a"]),
      (["01234567890", "\n", "\n", "a"], ["too long", "a"]),
      (["01234567890", "1234", "567890123456", "7"], ["too long"]), (["           \na"], ["too long", "a"]),
    ] as [([String], [String])])
  func cutting(chunks: [String], expected: [String]) {
    #expect(lines(chunks) == expected)
  }

  @Test func cuttingIsTheSameHoweverItComes() {
    var random = SplitMix(seed: 7)
    let text = (0..<200).map { number in String(repeating: "x", count: number * 7 % 13) + "\n" }.joined()
    let expected = lines([text])
    for _ in 0..<50 {
      var rest = text[...]
      var chunks: [String] = []
      while !rest.isEmpty {
        let count = Int(random.next() % 20)
        chunks.append(String(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      #expect(lines(chunks) == expected)
    }
  }

  @Test func manyLinesTakeLittleTime() {
    var lines = MCPLines()
    let chunk = Array(String(repeating: "{}\n", count: 10_000).utf8)
    var count = 0
    for _ in 0..<10 {
      lines.add(chunk.span.bytes)
      while lines.next() != nil { count += 1 }
    }
    #expect(count == 100_000)
  }
}
