/// A text header that is fit to be sent: checked once, then written without further checks.
///
/// Spaces, tabs and line ends around the name are dropped. The value is sent as it is; its receiver drops spaces and tabs
/// around it.
public struct TextHeaderLine: ~Escapable {
  private let name: RawSpan
  private let value: RawSpan

  /// Checks a header that is to follow `stored` bytes of others.
  ///
  /// - Throws: `.invalidMessage` if the name is empty or has a colon, a line end or a NUL; if the value is empty or has a line
  ///   end, which could pass for a header of its own; or if the headers would exceed 65 535 bytes.
  @_lifetime(copy name, copy value)
  public init(name: RawSpan, value: RawSpan, after stored: Int = 0) throws(ChannelError) {
    let trimmed = Self.trim(name)
    if let fault = Self.fault(name: trimmed, value: value) {
      throw ChannelError(.invalidMessage, fault.text)
    }
    self.name = trimmed
    self.value = value
    guard stored >= 0, byteCount <= FrameHeader.partLimit - stored else {
      throw ChannelError(
        .invalidMessage, "the text headers would exceed \(FrameHeader.partLimit) bytes", status: .invalidHeadersLen,
        hint: "put large values into the body")
    }
  }

  /// The number of bytes of the line, its colon and end counted.
  public var byteCount: Int { name.byteCount + 1 + value.byteCount + 2 }

  /// Appends the line to `bytes`.
  public func append(to bytes: inout [UInt8]) {
    name.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(Byte.colon)
    value.withUnsafeBytes { bytes.append(contentsOf: $0) }
    bytes.append(Byte.carriageReturn)
    bytes.append(Byte.lineFeed)
  }

  /// Writes the line to `byteCount` bytes of memory.
  func write(to memory: UnsafeMutableRawPointer) {
    var end = Self.copy(name, to: memory)
    end.storeBytes(of: Byte.colon, as: UInt8.self)
    end = Self.copy(value, to: end + 1)
    end.storeBytes(of: Byte.carriageReturn, as: UInt8.self)
    end.storeBytes(of: Byte.lineFeed, toByteOffset: 1, as: UInt8.self)
  }

  /// Where the copy of `bytes` ends.
  private static func copy(_ bytes: RawSpan, to memory: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer {
    bytes.withUnsafeBytes { source in
      if let base = source.baseAddress { memory.copyMemory(from: base, byteCount: source.count) }
    }
    return memory + bytes.byteCount
  }

  @_lifetime(copy name)
  private static func trim(_ name: RawSpan) -> RawSpan {
    var (first, last) = (0, name.byteCount)
    while first < last, isAround(name.byte(first)) { first += 1 }
    while last > first, isAround(name.byte(last - 1)) { last -= 1 }
    return name.extracting(first..<last)
  }

  private static func isAround(_ byte: UInt8) -> Bool {
    byte == Byte.space || byte == Byte.tab || isLineEnd(byte)
  }

  private static func isLineEnd(_ byte: UInt8) -> Bool { byte == Byte.carriageReturn || byte == Byte.lineFeed }

  private static func fault(name: RawSpan, value: RawSpan) -> StaticString? {
    if name.byteCount == 0 { return "a text header needs a name" }
    for index in 0..<name.byteCount {
      let byte = name.byte(index)
      if byte == Byte.colon { return "the name of a text header must not have a colon" }
      if byte == 0 || isLineEnd(byte) { return "the name of a text header must not have a line end or NUL" }
    }
    if value.byteCount == 0 { return "a text header needs a value" }
    for index in 0..<value.byteCount where isLineEnd(value.byte(index)) {
      return "the value of a text header must not have a line end"
    }
    return nil
  }
}
