import SQLite
import State
import Testing

@Suite struct PackedKeyTests {
  @Test(
    arguments: [
      ([0], "0101"), ([1], "010901"), ([127], "01097f"), ([128], "010980"), ([255], "0109ff"), ([256], "01110100"),
      ([65535], "0111ffff"), ([65536], "0119010000"), ([16_777_216], "012101000000"), ([4_294_967_295], "0121ffffffff"),
      ([4_294_967_296], "01290100000000"), ([72_057_594_037_927_936], "01410100000000000000"),
      ([.integer(.max)], "01417fffffffffffffff"),
      ([-1], "0141ffffffffffffffff"), ([-128], "0141ffffffffffffff80"), ([.integer(.min)], "01418000000000000000"),
      ([1.5], "01023ff8000000000000"), ([0.0], "01020000000000000000"), ([.real(-0.0)], "01028000000000000000"),
      ([""], "0103"), (["a"], "010b0161"), (["é"], "010b02c3a9"), (["日本"], "010b06e697a5e69cac"),
      ([.blob([])], "0104"), ([.blob([0xff, 0, 0xaa])], "010c03ff00aa"),
      ([1, "ab", .blob([0, 255]), .null, 2.0], "0509010b0261620c0200ff05024000000000000000"),
      ([-1, "é"], "0241ffffffffffffffff0b02c3a9"),
    ] as [([SQLiteValue], String)])
  func packsAsPeersDoAndBack(values: [SQLiteValue], hex: String) throws {
    #expect(PackedKey.pack(values) == bytes(hex: hex))
    #expect(try PackedKey.unpack(bytes(hex: hex)) == values)
  }

  @Test func lengthsOfLongTextsHaveNoSign() throws {
    for count in [128, 255, 256, 300, 70_000] {
      let values: [SQLiteValue] = [
        .text(Array(repeating: 0x78, count: count)), .blob(Array(repeating: 1, count: count)),
      ]
      #expect(try PackedKey.unpack(PackedKey.pack(values)) == values)
    }
    #expect(PackedKey.pack([.blob(Array(repeating: 1, count: 300))]).prefix(4) == [1, 0x14, 0x01, 0x2c])
  }

  @Test(arguments: [
    "", "01", "0109", "011101", "01023ff8", "010b0261", "0100", "0106", "0107", "0149010101010101010101",
    "012b0000000001",
  ])
  func refusesWhatIsNoKey(hex: String) {
    let error = #expect(throws: StateError.self) { try PackedKey.unpack(bytes(hex: hex)) }
    #expect(error?.kind == .malformed)
  }

  @Test func ignoresWhatFollowsTheAnnouncedValues() throws {
    #expect(try PackedKey.unpack(bytes(hex: "010901ffff")) == [1])
  }

  @Test func ordersValuesForMergingByClassAndByte() {
    let ascending: [SQLiteValue] = [
      .null, .blob([]), .blob([1]), .blob([1, 2]), .blob([0xff]), "", "Z", "a", "a\u{0}", "b", "z", "ä", "\u{FFFD}",
      "\u{1F600}", .real(-.infinity), -1.5, -1.25, 9e99, .integer(.min), -5, 2, 10,
    ]
    for (a, first) in ascending.enumerated() {
      for (b, second) in ascending.enumerated() {
        #expect(first.order(against: second) == (a < b ? .smaller : a == b ? .equal : .larger), "\(first) \(second)")
      }
    }
    #expect(SQLiteValue.real(0).order(against: .real(-0.0)) == .equal)
    #expect(SQLiteValue("a\u{308}").order(against: "ä") == .smaller)
  }
}
