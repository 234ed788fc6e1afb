internal import Platform
internal import Reactor

/// One connection to a peer: its stream, its life, and the frames that come.
///
/// `life` and everything marked so is guarded by the engine's lock; the rest is loop only.
final class Channel: Stream, @unchecked Sendable {
  let engine: EngineCore
  let mailbox: Mailbox
  let number: UInt16

  // Guarded by the engine's lock.
  @exclusivity(unchecked) var life: ChannelLife
  /// The id that the final notice carries: of the hello, ours or the peer's.
  var noticeID: UInt64

  @exclusivity(unchecked) private var parser: FrameParser
  /// What the parser has given since it was last handed over.
  @exclusivity(unchecked) private var arrived = NodeList()
  @exclusivity(unchecked) private var delivers: Bool
  /// Whether the answer to the peer's bye is the engine's own.
  private var hasAnsweredBye = false
  @exclusivity(unchecked) private var reason: CloseReason?
  private var detail: String?
  private var timer: LoopTimer?
  private var addresses: [SocketAddress] = []
  private var heartbeat: Heartbeat?
  private var heartbeatTimer: LoopTimer?
  /// Hears of the answer to the hello and of the end; set before anybody else knows of the channel.
  var supervisor: Supervisor?
  /// Where in the engine's line of connections that have not said hello it stands; nil if it does not.
  var placeInLine: Int?

  init(
    _ engine: EngineCore, _ mailbox: Mailbox, number: UInt16, life: ChannelLife, noticeID: UInt64
  ) throws(SystemError) {
    self.engine = engine
    self.mailbox = mailbox
    self.number = number
    self.life = life
    self.noticeID = noticeID
    delivers = life.deliversRegular
    parser = FrameParser(engine.pool, channel: number)
    try super.init(engine.loop, engine.chunks, owner: engine.pool, limit: engine.options.sendQueueBytes)
  }

  // MARK: Opening (loop)

  /// Connects to the first of the addresses that takes us.
  func open(_ found: [SocketAddress], secure layer: SecureLayer?) {
    guard !isOver else { return }
    addresses = Array(found.dropFirst())
    guard let first = found.first else { return end(.invalidAddress) }
    start(connectingTo: first, secure: layer)
  }

  override func nextAddress(after error: SystemError) -> SocketAddress? {
    addresses.isEmpty ? nil : addresses.removeFirst()
  }

  override func opened() {
    engine.lock.lock()
    let ended = life.handle(.opened)
    delivers = life.deliversRegular
    engine.lock.unlock()
    if let ended { return end(ended) }
    if let beat = engine.options.heartbeat {
      heartbeat = Heartbeat(interval: beat.interval, missedLimit: beat.missedLimit, now: loop.time)
      armHeartbeat()
    }
    watchTime()
  }

  // MARK: What has to happen in time (loop)

  /// Sets the timer for what the life waits for now.
  func watchTime() {
    if let timer { loop.cancel(timer) }
    timer = nil
    guard !isOver, let awaited = currentlyAwaited() else { return }
    let limit =
      switch awaited {
      case .connection: engine.options.connectTimeout
      case .hello: engine.options.helloTimeout
      case .hangUp: engine.options.hangUpTimeout
      }
    timer = loop.schedule(after: limit) { [self] in
      timer = nil
      happen(.timeIsUp(awaited))
    }
  }

  private func currentlyAwaited() -> ChannelLife.Awaited? {
    engine.lock.lock()
    defer { engine.lock.unlock() }
    return life.awaited
  }

  /// Our answer to the peer's bye is in line: once it is sent, the peer has a while to hang up.
  func answeredBye() {
    guard !isOver else { return }
    timer = loop.schedule(after: engine.options.hangUpTimeout) { [self] in
      timer = nil
      noteWhatWasSent()
      happen(.timeIsUp(.hangUp))
      if !isOver { end(.tooSlow) }
    }
  }

  private func noteWhatWasSent() {
    guard waitingBytes == 0 else { return }
    happen(.byeResponseSent)
  }

  private func happen(_ event: ChannelLife.Event) {
    engine.lock.lock()
    let ended = life.handle(event)
    engine.lock.unlock()
    if let ended { end(ended) }
  }

  private func armHeartbeat() {
    guard let heartbeat, !isOver else { return }
    heartbeatTimer = loop.schedule(at: heartbeat.deadline) { [self] in
      guard !isOver else { return }
      checkHeartbeat(at: loop.network.now())
      armHeartbeat()
    }
  }

  /// While we do not read, for want of messages, we cannot say that the peer is silent. It cannot hear that we live but from us.
  private func checkHeartbeat(at now: Int64) {
    guard let finding = heartbeat?.check(at: now) else { return }
    if !isReading { heartbeat?.heard(at: now) }
    switch finding {
    case .ping: sendHeartbeat(.ping)
    case .lost where isReading: end(.silent)
    case .lost, .wait: break
    }
  }

