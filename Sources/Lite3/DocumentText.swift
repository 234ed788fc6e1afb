import JSON

/// Puts what a walk over a document meets into JSON text.
///
/// Two conformers, so that compact text, which goes to pipes and sockets by the million, has no test for style in it and
/// can store a whole piece, such as comma, key and colon, at once.
protocol DocumentText {
  /// The key of a member; false if it is not UTF-8.
  mutating func key(_ text: TextBytes, isFirst: Bool, _ output: inout ByteWriter) -> Bool
  mutating func endObject(isEmpty: Bool, _ output: inout ByteWriter)
  /// What comes before an element.
  mutating func element(isFirst: Bool, _ output: inout ByteWriter)
  mutating func endArray(isEmpty: Bool, _ output: inout ByteWriter)
  /// Called before the first member or element, or before the end.
  mutating func beginObject(_ output: inout ByteWriter)
  mutating func beginArray(_ output: inout ByteWriter)
  /// False if the text is not UTF-8.
  func string(_ text: TextBytes, _ output: inout ByteWriter) -> Bool
  func base64(_ bytes: TextBytes, _ output: inout ByteWriter)
  func integer(_ value: Int64, _ output: inout ByteWriter)
  func unsigned(_ value: UInt64, _ output: inout ByteWriter)
  /// False if the number is not finite.
  func double(_ value: Double, _ output: inout ByteWriter) -> Bool
  func bool(_ value: Bool, _ output: inout ByteWriter)
  func null(_ output: inout ByteWriter)
}

/// Bytes of a document: `readable` may be read at `start`, of which `count` are meant.
struct TextBytes {
  let start: UnsafeRawPointer
  let count: Int
  let readable: Int
}

/// No white space, no colour. The bracket that begins a container is stored with its first member or element.
struct CompactText: DocumentText {
  @inline(__always)
  mutating func key(_ text: TextBytes, isFirst: Bool, _ output: inout ByteWriter) -> Bool {
    let prefix = isFirst ? UInt8(ascii: "{") : UInt8(ascii: ",")
    return output.appendQuoted(
      prefix: prefix, text.start, count: text.count, readable: text.readable, suffix: UInt8(ascii: ":"))
  }

  @inline(__always)
  mutating func beginObject(_ output: inout ByteWriter) {}

  @inline(__always)
  mutating func endObject(isEmpty: Bool, _ output: inout ByteWriter) {
    if isEmpty { output.append(UInt8(ascii: "{")) }
    output.append(UInt8(ascii: "}"))
  }

  @inline(__always)
  mutating func beginArray(_ output: inout ByteWriter) {}

  @inline(__always)
  mutating func element(isFirst: Bool, _ output: inout ByteWriter) {
    output.append(isFirst ? UInt8(ascii: "[") : UInt8(ascii: ","))
  }

  @inline(__always)
  mutating func endArray(isEmpty: Bool, _ output: inout ByteWriter) {
    if isEmpty { output.append(UInt8(ascii: "[")) }
    output.append(UInt8(ascii: "]"))
  }

  @inline(__always)
  func string(_ text: TextBytes, _ output: inout ByteWriter) -> Bool {
    output.appendQuoted(text.start, count: text.count, readable: text.readable)
  }

  @inline(__always)
  func base64(_ bytes: TextBytes, _ output: inout ByteWriter) {
    output.append(UInt8(ascii: "\""))
    output.appendBase64(bytes.start, count: bytes.count)
    output.append(UInt8(ascii: "\""))
  }

  @inline(__always)
  func integer(_ value: Int64, _ output: inout ByteWriter) { output.appendDecimal(value) }

  @inline(__always)
  func unsigned(_ value: UInt64, _ output: inout ByteWriter) { output.appendDecimal(value) }

  @inline(__always)
  func double(_ value: Double, _ output: inout ByteWriter) -> Bool { output.appendDecimal(value) }

  @inline(__always)
  func bool(_ value: Bool, _ output: inout ByteWriter) { output.append(value ? "true" : "false") }

  @inline(__always)
  func null(_ output: inout ByteWriter) { output.append("null") }
}

/// Any style.
struct StyledText: DocumentText {
  private var layout: JSONLayout

  init(_ style: JSONStyle) {
    layout = JSONLayout(style)
  }

  mutating func key(_ text: TextBytes, isFirst: Bool, _ output: inout ByteWriter) -> Bool {
    layout.separator(isFirst: isFirst, into: &output)
    layout.beginScalar(.key, into: &output)
    guard output.appendQuoted(text.start, count: text.count, readable: text.readable) else { return false }
    layout.endScalar(into: &output)
    layout.colon(into: &output)
    return true
  }

  mutating func beginObject(_ output: inout ByteWriter) { layout.open(UInt8(ascii: "{"), into: &output) }

  mutating func endObject(isEmpty: Bool, _ output: inout ByteWriter) {
    layout.close(UInt8(ascii: "}"), isEmpty: isEmpty, into: &output)
  }

  mutating func beginArray(_ output: inout ByteWriter) { layout.open(UInt8(ascii: "["), into: &output) }

  mutating func element(isFirst: Bool, _ output: inout ByteWriter) {
    layout.separator(isFirst: isFirst, into: &output)
  }

  mutating func endArray(isEmpty: Bool, _ output: inout ByteWriter) {
    layout.close(UInt8(ascii: "]"), isEmpty: isEmpty, into: &output)
  }

  func string(_ text: TextBytes, _ output: inout ByteWriter) -> Bool {
    scalar(.string, &output) { CompactText().string(text, &$0) }
  }

  func base64(_ bytes: TextBytes, _ output: inout ByteWriter) {
    scalar(.string, &output) { CompactText().base64(bytes, &$0) }
  }

  func integer(_ value: Int64, _ output: inout ByteWriter) {
    scalar(.number, &output) { $0.appendDecimal(value) }
  }

  func unsigned(_ value: UInt64, _ output: inout ByteWriter) {
    scalar(.number, &output) { $0.appendDecimal(value) }
  }

  func double(_ value: Double, _ output: inout ByteWriter) -> Bool {
    scalar(.number, &output) { $0.appendDecimal(value) }
  }

  func bool(_ value: Bool, _ output: inout ByteWriter) {
    scalar(.boolean, &output) { $0.append(value ? "true" : "false") }
  }

  func null(_ output: inout ByteWriter) {
    scalar(.plain, &output) { $0.append("null") }
  }

  private func scalar<R>(_ color: JSONColor, _ output: inout ByteWriter, _ write: (inout ByteWriter) -> R) -> R {
    layout.beginScalar(color, into: &output)
    let result = write(&output)
    layout.endScalar(into: &output)
    return result
  }
}
