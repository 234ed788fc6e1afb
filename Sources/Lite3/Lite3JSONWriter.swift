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
      var budget = WorkBudget(bytes)
      let root = try bytes.value(0)
      guard root.kind == .object || root.kind == .array else { throw Lite3Error(.corrupt, offset: 0) }
      try write(root, bytes, depth: 0, &budget, style, &output)
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
      var budget = WorkBudget(bytes)
      try write(MessageParts(bytes).data, bytes, depth: 1, &budget, style, &output)
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
      if style == .compact {
        var layout = CompactLayout()
        try writeEnvelope(bytes, parts, seq, time, &layout, &output)
      } else {
        var layout = StyledLayout(style)
        try writeEnvelope(bytes, parts, seq, time, &layout, &output)
      }
    } catch {
      output.truncate(to: mark)
      throw error
    }
  }

  private mutating func write(
    _ value: StoredValue, _ bytes: DocumentBytes, depth: Int, _ budget: inout WorkBudget, _ style: JSONStyle,
    _ output: inout ByteWriter
  ) throws(Lite3Error) {
    if style == .compact {
      var layout = CompactLayout()
      try walker.write(value, of: bytes, depth: depth, &budget, &layout, into: &output)
    } else {
      var layout = StyledLayout(style)
      try walker.write(value, of: bytes, depth: depth, &budget, &layout, into: &output)
    }
  }

  @inline(__always)
  private mutating func writeEnvelope<Layout: JSONLayout>(
    _ bytes: DocumentBytes, _ parts: MessageParts, _ seq: UInt64, _ time: UInt64, _ layout: inout Layout,
    _ output: inout ByteWriter
  ) throws(Lite3Error) {
    var budget = WorkBudget(bytes)
    layout.open(UInt8(ascii: "{"), into: &output)
    writeKey("\"data\"", isFirst: true, &layout, &output)
    try walker.write(parts.data, of: bytes, depth: 1, &budget, &layout, into: &output)
    writeKey("\"meta\"", isFirst: false, &layout, &output)
    layout.open(UInt8(ascii: "{"), into: &output)
    writeKey("\"tags\"", isFirst: true, &layout, &output)
    try writeTags(bytes, parts.tags, &budget, &layout, &output)
    layout.close(UInt8(ascii: "}"), isEmpty: false, into: &output)
    writeKey("\"seq\"", isFirst: false, &layout, &output)
    layout.beginScalar(.number, into: &output)
    output.appendDecimal(seq)
    layout.endScalar(into: &output)
    writeKey("\"time\"", isFirst: false, &layout, &output)
    layout.beginScalar(.string, into: &output)
    output.append(UInt8(ascii: "\""))
    appendTime(time, &output)
    output.append("Z\"")
    layout.endScalar(into: &output)
    layout.close(UInt8(ascii: "}"), isEmpty: false, into: &output)
  }

  /// Tags are reached by index, as upstream does: the claimed count is what counts.
  @inline(__always)
  private mutating func writeTags<Layout: JSONLayout>(
    _ bytes: DocumentBytes, _ tags: Int, _ budget: inout WorkBudget, _ layout: inout Layout, _ output: inout ByteWriter
  ) throws(Lite3Error) {
    let count = try bytes.tagCount(tags)
    layout.open(UInt8(ascii: "["), into: &output)
    for index in 0..<count {
      layout.separator(isFirst: index == 0, into: &output)
      let tag = try bytes.tag(index, of: tags)
      try walker.write(tag, of: bytes, depth: 3, &budget, &layout, into: &output)
    }
    layout.close(UInt8(ascii: "]"), isEmpty: count == 0, into: &output)
  }

  @inline(__always)
  private func writeKey<Layout: JSONLayout>(
    _ quoted: StaticString, isFirst: Bool, _ layout: inout Layout, _ output: inout ByteWriter
  ) {
    layout.separator(isFirst: isFirst, into: &output)
    layout.beginScalar(.key, into: &output)
    output.append(quoted)
    layout.endScalar(into: &output)
    layout.colon(into: &output)
  }

  private mutating func appendTime(_ nanoseconds: UInt64, _ output: inout ByteWriter) {
    let (seconds, fraction) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    if seconds != second {
      secondText.removeAll()
      secondText.appendSecond(seconds)
      second = seconds
    }
    output.append(secondText.start, count: secondText.count)
    output.appendFraction(fraction)
  }
}
