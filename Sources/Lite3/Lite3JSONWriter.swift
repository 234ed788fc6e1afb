import JSON

/// Writes stored documents and messages as JSON text, one after the other.
///
/// Keys are in ascending byte order at every level, numbers and strings as the pool format says (section 13.3). Reading is
/// bounded whatever the bytes are. When a call throws, the output is as it was before the call. Once warmed up, nothing
/// is allocated.
public struct Lite3JSONWriter: ~Copyable {
  private var walker = DocumentWalker()
  /// The text of the last second written, without fraction: messages come many to a second.
  private var secondText = ByteWriter(capacity: 64)
  private var second: UInt64 = .max

  /// Makes a writer.
  public init() {}

  /// Appends a whole document.
  public mutating func write(
    document: RawSpan, style: JSONStyle = .compact, into output: inout ByteWriter
  ) throws(Lite3Error) {
    let mark = output.count
    do throws(Lite3Error) {
      let bytes = try DocumentBytes(document)
      try write(bytes.container(0), bytes, depth: 0, style, &output)
    } catch {
      output.truncate(to: mark)
      throw error
    }
  }

  /// Appends the data of a message.
  public mutating func writeData(
    ofMessage payload: RawSpan, style: JSONStyle = .compact, into output: inout ByteWriter
  ) throws(Lite3Error) {
    let mark = output.count
    do throws(Lite3Error) {
      let bytes = try DocumentBytes(payload)
      try write(MessageParts(bytes).data, bytes, depth: 1, style, &output)
    } catch {
      output.truncate(to: mark)
      throw error
    }
  }

  /// Appends a message as the envelope that every interface shows: `{"data":…,"meta":{"tags":[…]},"seq":…,"time":"…"}`.
  ///
  /// - Parameters:
  ///   - payload: the stored message.
  ///   - seq: its sequence number.
  ///   - time: when it was appended, in nanoseconds since 1970.
  ///   - style: the layout.
  ///   - output: where the text goes.
  public mutating func writeEnvelope(
    payload: RawSpan, seq: UInt64, time: UInt64, style: JSONStyle = .compact, into output: inout ByteWriter
  ) throws(Lite3Error) {
    let mark = output.count
    do throws(Lite3Error) {
      let bytes = try DocumentBytes(payload)
      let parts = try MessageParts(bytes)
      updateSecond(time / 1_000_000_000)
      if style == .compact {
        try writeEnvelope(bytes, parts, seq, time, CompactText(), &output)
      } else {
        try writeEnvelope(bytes, parts, seq, time, StyledText(style), &output)
      }
    } catch {
      output.truncate(to: mark)
      throw error
    }
  }

  private mutating func write(
    _ value: StoredValue, _ bytes: DocumentBytes, depth: Int, _ style: JSONStyle, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    var budget = WorkBudget(bytes)
    if style == .compact {
      var text = CompactText()
      try walker.write(value, of: bytes, depth: depth, &budget, &text, &output)
    } else {
      var text = StyledText(style)
      try walker.write(value, of: bytes, depth: depth, &budget, &text, &output)
    }
  }

  @inline(__always)
  private mutating func writeEnvelope<Text: DocumentText>(
    _ bytes: DocumentBytes, _ parts: MessageParts, _ seq: UInt64, _ time: UInt64, _ text: Text,
    _ output: inout ByteWriter
  ) throws(Lite3Error) {
    var text = text
    var budget = WorkBudget(bytes)
    text.beginObject(&output)
    _ = text.key(TextBytes("data\0\0\0\0", count: 4), isFirst: true, &output)
    try walker.write(parts.data, of: bytes, depth: 1, &budget, &text, &output)
    _ = text.key(TextBytes("meta\0\0\0\0", count: 4), isFirst: false, &output)
    text.beginObject(&output)
    _ = text.key(TextBytes("tags\0\0\0\0", count: 4), isFirst: true, &output)
    try writeTags(bytes, parts.tags, &budget, &text, &output)
    text.endObject(isEmpty: false, &output)
    _ = text.key(TextBytes("seq\0\0\0\0\0", count: 3), isFirst: false, &output)
    text.unsigned(seq, &output)
    _ = text.key(TextBytes("time\0\0\0\0", count: 4), isFirst: false, &output)
    let mark = secondText.count
    secondText.appendFraction(time % 1_000_000_000)
    secondText.append(UInt8(ascii: "Z"))
    _ = text.string(secondText.text, &output)
    secondText.truncate(to: mark)
    text.endObject(isEmpty: false, &output)
  }

  /// Tags are reached by index, as upstream does: the claimed count is what counts.
  @inline(__always)
  private func writeTags<Text: DocumentText>(
    _ bytes: DocumentBytes, _ tags: Int, _ budget: inout WorkBudget, _ text: inout Text, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let count = try bytes.tagCount(tags)
    text.beginArray(&output)
    for index in 0..<count {
      text.element(isFirst: index == 0, &output)
      let tag = try bytes.tag(index, of: tags)
      try budget.read(tag.count, at: tag.offset)
      guard text.string(bytes.text(tag.offset, tag.count), &output) else {
        throw Lite3Error(.corrupt, offset: tag.offset)
      }
    }
    text.endArray(isEmpty: count == 0, &output)
  }

  @inline(__always)
  private mutating func updateSecond(_ seconds: UInt64) {
    if seconds == second { return }
    secondText.removeAll()
    secondText.appendSecond(seconds)
    second = seconds
  }
}

extension TextBytes {
  /// The first `count` bytes of a literal, which is padded to eight so that it can be copied as a word.
  @inline(__always)
  fileprivate init(_ padded: StaticString, count: Int) {
    self.init(start: padded.utf8Start, count: count, readable: padded.utf8CodeUnitCount)
  }
}

extension ByteWriter {
  /// The content; valid until the next call that may grow.
  fileprivate var text: TextBytes {
    TextBytes(start: start, count: count, readable: count + readableBeyond)
  }
}
