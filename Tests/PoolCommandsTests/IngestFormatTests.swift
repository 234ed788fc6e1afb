import Testing

@testable import CommandSupport
@testable import PoolCommands

struct IngestFormatTests {
  @Test(
    arguments: [
      ("{\"a\":1}", .format(.json)), ("\n\n  {", .format(.json)), ("\u{1E}{}", .format(.sequence)),
      ("{}\n\u{1E}{}", .format(.sequence)), ("data: x", .format(.events)), ("event:x", .format(.events)),
      ("id: 1", .format(.events)), ("retry: 1", .format(.events)), (": comment", .format(.events)),
      ("---\na: 1", .later(.yaml)),
      ("PLS1xx", .later(.lite3)), ("[1]", .unknown), ("17", .unknown), ("\"x\"", .unknown), ("hello", .unknown),
      ("", .needsMore), ("  \n", .needsMore), ("dat", .needsMore), ("PLS", .needsMore), ("-", .needsMore),
    ] as [(String, IngestFormat.Sniffed)])
  func beginnings(input: String, found: IngestFormat.Sniffed) {
    #expect(Array(input.utf8).withUnsafeBytes { IngestFormat.sniff($0, isLast: false) } == found)
  }

  @Test(arguments: ["dat", "PLS", "-"])
  func theEndDecides(input: String) {
    #expect(Array(input.utf8).withUnsafeBytes { IngestFormat.sniff($0, isLast: true) } == .unknown)
  }

  @Test func aSeparatorFarBehindIsNotLookedFor() {
    let far = Array(String(repeating: "{}\n", count: 20).utf8) + [0x1E]
    #expect(far.withUnsafeBytes { IngestFormat.sniff($0, isLast: false) } == .format(.json))
  }
}
