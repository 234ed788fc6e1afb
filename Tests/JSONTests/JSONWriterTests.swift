import JSON
import Testing

struct JSONWriterTests {
  private func sample(_ style: JSONStyle) -> String {
    var json = JSONWriter(style: style)
    json.beginObject()
    json.key("a")
    json.value(Int64(-1))
    json.key("b")
    json.beginArray()
    json.value(1.5)
    json.value(true)
    json.null()
    json.value("x\"y")
    json.beginObject()
    json.endObject()
    json.endArray()
    json.key(String("c"))
    json.beginArray()
    json.endArray()
    json.key("t")
    json.value(timestamp: 1_500_000_000)
    json.endObject()
    return text(json.output)
  }

  @Test func compact() {
    #expect(sample(.compact) == #"{"a":-1,"b":[1.5,true,null,"x\"y",{}],"c":[],"t":"1970-01-01T00:00:01.5Z"}"#)
  }

  @Test func pretty() {
    #expect(
      sample(.pretty) == """
        {
          "a": -1,
          "b": [
            1.5,
            true,
            null,
            "x\\"y",
            {}
          ],
          "c": [],
          "t": "1970-01-01T00:00:01.5Z"
        }
        """)
  }

  @Test func colored() {
    var json = JSONWriter(style: JSONStyle(isPretty: false, isColored: true))
    json.beginObject()
    json.key("k")
    json.value("s")
    json.key("n")
    json.value(UInt64(1))
    json.key("b")
    json.value(false)
    json.key("z")
    json.null()
    json.endObject()

    func token(_ color: Int, _ text: String) -> String { "\u{1b}[\(color)m\(text)\u{1b}[0m" }
    let expected =
      token(39, "{") + token(36, "\"k\"") + token(39, ":") + token(32, "\"s\"") + token(39, ",") + token(36, "\"n\"")
      + token(39, ":") + token(33, "1") + token(39, ",") + token(36, "\"b\"") + token(39, ":") + token(35, "false")
      + token(39, ",") + token(36, "\"z\"") + token(39, ":") + token(39, "null") + token(39, "}")
    #expect(text(json.output) == expected)
  }

  @Test func notFiniteBecomesNull() {
    var json = JSONWriter()
    json.value(Double.nan)
    #expect(text(json.output) == "null")
  }
}
