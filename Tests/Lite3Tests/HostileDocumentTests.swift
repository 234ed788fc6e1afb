import JSON
import Lite3
import Testing

/// Documents that break one rule each (pool format, section 14.10): reading ends in a value or an error.
struct HostileDocumentTests {
  /// `{"a":1,"b":"text","c":[1,2],"d":{"x":null},...}` with enough members for a tree of two levels.
  static func sample() throws -> [UInt8] {
    try message(
      #"{"a":1,"b":"text","c":[1,2.5,true],"d":{"x":null},"e":5,"f":6,"g":7,"h":8,"i":"\u00e9","j":false,"k":{}}"#,
      tags: ["t"])
  }

  private static func failures(_ document: [UInt8]) -> [Lite3Error.Kind?] {
    [
      failure { () throws(Lite3Error) in try validate(document) },
      failure { () throws(Lite3Error) in _ = try printed(document) },
      failure { () throws(Lite3Error) in _ = try walk(document) },
    ]
  }

  @Test func tooShortOrNotAContainer() {
    for count in 0..<96 {
      #expect(Self.failures([UInt8](repeating: 6, count: count)).allSatisfy { $0 == .corrupt })
    }
    for type in UInt8(0)...255 where type != 6 && type != 7 {
      var document = [UInt8](repeating: 0, count: 96)
      document[0] = type
      #expect(Self.failures(document).allSatisfy { $0 == .corrupt })
    }
    #expect(
      failure { () throws(Lite3Error) in try validateMessage([UInt8](repeating: 7, count: 96)) } == .rootNotObject)
  }

  @Test func everyTruncationOfADocument() throws {
    let document = try encoded(#"{"a":"text","b":[1,2],"c":null}"#)
    for count in 0..<document.count {
      #expect(Self.failures(Array(document[0..<count])).allSatisfy { $0 == .corrupt }, "\(count) bytes")
    }
  }

  @Test(
    arguments: [
      (0x24, 0x6c, "entry at the end"), (0x24, 0xffff_ffff, "entry far outside"), (0x40, 0x60, "child without room"),
      (0x40, 0x61, "child misaligned"), (0x40, 0xffff_fffc, "child far outside"), (0x40, 0, nil),
    ] as [(Int, UInt32, String?)])
  func offsetsOutside(at offset: Int, value: UInt32, reason: String?) throws {
    var document = try encoded(#"{"a":1}"#)
    set(&document, offset, value)
    let expected: Lite3Error.Kind? = reason == nil ? nil : .corrupt
    #expect(Self.failures(document).allSatisfy { $0 == expected }, "\(reason ?? "")")
  }

  @Test func aNodeThatIsItsOwnChild() throws {
    var document = try encoded(#"{"a":1,"b":2,"c":3}"#)
    for child in 0..<8 { set(&document, 64 + child * 4, 0) }
    set(&document, 64, 96)
    document += [UInt8](repeating: 0, count: 400)
    // A node at 96, which begins inside the entries, and all of whose children are itself.
    for index in 96..<192 { document[index] = 0 }
    document[96] = 6
    document[128] = 7
    for child in 0..<8 { set(&document, 96 + 64 + child * 4, 96) }
    #expect(Self.failures(document).allSatisfy { $0 == .corrupt })
  }

  @Test func pathsThatMultiply() {
    // Nine levels of nodes, each of whose eight children is the next: 8^9 paths through one kilobyte.
    var document = [UInt8](repeating: 0, count: 96 * 11)
    for level in 0..<10 {
      document[level * 96] = 6
      document[level * 96 + 32] = 7
      for key in 0..<7 { set(&document, level * 96 + 36 + key * 4, 960) }
      for child in 0..<8 where level < 9 { set(&document, level * 96 + 64 + child * 4, UInt32(level + 1) * 96) }
    }
    document[960] = 8
    document[961] = 0x61
    #expect(Self.failures(document).allSatisfy { $0 == .corrupt })
    document[0] = 7
    #expect(Self.failures(document).allSatisfy { $0 == .corrupt })
  }

  @Test func aContainerThatHoldsItself() {
    // The one element of the array is the array.
    var document = [UInt8](repeating: 0, count: 96)
    document[0] = 7
    document[32] = 0x41
    let kinds = Self.failures(document)
    #expect(kinds[0] == .corrupt)
    #expect(kinds[1] == .corrupt)
  }

  @Test func oneStringManyTimes() {
    // 50,000 elements that are all the same megabyte would print as fifty gigabytes.
    let elements = 50_000
    var document: [UInt8] = []
    let leaves = (elements + 6) / 7
    document = [UInt8](repeating: 0, count: 96 * (leaves + leaves / 7 + 20))
    let text = document.count
    let length = 1 << 20
    document += [5, 0x01, 0x00, 0x10, 0x00] + [UInt8](repeating: 0x78, count: length) + [0]
    for leaf in 0..<leaves {
      let node = 96 * (1 + leaf)
      document[node] = 7
      document[node + 32] = 7
      for key in 0..<7 { set(&document, node + 36 + key * 4, UInt32(text)) }
    }
    // A chain of inner nodes is enough to reach many of them.
    document[0] = 7
    document[32] = 7
    for key in 0..<7 { set(&document, 36 + key * 4, UInt32(text)) }
    for child in 0..<8 { set(&document, 64 + child * 4, UInt32(96 * (1 + child))) }
    #expect(Self.failures(document)[0] == .corrupt)
    #expect(Self.failures(document)[1] == .corrupt)
  }

  @Test(
    arguments: [
      ([0x08, 0x61, 0x01, 0x00], "key without NUL"), ([0x00, 0x61, 0x00, 0x00], "key of size 0"),
      ([0xfc, 0x61, 0x00, 0x00], "key beyond the end"), ([0x03, 0xff, 0xff, 0xff], "wide tag beyond the end"),
      ([0x08, 0x61, 0x00, 0x08], "value of type 8"), ([0x08, 0x61, 0x00, 0xff], "value of type 255"),
      ([0x08, 0x61, 0x00, 0x05, 0x00, 0, 0, 0], "string of length 0"),
      ([0x08, 0x61, 0x00, 0x05, 0x02, 0, 0, 0, 0x61, 0x62], "string without NUL"),
      ([0x08, 0x61, 0x00, 0x05, 0xff, 0xff, 0xff, 0xff, 0, 0], "string beyond the end"),
      ([0x08, 0x61, 0x00, 0x04, 0xff, 0xff, 0xff, 0x7f, 0, 0], "bytes beyond the end"),
      ([0x08, 0x61, 0x00, 0x02, 1, 2, 3], "integer cut short"), ([0x08, 0x61, 0x00, 0x01], "boolean cut short"),
      ([0x08, 0x61, 0x00, 0x06], "object without room"), ([0x08, 0x61, 0x00], "key without value"),
      ([0x08, 0x61, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0xf0, 0x7f], "infinity"),
      ([0x08, 0x61, 0x00, 0x03, 1, 0, 0, 0, 0, 0, 0xf0, 0x7f], "NaN"),
      ([0x08, 0x61, 0x00, 0x05, 0x02, 0, 0, 0, 0xff, 0], "string not UTF-8"),
      ([0x08, 0xff, 0x00, 0x00], "key not UTF-8"),
    ] as [([UInt8], String)])
  func badEntries(entry: [UInt8], reason: String) throws {
    let document = try Array(encoded(#"{"a":1}"#)[0..<96]) + entry
    let kinds = Self.failures(document)
    #expect(kinds[0] == .corrupt, "\(reason)")
    #expect(kinds[1] == .corrupt, "\(reason)")
  }

  @Test(
    arguments: [
      (UInt32(0xff_ffff_00), 0, "any generation"), (0xffff_ffc1, 0x20, "a wrong element count"),
      (0x79, 0x20, "junk in bits 3 to 5"),
      (0x1234_5678, 4, "a false hash"), (0xffff_ffff, 8, "junk in unused slots"),
      (0xffff_ffff, 0x28, "junk in unused entries"),
    ] as [(UInt32, Int, String)])
  func whatIsNotChecked(bits: UInt32, offset: Int, what: String) throws {
    var document = try encoded(#"{"a":1}"#)
    let value = offset == 0 ? bits | 6 : offset == 0x20 ? bits & ~7 | 1 : bits
    set(&document, offset, value)
    #expect(try printed(document) == #"{"a":1}"#, "\(what)")
    try validate(document)
  }

  @Test func olderGenerationsAreRead() throws {
    // The same message as an older writer stores it: a generation in each container.
    var payload = try message(#"{"a":1}"#)
    payload[1] = 2
    payload[0x69] = 1
    payload[0x139] = 1
    try validateMessage(payload)
    #expect(try envelope(payload) == #"{"data":{"a":1},"meta":{"tags":[]},"seq":1,"time":"1970-01-01T00:00:00Z"}"#)
  }

  @Test func keysOutOfOrderArePrintedInOrder() throws {
    // Entries in descending order of keys, then two entries of the same key.
    var document = try encoded(#"{"a":1,"b":2,"c":3,"d":{"x":1,"y":2}}"#)
    let entries = (0..<3).map { word(document, 36 + $0 * 4) }
    #expect(try printed(document) == #"{"a":1,"b":2,"c":3,"d":{"x":1,"y":2}}"#)
    document[Int(entries[0]) + 1] = UInt8(ascii: "z")
    #expect(try printed(document) == #"{"b":2,"c":3,"d":{"x":1,"y":2},"z":1}"#)
    document[Int(entries[1]) + 1] = UInt8(ascii: "z")
    #expect(try printed(document) == #"{"c":3,"d":{"x":1,"y":2},"z":2}"#)
    #expect(try sortedKeys(document) == ["c", "d", "z"])
  }

  @Test func anyTreeOfTheRightShapeIsRead() throws {
    // Three keys in a root with four leaves of one key each, entries stored backwards.
    let keys = ["a", "b", "c", "d", "e", "f", "g"]
    var document = [UInt8](repeating: 0, count: 96 * 5)
    var entries: [String: UInt32] = [:]
    for (index, key) in keys.enumerated().reversed() {
      entries[key] = UInt32(document.count)
      document += [8] + bytes(key) + [0, 2, UInt8(index), 0, 0, 0, 0, 0, 0, 0]
    }
    for node in 0..<5 { document[node * 96] = 6 }
    for (slot, key) in ["b", "d", "f"].enumerated() {
      set(&document, 4 + slot * 4, NaiveLite3.hash(key))
      set(&document, 36 + slot * 4, entries[key] ?? 0)
    }
    for (slot, key) in ["a", "c", "e", "g"].enumerated() {
      set(&document, 64 + slot * 4, UInt32(96 * (slot + 1)))
      set(&document, 96 * (slot + 1) + 4, NaiveLite3.hash(key))
      set(&document, 96 * (slot + 1) + 36, entries[key] ?? 0)
      document[96 * (slot + 1) + 32] = 1
    }
    set(&document, 32, 7 << 6 | 3)
    try validate(document)
    #expect(try printed(document) == #"{"a":0,"b":1,"c":2,"d":3,"e":4,"f":5,"g":6}"#)
    for (index, key) in keys.enumerated() { #expect(try int(document, [.key(key)]) == Int64(index)) }
    #expect(try int(document, [.key("h")]) == nil)
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func randomDamageNeverEscapes(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let whole = try Self.sample()
    for _ in 0..<400 {
      var document = whole
      for _ in 0..<Int.random(in: 1...6, using: &generator) {
        let index = Int.random(in: 0..<document.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: document[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 1: document[index] = UInt8.random(in: 0...255, using: &generator)
        case 2: set(&document, index & ~3, UInt32.random(in: 0..<UInt32(document.count), using: &generator))
        default: document.removeLast(min(document.count - 4, Int.random(in: 0...40, using: &generator)))
        }
        if document.count < 8 { break }
      }
      _ = Self.failures(document)
      _ = failure { () throws(Lite3Error) in try validateMessage(document) }
      _ = failure { () throws(Lite3Error) in _ = try envelope(document, .pretty) }
      // What validates can be printed, and what is printed is JSON that encodes again to the same text.
      if failure({ () throws(Lite3Error) in try validate(document) }) == nil {
        let text = try printed(document)
        if let again = try? encoded(text) { #expect(try printed(again) == text) }
      }
    }
  }

  private func set(_ document: inout [UInt8], _ offset: Int, _ value: UInt32) {
    for index in 0..<4 where offset + index < document.count {
      document[offset + index] = UInt8(truncatingIfNeeded: value >> UInt32(index * 8))
    }
  }

  private func word(_ document: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(document[offset + $1]) << UInt32($1 * 8) }
  }
}

/// Touches everything in a document through cursors and lookups; the number of values met.
func walk(_ document: [UInt8]) throws(Lite3Error) -> Int {
  let root = try Lite3Document(document.span.bytes).root()
  return try walk(root, depth: 0)
}

private func walk(_ value: borrowing Lite3Value, depth: Int) throws(Lite3Error) -> Int {
  if depth > 8 { return 1 }
  var count = 1
  _ = value.int64
  _ = value.double
  _ = value.bool
  _ = value.string?.byteCount
  _ = value.bytes?.byteCount
  var members = value.members()
  while let member = try members.next() {
    count += try walk(member.value, depth: depth + 1)
    if value.kind == .object { _ = try value.member(member.key)?.kind }
  }
  if value.kind == .array { _ = try value.element(value.count - 1)?.kind }
  return count
}

/// The keys of the root object in the order of a sorted cursor.
func sortedKeys(_ document: [UInt8]) throws(Lite3Error) -> [String] {
  var keys: [String] = []
  var members = try Lite3Document(document.span.bytes).root().sortedMembers()
  while let member = try members.next() {
    keys.append(member.key.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
  }
  return keys
}
