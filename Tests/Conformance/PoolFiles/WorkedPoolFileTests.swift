import JSON
import Lite3
import Platform
import Support
import Testing

@testable import Pools

/// The worked pool file of the pool format, section 16: what upstream wrote for three messages into a new pool of 1 MiB.
///
/// A row is a file offset and the sixteen bytes there.
private let rows: [(offset: Int, bytes: String)] = [
  (0x0000, "504c534d030000000100000000000000"), (0x0010, "00001000000000000010000000000000"),
  (0x0020, "00100000000000000010010000000000"), (0x0030, "00f00e00000000000000000000000000"),
  (0x0040, "c8060000000000000000000000000000"), (0x0050, "f0010000000000000100000000000000"),
  (0x1010, "01000000000000000000000000000000"), (0x1020, "0200000000000000f001000000000000"),
  (0x1030, "0300000000000000f003000000000000"), (0x11000, "46524d31020000000000000040000000"),
  (0x11010, "0100000000000000c402e62428eae918"), (0x11040, "060400005f91957ccc919a7c00000000"),
  (0x11060, "82000000320100006200000000000000"), (0x110a0, "0000146d6574610006000000d4559e7c"),
  (0x110c0, "000000000000000041000000ca000000"), (0x11100, "00000000000000000000147461677300"),
  (0x11170, "00001464617461000600000006b60200"), (0x11190, "00000000000000004100000098010000"),
  (0x111d0, "00000000000000000861000201000000"), (0x11300, "07000000000000000100000000000000"),
  (0x11360, "05020000007800050200000079001464"),
]

struct WorkedPoolFileTests {
  private static let documents: [(json: String, tags: [String])] = [
    (#"{"a":1}"#, []), (#"{"b":"hello"}"#, ["x", "y"]), (#"{"z":1,"a":[1,2.5,null,true],"m":{"k":"v"}}"#, []),
  ]
  private static let firstTime: UInt64 = 1_795_223_384_622_498_500

  private static func write(to path: String) throws {
    let pool = try Pool.create(at: path)
    var encoder = Lite3Encoder()
    for (json, tags) in documents {
      let text = Array(json.utf8)
      try encoder.encodeMessage(data: text.span.bytes, tags: tags)
      _ = try pool.append(encoder.bytes, time: firstTime)
    }
  }

  @Test func ourFileHasUpstreamsBytes() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    try Self.write(to: path)
    let file = try contents(path)
    #expect(file.count == 1 << 20)
    for row in rows {
      #expect(hex(file[row.offset..<row.offset + 16]) == row.bytes, "at \(String(row.offset, radix: 16))")
    }
    // Payload lengths of the three frames, and the marker behind the first.
    #expect(hex(file[0x11020..<0x11028]) == "a40100005bfeffff")
    #expect(hex(file[0x11210..<0x11214]) == "b2010000")
    #expect(hex(file[0x11410..<0x11414]) == "8a020000")
    #expect(hex(file[0x111e4..<0x111ec]) == "504c534d434d4954")
  }

  /// The same file as upstream leaves it: no checksums.
  @Test func upstreamsFileReadsAsWhatWasWritten() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    try Self.write(to: path)
    var file = try contents(path)
    for frame in [0x11000, 0x111f0, 0x113f0] {
      for byte in 40..<44 { file[frame + byte] = 0 }
    }
    try Support.write(file, to: path)
    let pool = try Pool.open(at: path)
    #expect(try pool.validate().isHealthy)
    #expect(try pool.bounds() == 1...3)
    let texts = [
      #"{"data":{"a":1},"meta":{"tags":[]},"seq":1,"time":"2026-11-21T01:09:44.6224985Z"}"#,
      #"{"data":{"b":"hello"},"meta":{"tags":["x","y"]},"seq":2,"time":"2026-11-21T01:09:44.6224985Z"}"#,
      #"{"data":{"a":[1,2.5,null,true],"m":{"k":"v"},"z":1},"meta":{"tags":[]},"seq":3,"#
        + #""time":"2026-11-21T01:09:44.6224985Z"}"#,
    ]
    for (sequence, text) in zip(1...3 as ClosedRange<UInt64>, texts) { #expect(try envelope(pool, sequence) == text) }
    // Appending beside it keeps what upstream wrote.
    var encoder = Lite3Encoder()
    let text = Array(#"{"ours":true}"#.utf8)
    try encoder.encodeMessage(data: text.span.bytes)
    #expect(try pool.append(encoder.bytes, time: 0) == 4)
    #expect(try envelope(pool, 1) == texts[0])
    #expect(try contents(path)[0x11028..<0x1102c].elementsEqual([0, 0, 0, 0]))
  }

  private func envelope(_ pool: Pool, _ sequence: UInt64) throws -> String {
    try pool.withMessage(sequence) { frame in
      var writer = Lite3JSONWriter()
      var output = ByteWriter()
      do {
        try writer.writeEnvelope(
          payload: frame.payload, seq: frame.sequence, time: frame.time, style: .compact, into: &output)
      } catch {
        return "unreadable"
      }
      return output.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }
  }
}

private func hex(_ bytes: ArraySlice<UInt8>) -> String {
  bytes.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined()
}
