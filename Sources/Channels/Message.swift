/// A message: what it is for, its text headers, and its body. It goes back to its pool when it is dropped.
///
/// It has one owner. Posting it gives it away, so it cannot be used, or posted, again.
public struct Message: ~Copyable, @unchecked Sendable {
  let node: MessageNode.Pointer
  /// False once the node was given away, when the value itself is about to end. (`discard self` is not for Embedded Swift.)
  private var isOwner = true

  init(_ node: MessageNode.Pointer) { self.node = node }

  deinit { if isOwner { node.pointee.pool._withUnsafeGuaranteedRef { $0.put(node) } } }

  /// Gives up the node without returning it.
  consuming func takeNode() -> MessageNode.Pointer {
    isOwner = false
    return node
  }

  // MARK: Header

  /// The channel that it came from or is to go to; 0 in a hello or welcome, and in what concerns no channel.
  public var channel: UInt16 {
    get { node.pointee.channel }
    set { node.pointee.channel = newValue }
  }

  /// What it is for. A message from the pool is a signal.
  public var opCode: OpCode {
    get { node.pointee.opCode }
    set { node.pointee.opCode = newValue }
  }

  /// Ties a response to its request, and parts to each other. When it is 0, posting chooses one.
  public var id: UInt64 {
    get { node.pointee.id }
    set { node.pointee.id = newValue }
  }

  /// Whether more parts with the same id follow.
  public var hasMore: Bool {
    get { node.pointee.hasMore }
    set { node.pointee.hasMore = newValue }
  }

  /// Who made it: an application, or our own engine.
  public var origin: FrameHeader.Origin { node.pointee.origin }

  /// Whether it is a notice of our own engine, and not from a peer.
  public var isNotice: Bool { node.pointee.origin == .engine }

  /// What an engine's notice tells; in a message from a peer, what the peer wrote there, most often `success`.
  public var status: Status { Status(wire: node.pointee.status) }

  /// The same as the byte that came.
  public var statusByte: UInt8 { node.pointee.status }

  // MARK: Text headers

  /// The text headers, where they lie.
  public var headers: TextHeaders {
    @_lifetime(borrow self)
    borrowing get { TextHeaders(headerBytes) }
  }

  /// The text headers as they are on the wire.
  public var headerBytes: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = RawSpan(
        _unsafeBytes: UnsafeRawBufferPointer(start: node.pointee.headersStart, count: node.pointee.headersCount))
      return _overrideLifetime(bytes, borrowing: self)
    }
  }

  /// Adds a text header.
  ///
  /// - Throws: `.invalidMessage` if name or value cannot be sent, or all headers together would exceed 65,535 bytes.
  public mutating func appendHeader(_ name: String, _ value: String) throws(ChannelError) {
    try appendHeader(Array(name.utf8), Array(value.utf8))
  }

  /// The same with bytes, which need not be UTF-8.
  public mutating func appendHeader(_ name: [UInt8], _ value: [UInt8]) throws(ChannelError) {
    let line = try TextHeaderLine(
      name: name.span.bytes, value: value.span.bytes, after: node.pointee.headersCount)
    let count = line.byteCount
    node.pointee.reserve(node.pointee.frameBytes + count)
    // The body, if it is there already, makes room.
    let end = node.pointee.bodyStart
    if node.pointee.bodyCount > 0 { memmove(end + count, end, node.pointee.bodyCount) }
    line.write(to: end)
    node.pointee.headersCount += count
  }

  /// Puts a header of the engine's in the place of the first one with this name, or adds it. A value that cannot be carried
  /// is made so by replacing what is in the way.
  mutating func replaceHeader(_ name: StaticString, _ value: String) {
    var lines: [([UInt8], [UInt8])] = []
    var isReplaced = false
    var walk = headers
    let wanted = Array(name.text.utf8)
    let clean = value.utf8.map { $0 < 0x20 ? UInt8(ascii: " ") : $0 }
    while let header = walk.next() {
      let found = header.name.withUnsafeBytes { Array($0) }
      let isSame = found.elementsEqual(wanted)
      if isSame, isReplaced { continue }
      lines.append((found, isSame ? clean : header.value.withUnsafeBytes { Array($0) }))
      isReplaced = isReplaced || isSame
    }
    if !isReplaced { lines.append((wanted, clean)) }
    removeHeaders()
    for (name, value) in lines where !value.isEmpty { try? appendHeader(name, value) }
  }

  /// Drops all text headers.
  public mutating func removeHeaders() {
    let body = node.pointee.bodyStart
    if node.pointee.bodyCount > 0 { memmove(node.pointee.headersStart, body, node.pointee.bodyCount) }
    node.pointee.headersCount = 0
  }

  // MARK: Body

  /// The body, where it lies.
  public var body: RawSpan {
    @_lifetime(borrow self)
    borrowing get {
      let bytes = RawSpan(
        _unsafeBytes: UnsafeRawBufferPointer(start: node.pointee.bodyStart, count: node.pointee.bodyCount))
      return _overrideLifetime(bytes, borrowing: self)
    }
  }

  /// How many bytes the body has.
  public var bodyCount: Int { node.pointee.bodyCount }

  /// Adds to the body.
  ///
  /// - Throws: `.invalidMessage` if it would exceed 65,535 bytes; see `ChannelGroup.postParts` for more.
  public mutating func appendBody(_ bytes: RawSpan) throws(ChannelError) {
    let count = bytes.byteCount
    guard count <= FrameHeader.partLimit - node.pointee.bodyCount else {
      throw ChannelError(
        .invalidMessage, "the body would exceed \(FrameHeader.partLimit) bytes", status: .invalidBodyLen,
        hint: "send it in parts")
    }
    node.pointee.reserve(node.pointee.frameBytes + count)
    bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      (node.pointee.bodyStart + node.pointee.bodyCount).copyMemory(from: base, byteCount: count)
    }
    node.pointee.bodyCount += count
  }

  /// Adds text to the body, as UTF-8.
  public mutating func appendBody(_ text: String) throws(ChannelError) {
    let bytes = Array(text.utf8)
    try appendBody(bytes.span.bytes)
  }

  /// Makes the body empty.
  public mutating func removeBody() { node.pointee.bodyCount = 0 }

  /// Makes it like a new one, with the room that it has.
  public mutating func reset() { node.pointee.reset() }

  /// Turns a message that came into the answer to it: same channel and id, headers and body kept.
  ///
  /// - Throws: `.invalidMessage` if its operation has no answer.
  public mutating func becomeReply() throws(ChannelError) {
    guard let reply = opCode.reply else {
      throw ChannelError(.invalidMessage, "a \(opCode.name) has no answer", status: .invalidOpCode)
    }
    opCode = reply
    hasMore = false
  }
}

/// Moves bytes within a buffer; the two places may overlap.
private func memmove(_ destination: UnsafeMutableRawPointer, _ source: UnsafeMutableRawPointer, _ count: Int) {
  destination.copyMemory(from: source, byteCount: count)
}
