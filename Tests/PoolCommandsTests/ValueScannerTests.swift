import Testing

@testable import CommandSupport
@testable import PoolCommands

struct ValueScannerTests {
  private func scan(_ text: String, isLast: Bool, step: Int) -> ValueScanner.Outcome {
    let bytes = Array(text.utf8)
    var scanner = ValueScanner()
    var index = 0
    var available = 0
    while true {
      available = min(available + step, bytes.count)
      let outcome = bytes.withUnsafeBytes {
        scanner.scan(
          UnsafeRawBufferPointer(rebasing: $0[..<available]), from: &index, isLast: isLast && available == bytes.count)
      }
      if outcome != .needsMore || available == bytes.count { return outcome }
    }
  }

  @Test(
    arguments: [
      ("{}", .complete(end: 2)), (" [ ] ", .complete(end: 4)), ("{\"a\":[1,{\"b\":null}]}x", .complete(end: 20)),
      ("\"}\\\"\" ", .complete(end: 5)), ("17 ", .complete(end: 2)), ("-1.5e+3,", .complete(end: 7)),
      ("true", .needsMore),
      ("{", .needsMore), ("{\"a\"", .needsMore), ("\"a", .needsMore), ("", .needsMore), ("}", .invalid(at: 0)),
      ("{]", .invalid(at: 1)), ("[}", .invalid(at: 1)), ("{,}", .invalid(at: 1)), ("{\"a\"}", .invalid(at: 4)),
      ("{\"a\":}", .invalid(at: 5)), ("{\"a\":1,}", .invalid(at: 7)), ("[1,]", .invalid(at: 3)),
      ("[1 2]", .invalid(at: 3)),
      ("{\"a\":1 \"b\":2}", .invalid(at: 7)), ("{a:1}", .invalid(at: 1)), ("{1:2}", .invalid(at: 1)),
      ("[1:2]", .invalid(at: 2)),
      ("\"a\n\"", .invalid(at: 2)), ("\"a\\\n\"", .invalid(at: 3)), ("#", .invalid(at: 0)),
      ("{\"a\":1}{", .complete(end: 7)),
      ("{\"a\" : 1 , \"b\" : [ ] }", .complete(end: 22)), ("[[[[]]]]", .complete(end: 8)), ("{{}}", .invalid(at: 1)),
      ("\u{0}", .invalid(at: 0)),
    ] as [(String, ValueScanner.Outcome)])
  func outcomes(text: String, outcome: ValueScanner.Outcome) {
    for step in [1, 2, 1000] { #expect(scan(text, isLast: false, step: step) == outcome) }
  }

  @Test func theEndCompletesANumber() {
    #expect(scan("17", isLast: true, step: 1) == .complete(end: 2))
    #expect(scan("[17", isLast: true, step: 1) == .needsMore)
  }

  @Test func depthIsBounded() {
    #expect(scan(String(repeating: "[", count: 5000), isLast: false, step: 100) == .invalid(at: 1024))
  }
}
