internal import Platform
internal import Reactor
internal import Synchronization

/// Speaks HTTP/2: puts what comes through the session, hands requests to the handler, and answers to the session.
///
/// The session, streams and everything about them are touched on the loop only. Answers come from any thread: they are left in
/// their stream's outbox, the stream is put on the list of news, and the loop is asked to look. Nobody outside is called from
/// within the session: what it tells is noted, and `work` acts on it afterwards.
final class HTTP2Connection: Driver, @unchecked Sendable {
  enum Phase {
    case running
    /// Nothing more is read or answered; what was answered goes out.
    case lingering
  }

  /// How the library is asked for the next bytes of an answer.
  enum Filling {
    case some(Int)
    case last(Int)
    case nothingYet
  }

  /// Bytes of an answer in one frame, so that it fills half a chunk, and one record of TLS.
  private static let frameContent = ChunkPool.chunkSize / 2 - 9
  /// Rounds of one turn, so that others have theirs.
  private static let roundLimit = 8

  private(set) var session: HTTP2Session?
  var phase = Phase.running
  var streams: [HTTP2Stream] = []
  /// Requests that are complete, those that will not be, answers that are over, and those that have room again.
  var complete: [HTTP2Stream] = []
  var refused: [HTTP2Stream] = []
  var ended: [HTTP2Stream] = []
  var roomy: [HTTP2Stream] = []
  /// What the connection took from the session and the socket's queue did not: one frame at most.
  private var held: [UInt8] = []
  /// Why the session is to be terminated, when the peer has gone too far.
  var excess: HTTP2Code?
  private var isTerminated = false
  private var isWorking = false
  private var hasGoneAway = false
  var noise = Allowance(HTTP2Bounds.uselessFrames)
  var wastedStreams = Allowance(HTTP2Bounds.wastedStreams)
  /// Bytes of bodies that are held, and those for which no room was given again.
  var heldBytes = 0
  var withheldBytes = 0
  /// The stream whose head is on its way, and since when.
  var headStream: HTTP2Stream?
  var headBegan: Int64 = 0
  var hasSettings = false
  let began: Int64
  var lastEnd: Int64
  var lastInput: Int64
  var pinged: Int64?
  var drainBegan: Int64?
  var lingersSince: Int64 = 0

  private let lock: Lock
  // Guarded by `lock`, like the outboxes.
  @exclusivity(unchecked) private var news: [HTTP2Stream] = []
  /// Whether the loop was asked to look at the news and has not yet.
  @exclusivity(unchecked) private var willLook = false
  /// Requests that are with the handler, whether or not anybody still wants their answers.
  private let unanswered = Atomic<Int>(0)

  /// Begins a connection: our settings go out with the first work.
  ///
  /// - Throws: `.noMemory`.
  init(starting connection: Connection) throws(SystemError) {
    lock = try Lock()
    began = connection.loop.time
    lastEnd = began
    lastInput = began
    super.init(connection)
    let limits = connection.server.limits
    session = HTTP2Session(
      for: self,
      .init(concurrentStreams: limits.concurrentStreams, headBytes: UInt32(clamping: limits.headBytes)))
    if session == nil { throw SystemError(.noMemory) }
  }

  var limits: HTTPLimits { connection.server.limits }

  // MARK: The loop's side

  override func received(_ bytes: UnsafeRawBufferPointer) {
    lastInput = connection.loop.time
    pinged = nil
    guard phase == .running, !isTerminated, let session else { return }
    switch session.receive(bytes) {
    case nil: if session.waitingFrames > HTTP2Bounds.waitingFrames(limits) { excess = .enhanceYourCalm }
    case .violation: excess = .protocolError
    case .flood: excess = .enhanceYourCalm
    case .noMemory: excess = .internalError
    }
    work()
  }

  override func attend() { work() }

  override func drained() { work() }

  /// Does all that there is to do, in turns.
  func work() {
    guard !isWorking, phase == .running else { return }
    isWorking = true
    var rounds = Self.roundLimit
    repeat {
      rounds -= 1
      doRound()
    } while rounds > 0 && hasMore
    isWorking = false
    if hasMore { connection.loop.request(self) }
  }