  /// Heartbeats of a channel that takes nothing more are left out: it is then for the peer to say something.
  private func sendHeartbeat(_ mark: Heartbeat.Mark) {
    engine.lock.lock()
    guard life.post(.signal, id: 0) == .send else { return engine.lock.unlock() }
    let node = engine.pool.takeAlways()
    node.pointee.opCode = OpCode.signal
    node.pointee.id = engine.nextID()
    node.pointee.channel = number
    mark.headers.withUTF8Buffer { text in
      if let base = text.baseAddress { node.pointee.headersStart.copyMemory(from: base, byteCount: text.count) }
      node.pointee.headersCount = text.count
    }
    let queued = enqueueFrame(node, ignoringLimit: false)
    engine.lock.unlock()
    push(queued)
    if case .taken = queued.sending {} else { engine.pool.put(node) }
  }

  // MARK: Sending (any thread, with the engine's lock)

  /// Puts the frame in line. The node is the queue's or the pool's afterwards, unless the answer is not `taken`.
  func enqueueFrame(_ node: MessageNode.Pointer, ignoringLimit: Bool) -> Stream.Queued {
    node.pointee.header.encode(to: node.pointee.bytes)
    let count = node.pointee.frameBytes
    guard count < Stream.copiesBelow else {
      let bytes = UnsafeMutableRawBufferPointer(start: node.pointee.bytes, count: count)
      engine.pool.lend(node)
      let queued = enqueue(owned: bytes, token: UnsafeMutableRawPointer(node), ignoringLimit: ignoringLimit)
      if case .taken = queued.sending {} else { engine.pool.takeFromQueue(node) }
      return queued
    }
    let queued = enqueue(UnsafeRawBufferPointer(start: node.pointee.bytes, count: count), ignoringLimit: ignoringLimit)
    if case .taken = queued.sending { engine.pool.put(node) }
    return queued
  }

  override func drained() { supervisor?.sendQueued() }

  // MARK: Receiving (loop)

  override func nextBuffer() -> UnsafeMutableRawBufferPointer? { parser.room }

  /// Behind a large body only the next header is worth copying.
  override var readAhead: Int { parser.expectsLarge || parser.room != nil ? 4 << 10 : 64 << 10 }

  override func received(_ bytes: UnsafeRawBufferPointer) {
    heartbeat?.heard(at: loop.time)
    var position = 0
    while position < bytes.count, reason == nil {
      guard take(parser.next(bytes, &position)) else { break }
    }
    handOver()
  }

  override func filled(_ count: Int) {
    heartbeat?.heard(at: loop.time)
    guard let node = parser.fill(count) else { return }
    arrive(node)
    handOver()
  }

  /// Whether there is a point in going on.
  private func take(_ step: FrameParser.Step) -> Bool {
    switch step {
    case .frame(let node):
      arrive(node)
      return reason == nil
    case .needsMore: return false
    case .starved:
      pauseReading()
      handOver()
      engine.starve(self)
      return false
    case .violation(let violation):
      handOver()
      end(.violation(violation))
      return false
    }
  }

  /// Goes on reading: the pool has messages again. Whether it had one for us.
  func relieve() -> Bool {
    guard !isOver else { return false }
    var gotAny = false
    while parser.isStarved, reason == nil {
      let step = parser.resume()
      if case .starved = step {} else { gotAny = true }
      guard take(step) else { break }
    }
    handOver()
    if !parser.isStarved, !isOver { resumeReading() }
    return gotAny
  }

  private func arrive(_ node: MessageNode.Pointer) {
    if node.pointee.opCode.kind == .regular, delivers {
      if isHeartbeat(node) { return }
      return arrived.append(node)
    }
    control(node)
  }

  /// Heartbeats are between engines.
  private func isHeartbeat(_ node: MessageNode.Pointer) -> Bool {
    guard Heartbeat.isMark(node), let mark = Heartbeat.Mark(node) else { return false }
    engine.pool.put(node)
    if mark == .ping { sendHeartbeat(.pong) }
    return true
  }

  private func control(_ node: MessageNode.Pointer) {
    engine.lock.lock()
    let wasKnown = life.isKnown
    let answer = life.receive(node.pointee.opCode, id: node.pointee.id)
    if !wasKnown, life.isKnown { noticeID = node.pointee.id }
    delivers = life.deliversRegular
    let isGreeted = !wasKnown && life.isKnown
    engine.lock.unlock()
    if isGreeted {
      engine.greeted(self)
      watchTime()
    }
    switch answer {
    case .drop: engine.pool.put(node)
    case .deliver:
      arrived.append(node)
      guard let supervisor, node.pointee.opCode == .helloResponse else { return }
      handOver()
      supervisor.greeted(self)
    case .deliverAndAnswerBye(let id):
      arrived.append(node)
      answerBye(id)
    case .deliverAndClose(let reason):
      arrived.append(node)
      handOver()
      end(reason)
    case .close(let reason):
      engine.pool.put(node)
      handOver()
      end(reason)
    }
  }

