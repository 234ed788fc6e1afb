internal import Documents
internal import JSON
package import Platform

/// Bytes on their way to a standard stream, collected so that many small writes become few system calls.
package final class Output {
  /// What is collected before it is written on its own accord, in bytes.
  private static let limit = 64 << 10

  private let file: File?
  private var pending = ByteWriter(capacity: 4096)

  /// What is known of the stream's other end.
  package let isTerminal: Bool
  package let takesColor: Bool

  package init(_ file: consuming File) {
    let isTerminal = file.isTerminal()
    self.isTerminal = isTerminal
    takesColor = isTerminal ? file.enableColor() : false
    self.file = consume file
  }

  /// Keeps what is written, for tests.
  package init(keepingAsTerminal isTerminal: Bool) {
    self.isTerminal = isTerminal
    takesColor = isTerminal
    file = nil
  }

  package func write(_ bytes: RawSpan) throws(CommandError) {
    if bytes.byteCount >= Self.limit {
      try flush()
      return try send(bytes)
    }
    pending.append(bytes)
    if pending.count >= Self.limit { try flush() }
  }

  package func write(_ text: String) throws(CommandError) {
    pending.append(string: text)
    if pending.count >= Self.limit { try flush() }
  }

  /// Everything written so far is out when this returns.
  package func flush() throws(CommandError) {
    guard file != nil, !pending.isEmpty else { return }
    // Forgotten even when it cannot be written: the stream is broken, and trying again would only fail again.
    defer { pending.removeAll() }
    try send(pending.bytes)
  }

  private func send(_ bytes: RawSpan) throws(CommandError) {
    guard let error = sending(bytes) else { return }
    if error.kind == .closed { throw .outputClosed }
    throw .failed(
      Failure(
        .io, "failed to write output", hint: "check where the output goes: a full disk, or a closed stream",
        causes: [error.message]))
  }

  private func sending(_ bytes: RawSpan) -> SystemError? {
    bytes.withUnsafeBytes { raw -> SystemError? in
      guard file != nil else {
        pending.append(RawSpan(_unsafeBytes: raw))
        return nil
      }
      do throws(SystemError) {
        try file?.write(raw)
        return nil
      } catch {
        return error
      }
    }
  }

  /// What was kept, for tests; it is forgotten.
  package func takeText() -> String {
    defer { pending.removeAll() }
    return pending.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
