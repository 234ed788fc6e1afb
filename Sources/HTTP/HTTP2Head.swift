internal import CNGHTTP2

/// The status and fields of an answer as HTTP/2 has them: names in lower case, the status first, nothing about the connection.
struct HTTP2Head {
  private var bytes: [UInt8] = []
  private var fields: [(name: Range<Int>, value: Range<Int>)] = []

  /// A status alone.
  init(status: UInt16) {
    add(":status") { HTTP1Text.append(decimal: UInt64(status), to: &$0) }
  }

  /// - Parameters:
  ///   - date: The value of `date`.
  ///   - length: The value of `content-length`; nil for none.
  init(_ head: ResponseHead, date: [UInt8], length: Int?) {
    self.init(status: head.status)
    bytes.reserveCapacity(head.lines.count + 96)
    fields.reserveCapacity(12)
    let start = bytes.count
    bytes += head.lines
    head.forEachField { name, value in
      guard !Self.isOfConnection(head.lines[name]) else { return }
      fields.append(
        (start + name.lowerBound..<start + name.upperBound, start + value.lowerBound..<start + value.upperBound))
    }
    add("date") { $0 += date }
    if let length { add("content-length") { HTTP1Text.append(decimal: UInt64(length), to: &$0) } }
  }

  private mutating func add(_ name: StaticString, _ append: (inout [UInt8]) -> Void) {
    let start = bytes.count
    name.withUTF8Buffer { bytes.append(contentsOf: $0) }
    let middle = bytes.count
    append(&bytes)
    fields.append((start..<middle, middle..<bytes.count))
  }

  /// RFC 9113, section 8.2.2.
  private static func isOfConnection(_ name: ArraySlice<UInt8>) -> Bool {
    let names: [StaticString] = ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
    return names.contains { $0.withUTF8Buffer { name.elementsEqual($0) } }
  }

  /// Calls `body` with the fields as nghttp2 takes them.
  func withFields<R>(_ body: (UnsafePointer<nghttp2_nv>?, Int) -> R) -> R {
    bytes.withUnsafeBufferPointer { text in
      withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: fields.count) { list in
        // It only reads them; C has no other way to say so here.
        let start = UnsafeMutablePointer(mutating: text.baseAddress)
        for (index, field) in fields.enumerated() {
          list.initializeElement(
            at: index,
            to: nghttp2_nv(
              name: start.map { $0 + field.name.lowerBound }, value: start.map { $0 + field.value.lowerBound },
              namelen: field.name.count, valuelen: field.value.count, flags: HTTP2Code.noFlags))
        }
        return body(list.baseAddress, fields.count)
      }
    }
  }
}
