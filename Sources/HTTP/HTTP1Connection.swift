internal import Reactor
internal import Synchronization

/// Reads the requests of an HTTP/1 connection, one at a time, in the order in which they came.
///
/// A request is answered from whatever thread; what comes meanwhile waits, up to a bound, and then waits in the peer. `marks`
/// is how the answering thread and the loop agree on who goes on: whoever comes second.
final class HTTP1Connection: Driver, @unchecked Sendable {
  private enum Phase { case head, body, answering, lingering }

  private enum Mark {
    /// A request is being answered.
    static let busy: UInt8 = 1
    /// Something waits for the end of the answer: further bytes, or the peer's end.
    static let hasMore: UInt8 = 2
    /// The answer was the last one.
    static let last: UInt8 = 4
    /// The answer was given up.
    static let resets: UInt8 = 8
  }

  private let parser: HTTP1Parser
  @exclusivity(unchecked) private var phase = Phase.head
  @exclusivity(unchecked) private var head = HTTP1Head()
  /// Of a head: what came so far. While answering: what came since.
  @exclusivity(unchecked) private var pending: [UInt8] = []
  @exclusivity(unchecked) private var exchange: HTTP1Exchange?
  private let marks = Atomic<UInt8>(0)
  private var peerHasFinished = false
  /// When the phase began, and when something last came.
  @exclusivity(unchecked) private var phaseBegan: Int64
  @exclusivity(unchecked) private var lastInput: Int64

  override init(_ connection: Connection) {
    parser = HTTP1Parser(connection.server.limits)
    phaseBegan = connection.loop.time
    lastInput = phaseBegan
    super.init(connection)
  }

  private var limits: HTTPLimits { connection.server.limits }

  // MARK: Reading

  override func received(_ bytes: UnsafeRawBufferPointer) {
    lastInput = connection.loop.time
    switch phase {
    case .head: readHead(bytes)
    case .body: readBody(bytes)
    case .answering:
      // The usual case: the answer is out, its thread had no reason to tell, and this is the next request.
      guard marks.load(ordering: .acquiring) == 0, pending.isEmpty, !connection.isCrowded else { return keep(bytes) }
      endExchange()
      enter(.head)
      readHead(bytes)
    case .lingering: break
    }
  }

  private func readHead(_ bytes: UnsafeRawBufferPointer) {
    if pending.isEmpty {
      phaseBegan = connection.loop.time
      return readHead(in: bytes)
    }
    pending.append(contentsOf: bytes)
    let whole = pending
    pending = []
    whole.withUnsafeBytes { readHead(in: $0) }
  }

  /// - Parameter bytes: All that came of the head, and perhaps more.
  private func readHead(in bytes: UnsafeRawBufferPointer) {
    switch head.scan(bytes) {
    case .malformed: refuse(.malformed)
    case .incomplete:
      guard bytes.count <= limits.headBytes else { return refuse(.headTooLarge) }
      pending.append(contentsOf: bytes)
    case .complete(let end):
      head.reset()
      guard end <= limits.headBytes else { return refuse(.headTooLarge) }
      let rest = UnsafeRawBufferPointer(rebasing: bytes[end...])
      switch parser.readHead(UnsafeRawBufferPointer(rebasing: bytes[..<end])) {
      case .failed(let problem): refuse(problem)
      case .complete: dispatch(rest)
      case .incomplete:
        enter(.body)
        if parser.parts.expectation == .goOn, rest.isEmpty {
          _ = HTTP1Text.goOn.withUnsafeBytes { connection.send($0, ignoringLimit: true) }
        }
        if !rest.isEmpty { readBody(rest) }
      }
    }
  }

  private func readBody(_ bytes: UnsafeRawBufferPointer) {
    switch parser.readBody(bytes) {
    case .incomplete: break
    case .complete(let taken): dispatch(UnsafeRawBufferPointer(rebasing: bytes[taken...]))
    case .failed(let problem): refuse(problem)
    }
  }

  /// What comes while a request is answered.
  private func keep(_ bytes: UnsafeRawBufferPointer) {
    guard !bytes.isEmpty else { return }
    pending.append(contentsOf: bytes)
    if pending.count >= limits.pipelinedBytes { connection.pauseReading() }
    tellOfMore()
  }

  /// Has the loop come back when the answer is over, or now if it is over already.
  private func tellOfMore() {
    let old = marks.bitwiseOr(Mark.hasMore, ordering: .acquiringAndReleasing).oldValue
    if old & Mark.busy == 0 { connection.loop.request(self) }
  }

  private func enter(_ phase: Phase) {
    self.phase = phase
    phaseBegan = connection.loop.time
  }

  // MARK: Answering

  private func dispatch(_ rest: UnsafeRawBufferPointer) {
    let keepsAlive = parser.keepsAlive
    let request = Request(parser.parts, body: parser.takeBody(), peer: connection.peer)
    parser.reset()
    let exchange = HTTP1Exchange(request, self, keepsAlive: keepsAlive)
    self.exchange = exchange
    marks.store(Mark.busy, ordering: .releasing)
    enter(.answering)
    keep(rest)
    // There will be no more bytes to come back for.
    if peerHasFinished { tellOfMore() }
    connection.server.handler.handle(exchange)
  }

