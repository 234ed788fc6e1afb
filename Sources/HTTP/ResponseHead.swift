/// The status and the fields of a response. The server adds `date`, and how long the body is.
public struct ResponseHead: Sendable {
  /// 200 to 599.
  public var status: UInt16
  /// `name: value` lines, each ended by CR and LF; names in lower case.
  private(set) var lines: [UInt8] = []

  /// A head without fields.
  public init(_ status: UInt16) {
    self.status = status
    lines.reserveCapacity(256)
  }

  /// Whether an answer with this status has a body (RFC 9110, sections 15.3.5 and 15.4.5).
  var mayHaveBody: Bool { status != 204 && status != 304 }

  /// Adds a field. Bytes that would end its line are made blanks.
  ///
  /// - Parameter name: In lower case.
  public mutating func add(_ name: StaticString, text value: String) {
    add(name) { $0.append(contentsOf: value.utf8.lazy.map(Self.harmless)) }
  }

  /// Adds a field whose value is known to be harmless.
  public mutating func add(_ name: StaticString, _ value: StaticString) {
    add(name) { lines in value.withUTF8Buffer { lines.append(contentsOf: $0) } }
  }

  private mutating func add(_ name: StaticString, _ append: (inout [UInt8]) -> Void) {
    name.withUTF8Buffer { lines.append(contentsOf: $0) }
    lines.append(UInt8(ascii: ":"))
    lines.append(UInt8(ascii: " "))
    append(&lines)
    lines.append(UInt8(ascii: "\r"))
    lines.append(UInt8(ascii: "\n"))
  }

  private static func harmless(_ byte: UInt8) -> UInt8 { byte < 0x20 || byte == 0x7f ? 0x20 : byte }

  /// Passes the ranges of each field's name and value in `lines` on.
  func forEachField(_ body: (_ name: Range<Int>, _ value: Range<Int>) -> Void) {
    var start = 0
    while start < lines.count, let colon = lines[start...].firstIndex(of: UInt8(ascii: ":")),
      let end = lines[colon...].firstIndex(of: UInt8(ascii: "\r"))
    {
      body(start..<colon, colon + 2..<end)
      start = end + 2
    }
  }
}
