public import Platform
internal import Reactor

/// What to do when a channel's send queue is full.
public enum WhenFull: Sendable {
  /// Fail with `.busy`.
  case refuse
  /// Wait until the peer has caught up; fail with `.timedOut` at the deadline.
  case wait(until: Deadline)
}

/// Which channel and id a message was posted with.
public struct Posted: Equatable, Sendable {
  /// The channel; that of a hello or welcome is new.
  public let channel: UInt16
  /// The id: the message's, or the one that posting chose.
  public let id: UInt64
}

// Any thread.
extension EngineCore {
  /// Posts a message. When this throws the node is still the caller's.
  ///
  /// - Parameter isReply: Whether it has the id of what it answers. A peer may choose 0 for that.
  func post(
    _ node: MessageNode.Pointer, from mailbox: Mailbox, _ whenFull: WhenFull, isReply: Bool = false
  ) throws(ChannelError) -> Posted {
    try check(node, isReply)
    node.pointee.origin = .application
    node.pointee.status = 0
    let givenID = node.pointee.id
    if givenID == 0, !isReply { node.pointee.id = nextID() }
    do throws(ChannelError) {
      switch node.pointee.opCode {
      case .helloRequest where node.pointee.channel == 0: return try connect(node, mailbox)
      case .welcomeRequest where node.pointee.channel == 0: return try listen(node, mailbox)
      case .byeSignal: return try closeAtOnce(node, mailbox)
      default: return try send(node, mailbox, whenFull)
      }
    } catch {
      node.pointee.id = givenID
      throw error
    }
  }

  private func check(_ node: MessageNode.Pointer, _ isReply: Bool) throws(ChannelError) {
    let message = node.pointee
    if message.opCode == .welcomeResponse {
      throw ChannelError(.invalidMessage, "a welcome_response is the engine's to send", status: .invalidOpCode)
    }
    if message.opCode.role == .response, message.id == 0, !isReply {
      throw ChannelError(
        .invalidMessage, "a response needs the id of what it answers", status: .invalidMessageID)
    }
    if message.hasMore, message.opCode.kind != .regular {
      throw ChannelError(
        .invalidMessage, "only requests, responses and signals come in parts", status: .invalidMoreUsage)
    }
    if message.channel == 0, message.opCode != .helloRequest, message.opCode != .welcomeRequest {
      throw ChannelError(
        .usage, "the message does not say on which channel", status: .invalidChannelNumber,
        hint: "set its channel")
    }
  }

  // MARK: On a channel

  private func send(
    _ node: MessageNode.Pointer, _ mailbox: Mailbox, _ whenFull: WhenFull
  ) throws(ChannelError) -> Posted {
    let opCode = node.pointee.opCode
    let posted = Posted(channel: node.pointee.channel, id: node.pointee.id)
    while true {
      let (channel, queued) = try enqueue(node, mailbox)
      switch queued.sending {
      case .taken:
        // Whoever has more to read will most likely answer that too: one call can send all of it.
        channel.push(queued, lazily: mailbox.isReady)
        if opCode == .byeResponse { loop.submit { channel.answeredBye() } }
        return posted
      case .closed: throw ChannelError(PostRefusal.closed, channel: posted.channel)
      case .full: try waitForSpace(channel, whenFull)
      }
    }
  }

  /// The order of messages on a channel is the order in which they pass here.
  private func enqueue(
    _ node: MessageNode.Pointer, _ mailbox: Mailbox
  ) throws(ChannelError) -> (Channel, Stream.Queued) {
    let number = node.pointee.channel
    lock.lock()
    defer { lock.unlock() }
    guard phase == .running else { throw Self.shuttingDown }
    let channel: Channel
    switch endpoints[Int(number)] {
    case nil: throw ChannelError(unknownChannel: number)
    case .listener(let entry):
      guard entry.mailbox === mailbox else { throw ChannelError(foreignChannel: number) }
      throw ChannelError(.isListener, channel: number)
    case .channel(let found): channel = found
    }
    guard channel.mailbox === mailbox else { throw ChannelError(foreignChannel: number) }
    let opCode = node.pointee.opCode
    switch channel.life.post(opCode, id: node.pointee.id) {
    case .refuse(let refusal): throw ChannelError(refusal, channel: number)
    case .send, .close: break
    }
    // Hellos and byes are few, and what their passing means is noted already.
    return (channel, channel.enqueueFrame(node, ignoringLimit: opCode.kind != .regular))
  }

  private func waitForSpace(_ channel: Channel, _ whenFull: WhenFull) throws(ChannelError) {
    switch whenFull {
    case .refuse:
      throw ChannelError(
        .busy, "the send queue is full", hint: "try again when the peer has caught up", channel: channel.number)
    case .wait(let deadline):
      guard waitForSpace(channel, until: deadline) else {
        throw ChannelError(
          .timedOut, "the send queue stayed full", hint: "the peer does not keep up", channel: channel.number)
      }
    }
  }