  /// Any thread. The answer is given, or given up.
  func exchangeIsOver(isObserved: Bool, keepsOn: Bool, resets: Bool) {
    var leaves = Mark.hasMore
    if !keepsOn { leaves |= Mark.last }
    if resets { leaves |= Mark.resets }
    // The marks of this answer go in before it counts as over.
    if leaves != Mark.hasMore { marks.bitwiseOr(leaves & ~Mark.hasMore, ordering: .acquiringAndReleasing) }
    let old = marks.bitwiseAnd(~Mark.busy, ordering: .acquiringAndReleasing).oldValue
    if isObserved || old & ~Mark.busy != 0 { connection.loop.request(self) }
  }

  override func attend() {
    guard phase == .answering, !connection.isOver else { return }
    let now = marks.load(ordering: .acquiring)
    guard now & Mark.busy == 0 else { return }
    endExchange()
    if now & Mark.resets != 0 { return connection.close(.closed, aborting: true) }
    if now & Mark.last != 0 { return linger() }
    // Who does not take answers does not get more of them: `drained` comes back here.
    if connection.awaitsRoom() { return }
    proceed()
  }

  private func endExchange() {
    let observer = exchange?.observer
    exchange?.observer = nil
    exchange = nil
    observer?.ended()
  }

  /// Reads the next request, of which something may be there already.
  private func proceed() {
    enter(.head)
    marks.store(0, ordering: .releasing)
    let bytes = pending
    pending = []
    connection.resumeReading()
    if !bytes.isEmpty {
      bytes.withUnsafeBytes { readHead(in: $0) }
      guard phase == .head else { return }
    }
    if peerHasFinished { endWithPeer() }
  }

  /// Answers what cannot be read, and ends the connection: what follows cannot be told from the rest of it.
  private func refuse(_ problem: RequestProblem) {
    var head = ResponseHead(problem.status)
    let server = connection.server
    let body = server.handler.body(for: problem, &head)
    var out: [UInt8] = []
    HTTP1Text.append(status: head.status, to: &out)
    out.append(contentsOf: head.lines)
    HTTP1Text.append(date: server.date(), to: &out)
    HTTP1Text.append(length: body.count, to: &out)
    out += HTTP1Text.close + HTTP1Text.lineEnd
    if parser.parts.method != .head { out += body }
    _ = out.withUnsafeBytes { connection.send($0, ignoringLimit: true) }
    linger()
  }

  /// Ends our side, and reads on for a moment: closing at once would reset the connection, and the peer might never read the
  /// answer.
  private func linger() {
    enter(.lingering)
    pending = []
    connection.finish()
    connection.resumeReading()
    if peerHasFinished, connection.isFlushed { connection.close(.ended) }
  }

  /// The peer sends no more, and has all answers, or they are on their way.
  private func endWithPeer() {
    guard !connection.isOver else { return }
    if connection.isFlushed { connection.close(.ended) } else { linger() }
  }

  // MARK: The rest

  override func drained() {
    guard phase == .answering else { return }
    exchange?.observer?.drained()
    attend()
  }

  override func peerFinished() {
    peerHasFinished = true
    guard phase == .answering else { return endWithPeer() }
    // Who reads a stream and hangs up looks the same as who only ends its side: the latter does not happen.
    if exchange?.isStreaming == true { return connection.close(.ended) }
    tellOfMore()
  }

  override func closed() {
    phase = .lingering
    pending = []
    if let exchange {
      // An answer that is still to come finds the stream closed.
      let observer = exchange.observer
      exchange.observer = nil
      self.exchange = nil
      observer?.ended()
    }
  }

  /// Whether a request is neither being read nor answered.
  private var isBetweenRequests: Bool {
    switch phase {
    case .head: pending.isEmpty
    case .answering: pending.isEmpty && marks.load(ordering: .acquiring) & Mark.busy == 0
    case .body, .lingering: false
    }
  }

  override var isIdle: Bool { isBetweenRequests && connection.isFlushed }

  override var idleSince: Int64 { max(phaseBegan, lastInput) }

  override func beginDraining() {
    guard isBetweenRequests else { return }
    if connection.isFlushed { connection.close() } else { linger() }
  }

  override func check(_ now: Int64) {
    switch phase {
    case .head:
      if pending.isEmpty {
        if isIdle, now - idleSince > limits.idleTime { connection.close() }
      } else if now - phaseBegan > limits.headTime {
        refuse(.tooSlow)
      }
    case .body:
      if now - phaseBegan > limits.bodyTime || now - lastInput > limits.bodyIdleTime { refuse(.tooSlow) }
    case .answering:
      guard marks.load(ordering: .acquiring) == 0 else { return }
      // The answer is out, and its request takes up memory.
      endExchange()
      enter(.head)
    case .lingering:
      if !connection.isFlushed {
        phaseBegan = now
      } else if peerHasFinished || now - phaseBegan > limits.lingerTime {
        connection.close()
      }
    }
  }
}
