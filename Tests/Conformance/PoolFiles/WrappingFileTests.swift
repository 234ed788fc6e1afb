import Lite3
import Platform
import Pools
import Support
import Testing

/// The tables of the pool format, section 16.1: the whole file after each append, as the rules put it together.
struct WrappingFileTests {
  struct Ring {
    let size: Int
    /// Where the frames go, over and over; each has 496 bytes.
    let offsets: [Int]
    let wrapMarker: Int?
    /// head, tail, tail_next and oldest_seq after each append.
    let rows: [[Int]]
  }

  private static let rings = [
    Ring(
      size: 1900, offsets: [0, 496, 992], wrapMarker: 1488,
      rows: [
        [496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [496, 496, 992, 2], [992, 992, 1488, 3],
        [1488, 0, 496, 4], [496, 496, 992, 5], [992, 992, 1488, 6],
      ]),
    Ring(
      size: 1984, offsets: [0, 496, 992, 1488], wrapMarker: nil,
      rows: [[496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [0, 0, 496, 1], [496, 496, 992, 2]]),
    Ring(
      size: 2020, offsets: [0, 496, 992, 1488], wrapMarker: nil,
      rows: [
        [496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [1984, 0, 496, 1], [496, 496, 992, 2],
        [992, 992, 1488, 3], [1488, 1488, 1984, 4], [1984, 0, 496, 5],
      ]),
  ]

  @Test(arguments: rings, [0, 4, 5])
  func everyByteIsWhereTheTablesPutIt(ring: Ring, slots: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    var expected = HandBuiltPool(ringSize: ring.size, slots: slots)
    let pool = try Pool.create(at: path, size: UInt64(expected.bytes.count), indexCapacity: UInt32(slots))
    #expect(try contents(path) == expected.bytes)
    var encoder = Lite3Encoder()
    for (index, row) in ring.rows.enumerated() {
      let sequence = index + 1
      let time = UInt64(sequence) * 1_000_000_007
      try encoder.encodeMessage(data: Array(#"{"a":\#(sequence)}"#.utf8).span.bytes)
      #expect(try pool.append(encoder.bytes, time: time) == UInt64(sequence))

      let offset = ring.offsets[index % ring.offsets.count]
      if let marker = ring.wrapMarker, offset == 0, index > 0 { expected.putWrapMarker(at: marker) }
      expected.putFrame(sequence, at: offset, time: time, payload: HandBuiltPool.payload(sequence))
      expected.setState(head: row[0], tail: row[1], tailNext: row[2], oldest: row[3], newest: sequence)
      var file = try contents(path)
      for start in ring.offsets.prefix(sequence) {
        let checksum = expected.ringOffset + start + 40
        #expect(file[checksum..<checksum + 4] != [0, 0, 0, 0])
        file.replaceSubrange(checksum..<checksum + 4, with: [0, 0, 0, 0])
      }
      // The words that are this library's own.
      for word in [3968, 4032] { file.replaceSubrange(word..<word + 4, with: [0, 0, 0, 0]) }
      let difference = zip(file, expected.bytes).enumerated().first { $0.element.0 != $0.element.1 }?.offset
      #expect(difference == nil, "after seq \(sequence)")
    }
  }
}
