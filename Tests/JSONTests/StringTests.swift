import JSON
import Testing

struct StringTests {
  @Test(arguments: [
    ("", #""""#), ("plain", #""plain""#), ("a\"b", #""a\"b""#), ("back\\slash", #""back\\slash""#),
    ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#), ("\u{0}\u{1}\u{1f}", #""\u0000\u0001\u001f""#),
    ("/ \u{7f} \u{2028} é 😀", "\"/ \u{7f} \u{2028} é 😀\""), ("12345678", #""12345678""#),
    ("1234567\"", #""1234567\"""#),
    ("12345678\"", #""12345678\"""#), ("é23456789", "\"é23456789\""), ("1234567890é\n", "\"1234567890é\\n\""),
  ])
  func onlyWhatMustBeIsEscaped(source: String, expected: String) {
    #expect(quoted(bytes(source)) == expected)
    #expect(written { $0.appendQuoted(source) } == expected)
  }

  @Test func everyLengthAndEveryPlaceOfAnEscape() {
    for length in 0...40 {
      for place in 0..<max(length, 1) {
        for special in [UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x1f, 0x20, 0x21, 0x7f] {
          var source = [UInt8](repeating: UInt8(ascii: "x"), count: length)
          if length > 0 { source[place] = special }
          #expect(quoted(source) == naivelyQuoted(source))
        }
      }
    }
  }

  @Test(
    arguments: [
      [0x80], [0xff], [0xc0, 0x80], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
      [0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0xe9],
    ] as [[UInt8]])
  func invalidUTF8IsRefused(source: [UInt8]) {
    var writer = ByteWriter()
    writer.append("kept")
    let isWritten = writer.appendQuoted(source.span.bytes)
    #expect(!isWritten)
    #expect(text(writer) == "kept")
    #expect(!isUTF8(source))
  }

  private func naivelyQuoted(_ source: [UInt8]) -> String {
    var quoted = "\""
    for byte in source {
      switch byte {
      case UInt8(ascii: "\""): quoted += "\\\""
      case UInt8(ascii: "\\"): quoted += "\\\\"
      case 0x1f: quoted += "\\u001f"
      default: quoted += String(UnicodeScalar(byte))
      }
    }
    return quoted + "\""
  }
}
