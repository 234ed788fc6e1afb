internal import JSON
internal import Lite3
internal import Pools

/// How messages are laid out in a stream.
enum TailFormat: UInt8, CaseIterable, Sendable {
  /// One compact JSON text a line.
  case lines
  /// Server-sent events.
  case events
  /// Frames with the stored documents (reference, section 5.4).
  case documents

  var contentType: StaticString {
    switch self {
    case .lines: MediaType.lines
    case .events: MediaType.events
    case .documents: MediaType.documents
    }
  }

  /// Appends one message.
  func append(
    _ payload: RawSpan, sequence: UInt64, time: UInt64, _ writer: inout Lite3JSONWriter, to text: inout ByteWriter
  ) throws(Lite3Error) {
    switch self {
    case .lines:
      try writer.writeEnvelope(payload: payload, seq: sequence, time: time, into: &text)
      text.append(UInt8(ascii: "\n"))
    case .events:
      let mark = text.count
      text.append("id: ")
      text.appendDecimal(sequence)
      text.append("\nevent: message\ndata: ")
      do throws(Lite3Error) {
        try writer.writeEnvelope(payload: payload, seq: sequence, time: time, into: &text)
      } catch {
        text.truncate(to: mark)
        throw error
      }
      text.append("\n\n")
    case .documents:
      Self.append(sequence, bytes: 8, to: &text)
      Self.append(time, bytes: 8, to: &text)
      Self.append(UInt64(payload.byteCount), bytes: 4, to: &text)
      text.append(payload)
    }
  }

  /// How an error ends the stream; nil where nothing but the end of the connection can say so.
  func end(with envelope: [UInt8]) -> [UInt8]? {
    switch self {
    case .lines: envelope
    case .events: Array("event: error\ndata: ".utf8) + envelope + [0x0a]
    case .documents: nil
    }
  }

  private static func append(_ number: UInt64, bytes: Int, to text: inout ByteWriter) {
    for index in (0..<bytes).reversed() { text.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
  }
}
