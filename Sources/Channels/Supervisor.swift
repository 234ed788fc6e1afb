internal import Platform
internal import Reactor

/// The inside of a supervised channel.
///
/// Attempts, timers and notices happen on the loop. `lock` guards which connection there is and what waits for one; the engine's
/// lock may be taken while it is held, never the other way round.
final class Supervisor: @unchecked Sendable {
  let engine: EngineCore
  let mailbox: Mailbox
  let id: UInt64
  private let address: ChannelAddress
  private let bound: SupervisedChannel.WhileDisconnected
  private let hello: @Sendable (inout Message) -> Void
  private let lock: Lock

  // Loop only.
  private var backoff: Backoff
  private var timer: LoopTimer?
  private var attempt: Channel?
  /// Whether the application knows that there is no connection.
  private var hasToldAbsence = false

  // Guarded by `lock`.
  private var connected: Channel?
  private var queue = NodeList()
  private var queuedMessages = 0
  private var queuedBytes = 0
  private var isStopped = false

  init(
    _ engine: EngineCore, _ mailbox: Mailbox, _ address: ChannelAddress, _ options: SupervisedChannel.Options,
    _ hello: @escaping @Sendable (inout Message) -> Void
  ) throws(SystemError) {
    self.engine = engine
    self.mailbox = mailbox
    self.address = address
    self.hello = hello
    bound = options.whileDisconnected
    backoff = options.backoff
    id = engine.nextID()
    lock = try Lock()
  }

  // MARK: Connecting (loop)

  /// Makes a connection.
  func begin() {
    timer = nil
    guard !hasStopped else { return }
    do throws(ChannelError) {
      attempt = try engine.connect(try makeHello(), mailbox, supervisor: self)
      watchTime()
    } catch {
      if error.kind == .shuttingDown { return stop(.shutdown) }
      tellAbsence(channel: 0, .connectFailed, error.message)
      beginLater()
    }
  }

  private func makeHello() throws(ChannelError) -> CarriedNode {
    var message = Message(engine.pool.takeAlways())
    hello(&message)
    message.opCode = .helloRequest
    message.channel = 0
    message.id = id
    message.hasMore = false
    message.replaceHeader(ReservedHeader.connectTo, address.headerValue)
    return CarriedNode(message.takeNode())
  }

  /// The engine watches over connecting, but nobody has to answer a hello.
  private func watchTime() {
    let (limit, overflows) = engine.options.connectTimeout.addingReportingOverflow(engine.options.helloTimeout)
    timer = engine.loop.schedule(after: overflows ? .max : limit) { [self] in
      timer = nil
      attempt?.end(.helloTimedOut)
    }
  }

  private func beginLater() {
    cancelTimer()
    guard !hasStopped else { return }
    timer = engine.loop.schedule(after: backoff.next(random: engine.randomWord())) { [self] in begin() }
  }

  private func cancelTimer() {
    if let timer { engine.loop.cancel(timer) }
    timer = nil
  }

