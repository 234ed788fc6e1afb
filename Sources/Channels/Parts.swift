public import Platform

/// Bodies that are larger than a frame, sent as parts with one id.
///
/// Every part but the last says that more follows; the text headers go with the first. `PartCollector` puts them together again.
extension ChannelGroup {
  /// Bytes of a part. With a few headers it fits memory of 64 KiB.
  static let partBytes = 65_024

  /// Sends `body`, however long it is, with the operation, channel, id and headers of `message`.
  ///
  /// Waits for room between parts. If `whenFull` is `refuse` only the first part has to find room at once; with a deadline
  /// the receiver may be left with a message that never ends, when it passes between two parts.
  ///
  /// - Throws: What `post` throws; `.usage` if `message` has a body of its own or says that more follows.
  @discardableResult
  public func postParts(
    _ message: consuming Message, body: RawSpan, whenFull: WhenFull = .wait(until: .never)
  ) throws(ChannelError) -> Posted {
    var sent = 0
    return try postParts(message, whenFull: whenFull) { (room) throws(ChannelError) -> Int in
      let count = min(room.count, body.byteCount - sent)
      body.extracting(sent..<(sent + count)).withUnsafeBytes { room.copyMemory(from: $0) }
      sent += count
      return count
    }
  }

  /// The same with a body that `fill` gives piece by piece, such as a file.
  ///
  /// - Parameter fill: Puts bytes into the buffer and returns how many, 0 only at the end. If it throws, the receiver is told
  ///   that the rest will not come, by a last part with the header `~parts:abandoned`, and the error is thrown here.
  @discardableResult
  public func postParts(
    _ message: consuming Message, whenFull: WhenFull = .wait(until: .never),
    filling fill: (UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int
  ) throws(ChannelError) -> Posted {
    guard message.body.byteCount == 0, !message.hasMore else {
      throw ChannelError(.usage, "a message that is sent in parts must not have a body of its own")
    }
    var parts = PartSource(message, engine)
    try parts.fill(with: fill)
    let posted = try post(parts.take(), whenFull: whenFull)
    parts.id = posted.id
    let later: WhenFull = if case .refuse = whenFull { .wait(until: .never) } else { whenFull }
    while !parts.isOver {
      do throws(ChannelError) {
        try parts.fill(with: fill)
      } catch {
        try post(parts.abandoned(), whenFull: later)
        throw error
      }
      try post(parts.take(), whenFull: later)
    }
    return posted
  }
}

/// Makes the parts of one message. The part after the next is always read already, to know whether it is the last.
private struct PartSource: ~Copyable {
  private let engine: Engine
  private let opCode: OpCode
  private let channel: UInt16
  /// That of the first part, once it was sent.
  var id: UInt64 = 0
  private var next: Message?
  private var afterNext: Message?
  private var isAtEnd = false
  private(set) var isOver = false

  init(_ first: consuming Message, _ engine: Engine) {
    self.engine = engine
    opCode = first.opCode
    channel = first.channel
    next = consume first
    isEmpty = true
  }

  /// Whether the first part has no body yet.
  private var isEmpty: Bool

  mutating func fill(with fill: (UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int) throws(ChannelError) {
    if isEmpty {
      isEmpty = false
      guard var first = next.take() else { return }
      let count = try first.fillBody(ChannelGroup.partBytes, with: fill)
      next = consume first
      if count < ChannelGroup.partBytes { isAtEnd = true }
    }
    guard !isAtEnd else { return }
    var part = engine.makeMessage(opCode, channel: channel, id: id)
    let count = try part.fillBody(ChannelGroup.partBytes, with: fill)
    if count < ChannelGroup.partBytes { isAtEnd = true }
    if count > 0 { afterNext = consume part }
  }

  /// The next part.
  mutating func take() -> Message {
    var part = next.take() ?? engine.makeMessage(opCode, channel: channel)
    next = afterNext.take()
    isOver = next == nil
    part.hasMore = !isOver
    if id != 0 { part.id = id }
    return part
  }

  mutating func abandoned() -> Message {
    var last = engine.makeMessage(opCode, channel: channel, id: id)
    try? last.appendHeader(ReservedHeader.parts.text, "abandoned")
    isOver = true
    return last
  }
}

extension Message {
  /// Adds up to `limit` bytes of what `fill` gives to the body. Fewer only at the end.
  fileprivate mutating func fillBody(
    _ limit: Int, with fill: (UnsafeMutableRawBufferPointer) throws(ChannelError) -> Int
  ) throws(ChannelError) -> Int {
    node.pointee.reserve(node.pointee.frameBytes + limit)
    var count = 0
    while count < limit {
      let room = UnsafeMutableRawBufferPointer(
        start: node.pointee.bodyStart + node.pointee.bodyCount, count: limit - count)
      let got = min(max(0, try fill(room)), room.count)
      if got == 0 { break }
      node.pointee.bodyCount += got
      count += got
    }
    return count
  }
}
