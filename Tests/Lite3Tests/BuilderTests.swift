import Lite3
import Testing

struct BuilderTests {
  @Test func aMessageLikeTheEncoders() throws {
    var builder = Lite3Builder()
    for _ in 0..<2 {
      try builder.beginMessage(tags: ["x", "y"])
      try builder.beginArray("a")
      try builder.append(1 as Int64)
      try builder.append(2.5)
      try builder.append(true)
      try builder.appendNull()
      try builder.append("text")
      try builder.beginObject()
      try builder.put("k", "v")
      try builder.end()
      try builder.beginArray()
      try builder.end()
      try builder.end()
      try builder.put("b", false)
      try builder.put("i", Int64.min)
      try builder.put("n", String(repeating: "n", count: 90))
      try builder.putNull("z")
      try builder.finish()
      let json =
        #"{"a":[1,2.5,true,null,"text",{"k":"v"},[]],"b":false,"i":-9223372036854775808,"n":""#
        + String(repeating: "n", count: 90) + #"","z":null}"#
      #expect(Array(of: builder) == (try message(json, tags: ["x", "y"])))
    }
  }

  @Test func manyMembersAndElements() throws {
    var builder = Lite3Builder()
    builder.beginDocument()
    for number in 100..<400 { try builder.put("key\(number)", Int64(number)) }
    try builder.finish()
    let object = NaiveJSON.object((100..<400).map { ("key\($0)", .integer(String($0))) })
    #expect(Array(of: builder) == NaiveLite3.document(object))
    builder.beginArrayDocument()
    for number in 0..<400 { try builder.append("\(number)") }
    try builder.finish()
    #expect(Array(of: builder) == NaiveLite3.document(.array((0..<400).map { .string(String($0)) })))
  }

  @Test func rawBytesArePrintedAsBase64() throws {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    var builder = Lite3Builder()
    for count in 0...96 {
      let raw = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 250) }
      builder.beginDocument()
      try builder.put("b", bytes: raw.span.bytes)
      try builder.put("t", utf8: bytes("é").span.bytes)
      try builder.beginArray("c")
      try builder.append(bytes: raw.span.bytes)
      try builder.append(utf8: bytes("").span.bytes)
      try builder.finish()
      let document = Array(of: builder)
      try validate(document)
      var expected = ""
      for start in stride(from: 0, to: count, by: 3) {
        let group = (0..<3).reduce(0) { $0 << 8 | (start + $1 < count ? Int(raw[start + $1]) : 0) }
        for digit in 0..<4 {
          let index = alphabet.index(alphabet.startIndex, offsetBy: group >> (18 - digit * 6) & 63)
          expected += digit <= min(3, count - start) ? String(alphabet[index]) : "="
        }
      }
      #expect(try printed(document) == #"{"b":""# + expected + #"","c":[""# + expected + #"",""],"t":"é"}"#)
      let stored = try Lite3Document(document.span.bytes).root().member("b")?.bytes?.withUnsafeBytes { Array($0) }
      #expect(stored == raw)
    }
  }

  @Test func refusals() {
    #expect(
      failed { (builder) throws(Lite3Error) in
        try builder.put("a", 1 as Int64)
        try builder.put("a", 2 as Int64)
      } == .duplicateKey)
    #expect(failed { (builder) throws(Lite3Error) in try builder.put("a\u{0}", true) } == .nulInKey)
    #expect(failed { (builder) throws(Lite3Error) in try builder.put("a", Double.nan) } == .notFinite)
    #expect(failed { (builder) throws(Lite3Error) in try builder.put("a", -Double.infinity) } == .notFinite)
    let invalid: [UInt8] = [0xff]
    #expect(failed { (builder) throws(Lite3Error) in try builder.put("a", utf8: invalid.span.bytes) } == .invalidText)
    #expect(
      failed { (builder) throws(Lite3Error) in
        for _ in 0..<40 { try builder.beginObject("o") }
      } == .tooDeep)
  }

  @Test func collidingKeysProbe() throws {
    var builder = Lite3Builder()
    builder.beginDocument()
    try builder.put("CA", 1 as Int64)
    try builder.put("Bb", 2 as Int64)
    try builder.finish()
    #expect(try printed(Array(of: builder)) == #"{"Bb":2,"CA":1}"#)
  }

  private func failed(_ build: (inout Lite3Builder) throws(Lite3Error) -> Void) -> Lite3Error.Kind? {
    var builder = Lite3Builder()
    builder.beginDocument()
    do throws(Lite3Error) {
      try build(&builder)
      try builder.finish()
      return nil
    } catch {
      return error.kind
    }
  }
}

extension [UInt8] {
  fileprivate init(of builder: borrowing Lite3Builder) {
    self = builder.bytes.withUnsafeBytes { Array($0) }
  }
}
