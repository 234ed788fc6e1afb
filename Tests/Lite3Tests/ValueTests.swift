import Lite3
import Testing

struct ValueTests {
  private static let source =
    #"{"i":-7,"u":1.5,"t":true,"f":false,"n":null,"s":"text","e":"","a":[1,[2,3],{"k":4}],"o":{"x":{"y":5}},"":6}"#

  @Test func typedAccess() throws {
    let document = try encoded(Self.source)
    let root = try Lite3Document(document.span.bytes).root()
    #expect(root.kind == .object)
    #expect(root.count == 10)
    #expect(try root.member("i")?.int64 == -7)
    #expect(try root.member("i")?.double == nil)
    #expect(try root.member("u")?.double == 1.5)
    #expect(try root.member("t")?.bool == true)
    #expect(try root.member("f")?.bool == false)
    #expect(try root.member("n")?.isNull == true)
    #expect(try text(document, ["s"]) == "text")
    #expect(try text(document, ["e"]) == "")
    #expect(try text(document, ["i"]) == nil)
    #expect(try root.member("")?.int64 == 6)
    #expect(try root.member("missing")?.kind == nil)
    #expect(try root.element(0)?.kind == nil)
  }

  @Test(
    arguments: [
      (["i"], -7), (["a", 0], 1), (["a", 1, 1], 3), (["a", 2, "k"], 4), (["o", "x", "y"], 5), ([""], 6),
      (["a", 3], nil),
      (["a", -1], nil), (["a", "k"], nil), (["o", 0], nil), (["o", "z", "y"], nil), (["i", "j"], nil), ([], nil),
    ] as [([Lite3Step], Int64?)])
  func paths(path: [Lite3Step], expected: Int64?) throws {
    let document = try encoded(Self.source)
    #expect(try Lite3Document(document.span.bytes).root().value(at: path)?.int64 == expected)
  }

  @Test func cursorsMeetEverything() throws {
    let document = try encoded(Self.source)
    #expect(try walk(document) == 19)
    #expect(try sortedKeys(document) == ["", "a", "e", "f", "i", "n", "o", "s", "t", "u"])
    let many = try encoded("{" + (0..<500).map { "\"k\($0)\":\($0)" }.joined(separator: ",") + "}")
    #expect(try sortedKeys(many) == (0..<500).map { "k\($0)" }.sorted())
    var members = try Lite3Document(many.span.bytes).root().members()
    var sum: Int64 = 0
    var last: UInt32 = 0
    while let member = try members.next() {
      sum += member.value.int64 ?? 0
      let hash = NaiveLite3.hash(member.key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
      #expect(hash > last || sum == 0)
      last = hash
    }
    #expect(sum == 499 * 250)
  }

  @Test func elementsComeInOrder() throws {
    let document = try encoded("[" + (0..<1000).map(String.init).joined(separator: ",") + "]")
    var elements = try Lite3Document(document.span.bytes).root().members()
    var expected: Int64 = 0
    while let element = try elements.next() {
      #expect(element.value.int64 == expected)
      #expect(element.key.byteCount == 0)
      expected += 1
    }
    #expect(expected == 1000)
  }

  private func text(_ document: [UInt8], _ path: [Lite3Step]) throws -> String? {
    guard let value = try Lite3Document(document.span.bytes).root().value(at: path) else { return nil }
    guard let string = value.string else { return nil }
    return string.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