  private var hasStopped: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isStopped
  }

  // MARK: What becomes of a connection (loop)

  /// The peer has answered the hello, which was delivered.
  func greeted(_ channel: Channel) {
    guard channel === attempt else { return }
    cancelTimer()
    backoff.reset()
    hasToldAbsence = false
    lock.lock()
    if !isStopped { connected = channel }
    lock.unlock()
    var notice = Message(engine.pool.takeAlways())
    notice.replaceHeader(ReservedHeader.presence, Presence.connected.name.text)
    notice.channel = channel.number
    notice.id = id
    engine.notify(notice.takeNode(), .success, to: mailbox)
    sendQueued()
  }

  /// The connection is over, and what was not sent on it was given back.
  func ended(_ channel: Channel, _ reason: CloseReason, _ detail: String?) {
    lock.lock()
    let wasConnected = connected === channel
    if wasConnected { connected = nil }
    let isLast = isStopped
    lock.unlock()
    attempt = nil
    if wasConnected || isLast { hasToldAbsence = false }
    tellAbsence(channel: channel.number, reason, detail)
    if reason == .shutdown { return stop(.shutdown) }
    beginLater()
  }

  private func tellAbsence(channel: UInt16, _ reason: CloseReason, _ detail: String?) {
    guard !hasToldAbsence else { return }
    hasToldAbsence = true
    engine.notifyClosed(channel, id: id, reason, detail, to: mailbox, presence: .disconnected)
  }

  /// Sends what waited for a connection, as far as its queue takes it. Also when it has room again.
  func sendQueued() {
    lock.lock()
    defer { lock.unlock() }
    while let channel = connected, let node = queue.pop() {
      node.pointee.channel = channel.number
      let count = node.pointee.frameBytes
      do throws(ChannelError) {
        _ = try engine.post(node, from: mailbox, .refuse)
      } catch {
        // It is full, or has just ended: this one is the first next time.
        return queue.prepend(node)
      }
      queuedMessages -= 1
      queuedBytes -= count
    }
  }

  // MARK: Any thread

  var currentChannel: UInt16? {
    lock.lock()
    defer { lock.unlock() }
    return connected?.number
  }

  func post(_ message: consuming Message, _ whenFull: WhenFull) throws(ChannelError) -> Posted {
    guard message.opCode.kind == .regular else {
      throw ChannelError(
        .usage, "a supervised channel takes requests, responses and signals", status: .invalidOpCode)
    }
    if message.opCode == .response, message.id == 0 {
      throw ChannelError(
        .invalidMessage, "a response needs the id of what it answers", status: .invalidMessageID)
    }
    let carried = CarriedNode(message.takeNode())
    if let channel = directChannel {
      if let posted = try post(carried, on: channel, whenFull) { return posted }
    }
    return try enqueue(carried)
  }

  /// The connection, if nothing waits that has to go first.
  private var directChannel: Channel? {
    lock.lock()
    defer { lock.unlock() }
    return queue.isEmpty && !isStopped ? connected : nil
  }

  /// Nil if the connection has just ended.
  private func post(
    _ carried: CarriedNode, on channel: Channel, _ whenFull: WhenFull
  ) throws(ChannelError) -> Posted? {
    guard let node = carried.take() else { return nil }
    node.pointee.channel = channel.number
    do throws(ChannelError) {
      return try engine.post(node, from: mailbox, whenFull)
    } catch {
      carried.put(node)
      if error.kind == .closed { return nil }
      throw error
    }
  }

  private func enqueue(_ carried: CarriedNode) throws(ChannelError) -> Posted {
    lock.lock()
    defer { lock.unlock() }
    if isStopped { throw ChannelError(.closed, "the supervised channel was stopped") }
    guard case .queue(let messages, let bytes) = bound else {
      throw ChannelError(.closed, "there is no connection", hint: "it is being made: try again when it is there")
    }
    guard let node = carried.take() else { throw ChannelError(.internal, "the message is gone") }
    guard queuedMessages < messages, node.pointee.frameBytes <= bytes - queuedBytes else {
      carried.put(node)
      throw ChannelError(.busy, "too much waits for a connection", hint: "try again when it is there")
    }
    node.pointee.channel = 0
    if node.pointee.id == 0 { node.pointee.id = engine.nextID() }
    let posted = Posted(channel: 0, id: node.pointee.id)
    queue.append(node)
    queuedMessages += 1
    queuedBytes += node.pointee.frameBytes
    // The connection may have come about meanwhile.
    if connected != nil { engine.loop.submit { [self] in sendQueued() } }
    return posted
  }

  /// Makes no more connections, and closes the one that there is, unless it was stopped before and is coming to its end.
  func stop(_ reason: CloseReason, evenLate: Bool = true) {
    let isFirst = giveUp()
    guard isFirst || evenLate else { return }
    engine.loop.submit { [self] in
      cancelTimer()
      if let attempt { return attempt.end(reason) }
      guard isFirst else { return }
      hasToldAbsence = false
      tellAbsence(channel: 0, reason, nil)
    }
  }

  /// Drops what waits for a connection. False if that was done before.
  private func giveUp() -> Bool {
    lock.lock()
    let wasStopped = isStopped
    isStopped = true
    let dropped = queue
    queue = NodeList()
    lock.unlock()
    engine.pool.put(dropped)
    if !wasStopped { engine.forget(self) }
    return !wasStopped
  }

  func sayBye() throws(ChannelError) {
    lock.lock()
    let channel = connected
    lock.unlock()
    guard let channel else {
      stop(.closedHere)
      throw ChannelError(.closed, "there is no connection")
    }
    _ = giveUp()
    let bye = Message(engine.pool.takeAlways())
    let node = bye.takeNode()
    node.pointee.opCode = .byeRequest
    node.pointee.channel = channel.number
    do throws(ChannelError) {
      _ = try engine.post(node, from: mailbox, .refuse)
    } catch {
      engine.pool.put(node)
      throw error
    }
  }
}
