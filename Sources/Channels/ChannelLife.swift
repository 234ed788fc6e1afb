/// The life of one channel, from its opening to the reason of its end.
///
///     listener   opening ── opened ──> open ───────────────────────────────────────────────> closed
///     client     opening ── opened ──> open, its hello open ── HelloResponse ──> greeted ──> closed
///     server     awaiting a hello ── HelloRequest ──> open, to be answered ──> greeted ────> closed
///
/// Neither side has to wait for the answer to a hello before it sends. A client may queue messages before it is connected.
///
/// The end in good order: one side says bye, the other answers, and whoever receives the answer closes. Each side may send
/// nothing after its own bye or answer, so the answer proves that everything was read. When both say bye at once, each engine
/// answers for its application, because the application is not allowed to send any more: the first answer to arrive closes,
/// and a peer that does not answer (upstream's) closes when it gets ours. So a connection that breaks after our answer was
/// sent has ended in good order.
///
/// A value without a clock: it says what it waits for, and whoever drives it knows for how long. Every event has an answer in
/// every state; after the first `close` nothing is delivered and nothing else happens.
struct ChannelLife: Hashable, Sendable {
  /// How a channel came to be.
  enum Kind: Sendable, CaseIterable {
    case listener
    case client
    case server
  }

  /// What may be done with a message that the application wants to send.
  enum PostAnswer: Equatable {
    /// Send it.
    case send
    /// Close now, without sending it: the application asked for that.
    case close
    /// Give it back.
    case refuse(PostRefusal)
  }

  /// What is to be done with a frame that arrived.
  enum Arrival: Equatable {
    /// Hand it to the application.
    case deliver
    /// Hand it to the application, and send a ByeResponse with this id.
    case deliverAndAnswerBye(UInt64)
    /// Hand it to the application, then close.
    case deliverAndClose(CloseReason)
    /// Drop it and close.
    case close(CloseReason)
    /// Drop it: the channel is closed, or not connected yet.
    case drop
  }

  /// What else can happen to a channel.
  enum Event: Equatable {
    /// The listener listens, or the client is connected and its layers have agreed.
    case opened
    /// All of a ByeResponse, the application's or the engine's own, was handed to the system.
    case byeResponseSent
    /// It is over, for a reason that the engine knows: the system reported it, or somebody gave up.
    case ended(CloseReason)
    /// What `awaited` said did not happen in time.
    case timeIsUp(Awaited)
  }

  /// What has to happen within a time that the engine sets.
  enum Awaited: Equatable, Sendable, CaseIterable {
    /// The connection comes about.
    case connection
    /// The side that connected says hello.
    case hello
    /// The peer closes, now that it has our answer to its bye.
    case hangUp
  }

  private enum Phase: Equatable {
    case opening
    case open
    case closed
  }

  /// The hello of the connection: the client's own, or the one that came to the server.
  private enum Hello: Hashable {
    case awaited
    case open(UInt64)
    case answered
  }

  private enum OwnBye: Hashable {
    case none
    case said(UInt64)
  }

  private enum PeersBye: Hashable {
    case none
    case said(UInt64)
    /// Our answer is on its way.
    case beingAnswered
    case answered
  }

  /// How the channel came to be.
  let kind: Kind
  private var phase: Phase
  private var hello: Hello
  private var ownBye = OwnBye.none
  private var peersBye = PeersBye.none

  private init(_ kind: Kind, _ phase: Phase, _ hello: Hello) {
    self.kind = kind
    self.phase = phase
    self.hello = hello
  }

  /// A listener that is being opened.
  static func listener() -> ChannelLife { ChannelLife(.listener, .opening, .answered) }

  /// A client whose application posted a hello with this id, which counts as sent.
  static func client(helloID: UInt64) -> ChannelLife { ChannelLife(.client, .opening, .open(helloID)) }

  /// A connection that was accepted.
  static func server() -> ChannelLife { ChannelLife(.server, .open, .awaited) }

  /// Whether it is over.
  var isClosed: Bool { phase == .closed }

  /// Whether the application knows of the channel, so that it has to be told of its end: it made the channel, or was handed its
  /// hello.
  var isKnown: Bool { hello != .awaited }

  /// Whether requests, responses and signals are delivered, and change nothing, until the next event or control frame.
  var deliversRegular: Bool { phase == .open && hello != .awaited && peersBye == .none }

  /// What has to happen within a time that the engine sets; nil if nothing. Look again after each call that changes this value.
  var awaited: Awaited? {
    switch phase {
    case .closed: nil
    case .opening: kind == .client ? .connection : nil
    case .open:
      if hello == .awaited { .hello } else if peersBye == .answered { .hangUp } else { nil }
    }
  }
}

// MARK: - What the application does

