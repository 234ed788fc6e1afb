import Pools
import Support
import Testing

/// What upstream's doctor says of damaged frames, observed: the same words, the same place. The pool format, section 10.
struct DamageTests {
  /// Six messages of 496 bytes in a ring with room for a wrap marker more: seqs 4 to 6 from 1488 on, 7 to 9 from 0 on.
  private static var sample: HandBuiltPool {
    var pool = HandBuiltPool(ringSize: 6 * 496 + 100, slots: 4)
    for (sequence, offset) in [(4, 1488), (5, 1984), (6, 2480), (7, 0), (8, 496), (9, 992)] {
      pool.putFrame(sequence, at: offset, time: 1, payload: HandBuiltPool.payload(sequence))
    }
    pool.putWrapMarker(at: 2976)
    pool.setState(head: 1488, tail: 1488, tailNext: 1984, oldest: 4, newest: 9)
    return pool
  }

  struct Damage: CustomTestStringConvertible {
    let what: String
    /// In a frame at a ring offset; without one, in the file.
    var frame: Int?
    let at: Int
    let bytes: [UInt8]
    let message: String
    let offset: UInt64
    let lastGood: UInt64?
    var testDescription: String { what }

    init(
      _ what: String, frame: Int? = nil, at: Int, _ bytes: [UInt8], _ message: String, offset: UInt64, good: UInt64?
    ) {
      (self.what, self.frame, self.at, self.bytes, self.message) = (what, frame, at, bytes, message)
      (self.offset, lastGood) = (offset, good)
    }
  }

  private static func length(_ count: UInt32) -> [UInt8] {
    Array(littleEndian(UInt64(count))[..<4] + littleEndian(UInt64(~count))[..<4])
  }

