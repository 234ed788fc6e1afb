internal import Documents
internal import JSON
internal import Lite3
internal import Pools

/// Which messages are wanted.
struct Selection {
  /// The most messages.
  let count: Int
  /// Nanoseconds since 1970-01-01 UTC.
  private let since: UInt64
  private let hasTags: Bool
  private let filter: TagFilter

  init(count: UInt64, since: UInt64 = 0, tags: [String] = []) {
    self.count = Int(count)
    self.since = since
    hasTags = !tags.isEmpty
    filter = TagFilter(tags)
  }

  /// Whether every message is wanted.
  var isEverything: Bool { since == 0 && !hasTags }

  /// - Throws: When the message's tags cannot be read.
  func wants(_ frame: borrowing Frame) throws(Lite3Error) -> Bool {
    guard frame.time >= since else { return false }
    return try filter.passes(frame.payload)
  }
}

/// What a reading found, and where it leaves its reader.
struct Reading {
  /// The messages as JSON texts, oldest first.
  var messages: [[UInt8]] = []
  /// The sequence of the last of them.
  var lastReturned: UInt64?
  /// The last sequence that was looked at, or where the reader stood if nothing was there to look at.
  var nextAfter: UInt64?
  /// Whether messages after the reader's place were gone.
  var fellBehind = false
  /// What the pool held when the reading was done.
  var bounds: ClosedRange<UInt64>?

  /// Appends it as a JSON object.
  ///
  /// - Parameter timedOut: for a wait, whether it was in vain.
  func write(into output: inout ByteWriter, timedOut: Bool? = nil) {
    output.append("{\"fell_behind\":")
    output.append(fellBehind ? "true" : "false")
    output.append(",\"last_returned_seq\":")
    output.append(lastReturned)
    output.append(",\"messages\":[")
    for (index, message) in messages.enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      output.append(message.span.bytes)
    }
    output.append("],\"newest_available_seq\":")
    output.append(bounds?.upperBound)
    output.append(",\"next_after_seq\":")
    output.append(nextAfter)
    output.append(",\"oldest_available_seq\":")
    output.append(bounds?.lowerBound)
    if let timedOut {
      output.append(",\"timed_out\":")
      output.append(timedOut ? "true" : "false")
    }
    output.append("}")
  }
}

extension ByteWriter {
  fileprivate mutating func append(_ number: UInt64?) {
    if let number { appendDecimal(number) } else { append("null") }
  }
}

/// Turns stored messages into JSON texts of their own.
struct MessageTexts: ~Copyable {
  private var writer = Lite3JSONWriter()
  private var text = ByteWriter()

  mutating func text(
    _ payload: RawSpan, sequence: UInt64, time: UInt64
  ) throws(Lite3Error) -> [UInt8] {
    text.removeAll()
    try writer.writeEnvelope(payload: payload, seq: sequence, time: time, into: &text)
    let bytes = text.withUnsafeBytes { Array($0) }
    text.shrink(above: 1 << 20)
    return bytes
  }

  /// The message with this sequence.
  ///
  /// - Throws: As `Pool.withMessage`; `.corrupt` also for a message that cannot be shown.
  mutating func text(of sequence: UInt64, in pool: Pool) throws(PoolError) -> [UInt8] {
    let text = try pool.withMessage(sequence) { frame -> Result<[UInt8], Lite3Error> in
      do throws(Lite3Error) {
        return .success(try self.text(frame.payload, sequence: frame.sequence, time: frame.time))
      } catch {
        return .failure(error)
      }
    }
    switch text {
    case .success(let text): return text
    case .failure(let error): throw Self.unreadable(error, sequence: sequence, path: pool.path)
    }
  }

  /// A stored message that cannot be shown.
  static func unreadable(_ error: Lite3Error, sequence: UInt64, path: String) -> PoolError {
    let failure = MessageText.unreadable(error, sequence: sequence, path: path)
    return PoolError(.corrupt, failure.message, hint: failure.hint, path: path, sequence: sequence)
  }
}