extension ChannelLife {
  /// Whether the application may send a message with this operation and id now. If the answer is `send`, it counts as sent.
  mutating func post(_ opCode: OpCode, id: UInt64) -> PostAnswer {
    if isClosed { return .refuse(.closed) }
    if opCode == .byeSignal {
      phase = .closed
      return .close
    }
    if kind == .listener { return .refuse(.isListener) }
    if hello == .awaited { return .refuse(.notGreeted) }
    if opCode == .helloRequest || opCode.kind == .welcome { return .refuse(.opensChannels) }
    if opCode == .byeResponse { return postByeResponse(id) }
    if ownBye != .none { return .refuse(.afterOwnBye) }
    if peersBye != .none { return .refuse(.afterPeersBye) }
    if opCode == .helloResponse { return postHelloResponse(id) }
    if opCode == .byeRequest { ownBye = .said(id) }
    return .send
  }

  private mutating func postHelloResponse(_ id: UInt64) -> PostAnswer {
    guard kind == .server, case .open(let asked) = hello else { return .refuse(.noHelloOpen) }
    guard asked == id else { return .refuse(.wrongID) }
    hello = .answered
    return .send
  }

  private mutating func postByeResponse(_ id: UInt64) -> PostAnswer {
    switch peersBye {
    case .none: return .refuse(.noByeOpen)
    case .beingAnswered, .answered: return .refuse(.byeAnswered)
    case .said(let asked) where asked != id: return .refuse(.wrongID)
    case .said:
      peersBye = .beingAnswered
      return .send
    }
  }
}

// MARK: - What the peer does

extension ChannelLife {
  /// What is to be done with a frame that came whole from the peer.
  mutating func receive(_ opCode: OpCode, id: UInt64) -> Arrival {
    guard phase == .open, kind != .listener else { return .drop }
    switch opCode {
    case .welcomeRequest, .welcomeResponse: return violated(.localOpCode)
    case .helloRequest: return receiveHello(id)
    case _ where hello == .awaited: return violated(.firstNotHello)
    case .byeSignal: return deliverLast(.closedByPeer)
    case .byeResponse: return receiveByeResponse(id)
    case _ where peersBye != .none: return violated(.afterBye)
    case .helloResponse: return receiveHelloResponse(id)
    case .byeRequest: return receiveByeRequest(id)
    case .request, .response, .signal: return .deliver
    }
  }

  private mutating func receiveHello(_ id: UInt64) -> Arrival {
    guard hello == .awaited else { return violated(.unexpectedHello) }
    hello = .open(id)
    return .deliver
  }

  private mutating func receiveHelloResponse(_ id: UInt64) -> Arrival {
    guard kind == .client, hello == .open(id) else { return violated(.unexpectedHelloResponse) }
    hello = .answered
    return .deliver
  }

  private mutating func receiveByeRequest(_ id: UInt64) -> Arrival {
    guard ownBye == .none else {
      peersBye = .beingAnswered
      return .deliverAndAnswerBye(id)
    }
    peersBye = .said(id)
    return .deliver
  }

  private mutating func receiveByeResponse(_ id: UInt64) -> Arrival {
    guard ownBye == .said(id) else { return violated(.unexpectedByeResponse) }
    return deliverLast(.graceful)
  }

  private mutating func deliverLast(_ reason: CloseReason) -> Arrival {
    phase = .closed
    return .deliverAndClose(reason)
  }

  private mutating func violated(_ violation: FrameViolation) -> Arrival {
    phase = .closed
    return .close(.violation(violation))
  }
}

// MARK: - What the system and the engine do

extension ChannelLife {
  /// Takes note of an event. Returns why the channel has to be closed, if it has to.
  mutating func handle(_ event: Event) -> CloseReason? {
    if isClosed { return nil }
    switch event {
    case .opened:
      if phase == .opening { phase = .open }
      return nil
    case .byeResponseSent:
      if peersBye == .beingAnswered { peersBye = .answered }
      return nil
    case .ended(let reason):
      return close(isGoodOrder(reason) ? .graceful : reason)
    case .timeIsUp(let what):
      guard what == awaited else { return nil }
      return timeIsUp(what)
    }
  }

  private mutating func timeIsUp(_ what: Awaited) -> CloseReason? {
    switch what {
    case .connection: close(.connectTimedOut)
    case .hello: close(.helloTimedOut)
    case .hangUp: close(.graceful)
    }
  }

  /// A peer that has our answer to its bye just closes, and may do so abortively.
  private func isGoodOrder(_ reason: CloseReason) -> Bool {
    peersBye == .answered && (reason == .peerVanished || reason == .reset)
  }

  private mutating func close(_ reason: CloseReason) -> CloseReason {
    phase = .closed
    return reason
  }
}
