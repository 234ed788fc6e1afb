import JSON
import Lite3
import Platform
import Pools
import Support
import Testing

/// Files as upstream's two generations leave them, put together by hand.
struct UpstreamFileTests {
  private struct Layout {
    let ring: HandBuiltPool
    let held: ClosedRange<UInt64>
  }

  /// Seven messages of 496 bytes in a ring that has just gone round.
  private func layout(_ ringSize: Int, oldestGeneration: Bool, frames: [(Int, Int)], state: [Int]) -> Layout {
    var ring = HandBuiltPool(ringSize: ringSize, slots: 4)
    for (sequence, offset) in frames {
      let payload = HandBuiltPool.payload(sequence, oldestGeneration: oldestGeneration)
      ring.putFrame(sequence, at: offset, time: UInt64(sequence) * 1_000_000_000, payload: payload)
    }
    ring.setState(head: state[0], tail: state[1], tailNext: state[2], oldest: state[3], newest: state[4])
    return Layout(ring: ring, held: UInt64(state[3])...UInt64(state[4]))
  }

  private func write(_ layout: Layout, _ directory: TemporaryDirectory) throws -> String {
    let path = directory.file("theirs.plasmite")
    try Support.write(layout.ring.bytes, to: path)
    return path
  }

  private func messages(_ pool: Pool) throws -> [String] {
    var cursor = try pool.makeCursor(from: .oldest)
    var texts: [String] = []
    while true {
      let batch = try cursor.forEach { frame in
        var writer = Lite3JSONWriter()
        var output = ByteWriter()
        do {
          try writer.writeEnvelope(
            payload: frame.payload, seq: frame.sequence, time: frame.time, style: .compact, into: &output)
        } catch {
          return false
        }
        texts.append(output.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        return true
      }
      if batch.caughtUp { return texts }
    }
  }

  private func text(_ sequence: UInt64) -> String {
    #"{"data":{"a":\#(sequence)},"meta":{"tags":[]},"seq":\#(sequence),"time":"1970-01-01T00:00:0\#(sequence)Z"}"#
  }

  /// Without checksums, of both generations, and with what the older one publishes for a tail: a wrap marker (in a ring of 1900
  /// bytes) or end padding (2020).
  @Test(
    arguments: [
      (1984, [(5, 0), (6, 496), (3, 992), (4, 1488)], [992, 992, 1488, 3, 6]),
      (1900, [(4, 0), (5, 496), (6, 992)], [1488, 0, 496, 4, 6]),
      (1900, [(4, 0), (5, 496), (6, 992)], [1488, 1488, 0, 4, 6]),
      (2020, [(5, 0), (6, 496), (7, 992)], [1488, 1984, 0, 5, 7]),
    ] as [(Int, [(Int, Int)], [Int])], [false, true])
  func areReadAndAppendedTo(row: (size: Int, frames: [(Int, Int)], state: [Int]), oldestGeneration: Bool) throws {
    let directory = try TemporaryDirectory()
    var layout = layout(row.size, oldestGeneration: oldestGeneration, frames: row.frames, state: row.state)
    if row.size == 1900 {
      var ring = layout.ring
      ring.putWrapMarker(at: 1488)
      layout = Layout(ring: ring, held: layout.held)
    }
    let path = try write(layout, directory)
    let pool = try Pool.open(at: path)
    #expect(try pool.bounds() == layout.held)
    #expect(try messages(pool) == layout.held.map(text))
    for sequence in layout.held {
      #expect(try pool.withMessage(sequence) { $0.time } == sequence * 1_000_000_000)
    }
    // Reading changes nothing.
    #expect(try contents(path) == layout.ring.bytes)

    var encoder = Lite3Encoder()
    for sequence in layout.held.upperBound + 1...layout.held.upperBound + 9 {
      try encoder.encodeMessage(data: Array(#"{"a":\#(sequence % 10)}"#.utf8).span.bytes)
      #expect(try pool.append(encoder.bytes, time: 0) == sequence)
      #expect(try pool.validate().isHealthy)
    }
  }

  /// An append leaves alone what it does not replace: reserved bytes, flags, and frames of others.
  @Test func keepWhatTheyHold() throws {
    let directory = try TemporaryDirectory()
    var layout = layout(
      1984, oldestGeneration: false, frames: [(1, 0), (2, 496)], state: [992, 0, 496, 1, 2])
    var ring = layout.ring
    let reserved = [9...15, 36...39, 56...63, 104...3967, 3972...4031, 4036...4095]
    for range in reserved { ring.put([UInt8](repeating: 0xA5, count: range.count), at: range.lowerBound) }
    layout = Layout(ring: ring, held: 1...2)
    let path = try write(layout, directory)
    var encoder = Lite3Encoder()
    try encoder.encodeMessage(data: Array(#"{"a":3}"#.utf8).span.bytes)
    #expect(try Pool.open(at: path).append(encoder.bytes, time: 3_000_000_000) == 3)
    let file = try contents(path)
    for range in reserved { #expect(file[range].allSatisfy { $0 == 0xA5 }, "\(range)") }
    let frames = layout.ring.ringOffset..<layout.ring.ringOffset + 992
    #expect(file[frames] == layout.ring.bytes[frames])
    #expect(try messages(try Pool.open(at: path)) == (1...3).map(text))
  }
}