  private func closeAtOnce(_ node: MessageNode.Pointer, _ mailbox: Mailbox) throws(ChannelError) -> Posted {
    let posted = Posted(channel: node.pointee.channel, id: node.pointee.id)
    lock.lock()
    defer { lock.unlock() }
    guard phase == .running else { throw Self.shuttingDown }
    guard let endpoint = endpoints[Int(posted.channel)] else { throw ChannelError(unknownChannel: posted.channel) }
    guard endpoint.mailbox === mailbox else { throw ChannelError(foreignChannel: posted.channel) }
    if case .channel(let channel) = endpoint,
      case .refuse(let refusal) = channel.life.post(.byeSignal, id: posted.id)
    {
      throw ChannelError(refusal, channel: posted.channel)
    }
    let carried = CarriedNode(node)
    loop.submit { [self] in close(endpoint, carried) }
    return posted
  }

  // MARK: New channels

  private func address(
    _ node: MessageNode.Pointer, for use: ChannelAddress.Use
  ) throws(ChannelError) -> ChannelAddress {
    let bytes = RawSpan(
      _unsafeBytes: UnsafeRawBufferPointer(start: node.pointee.headersStart, count: node.pointee.headersCount))
    guard let value = TextHeaders(bytes).first(named: use.header) else {
      throw ChannelError(
        .invalidAddress, "the message has no header \(use.header)", status: .wrongAddress,
        hint: "add it with ChannelAddress.headerValue")
    }
    return try ChannelAddress(headerValue: value, for: use)
  }

  private func connect(_ node: MessageNode.Pointer, _ mailbox: Mailbox) throws(ChannelError) -> Posted {
    let address = try address(node, for: .connecting)
    let layer = try secureLayer(for: address)
    let id = node.pointee.id
    lock.lock()
    let channel: Channel
    do throws(ChannelError) {
      channel = try add(node, mailbox)
    } catch {
      lock.unlock()
      throw error
    }
    lock.unlock()
    loop.submit { [self] in connect(channel, address, layer.layer) }
    return Posted(channel: channel.number, id: id)
  }

  /// With the lock.
  private func add(_ node: MessageNode.Pointer, _ mailbox: Mailbox) throws(ChannelError) -> Channel {
    guard mailboxes.contains(where: { $0 === mailbox }) else { throw Self.shuttingDown }
    let id = node.pointee.id
    let number = try takeNumber()
    let channel: Channel
    do throws(SystemError) {
      channel = try Channel(self, mailbox, number: number, life: .client(helloID: id), noticeID: id)
    } catch {
      numbers.release(number)
      throw ChannelError(error, "cannot make a channel")
    }
    endpoints[Int(number)] = .channel(channel)
    node.pointee.channel = number
    _ = channel.enqueueFrame(node, ignoringLimit: true)
    return channel
  }

  private func secureLayer(for address: ChannelAddress) throws(ChannelError) -> SendableLayer {
    guard case .tls(let host, _) = address else { return SendableLayer(nil) }
    guard let context = options.secureClient else { throw ChannelError(withoutTLS: address) }
    do throws(SecureError) {
      return SendableLayer(try context.client(host: host))
    } catch {
      throw ChannelError(.usage, error.message, hint: error.hint, address: address.text)
    }
  }

  private func listen(_ node: MessageNode.Pointer, _ mailbox: Mailbox) throws(ChannelError) -> Posted {
    let address = try address(node, for: .listening)
    if case .tls = address, options.secureServer == nil { throw ChannelError(withoutTLS: address) }
    let id = node.pointee.id
    lock.lock()
    defer { lock.unlock() }
    guard mailboxes.contains(where: { $0 === mailbox }) else { throw Self.shuttingDown }
    let number = try takeNumber()
    let entry = ListenerEntry(number, mailbox, noticeID: id)
    endpoints[Int(number)] = .listener(entry)
    node.pointee.channel = number
    let carried = CarriedNode(node)
    loop.submit { [self] in listen(entry, address, carried) }
    return Posted(channel: number, id: id)
  }
}

/// A node on its way to the loop, which is the only one to take it. It goes back to its pool if it never gets there.
final class CarriedNode: @unchecked Sendable {
  private var node: MessageNode.Pointer?
  init(_ node: MessageNode.Pointer) { self.node = node }

  deinit { if let node = take() { _ = Message(node) } }

  func take() -> MessageNode.Pointer? { node.take() }
}

/// A layer on its way to the loop, which is the first to use it.
struct SendableLayer: @unchecked Sendable {
  let layer: SecureLayer?
  init(_ layer: SecureLayer?) { self.layer = layer }
}

extension ChannelError {
  init(unknownChannel number: UInt16) {
    self.init(
      .closed, "there is no channel \(number)", status: .invalidChannelNumber, hint: "it may have been closed",
      channel: number)
  }

  init(foreignChannel number: UInt16) {
    self.init(.usage, "channel \(number) belongs to another group", status: .invalidMchnGroup, channel: number)
  }

  init(withoutTLS address: ChannelAddress) {
    self.init(
      .usage, "this engine was not given certificates for tls addresses", hint: "set secureClient or secureServer",
      address: address.text)
  }
}
