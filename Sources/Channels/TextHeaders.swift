/// The text headers of a message, read where they lie.
///
///     var rest = message.headers
///     while let header = rest.next() { … header.name, header.value … }
///
/// A header is a name, a colon and a value, and ends with CR LF or with the headers. Empty lines are skipped. The first colon
/// ends the name; spaces and tabs around the value do not belong to it; a line without a colon is a name with an empty value.
/// A line that begins with a colon ends the walk that meets it, as it does upstream, so that both ends of a connection see the
/// same headers; asking again goes on behind it.
///
/// Bytes are not checked to be UTF-8. Names are compared byte by byte, may repeat, and keep their order. Nothing is allocated.
public struct TextHeaders: ~Escapable {
  private let bytes: RawSpan
  private var position = 0

  /// Reads `bytes`, whatever they are.
  @_lifetime(copy bytes)
  public init(_ bytes: RawSpan) {
    self.bytes = bytes
  }

  /// The next header; nil at the end and at a line without a name.
  @_lifetime(self: copy self)
  @_lifetime(copy self)
  public mutating func next() -> TextHeader? {
    while position < bytes.byteCount {
      let start = position
      let end = endOfLine(from: start)
      position = min(end + 2, bytes.byteCount)
      if end > start { return header(start, end) }
    }
    return nil
  }

  /// The value of the first header called `name`, byte for byte; nil if there is none. Looks at all headers, from the first,
  /// however far this walk is.
  @_lifetime(copy self)
  public func first(named name: StaticString) -> RawSpan? {
    var walk = TextHeaders(bytes)
    while let header = walk.next() {
      if name.isSame(as: header.name) { return header.value }
    }
    return nil
  }

  /// The value of the first header called `name`, byte for byte; nil if there is none. Looks at all headers, from the first,
  /// however far this walk is.
  @_lifetime(copy self)
  public func first(named name: RawSpan) -> RawSpan? {
    var walk = TextHeaders(bytes)
    while let header = walk.next() {
      if name.isSame(as: header.name) { return header.value }
    }
    return nil
  }

  private func endOfLine(from start: Int) -> Int {
    var index = start
    while let carriageReturn = bytes.firstIndex(of: Byte.carriageReturn, from: index) {
      index = carriageReturn + 1
      if index < bytes.byteCount, bytes.byte(index) == Byte.lineFeed { return carriageReturn }
    }
    return bytes.byteCount
  }

  @_lifetime(copy self)
  private func header(_ start: Int, _ end: Int) -> TextHeader? {
    let line = bytes.extracting(start..<end)
    guard let colon = line.firstIndex(of: Byte.colon) else {
      return TextHeader(name: line, value: line.extracting(last: 0))
    }
    guard colon > 0 else { return nil }
    var (first, last) = (colon + 1, line.byteCount)
    while first < last, Self.isBlank(line.byte(first)) { first += 1 }
    while last > first, Self.isBlank(line.byte(last - 1)) { last -= 1 }
    return TextHeader(name: line.extracting(0..<colon), value: line.extracting(first..<last))
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == Byte.space || byte == Byte.tab }
}

/// One text header, where it lies.
public struct TextHeader: ~Escapable {
  /// The bytes of the name: never none, not trimmed.
  public let name: RawSpan
  /// The bytes of the value: maybe none.
  public let value: RawSpan

  @_lifetime(copy name)
  init(name: RawSpan, value: RawSpan) {
    self.name = name
    // Both are parts of one line.
    self.value = _overrideLifetime(value, copying: name)
  }

  /// Whether the name begins with a tilde: such headers belong to the engines.
  public var isReserved: Bool { name.byte(0) == Byte.tilde }
}

/// The names of the headers that engines read or write themselves.
public enum ReservedHeader {
  /// In a hello: where to connect to.
  public static let connectTo: StaticString = "~connect_to"
  /// In a welcome: where to listen.
  public static let listenOn: StaticString = "~listen_on"
  /// In a final notice: `CloseReason.name`.
  public static let reason: StaticString = "~reason"
  /// In a final notice: a sentence for people.
  public static let detail: StaticString = "~detail"
  /// In the last part of a message that its sender gave up: `abandoned`.
  public static let parts: StaticString = "~parts"
  /// In a notice of a supervised channel: `connected` or `disconnected`.
  public static let presence: StaticString = "~presence"
  /// In a signal between peers: `ping`, or `pong` as its answer.
  public static let heartbeat: StaticString = "~heartbeat"
}
