import JSON
import Testing

struct ParserTests {
  @Test(
    arguments: [
      ("", .empty, nil), ("  \n ", .empty, nil), ("{", .unfinished, 1), ("[1,]", .syntax, 3), (#"{"a" 1}"#, .syntax, 5),
      (#"{"a":1}x"#, .syntax, 7), ("nul", .unfinished, 3), (#""abc"#, .unfinished, 4), ("\"a\u{1}\"", .string, 2),
      (#""\x""#, .string, 2), (#""\ud800""#, .string, 1), (#""a\udc00""#, .string, 2), (#""\ud800A""#, .string, 1),
      (#""\u12g4""#, .string, 5), ("01", .number, 1), ("1.", .number, 2), ("-", .number, 1), ("1e999", .number, nil),
      ("-1e400", .number, nil),
      ("[NaN]", .syntax, 1), ("[1}", .syntax, 2), ("{1:2}", .syntax, 1), ("[1 2]", .syntax, 3),
      ("\u{feff}{}", .syntax, 0),
      ("[1,\n2,\nx]", .syntax, 7), ("tru", .unfinished, 3), ("[nul]", .syntax, 4), ("[+1]", .syntax, 1),
      ("[.5]", .syntax, 1), ("{\"a\":1,}", .syntax, 7),
    ] as [(String, JSONError.Kind, Int?)])
  func refusedWithKindAndOffset(source: String, kind: JSONError.Kind, offset: Int?) {
    let error = parseError(bytes(source))
    #expect(error?.kind == kind)
    #expect(error?.offset == offset)
  }

  @Test func faultsAreFoundByLine() {
    #expect(parseError(bytes("[1,\n2,\nx]"))?.line == 3)
    #expect(parseError(bytes("x"))?.line == 1)
  }

  @Test(arguments: [[0x22, 0xff, 0x22], [0x22, 0xed, 0xa0, 0x80, 0x22], [0x5b, 0x80, 0x5d]] as [[UInt8]])
  func invalidUTF8IsRefused(source: [UInt8]) {
    #expect(parseError(source)?.kind == .utf8)
  }

  @Test func nestingIsBounded() {
    #expect(parseError(bytes(nested(127))) == nil)
    #expect(parseError(bytes(nested(129)))?.kind == .depth)
    #expect(parseError(bytes(nested(100_000)))?.kind == .depth)
  }

  @Test func aTextIsReadTheSameWithAndWithoutPadding() throws {
    var parser = JSONParser()
    var writer = ByteWriter()
    writer.append(#"{"a":[1,"two",null],"b":{"c":true}}"#)
    for readable in [0, JSONParser.padding - 1, JSONParser.padding] {
      let tape = try parser.parse(writer.bytes, readableBeyond: readable)
      #expect(tape.kind(at: tape.root) == .object)
      #expect(tape.string(at: 2).byteCount == 1)
      #expect(tape.kind(at: 3) == .array)
      #expect(tape.kind(at: tape.next(after: 3)) == .string)
      #expect(tape.next(after: tape.root) == tape.count - 1)
    }
  }

  private func parseError(_ source: [UInt8]) -> JSONError? {
    var parser = JSONParser()
    do throws(JSONError) {
      _ = try parser.parse(source.span.bytes)
      return nil
    } catch {
      return error
    }
  }

  private func nested(_ depth: Int) -> String {
    String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
  }
}
