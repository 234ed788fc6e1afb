import Channels
import Promise

/// Any bytes as text headers, as a header to be sent, as an address in both spellings, and as a frame's header: each is read
/// or refused, and what was read is written as it was.
enum TextHeadersTarget {
  static func run(_ input: [UInt8]) {
    walk(input)
    send(input)
    address(input)
    frame(input)
  }

  private static func walk(_ input: [UInt8]) {
    var headers = Channels.TextHeaders(input.span.bytes)
    var taken = 0
    while let header = headers.next() {
      taken += header.name.byteCount + header.value.byteCount
      promise(header.name.byteCount > 0, "a header has a name")
      promise(taken <= input.count, "headers lie one behind the other")
      promise(headers.first(named: header.name) != nil, "what a first walk meets is found by its name")
      let value = array(header.value)
      guard let line = line(name: array(header.name), value: value, after: 0) else { continue }
      promise(only(line).map { $0.value == value } == true, "a header that was read and sent reads the same")
    }
    promise(headers.first(named: ":") == nil, "no name is a colon")
  }

  private static func send(_ input: [UInt8]) {
    let cut = input.firstIndex(of: 0) ?? input.count
    let value = Array(input[min(cut + 1, input.count)...])
    guard let line = line(name: Array(input[..<cut]), value: value, after: input.count % 7) else { return }
    promise(line.count <= 65_535, "a header that may be sent is within the limit")
    promise(only(line) != nil, "a header that may be sent is one header")
  }

  /// The one header that there is; nil if there are none or more.
  private static func only(_ line: [UInt8]) -> (name: [UInt8], value: [UInt8])? {
    var headers = Channels.TextHeaders(line.span.bytes)
    guard let header = headers.next() else { return nil }
    let found = (array(header.name), array(header.value))
    if headers.next() != nil { return nil }
    return found
  }

  private static func line(name: [UInt8], value: [UInt8], after stored: Int) -> [UInt8]? {
    do throws(ChannelError) {
      let line = try TextHeaderLine(name: name.span.bytes, value: value.span.bytes, after: stored)
      var bytes: [UInt8] = []
      line.append(to: &bytes)
      promise(bytes.count == line.byteCount, "a line is as long as it says")
      return bytes
    } catch {
      promise(error.kind == .invalidMessage && !error.message.isEmpty, "a refusal says why")
      return nil
    }
  }

  private static func address(_ input: [UInt8]) {
    for use in [ChannelAddress.Use.connecting, .listening] {
      for address in [parse(header: input, use), parse(text: String(decoding: input, as: UTF8.self), use)] {
        guard let address else { continue }
        promise(parse(header: Array(address.headerValue.utf8), use) == address, "an address reads back from a header")
        promise(parse(text: address.text, use) == address, "an address reads back from its text")
        guard let line = line(name: Array("~connect_to".utf8), value: Array(address.headerValue.utf8), after: 0) else {
          promise(address.headerValue.utf8.count > 65_000, "an address fits a header")
          continue
        }
        promise(
          only(line).map { $0.value == Array(address.headerValue.utf8) } == true, "an address survives its header")
      }
    }
  }

  private static func parse(header: [UInt8], _ use: ChannelAddress.Use) -> ChannelAddress? {
    do throws(ChannelError) {
      return try ChannelAddress(headerValue: header.span.bytes, for: use)
    } catch {
      promise(error.kind == .invalidAddress && !error.message.isEmpty, "a refusal says why")
      return nil
    }
  }

  private static func parse(text: String, _ use: ChannelAddress.Use) -> ChannelAddress? {
    do throws(ChannelError) {
      return try ChannelAddress(text, for: use)
    } catch {
      promise(error.kind == .invalidAddress && !error.message.isEmpty, "a refusal says why")
      return nil
    }
  }

  private static func frame(_ input: [UInt8]) {
    do throws(FrameViolation) {
      let header = try FrameHeader(wire: input.span.bytes)
      var bytes = [UInt8](repeating: 0, count: FrameHeader.byteCount)
      var span = bytes.mutableSpan
      var raw = span.mutableBytes
      header.encode(into: &raw)
      promise(bytes.elementsEqual(input.prefix(FrameHeader.byteCount)), "a frame's header is written as it was read")
      promise(header.opCode.mayCrossConnection && header.origin == .application, "a peer sends only what it may")
    } catch {
      promise((error == .incompleteHeader) == (input.count < FrameHeader.byteCount), "16 bytes are a header")
    }
  }

  private static func array(_ bytes: RawSpan) -> [UInt8] { bytes.withUnsafeBytes { Array($0) } }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  TextHeadersTarget.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
