public import Platform
internal import Reactor

/// Some channels and the one mailbox into which everything about them arrives, in the order in which it happened: messages of
/// peers, notices of the engine, and updates from other threads.
///
/// Safe from any thread. Several may receive; each message goes to one of them.
public final class ChannelGroup: Sendable {
  /// The engine that it is part of.
  public let engine: Engine
  private let mailbox: Mailbox

  init(_ engine: Engine, _ mailbox: Mailbox) {
    self.engine = engine
    self.mailbox = mailbox
  }

  deinit { engine.core.close(mailbox) }

  /// Closes its channels and wakes its receivers, which then get `.shuttingDown`. What waits in the mailbox is dropped.
  public func close() { engine.core.close(mailbox) }

  // MARK: Posting

  /// Sends a message, or has the engine do what it says; see `OpCode`. It is gone when this returns, also when it throws.
  ///
  /// A hello or welcome without a channel opens one, which is in what is returned, at once; whether that works is told in the
  /// mailbox. What is posted on a channel that is not connected yet waits. Messages on one channel arrive in the order of
  /// posting. When the channel ends first, unsent messages come back into the mailbox, with the reason as their status.
  ///
  /// - Throws: `.invalidMessage`, `.invalidAddress`, `.usage` for what cannot be sent; `.closed` for a channel that is gone or
  ///   has said bye; `.busy` or `.timedOut` when the send queue is full; `.exhausted`, `.shuttingDown`.
  @discardableResult
  public func post(
    _ message: consuming Message, whenFull: WhenFull = .wait(until: .never)
  ) throws(ChannelError) -> Posted {
    try post(message.takeNode(), whenFull, isReply: false)
  }

  private func post(
    _ node: MessageNode.Pointer, _ whenFull: WhenFull, isReply: Bool
  ) throws(ChannelError) -> Posted {
    do throws(ChannelError) {
      return try engine.core.post(node, from: mailbox, whenFull, isReply: isReply)
    } catch {
      engine.core.pool.put(node)
      throw error
    }
  }

  /// The same for a message that should be kept when it cannot be sent: it is nil afterwards only if it was taken.
  @discardableResult
  public func post(
    keeping message: inout Message?, whenFull: WhenFull = .wait(until: .never)
  ) throws(ChannelError) -> Posted {
    guard let taken = message.take() else {
      throw ChannelError(.usage, "there is no message to post", status: .nullMessage)
    }
    let node = taken.takeNode()
    do throws(ChannelError) {
      return try engine.core.post(node, from: mailbox, whenFull)
    } catch {
      message = Message(node)
      throw error
    }
  }

  // MARK: Receiving

  /// The next message; nil at the deadline. `.now` asks once.
  ///
  /// - Throws: `.shuttingDown` when the group or engine is closed.
  public func receive(until deadline: Deadline = .never) throws(ChannelError) -> Message? {
    if let node = mailbox.take() { return Message(node) }
    let loop = engine.core.loop
    while true {
      if mailbox.isOver { throw EngineCore.shuttingDown }
      if loop.borrow() {
        if mailbox.beginRunning() {
          loop.run(until: deadline) { mailbox.isReady }
          mailbox.endRunning()
        }
        loop.giveBack()
      } else if deadline != .now {
        loop.beginWaiting()
        mailbox.wait(until: deadline)
        loop.endWaiting()
      }
      if let node = mailbox.take() { return Message(node) }
      if deadline != .never, deadline == .now || engine.core.loop.network.now() >= deadline.nanoseconds {
        if mailbox.isOver { throw EngineCore.shuttingDown }
        return nil
      }
    }
  }

  /// Puts something into the mailbox from any thread, behind what is there: to wake, stop or task the receiver.
  ///
  /// - Parameter message: Arrives with the status `receiverUpdate`; everything else stays. Nil makes an empty signal.
  public func update(_ message: consuming Message? = nil) throws(ChannelError) {
    let node: MessageNode.Pointer
    if let message = message.take() {
      node = message.takeNode()
      node.pointee.origin = .application
    } else {
      node = engine.core.pool.takeAlways()
      node.pointee.origin = .engine
    }
    node.pointee.status = Status.receiverUpdate.rawValue
    guard engine.core.put(node, to: mailbox) else {
      engine.core.pool.put(node)
      throw EngineCore.shuttingDown
    }
  }

  // MARK: In short

  /// Asks to listen. The answer is a `welcomeResponse` on the channel that is returned; on success its header `~listen_on` has
  /// the address with the port that was really bound.
  @discardableResult
  public func listen(at address: ChannelAddress) throws(ChannelError) -> Posted {
    var message = engine.makeMessage(.welcomeRequest)
    try address.check(for: .listening)
    try message.appendHeader(ReservedHeader.listenOn.text, address.headerValue)
    return try post(message)
  }

  /// Asks to connect. The answer is the peer's `helloResponse`; or the hello itself, with the reason as its status.
  @discardableResult
  public func connect(to address: ChannelAddress) throws(ChannelError) -> Posted {
    try connect(to: address, with: engine.makeMessage(.helloRequest))
  }

  /// The same with headers and a body for the peer to see.
  @discardableResult
  public func connect(to address: ChannelAddress, with hello: consuming Message) throws(ChannelError) -> Posted {
    try address.check(for: .connecting)
    hello.opCode = .helloRequest
    try hello.appendHeader(ReservedHeader.connectTo.text, address.headerValue)
    return try post(hello)
  }

  /// Answers a message that came: a hello, a request, a bye. Headers and body of the answer are those it has now.
  @discardableResult
  public func reply(
    _ message: consuming Message, whenFull: WhenFull = .wait(until: .never)
  ) throws(ChannelError) -> Posted {
    try message.becomeReply()
    return try post(message.takeNode(), whenFull, isReply: true)
  }

  /// Says bye: nothing is sent after it. The peer's answer comes before the final notice.
  @discardableResult
  public func sayBye(on channel: UInt16) throws(ChannelError) -> Posted {
    try post(engine.makeMessage(.byeRequest, channel: channel))
  }

  /// Closes a channel or listener at once. The final notice tells when it is done.
  @discardableResult
  public func closeAtOnce(_ channel: UInt16) throws(ChannelError) -> Posted {
    try post(engine.makeMessage(.byeSignal, channel: channel))
  }
}
