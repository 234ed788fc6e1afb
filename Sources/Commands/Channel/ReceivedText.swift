internal import Channels
internal import CommandSupport
internal import Documents
internal import JSON

/// Messages of peers as lines of output.
///
/// Headers are a list of pairs, for names may repeat and their order counts. What is not UTF-8 is shown in base64, under another
/// name, so that nothing is lost.
struct ReceivedText: ~Copyable {
  private var json: JSONWriter

  init(style: JSONStyle) { json = JSONWriter(style: style) }

  /// Prints the message and a newline.
  mutating func write(_ message: borrowing Message, to output: Output) throws(CommandError) {
    json.output.removeAll()
    json.beginObject()
    Self.write(body: message.body, into: &json)
    Self.write(channel: message.channel, into: &json)
    Self.write(headers: message.headerBytes, into: &json)
    try end(
      id: message.id, message.opCode, message.statusByte, hasMore: message.hasMore, stored: nil, output)
  }

  /// Prints a message that was stored, under the sequence number that it has in the pool.
  mutating func write(
    _ message: StorableMessage, stored: UInt64, to output: Output
  ) throws(CommandError) {
    json.output.removeAll()
    json.beginObject()
    Self.write(body: message.body.span.bytes, into: &json)
    Self.write(channel: message.channel, into: &json)
    Self.write(headers: message.headers.span.bytes, into: &json)
    try end(id: message.id, message.opCode, message.statusByte, hasMore: false, stored: stored, output)
  }

  private mutating func end(
    id: UInt64, _ opCode: OpCode, _ statusByte: UInt8, hasMore: Bool, stored: UInt64?, _ output: Output
  ) throws(CommandError) {
    json.key("id")
    json.value(id)
    json.key("more")
    json.value(hasMore)
    json.key("op")
    json.value(opCode.name.text)
    if let stored {
      json.key("seq")
      json.value(stored)
    }
    if statusByte != 0 {
      json.key("status")
      json.value(UInt64(statusByte))
    }
    json.endObject()
    json.output.append(UInt8(ascii: "\n"))
    try output.write(json.output.bytes)
  }

  private static func write(channel: UInt16, into json: inout JSONWriter) {
    json.key("channel")
    json.value(UInt64(channel))
  }

  static func write(body: RawSpan, into json: inout JSONWriter) {
    let isText = UTF8Check.isValid(body)
    json.key(isText ? "body" : "body_base64")
    if isText { json.value(utf8: body) } else { json.value(base64(body)) }
  }

  static func write(headers bytes: RawSpan, into json: inout JSONWriter) {
    guard UTF8Check.isValid(bytes) else {
      json.key("headers_base64")
      return json.value(base64(bytes))
    }
    json.key("headers")
    json.beginArray()
    var walk = TextHeaders(bytes)
    while let header = walk.next() {
      json.beginArray()
      json.value(utf8: header.name)
      json.value(utf8: header.value)
      json.endArray()
    }
    json.endArray()
  }

  private static func base64(_ bytes: RawSpan) -> String {
    var writer = ByteWriter(capacity: bytes.byteCount * 4 / 3 + 8)
    bytes.withUnsafeBytes { raw in
      if let base = raw.baseAddress { writer.appendBase64(base, count: raw.count) }
    }
    return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}
