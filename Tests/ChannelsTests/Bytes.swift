@testable import Channels

/// Bytes from hexadecimal digits with spaces between.
func bytes(hex: String) -> [UInt8] {
  hex.split(separator: " ").compactMap { UInt8($0, radix: 16) }
}

/// The header that a peer's bytes begin with, or the violation.
func decode(_ bytes: [UInt8]) -> Result<FrameHeader, FrameViolation> {
  do throws(FrameViolation) {
    return .success(try FrameHeader(wire: bytes.span.bytes))
  } catch {
    return .failure(error)
  }
}

/// The bytes of a header.
func encode(_ header: FrameHeader) -> [UInt8] {
  var bytes = [UInt8](repeating: 0xee, count: FrameHeader.byteCount)
  var span = bytes.mutableSpan
  var raw = span.mutableBytes
  header.encode(into: &raw)
  return bytes
}

/// All headers of one walk, as text.
func walk(_ text: String) -> [[String]] {
  let stored = Array(text.utf8)
  var found: [[String]] = []
  var headers = TextHeaders(stored.span.bytes)
  while let header = headers.next() {
    found.append([string(header.name), string(header.value)])
  }
  return found
}

func string(_ bytes: RawSpan) -> String {
  bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
}

/// The line of a header, or why it is not fit to be sent.
func line(_ name: String, _ value: String, after stored: Int = 0) -> Result<String, ChannelError> {
  let (name, value) = (Array(name.utf8), Array(value.utf8))
  do throws(ChannelError) {
    let line = try TextHeaderLine(name: name.span.bytes, value: value.span.bytes, after: stored)
    var bytes: [UInt8] = []
    line.append(to: &bytes)
    var copy = [UInt8](repeating: 0, count: line.byteCount)
    copy.withUnsafeMutableBytes { if let base = $0.baseAddress { line.write(to: base) } }
    return bytes == copy ? .success(string(bytes.span.bytes)) : .failure(ChannelError(.internal, "two lines"))
  } catch {
    return .failure(error)
  }
}

extension Result {
  var value: Success? { if case .success(let value) = self { value } else { nil } }
  var error: Failure? { if case .failure(let error) = self { error } else { nil } }
}

/// Repeats the same numbers for the same seed.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }
}
