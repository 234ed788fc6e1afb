import CAllocations
import JSON
import Lite3

/// JSON text to a message and back, in memory.
struct EncodingBenchmarks {
  let count: Int

  func run(_ report: inout Report) throws {
    let samples = [
      ("1 KiB record", Samples.record), ("1 KiB array of small records", Samples.table), ("64 B record", Samples.small),
    ]
    for (name, text) in samples {
      try encode(name, text, &report)
      try print(name, text, &report)
    }
    try allocate(&report)
  }

  /// Encoding, beside the parser alone: what it takes to know that the text is JSON.
  private func encode(_ name: String, _ text: [UInt8], _ report: inout Report) throws {
    var encoder = Lite3Encoder()
    var parser = JSONParser()
    let result = try sideBySide(
      ours: { try nanoseconds(for: count) { for _ in 0..<count { try encoder.encodeMessage(data: text.span.bytes) } } },
      peer: { try nanoseconds(for: count) { for _ in 0..<count { _ = try parser.parse(text.span.bytes) } } })
    report.add(
      Row(
        name: "encode \(name)", figure: duration(result.ours), beside: "parse it only",
        peerFigure: duration(result.peer),
        ratio: result.ratio))
  }

  /// Showing a message as its envelope, beside checking that it is one.
  private func print(_ name: String, _ text: [UInt8], _ report: inout Report) throws {
    let message = try Samples.encode(text)
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    let result = try sideBySide(
      ours: {
        try nanoseconds(for: count) {
          for sequence in 1...count {
            output.removeAll()
            try writer.writeEnvelope(
              payload: message.span.bytes, seq: UInt64(sequence), time: UInt64(sequence) * 1_000_000, into: &output)
          }
        }
      },
      peer: {
        try nanoseconds(for: count) {
          for _ in 0..<count { try Lite3Document(message.span.bytes).validateMessage() }
        }
      })
    report.add(
      Row(
        name: "print \(name)", figure: duration(result.ours), beside: "validate it only",
        peerFigure: duration(result.peer), ratio: result.ratio))
  }

  private func allocate(_ report: inout Report) throws {
    var encoder = Lite3Encoder()
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    let once = { (encoder: inout Lite3Encoder, writer: inout Lite3JSONWriter, output: inout ByteWriter) in
      try encoder.encodeMessage(data: Samples.record.span.bytes)
      try Lite3Document(encoder.bytes).validateMessage()
      output.removeAll()
      try writer.writeEnvelope(payload: encoder.bytes, seq: 1, time: 1, into: &output)
    }
    try once(&encoder, &writer, &output)
    let allocated = try allocations(for: count) { for _ in 0..<count { try once(&encoder, &writer, &output) } }
    report.add(
      Row(
        name: "heap allocations in encode, validate and print", figure: "\(decimals(allocated)) each", beside: "none",
        peerFigure: "0", ratio: allocated, target: 0.001, better: .lower))
  }
}