  /// Both sides said bye: ours may send nothing more, so the engine answers for it.
  private func answerBye(_ id: UInt64) {
    hasAnsweredBye = true
    let node = engine.pool.takeAlways()
    node.pointee.opCode = OpCode.byeResponse
    node.pointee.id = id
    node.pointee.channel = number
    engine.lock.lock()
    let queued = enqueueFrame(node, ignoringLimit: true)
    engine.lock.unlock()
    push(queued)
    if case .taken = queued.sending {} else { engine.pool.put(node) }
    answeredBye()
  }

  private func handOver() {
    guard !arrived.isEmpty else { return }
    let list = arrived
    arrived = NodeList()
    engine.deliver(list, to: mailbox)
  }

  // MARK: The end (loop)

  /// Ends the channel for this reason.
  func end(_ why: CloseReason, detail: String? = nil) {
    guard !isOver else { return }
    reason = why
    self.detail = detail
    close(.closed, aborting: why.aborts)
  }

  override func closed(_ end: StreamEnd) {
    if let timer { loop.cancel(timer) }
    if let heartbeatTimer { loop.cancel(heartbeatTimer) }
    timer = nil
    heartbeatTimer = nil
    parser.abandon()
    engine.lock.lock()
    if waitingBytes == 0 { _ = life.handle(.byeResponseSent) }
    let why = life.handle(.ended(reason ?? CloseReason(end))) ?? reason ?? CloseReason(end)
    engine.lock.unlock()
    engine.closed(self, why, detail ?? end.detail)
  }

  /// Whether a message that was not sent is the engine's own, which nobody wants back: its application never posted it.
  func isOwn(_ unsent: MessageNode.Pointer) -> Bool {
    switch unsent.pointee.opCode {
    case .signal: Heartbeat.isMark(unsent)
    case .byeResponse: hasAnsweredBye
    case .helloRequest: supervisor != nil
    default: false
    }
  }

  /// What was to be sent and never was, oldest first. A message of which a part was sent counts as not sent.
  func takeUnsentMessages() -> NodeList {
    var list = NodeList()
    takeUnsent { bytes, start, end, token in
      if let token {
        let node = token.assumingMemoryBound(to: MessageNode.self)
        engine.pool.takeFromQueue(node)
        list.append(node)
      } else {
        copyFrames(bytes, start, end, into: &list)
      }
    }
    return list
  }

  /// A chunk begins with a whole frame, and frames follow each other.
  private func copyFrames(_ bytes: UnsafeMutableRawPointer, _ start: Int, _ end: Int, into list: inout NodeList) {
    var position = 0
    while position + FrameHeader.byteCount <= end {
      guard let header = try? FrameHeader(wire: bytes + position) else { return }
      let next = position + header.frameBytes
      guard next <= end else { return }
      if next > start {
        let node = engine.pool.takeAlways()
        node.pointee.take(header, channel: number)
        node.pointee.reserve(header.frameBytes)
        node.pointee.bytes.copyMemory(from: bytes + position, byteCount: header.frameBytes)
        list.append(node)
      }
      position = next
    }
  }
}

extension Heartbeat {
  private static let markBytes = Mark.ping.headers.utf8CodeUnitCount

  /// Whether a message is one of the engines' own. Few messages have exactly so many bytes of headers and no body.
  static func isMark(_ node: MessageNode.Pointer) -> Bool {
    guard node.pointee.opCode == .signal, node.pointee.bodyCount == 0, node.pointee.headersCount == markBytes
    else { return false }
    return Mark(node) != nil
  }
}

extension Heartbeat.Mark {
  /// What a message says, if it is a heartbeat.
  init?(_ node: MessageNode.Pointer) {
    let bytes = UnsafeRawBufferPointer(start: node.pointee.headersStart, count: node.pointee.headersCount)
    self.init(TextHeaders(RawSpan(_unsafeBytes: bytes)))
  }
}

extension StreamEnd {
  /// What the system or the secure layer said.
  fileprivate var detail: String? {
    switch self {
    case .closed, .ended, .cut: nil
    case .connectFailed(let error), .receiveFailed(let error), .sendFailed(let error): error.message
    case .insecure(let error): error.message
    }
  }
}

extension CloseReason {
  /// Whether the socket is to be reset: everything that counts was read, or nothing does.
  var aborts: Bool {
    switch self {
    case .shutdown, .peerVanished: false
    default: true
    }
  }

  /// What the end of a stream means for its channel.
  init(_ end: StreamEnd) {
    switch end {
    case .closed: self = .closedHere
    case .ended, .cut: self = .peerVanished
    case .connectFailed(let error): self = CloseReason(connecting: error)
    case .receiveFailed(let error):
      self = error.kind == .reset || error.kind == .closed ? .reset : .receiveFailed
    case .sendFailed(let error): self = error.kind == .reset || error.kind == .closed ? .reset : .sendFailed
    case .insecure(let error): self = error.kind == .certificate ? .certificate : .secureHandshake
    }
  }

  private init(connecting error: SystemError) {
    switch error.kind {
    case .refused: self = .refused
    case .notFound: self = .pathNotFound
    case .timedOut: self = .connectTimedOut
    case .invalid, .nameTooLong, .unsupported, .addressNotAvailable: self = .invalidAddress
    default: self = .connectFailed
    }
  }
}