  private func doRound() {
    guard let session else { return }
    if let code = excess, !isTerminated {
      isTerminated = true
      session.terminate(code)
    }
    if !isTerminated {
      dispatch()
      takeNews()
      if withheldBytes > 0 { giveRoom() }
      if drainBegan != nil, streams.isEmpty, !hasGoneAway { goAway() }
    }
    send(session)
    tellObservers()
    settle(session)
  }

  /// Moves what the session has for the peer to the socket's queue, as far as there is room.
  private func send(_ session: HTTP2Session) {
    var first: Stream.Queued?
    if !held.isEmpty {
      let queued = held.withUnsafeBytes { connection.enqueue($0) }
      guard case .taken = queued.sending else { return }
      held = []
      first = queued
    }
    while let bytes = session.nextOutput() {
      let queued = connection.enqueue(bytes)
      guard case .taken = queued.sending else {
        // There will be `drained`.
        if case .full = queued.sending { held = Array(bytes) }
        break
      }
      if first == nil { first = queued }
    }
    if let first { connection.push(first) }
  }

  private func settle(_ session: HTTP2Session) {
    guard phase == .running, !connection.isOver else { return }
    if session.hasFailed { return connection.close(.closed, aborting: true) }
    if held.isEmpty {
      if session.isOver { linger() }
    } else if isTerminated {
      // Who goes too far and does not even read is not told.
      connection.close(.closed, aborting: true)
    }
  }

  // MARK: Answers

  /// Hands what `change` puts into a stream's outbox to the loop; not if the stream is over. Any thread.
  func hand(_ stream: HTTP2Stream, _ change: (HTTP2Outbox) -> Void) {
    lock.lock()
    let outbox = stream.outbox
    guard !outbox.isClosed else { return lock.unlock() }
    change(outbox)
    let isListed = outbox.isListed
    let asks = !isListed && !willLook
    if !isListed {
      outbox.isListed = true
      news.append(stream)
      willLook = true
    }
    lock.unlock()
    if asks { connection.loop.request(self) }
  }

  /// Bytes of an answer that wait. Any thread.
  func waitingBytes(of stream: HTTP2Stream) -> Int {
    lock.lock()
    defer { lock.unlock() }
    return stream.outbox.waiting
  }

  /// Bytes of an answer that wait, and how many were taken.
  func progress(of stream: HTTP2Stream) -> (waiting: Int, taken: UInt64) {
    lock.lock()
    defer { lock.unlock() }
    return (stream.outbox.waiting, stream.outbox.taken)
  }

