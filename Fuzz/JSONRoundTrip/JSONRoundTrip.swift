import JSON
import Lite3
import Promise

/// Any bytes as JSON text: what encodes is a valid document, and printing and encoding it again changes nothing.
enum JSONRoundTrip {
  nonisolated(unsafe) private static var writer = Lite3JSONWriter()
  nonisolated(unsafe) private static var encoder = Lite3Encoder()
  nonisolated(unsafe) private static var second = Lite3Encoder()

  static func roundTrip(_ text: RawSpan) {
    guard succeeds({ () throws(Lite3Error) in try encoder.encode(text) }) else {
      promise(encoder.bytes.byteCount == 0, "a failure leaves no document")
      return
    }
    promise(
      succeeds { () throws(Lite3Error) in try Lite3Document(encoder.bytes).validate() }, "what is encoded is valid")
    for style in [JSONStyle.compact, .pretty] {
      var printed = ByteWriter()
      var again = ByteWriter()
      promise(
        succeeds { () throws(Lite3Error) in
          try writer.write(document: encoder.bytes, style: style, into: &printed)
          try second.encode(printed.bytes)
          try writer.write(document: second.bytes, style: style, into: &again)
        }, "what is encoded can be printed and encoded again")
      promise(isSame(encoder.bytes, second.bytes), "the second document is the first")
      promise(isSame(printed.bytes, again.bytes), "the second text is the first")
    }
    if succeeds({ () throws(Lite3Error) in try encoder.encodeMessage(data: text, tags: ["a", "b"]) }) {
      promise(
        succeeds { () throws(Lite3Error) in try Lite3Document(encoder.bytes).validateMessage() },
        "an encoded message is a message")
    }
  }

  private static func isSame(_ left: RawSpan, _ right: RawSpan) -> Bool {
    left.withUnsafeBytes { left in right.withUnsafeBytes { left.elementsEqual($0) } }
  }

  private static func succeeds(_ body: () throws(Lite3Error) -> Void) -> Bool {
    do throws(Lite3Error) {
      try body()
      return true
    } catch {
      return false
    }
  }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  JSONRoundTrip.roundTrip(RawSpan(_unsafeBytes: UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