  private static let damages: [Damage] = [
    Damage("tail: magic", frame: 1488, at: 0, [0x58], "bad frame magic", offset: 1488, good: nil),
    Damage("tail: state 7", frame: 1488, at: 4, [7], "invalid frame state", offset: 1488, good: nil),
    Damage("tail: writing", frame: 1488, at: 4, [1], "tail frame is not committed", offset: 1488, good: nil),
    Damage("tail: empty", frame: 1488, at: 4, [0], "tail frame is not committed", offset: 1488, good: nil),
    Damage("tail: wrap", frame: 1488, at: 4, [3], "tail frame is not committed", offset: 1488, good: nil),
    Damage("tail: header length", frame: 1488, at: 12, [65], "unexpected header length", offset: 1488, good: nil),
    Damage("tail: inverse", frame: 1488, at: 36, [0], "payload length xor mismatch", offset: 1488, good: nil),
    Damage(
      "tail: length above the limit", frame: 1488, at: 32, length(3076), "payload length exceeds max", offset: 1488,
      good: nil),
    Damage(
      "tail: length beyond the ring", frame: 1488, at: 32, length(2900), "tail_next mismatch", offset: 1488, good: nil),
    Damage("tail: seq", frame: 1488, at: 16, [77], "tail seq mismatch", offset: 1488, good: nil),
    Damage("tail: marker", frame: 1488, at: 484, [0x58], "missing frame commit marker", offset: 1488, good: nil),
    Damage("middle: magic", frame: 0, at: 0, [0x58], "bad frame magic", offset: 0, good: 6),
    Damage("middle: state 7", frame: 0, at: 4, [7], "invalid frame state", offset: 0, good: 6),
    Damage("middle: writing", frame: 0, at: 4, [1], "unexpected frame state", offset: 0, good: 6),
    Damage("middle: empty", frame: 0, at: 4, [0], "unexpected frame state", offset: 0, good: 6),
    Damage("middle: wrap at the start", frame: 0, at: 4, [3], "scan exceeded ring capacity", offset: 0, good: 6),
    Damage("middle: header length", frame: 0, at: 12, [65], "unexpected header length", offset: 0, good: 6),
    Damage("middle: inverse", frame: 0, at: 36, [0], "payload length xor mismatch", offset: 0, good: 6),
    Damage(
      "middle: length above the limit", frame: 0, at: 32, length(3076), "payload length exceeds max", offset: 0, good: 6
    ),
    Damage("middle: seq", frame: 0, at: 16, [77], "seq mismatch", offset: 0, good: 6),
    Damage("middle: marker", frame: 0, at: 484, [0x58], "missing frame commit marker", offset: 0, good: 6),
    Damage("newest: magic", frame: 992, at: 0, [0x58], "bad frame magic", offset: 992, good: 8),
    Damage("newest: writing", frame: 992, at: 4, [1], "unexpected frame state", offset: 992, good: 8),
    Damage("newest: wrap", frame: 992, at: 4, [3], "seq mismatch", offset: 0, good: 8),
    Damage("wrap marker: magic", frame: 2976, at: 0, [0x58], "bad frame magic", offset: 2976, good: 6),
    Damage("wrap marker: writing", frame: 2976, at: 4, [1], "unexpected frame state", offset: 2976, good: 6),
    Damage("head too far", at: 64, littleEndian(1984), "head offset mismatch", offset: 992, good: 9),
    Damage("head too near", at: 64, littleEndian(992), "head offset mismatch", offset: 992, good: 9),
    Damage("newest too high", at: 96, [10], "seq mismatch", offset: 1488, good: 9),
    Damage("newest too low", at: 96, [8], "head offset mismatch", offset: 496, good: 8),
    Damage("oldest too high", at: 88, [5], "tail seq mismatch", offset: 1488, good: nil),
    Damage("oldest too low", at: 88, [3], "tail seq mismatch", offset: 1488, good: nil),
    Damage("tail_next", at: 80, littleEndian(1992), "tail_next mismatch", offset: 1488, good: nil),
    Damage("tail_next zero", at: 80, littleEndian(0), "tail_next mismatch", offset: 1488, good: nil),
    Damage("tail in the marker", at: 72, littleEndian(2976), "tail frame is not committed", offset: 2976, good: nil),
    Damage("tail in the padding", at: 72, littleEndian(3016), "tail points at ring padding", offset: 3016, good: nil),
  ]

  @Test(arguments: damages)
  func isNamedAsUpstreamNamesIt(damage: Damage) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    var pool = Self.sample
    pool.put(damage.bytes, at: damage.frame.map { pool.ringOffset + $0 + damage.at } ?? damage.at)
    try write(pool.bytes, to: path)
    let report = try Pool.validate(at: path)
    let issue = try #require(report.issue)
    #expect(issue.code == .corrupt)
    #expect(issue.message == damage.message)
    #expect(issue.offset == damage.offset)
    #expect(issue.sequence == damage.lastGood)
    #expect(report.lastGoodSequence == damage.lastGood)
    #expect(try contents(path) == pool.bytes)
  }

  @Test func theSampleIsHealthy() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    try write(Self.sample.bytes, to: path)
    #expect(try Pool.validate(at: path).isHealthy)
  }

  /// Stale and impossible index slots: noted, and harmless.
  @Test(
    arguments: [
      (8, littleEndian(1_000_000), "index slot 0 seq 8 points outside ring at offset 1000000"),
      (8, littleEndian(8), "index slot 0 seq 8 is stale or invalid"),
      (0, littleEndian(400), "index slot 0 seq 400 is stale or invalid"),
    ] as [(Int, [UInt8], String)])
  func oddIndexSlotsAreNotedAsUpstreamNotesThem(at: Int, bytes: [UInt8], warning: String) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    var pool = Self.sample
    pool.put(bytes, at: 4096 + at)
    try write(pool.bytes, to: path)
    let report = try Pool.validate(at: path)
    #expect(report.isHealthy)
    #expect(report.warnings == [warning])
  }
}
