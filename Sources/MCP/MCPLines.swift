/// Cuts a stream of bytes into lines, each a message.
public struct MCPLines {
  /// One of them.
  public enum Line: Sendable {
    /// A line without its end.
    case text([UInt8])
    /// A line of more bytes than a message may have; its bytes are forgotten.
    case tooLong
  }

  private let limit: Int
  private var bytes: [UInt8] = []
  /// What lies before was given out.
  private var start = 0
  /// What lies before holds no line end.
  private var searched = 0
  /// The line that is being read was too long already.
  private var skips = false

  /// - Parameter limit: the most bytes of a line.
  public init(limit: Int = MCPLimits.messageBytes) { self.limit = limit }

  /// Adds what came.
  public mutating func add(_ chunk: RawSpan) {
    if start > 0, start * 2 >= bytes.count {
      bytes.removeSubrange(..<start)
      (searched, start) = (searched - start, 0)
    }
    chunk.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// The next line that is not blank; nil when more must come first.
  public mutating func next() -> Line? {
    while let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) {
      let line = bytes[start..<end]
      (start, searched) = (end + 1, end + 1)
      if let line = cut(line) { return line }
    }
    searched = bytes.count
    if bytes.count - start > limit {
      skips = true
      bytes.removeAll(keepingCapacity: false)
      (start, searched) = (0, 0)
    }
    return nil
  }

  /// What came after the last line end, at the end of the stream.
  public mutating func last() -> Line? {
    let line = bytes[start...]
    (start, searched) = (bytes.count, bytes.count)
    return cut(line)
  }

  private mutating func cut(_ line: ArraySlice<UInt8>) -> Line? {
    defer { skips = false }
    if skips || line.count > limit { return .tooLong }
    return line.allSatisfy(Self.isBlank) ? nil : .text(Array(line))
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") || byte == UInt8(ascii: "\r")
  }
}
