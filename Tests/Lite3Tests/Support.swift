import JSON
import Lite3

/// The UTF-8 bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The document that JSON text becomes.
func encoded(_ json: String) throws(Lite3Error) -> [UInt8] {
  var encoder = Lite3Encoder()
  try encoder.encode(bytes(json).span.bytes)
  return encoder.withUnsafeBytes { Array($0) }
}

/// The message that JSON text becomes.
func message(_ json: String, tags: [String] = []) throws(Lite3Error) -> [UInt8] {
  var encoder = Lite3Encoder()
  try encoder.encodeMessage(data: bytes(json).span.bytes, tags: tags)
  return encoder.withUnsafeBytes { Array($0) }
}

/// The JSON text of a document.
func printed(_ document: [UInt8], _ style: JSONStyle = .compact) throws(Lite3Error) -> String {
  var writer = Lite3JSONWriter()
  var output = ByteWriter()
  try writer.write(document: document.span.bytes, style: style, into: &output)
  return output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// The envelope of a message.
func envelope(
  _ payload: [UInt8], seq: UInt64 = 1, time: UInt64 = 0, _ style: JSONStyle = .compact
) throws(Lite3Error) -> String {
  var writer = Lite3JSONWriter()
  var output = ByteWriter()
  try writer.writeEnvelope(payload: payload.span.bytes, seq: seq, time: time, style: style, into: &output)
  return output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

func validate(_ document: [UInt8]) throws(Lite3Error) {
  try Lite3Document(document.span.bytes).validate()
}

func validateMessage(_ payload: [UInt8]) throws(Lite3Error) {
  try Lite3Document(payload.span.bytes).validateMessage()
}

/// The kind of the error that `body` ends in; nil if it ends well.
func failure(_ body: () throws(Lite3Error) -> Void) -> Lite3Error.Kind? {
  do throws(Lite3Error) {
    try body()
    return nil
  } catch {
    return error.kind
  }
}

/// Bytes written as rows of hexadecimal: an offset, then up to sixteen bytes; everything not mentioned is zero.
func hexDump(_ rows: String, count: Int) -> [UInt8] {
  var result = [UInt8](repeating: 0, count: count)
  for row in rows.split(separator: "\n") {
    let fields = row.split(separator: " ").compactMap { Int($0, radix: 16) }
    guard let offset = fields.first else { continue }
    for (index, byte) in fields.dropFirst().enumerated() { result[offset + index] = UInt8(byte) }
  }
  return result
}

/// A small generator whose sequence depends on its seed alone.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state &* 0x2545_f491_4f6c_dd1d
  }
}
