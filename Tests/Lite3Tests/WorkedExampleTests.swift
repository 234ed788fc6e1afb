import Lite3
import Testing

/// The examples that the pool format works out byte by byte, sections 15 and 16.
struct WorkedExampleTests {
  @Test func oneMember() throws {
    let expected = hexDump(
      """
      00  06 01 00 00 06 b6 02 00
      20  41 00 00 00 60 00 00 00
      60  08 61 00 02 01 00 00 00 00 00 00 00
      """, count: 108)
    #expect(try encoded(#"{"a":1}"#) == expected)
  }

  @Test func nestedObject() throws {
    let expected = hexDump(
      """
      00  06 04 00 00 13 b6 02 00 19 b6 02 00 1f b6 02 00
      20  c3 00 00 00 61 00 00 00 ce 00 00 00 d3 00 00 00
      60  00 08 6e 00 06 00 00 00 10 b6 02 00
      80  00 00 00 00 41 00 00 00 c4 00 00 00
      c0  00 00 00 00 08 6b 00 05 02 00 00 00 76 00 08 74
      d0  00 01 01 08 7a 00 00
      """, count: 215)
    #expect(try encoded(#"{"n":{"k":"v"},"t":true,"z":null}"#) == expected)
    #expect(try encoded(#" {"z" : null, "t":true, "n":{"k":"v"} } "#) == expected)
  }

  @Test func array() throws {
    let expected = hexDump(
      """
      00  07 03 00 00 00 00 00 00 01 00 00 00 02 00 00 00
      20  c3 00 00 00 60 00 00 00 69 00 00 00 70 00 00 00
      60  02 0a 00 00 00 00 00 00 00 05 02 00 00 00 78 00
      70  03 00 00 00 00 00 00 04 40
      """, count: 121)
    #expect(try encoded(#"[10,"x",2.5]"#) == expected)
  }

  @Test func split() throws {
    var expected = hexDump(
      """
      00  06 08 00 00 09 b6 02 00
      20  01 02 00 00 84 00 00 00
      40  b4 00 00 00 14 01 00 00
      b4  06 08 00 00 06 b6 02 00 07 b6 02 00 08 b6 02 00
      d4  03 00 00 00 60 00 00 00 6c 00 00 00 78 00 00 00
      114 06 00 00 00 0a b6 02 00 0b b6 02 00 0c b6 02 00 0d b6 02 00
      134 04 00 00 00 90 00 00 00 9c 00 00 00 a8 00 00 00 74 01 00 00
      174 08 68 00 02 08 00 00 00 00 00 00 00
      """, count: 384)
    for index in 0..<7 {
      let entry: [UInt8] = [8, 0x61 + UInt8(index), 0, 2, 1 + UInt8(index), 0, 0, 0, 0, 0, 0, 0]
      expected.replaceSubrange(0x60 + index * 12..<0x6c + index * 12, with: entry)
    }
    #expect(try encoded(#"{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8}"#) == expected)
  }

  @Test func stringsAndAlignment() throws {
    let text = String(repeating: "x", count: 90)
    let document = try encoded(#"{"s":"","t":"hello","u":""# + text + #""}"#)
    let expected = hexDump(
      """
      60  08 73 00 05 01 00 00 00 00 08 74 00 05 06 00 00
      70  00 68 65 6c 6c 6f 00 00 00 08 75 00 05 5b 00 00
      80  00 78 78 78
      """, count: 220)
    #expect(document.count == 220)
    #expect(document[0x60..<0x84] == expected[0x60..<0x84])
    #expect(document[0xdb] == 0)
    #expect(Array(document[0x24..<0x30]) == [0x60, 0, 0, 0, 0x69, 0, 0, 0, 0x79, 0, 0, 0])
  }

  @Test func collidingKeys() throws {
    let document = try encoded(#"{"Bb":1,"CA":2}"#)
    #expect(Array(document[4..<12]) == [0x29, 0x73, 0x59, 0, 0x2a, 0x73, 0x59, 0])
  }

  @Test(
    arguments: [
      (62, [0xfc]), (63, [0x01, 0x01]), (64, [0x05, 0x01]), (16_382, [0xfd, 0xff]), (16_383, [0x03, 0x00, 0x01, 0x00]),
      (16_384, [0x07, 0x00, 0x01, 0x00]),
    ] as [(Int, [UInt8])])
  func keyTags(count: Int, tag: [UInt8]) throws {
    let key = String(repeating: "k", count: count)
    let document = try encoded("{\"" + key + "\":7}")
    #expect(Array(document[0x60..<0x60 + tag.count]) == tag)
    #expect(try printed(document) == "{\"" + key + "\":7}")
    #expect(try member(key, of: document) == 7)
  }

  @Test(
    arguments: [
      ("", 0x0000_1505), ("a", 0x0002_b606), ("meta", 0x7c9a_91cc), ("data", 0x7c95_915f), ("tags", 0x7c9e_55d4),
      ("Bb", 0x0059_7329), ("CA", 0x0059_7329),
    ] as [(String, UInt32)])
  func hashes(key: String, hash: UInt32) throws {
    let document = try encoded("{\"" + key + "\":1}")
    let stored = (0..<4).reduce(0 as UInt32) { $0 | UInt32(document[4 + $1]) << UInt32($1 * 8) }
    #expect(stored == hash)
    #expect(NaiveLite3.hash(key) == hash)
  }

  @Test func firstMessage() throws {
    let expected = hexDump(
      """
      000  06 04 00 00 5f 91 95 7c cc 91 9a 7c
      020  82 00 00 00 32 01 00 00 62 00 00 00
      060  00 00 14 6d 65 74 61 00 06 00 00 00 d4 55 9e 7c
      080  00 00 00 00 00 00 00 00 41 00 00 00 ca 00 00 00
      0c0  00 00 00 00 00 00 00 00 00 00 14 74 61 67 73 00
      0d0  07 00 00 00
      130  00 00 14 64 61 74 61 00 06 00 00 00 06 b6 02 00
      150  00 00 00 00 00 00 00 00 41 00 00 00 98 01 00 00
      190  00 00 00 00 00 00 00 00 08 61 00 02 01 00 00 00
      """, count: 420)
    #expect(try message(#"{"a":1}"#) == expected)
  }

  @Test func messageWithTags() throws {
    let payload = try message(#"{"b":"hello"}"#, tags: ["x", "y"])
    let expected = hexDump(
      """
      000  06 06 00 00
      0c0  00 00 00 00 00 00 00 00 00 00 14 74 61 67 73 00
      0d0  07 00 00 00 00 00 00 00 01 00 00 00
      0f0  82 00 00 00 30 01 00 00 37 01 00 00
      130  05 02 00 00 00 78 00 05 02 00 00 00 79 00 14 64
      """, count: 434)
    #expect(payload.count == 434)
    #expect(payload[0..<4] == expected[0..<4])
    #expect(payload[0xc0..<0x140] == expected[0xc0..<0x140])
    #expect(payload == NaiveLite3.message(.object([("b", .string("hello"))]), tags: ["x", "y"]))
  }

  @Test func thirdMessage() throws {
    let payload = try message(#"{"z":1,"a":[1,2.5,null,true],"m":{"k":"v"}}"#)
    #expect(payload.count == 650)
    #expect(Array(payload[0..<4]) == [6, 11, 0, 0])
  }

  private func member(_ key: String, of document: [UInt8]) throws(Lite3Error) -> Int64? {
    let key = bytes(key)
    return try Lite3Document(document.span.bytes).root().member(key.span.bytes)?.int64
  }
}