  /// Takes nothing more for a stream, and says whether its answer was given up.
  func closeOutbox(of stream: HTTP2Stream) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    stream.outbox.close()
    return stream.outbox.isAborted
  }

  /// An exchange was answered or given up. Any thread.
  func exchangeIsOver() { unanswered.subtract(1, ordering: .relaxed) }

  /// Whether there is reason for a further round.
  private var hasMore: Bool {
    guard phase == .running else { return false }
    if isTerminated { return false }
    if excess != nil { return true }
    lock.lock()
    defer { lock.unlock() }
    return !news.isEmpty
  }

  private func takeNews() {
    lock.lock()
    let taken = news
    news = []
    willLook = false
    for stream in taken { stream.outbox.isListed = false }
    lock.unlock()
    for stream in taken where !stream.isClosed { forward(stream) }
  }

  /// Tells the session what is new about a stream's answer.
  private func forward(_ stream: HTTP2Stream) {
    guard let session else { return }
    let outbox = stream.outbox
    lock.lock()
    let head = outbox.head.take()
    let isAborted = outbox.isAborted
    let isFinished = outbox.isFinished
    let hasBody = outbox.waiting > 0 || !isFinished
    lock.unlock()
    if isAborted { return session.reset(stream.id, .internalError) }
    if let head {
      if !isFinished { session.share(stream) }
      session.respond(stream, head, hasBody: hasBody)
    } else if stream.isDry {
      stream.isDry = false
      session.resume(stream)
    }
  }

  /// Gives the session the next bytes of an answer. Called by it.
  func fill(_ buffer: UnsafeMutableRawBufferPointer, from stream: HTTP2Stream) -> Filling {
    let outbox = stream.outbox
    lock.lock()
    defer { lock.unlock() }
    let count = outbox.take(into: UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Self.frameContent)))
    if outbox.wantsRoom, outbox.isHalfFree(limit: limits.waitingBytes) {
      outbox.wantsRoom = false
      roomy.append(stream)
    }
    if outbox.isFinished, outbox.waiting == 0 { return .last(count) }
    if count > 0 { return .some(count) }
    stream.isDry = true
    return .nothingYet
  }

  /// Answers what cannot be handed to the handler.
  func answer(_ problem: RequestProblem, to stream: HTTP2Stream) {
    var head = ResponseHead(problem.status)
    let server = connection.server
    let body = server.handler.body(for: problem, &head)
    // It may have closed the connection.
    guard let session, !stream.isClosed else { return }
    let hasBody = !body.isEmpty && stream.parts.method != .head
    lock.lock()
    if hasBody { stream.outbox.add(body[...]) }
    stream.outbox.isFinished = true
    lock.unlock()
    session.respond(stream, HTTP2Head(head, date: server.date(), length: body.count), hasBody: hasBody)
  }

  /// Hands complete requests to the handler, and answers those that cannot be.
  private func dispatch() {
    let (requests, problems) = (complete, refused)
    complete = []
    refused = []
    for stream in problems where !stream.isClosed {
      answer(stream.problem ?? .malformed, to: stream)
    }
    for stream in requests where !stream.isClosed {
      guard unanswered.load(ordering: .relaxed) < HTTP2Bounds.unanswered(limits) else {
        excess = .enhanceYourCalm
        return
      }
      let request = Request(stream.parts, body: stream.body, peer: connection.peer)
      stream.parts = RequestParts()
      stream.body = []
      let exchange = HTTP2Exchange(request, self, stream)
      stream.exchange = exchange
      unanswered.add(1, ordering: .relaxed)
      connection.server.handler.handle(exchange)
    }
  }

  private func tellObservers() {
    let (over, open) = (ended, roomy)
    ended = []
    roomy = []
    for stream in over { tellEnd(stream) }
    for stream in open where !stream.isClosed { stream.exchange?.observer?.drained() }
  }

  private func tellEnd(_ stream: HTTP2Stream) {
    guard let exchange = stream.exchange else { return }
    stream.exchange = nil
    let observer = exchange.observer
    exchange.observer = nil
    observer?.ended()
  }

  // MARK: The end

  /// Takes no more requests.
  func goAway() {
    guard !hasGoneAway else { return }
    hasGoneAway = true
    session?.goAway()
  }

  /// Ends our side once all is sent, and reads on for a moment, so that a reset does not overtake it.
  private func linger() {
    phase = .lingering
    lingersSince = connection.loop.time
    dropStreams()
    if !connection.isOver { connection.finish() }
  }

  override func peerFinished() {
    // What is still to be sent may yet arrive.
    if phase == .lingering, !connection.isFlushed { return }
    connection.close(.ended)
  }

  override func closed() {
    phase = .lingering
    dropStreams()
  }

  /// Everybody is told that nothing comes of the answers that are still open.
  private func dropStreams() {
    session?.close()
    session = nil
    let all = streams + ended
    (streams, complete, refused, ended, roomy) = ([], [], [], [], [])
    (held, headStream, heldBytes, withheldBytes) = ([], nil, 0, 0)
    lock.lock()
    for stream in all { stream.outbox.close() }
    news = []
    lock.unlock()
    for stream in all {
      stream.isClosed = true
      tellEnd(stream)
    }
  }

  override func check(_ now: Int64) { checkTime(now) }

  override func beginDraining() { announceEnd() }

  override var isIdle: Bool { phase == .running && streams.isEmpty && held.isEmpty && connection.isFlushed }

  override var idleSince: Int64 { lastEnd }
}
