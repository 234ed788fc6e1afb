import HTTP
import Testing

struct TargetTests {
  private func segments(_ text: String) -> PathSegments? { PathSegments(Array(text.utf8)[...]) }

  private func texts(_ text: String) -> [String?]? {
    segments(text).map { path in (0..<path.count).map { path.text(at: $0) } }
  }

  @Test func splitsAPathIntoItsSegments() {
    #expect(texts("/") == [""])
    #expect(texts("/a") == ["a"])
    #expect(texts("/a/") == ["a", ""])
    #expect(texts("//b") == ["", "b"])
    #expect(texts("/v0/pools/x/messages/12/lite3") == ["v0", "pools", "x", "messages", "12", "lite3"])
    #expect(texts("/a/é") == ["a", "é"])
    #expect(segments("")?.count == 1)
    #expect(segments("*")?.count == 1)
  }

  @Test func decodesWhatIsEncoded() {
    #expect(texts("/v%30/a%2Fb/%c3%A9") == ["v0", "a/b", "é"])
    #expect(texts("/a+b") == ["a+b"])
    #expect(segments("/%3")?.count == nil)
    #expect(segments("/%")?.count == nil)
    #expect(segments("/%zz")?.count == nil)
    #expect(texts("/%ff") == [nil])
    #expect(segments("/%ff").map { Array($0[0]) } == [0xff])
  }

  @Test func comparesWordsByBytes() throws {
    let path = try #require(segments("/v0/pools/K"))
    #expect(path.isWord("v0", at: 0) && path.isWord("pools", at: 1))
    #expect(!path.isWord("v", at: 0) && !path.isWord("v00", at: 0) && !path.isWord("v1", at: 0))
    #expect(!path.isWord("", at: 3) && !path.isWord("v0", at: 4))
    // The sign of kelvin means the same letter, and is another one.
    let kelvin = try #require(PathSegments(Array("/\u{212a}".utf8)[...]))
    #expect(!kelvin.isWord("K", at: 0))
  }

  @Test func aSliceOfALargerBufferIsReadWithinItsBounds() throws {
    let bytes = Array("xx/one/two?three/".utf8)
    let path = try #require(PathSegments(bytes[2..<10]))
    #expect(path.count == 2 && path.isWord("one", at: 0) && path.isWord("two", at: 1))
    let encoded = try #require(PathSegments(Array("xx/%6fne/two?".utf8)[2..<12]))
    #expect(encoded.count == 2 && encoded.isWord("one", at: 0) && encoded.isWord("two", at: 1))
  }

  @Test func moreSegmentsThanAnyRouteHasAreCounted() throws {
    let path = try #require(segments("/1/2/3/4/5/6/7/8/9/10"))
    #expect(path.count == 10 && path.isWord("8", at: 7))
    #expect(!path.isWord("9", at: 8) && path[8].isEmpty && path.text(at: 9) == "")
  }
}
