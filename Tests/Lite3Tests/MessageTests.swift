import JSON
import Lite3
import Testing

struct MessageTests {
  @Test(
    arguments: [
      ([7], .rootNotObject, "an array"), ([6], .missingMeta, "an empty object"),
    ] as [([UInt8], Lite3Error.Kind, String)])
  func rootsThatAreNoMessage(start: [UInt8], kind: Lite3Error.Kind, what: String) {
    let document = start + [UInt8](repeating: 0, count: 95)
    #expect(failure { () throws(Lite3Error) in try validateMessage(document) } == kind, "\(what)")
  }

  @Test(
    arguments: [
      (#"{"data":{}}"#, .missingMeta, "missing meta"), (#"{"meta":1,"data":{}}"#, .metaNotObject, "meta is not object"),
      (#"{"meta":[],"data":{}}"#, .metaNotObject, "meta is not object"),
      (#"{"meta":{},"data":{}}"#, .missingTags, "missing meta.tags"),
      (#"{"meta":{"tags":{}},"data":{}}"#, .tagsNotArray, "meta.tags must be array"),
      (#"{"meta":{"tags":"x"},"data":{}}"#, .tagsNotArray, "meta.tags must be array"),
      (#"{"meta":{"tags":["x",1]},"data":{}}"#, .tagsNotStrings, "meta.tags must be string array"),
      (#"{"meta":{"tags":[]}}"#, .missingData, "missing data"),
      (#"{"meta":{"tags":[]},"data":[]}"#, .dataNotObject, "data is not object"),
      (#"{"meta":{"tags":[]},"data":1}"#, .dataNotObject, "data is not object"),
    ] as [(String, Lite3Error.Kind, String)])
  func shapesThatAreRefused(source: String, kind: Lite3Error.Kind, wording: String) throws {
    let document = try encoded(source)
    do throws(Lite3Error) {
      try validateMessage(document)
      Issue.record("accepted")
    } catch {
      #expect(error.kind == kind)
      #expect(error.message.description == wording)
      #expect(error.isCorruption)
    }
  }

  @Test func wordingOfOtherFailures() {
    #expect(Lite3Error(.corrupt).message.description == "failed to decode lite3")
    #expect(Lite3Error(.tooLarge).message.description == "lite3 buffer exceeded max size")
    #expect(Lite3Error(.dataMustBeObject).message.description == "data must be object")
    #expect(!Lite3Error(.dataMustBeObject).isCorruption)
  }

  @Test(arguments: [
    #"{"data":{"a":1},"meta":{"tags":["x"]}}"#, #"{"data":{"a":1},"extra":[1],"meta":{"more":{},"tags":["x"]},"z":1}"#,
  ])
  func orderAndExtrasDoNotMatter(source: String) throws {
    let document = try encoded(source)
    try validateMessage(document)
    #expect(
      try envelope(document, seq: .max, time: 1_000_000_000)
        == #"{"data":{"a":1},"meta":{"tags":["x"]},"seq":18446744073709551615,"time":"1970-01-01T00:00:01Z"}"#)
  }

  @Test func arraysOfDataAreReadButNotAccepted() throws {
    let document = try encoded(#"{"meta":{"tags":[]},"data":[1,"x"]}"#)
    #expect(try envelope(document) == #"{"data":[1,"x"],"meta":{"tags":[]},"seq":1,"time":"1970-01-01T00:00:00Z"}"#)
    #expect(failure { () throws(Lite3Error) in try validateMessage(document) } == .dataNotObject)
  }

  @Test func tagsAreReadByTheirCount() throws {
    var payload = try message(#"{"a":1}"#, tags: ["x", "y"])
    let counts = 0xf0
    #expect(payload[counts] == 0x82)
    payload[counts] = 0xc2
    #expect(failure { () throws(Lite3Error) in try validateMessage(payload) } != nil)
    #expect(failure { () throws(Lite3Error) in _ = try envelope(payload) } != nil)
    payload[counts + 3] = 0xff
    #expect(failure { () throws(Lite3Error) in try validateMessage(payload) } == .tagsNotStrings)
  }

  @Test func prettyEnvelope() throws {
    let payload = try message(#"{"b":[],"a":{"x":[1,{}]}}"#, tags: ["t"])
    #expect(
      try envelope(payload, seq: 7, time: 1_500_000_000, .pretty) == """
        {
          "data": {
            "a": {
              "x": [
                1,
                {}
              ]
            },
            "b": []
          },
          "meta": {
            "tags": [
              "t"
            ]
          },
          "seq": 7,
          "time": "1970-01-01T00:00:01.5Z"
        }
        """)
  }

  @Test func coloredData() throws {
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    let payload = try message(#"{"a":[1.5,"s",true,null]}"#)
    try writer.writeData(
      ofMessage: payload.span.bytes, style: JSONStyle(isPretty: false, isColored: true), into: &output)
    func token(_ color: Int, _ text: String) -> String { "\u{1b}[\(color)m\(text)\u{1b}[0m" }
    let expected =
      token(39, "{") + token(36, "\"a\"") + token(39, ":") + token(39, "[") + token(33, "1.5") + token(39, ",")
      + token(32, "\"s\"") + token(39, ",") + token(35, "true") + token(39, ",") + token(39, "null") + token(39, "]")
      + token(39, "}")
    #expect(output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == expected)
  }

  @Test func aFailureLeavesTheOutputAsItWas() throws {
    var payload = try message(#"{"a":"text","b":"text"}"#)
    payload[payload.count - 2] = 0xff
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    output.append("kept")
    for style in [JSONStyle.compact, .pretty] {
      let kind = failure { () throws(Lite3Error) in
        try writer.writeEnvelope(payload: payload.span.bytes, seq: 1, time: 0, style: style, into: &output)
      }
      #expect(kind == .corrupt)
      #expect(output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "kept")
    }
  }

  @Test func timesOfOneSecondAndOfMany() throws {
    var writer = Lite3JSONWriter()
    let payload = try message("{}")
    for time in [5, 5_000_000_001, 5_900_000_000, 4_000_000_000, .max, 0] as [UInt64] {
      var output = ByteWriter()
      try writer.writeEnvelope(payload: payload.span.bytes, seq: 1, time: time, into: &output)
      var expected = ByteWriter()
      expected.append(#"{"data":{},"meta":{"tags":[]},"seq":1,"time":""#)
      expected.appendTimestamp(time)
      expected.append("\"}")
      let text = output.withUnsafeBytes { Array($0) }
      #expect(text == expected.withUnsafeBytes { Array($0) })
    }
  }
}
