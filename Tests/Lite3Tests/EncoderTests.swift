import JSON
import Lite3
import Testing

struct EncoderTests {
  @Test(arguments: 1...300 as ClosedRange<UInt64>)
  func randomDocumentsHaveTheBytesOfNaiveInsertion(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = NaiveJSON.randomObject(&generator)
    let normalized = value.normalized
    let source = value.text(space: ["", " ", "\n\t"].randomElement(using: &generator) ?? "")
    let document = try encoded(source)
    #expect(document == NaiveLite3.document(normalized))
    #expect(try printed(document) == normalized.text())
    try validate(document)
    let tags = (0..<Int.random(in: 0...12, using: &generator)).map { String(repeating: "t", count: $0 * 9) }
    let payload = try message(source, tags: tags)
    #expect(payload == NaiveLite3.message(normalized, tags: tags))
    try validateMessage(payload)
  }

  @Test func oneEncoderServesManyDocuments() throws {
    var encoder = Lite3Encoder()
    var generator = SeededGenerator(seed: 77)
    for _ in 0..<200 {
      let value = NaiveJSON.randomObject(&generator)
      try encoder.encode(bytes(value.text()).span.bytes)
      #expect(encoder.withUnsafeBytes { Array($0) } == NaiveLite3.document(value.normalized))
      #expect(failure { () throws(Lite3Error) in try encoder.encode(bytes("{").span.bytes) } == .invalidJSON)
      #expect(encoder.withUnsafeBytes { $0.count } == 0)
      try encoder.encodeMessage(data: bytes(value.text()).span.bytes)
      #expect(encoder.withUnsafeBytes { Array($0) } == NaiveLite3.message(value.normalized, tags: []))
    }
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func aMessageWithinARequestHasTheBytesOfTheSameDataAlone(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let value = NaiveJSON.randomObject(&generator)
    let request = bytes(#"{"tags":["a","b"],"more":[{}, -0, 1e3],"data":"# + value.text() + #","last":-0}"#)
    var encoder = Lite3Encoder()
    let isEncoded = try encoder.encodeMessage(within: request.span.bytes) { tape in
      tape.member("data", of: tape.root).map { ($0, ["a", "b"]) }
    }
    #expect(isEncoded)
    #expect(encoder.withUnsafeBytes { Array($0) } == NaiveLite3.message(value.normalized, tags: ["a", "b"]))
    #expect(try !encoder.encodeMessage(within: request.span.bytes) { _ in nil })
    #expect(encoder.withUnsafeBytes { $0.count } == 0)
    #expect(
      failure { () throws(Lite3Error) in
        _ = try encoder.encodeMessage(within: request.span.bytes) { tape in
          tape.member("more", of: tape.root).map { ($0, []) }
        }
      } == .dataMustBeObject)
  }

  @Test(arguments: [8, 9, 29, 30, 100, 1000])
  func largeObjects(count: Int) throws {
    let members = (0..<count).map { (key: "key\($0 &* 7919 % count)", value: NaiveJSON.integer(String($0))) }
    let value = NaiveJSON.object(members)
    let document = try encoded(value.text())
    #expect(document == NaiveLite3.document(value.normalized))
    #expect(try printed(document) == value.normalized.text())
    for member in members {
      #expect(try int(document, [.key(member.key)]) == Int64(member.value.text()))
    }
  }

  @Test(arguments: [7, 8, 11, 12, 27, 28, 29, 100, 2000])
  func largeArrays(count: Int) throws {
    let value = NaiveJSON.array((0..<count).map { $0 % 5 == 0 ? .array([]) : .integer(String($0)) })
    let document = try encoded(value.text())
    #expect(document == NaiveLite3.document(value))
    #expect(try printed(document) == value.text())
  }

  @Test func hugeContainers() throws {
    let keys = NaiveJSON.object((0..<10_000).map { ("k\($0)", .null) })
    #expect(try printed(encoded(keys.text())) == keys.normalized.text())
    let array = NaiveJSON.array((0..<100_000).map { .integer(String($0)) })
    let document = try encoded(array.text())
    #expect(try printed(document) == array.text())
    try validate(document)
    for index in [0, 1, 6, 7, 99_999] {
      #expect(try int(document, [.index(index)]) == Int64(index))
    }
    #expect(try int(document, [.index(100_000)]) == nil)
  }

  @Test(arguments: [
    ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
    ("9223372036854775808", "9.223372036854776e+18"), ("-9223372036854775809", "-9.223372036854776e+18"),
    ("18446744073709551615", "1.8446744073709552e+19"), ("18446744073709551616", "1.8446744073709552e+19"),
    ("18446744073709549568", "1.844674407370955e+19"), ("123456789012345678901234567890", "1.2345678901234568e+29"),
    ("0", "0"), ("-0", "-0.0"), ("-0.0", "-0.0"), ("0.0", "0.0"), ("-0e5", "-0.0"), ("1.0", "1.0"), ("1e2", "100.0"),
    ("1E-2", "0.01"),
    ("5e-324", "5e-324"), ("2e-324", "0.0"), ("3e-324", "5e-324"),
    ("2.2250738585072011e-308", "2.225073858507201e-308"),
    ("1.7976931348623158e308", "1.7976931348623157e+308"), ("9007199254740993", "9007199254740993"),
    ("9007199254740993.0", "9007199254740992.0"), ("9007199254740993.00000000000000001", "9007199254740994.0"),
    ("0.1000000000000000055511151231257827021181583404541015625", "0.1"), ("1e23", "1e+23"), ("8.41e21", "8.41e+21"),
    ("100000000000000016777215", "1.0000000000000001e+23"), ("100000000000000016777216", "1.0000000000000003e+23"),
    ("1e-400", "0.0"), ("-1e-400", "-0.0"),
  ])
  func numbersAreExact(source: String, expected: String) throws {
    #expect(try printed(encoded("[" + source + "]")) == "[" + expected + "]")
    #expect(try printed(encoded("{\"-0\":\"-0,\",\"n\":" + source + "}")) == "{\"-0\":\"-0,\",\"n\":" + expected + "}")
  }

  @Test(
    arguments: [
      (#"{"a":1e999}"#, .invalidJSON), (#"{"a":NaN}"#, .invalidJSON), ("", .invalidJSON),
      (#"{"a":"\ud800"}"#, .invalidJSON),
      (#"{"a\u0000b":1}"#, .nulInKey), (#"{"0123456789\u0000":1}"#, .nulInKey), (#"{"\u0000":1}"#, .nulInKey),
      ("12", .dataMustBeObject), ("null", .dataMustBeObject), (#""x""#, .dataMustBeObject), ("[1]", .dataMustBeObject),
    ] as [(String, Lite3Error.Kind)])
  func refusals(source: String, kind: Lite3Error.Kind) {
    #expect(failure { () throws(Lite3Error) in _ = try message(source) } == kind)
  }

  @Test func nestingIsBounded() throws {
    #expect(try message(nested(31)).count > 0)
    #expect(failure { () throws(Lite3Error) in _ = try message(nested(32)) } == .tooDeep)
    #expect(try printed(encoded(nested(32))) == nested(32))
    #expect(failure { () throws(Lite3Error) in _ = try encoded(nested(33)) } == .tooDeep)
    #expect(failure { () throws(Lite3Error) in _ = try encoded(nested(200)) } == .invalidJSON)
  }

  @Test(arguments: [
    (#"{"a":1,"a":2}"#, #"{"a":2}"#), (#"{"a":1,"b":3,"a":{"x":1}}"#, #"{"a":{"x":1},"b":3}"#),
    (#"{"b":1,"a":1,"b":2,"a":2,"b":3}"#, #"{"a":2,"b":3}"#), (#"{"":1,"":2}"#, #"{"":2}"#),
    (#"{"common_prefix_1":1,"common_prefix_2":2,"common_prefix_1":3}"#, #"{"common_prefix_1":3,"common_prefix_2":2}"#),
    (#"{"\u0061":1,"a":2}"#, #"{"a":2}"#),
  ])
  func theLastOfEqualKeysWins(source: String, expected: String) throws {
    #expect(try printed(encoded(source)) == expected)
  }

  @Test func manyCollidingKeysProbe() throws {
    // Words over {Bb, CA} of the same length all have the same hash.
    let keys = (0..<128).map { number in
      (0..<7).map { number >> $0 & 1 == 0 ? "Bb" : "CA" }.joined()
    }
    let value = NaiveJSON.object(keys.enumerated().map { ($0.element, .integer(String($0.offset))) })
    let document = try encoded(value.text())
    #expect(document == NaiveLite3.document(value.normalized))
    #expect(try printed(document) == value.normalized.text())
    for (number, key) in keys.enumerated() {
      #expect(try int(document, [.key(key)]) == Int64(number))
    }
    let more = NaiveJSON.object(
      (0..<256).map { number in
        ((0..<8).map { number >> $0 & 1 == 0 ? "Bb" : "CA" }.joined(), .null)
      })
    #expect(failure { () throws(Lite3Error) in _ = try encoded(more.text()) } == .collisions)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func objectsThatLookAlikeMayDiffer(seed: UInt64) throws {
    // The same keys with the same first and last, shuffled between: an order that was right once is wrong now.
    var generator = SeededGenerator(seed: seed)
    var encoder = Lite3Encoder()
    var builder = Lite3Builder()
    var writer = Lite3JSONWriter()
    for _ in 0..<40 {
      let count = Int.random(in: 3...40, using: &generator)
      let between = (1..<count - 1).map { "key\($0)" }.shuffled(using: &generator)
      let keys = ["mm"] + between + ["kk"] + (Bool.random(using: &generator) ? ["mm"] : [])
      let value = NaiveJSON.object(keys.enumerated().map { ($0.element, .integer(String($0.offset))) })
      try encoder.encode(bytes(value.text()).span.bytes)
      #expect(encoder.withUnsafeBytes { Array($0) } == NaiveLite3.document(value.normalized))
      // Built in this order, offsets do not follow keys.
      builder.beginDocument()
      for (number, key) in between.enumerated() { try builder.put(key, Int64(number)) }
      try builder.finish()
      let built = NaiveJSON.object(between.enumerated().map { ($0.element, .integer(String($0.offset))) })
      for document in [builder.bytes.withUnsafeBytes { Array($0) }, encoder.withUnsafeBytes { Array($0) }] {
        var output = ByteWriter()
        try writer.write(document: document.span.bytes, into: &output)
        let text = output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        #expect(text == built.normalized.text() || text == value.normalized.text())
      }
    }
  }

  @Test func aHugeDocumentBetweenSmallOnes() throws {
    var encoder = Lite3Encoder()
    let small = bytes(#"{"a":1}"#)
    let huge = bytes("{\"t\":\"" + String(repeating: "x", count: 9 << 20) + "\",\"n\":[1]}")
    for _ in 0..<2 {
      try encoder.encodeMessage(data: small.span.bytes)
      #expect(encoder.bytes.byteCount == 420)
      try encoder.encodeMessage(data: huge.span.bytes)
      #expect(encoder.bytes.byteCount > 9 << 20)
    }
  }

  @Test func stringsKeepEveryScalar() throws {
    let source = #"["","\u0000","a\u0000b","\ud83d\ude00","é\u00e9","\/","\u007f\u2028"]"#
    #expect(try printed(encoded(source)) == "[\"\",\"\\u0000\",\"a\\u0000b\",\"😀\",\"éé\",\"/\",\"\u{7f}\u{2028}\"]")
  }

  private func nested(_ depth: Int) -> String {
    var text = "1"
    for level in 0..<depth { text = level == depth - 1 || level % 2 == 0 ? "{\"a\":" + text + "}" : "[" + text + "]" }
    return text
  }
}

enum Step {
  case key(String)
  case index(Int)
}

/// The integer at a path of a document.
func int(_ document: [UInt8], _ path: [Step]) throws(Lite3Error) -> Int64? {
  var value = try Lite3Document(document.span.bytes).root()
  for step in path {
    switch step {
    case .key(let key):
      let key = bytes(key)
      guard let next = try value.member(key.span.bytes) else { return nil }
      value = next
    case .index(let index):
      guard let next = try value.element(index) else { return nil }
      value = next
    }
  }
  return value.int64
}
