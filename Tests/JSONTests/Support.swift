import JSON

/// The UTF-8 bytes of a text.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// What a writer holds, as text.
func text(_ writer: borrowing ByteWriter) -> String {
  writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// What `write` appends, as text.
func written(_ write: (inout ByteWriter) -> Void) -> String {
  var writer = ByteWriter()
  write(&writer)
  return text(writer)
}

/// The bytes as a JSON string; nil if they are refused.
func quoted(_ source: [UInt8]) -> String? {
  var writer = ByteWriter()
  return writer.appendQuoted(source.span.bytes) ? text(writer) : nil
}

/// Whether the bytes are valid UTF-8.
func isUTF8(_ source: [UInt8]) -> Bool { UTF8Check.isValid(source.span.bytes) }

/// The point in time that a text means.
func nanoseconds(_ source: String) throws(Timestamp.Fault) -> UInt64 {
  try Timestamp.nanoseconds(bytes(source).span.bytes)
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
