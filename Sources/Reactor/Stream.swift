public import Platform
internal import Synchronization

/// Why a stream is over.
public enum StreamEnd: Error, Sendable {
  /// Closed by us.
  case closed
  /// The peer ended its side, and everything it sent was read.
  case ended
  /// The peer ended its side without saying so in the secure layer: what came may have been cut short.
  case cut
  /// It never came to be.
  case connectFailed(SystemError)
  case receiveFailed(SystemError)
  case sendFailed(SystemError)
  case insecure(SecureError)
}

/// A connection: bytes in order, both ways, each way bounded.
///
/// A subclass overrides what it wants to hear. Everything is loop only, but `send` and `waitForSpace`, which any thread may call.
///
/// Writing goes through a queue of at most `limit` bytes. When nothing else waits the sender writes to the socket itself; a
/// sender that sends again and again leaves that to the loop, which writes many sends with one call. Reading goes on as long as
/// `isReading`; what the subclass was handed is its own, so back-pressure is `pauseReading`.
open class Stream: LoopSource, @unchecked Sendable {
  enum State { case idle, connecting, securing, open, closed }

  /// The loop that it lives on.
  public let loop: EventLoop
  let network: Network
  let queue: SendQueue
  var secure: SecureLayer?
  var state = State.idle
  var socket: SocketNumber = -1
  var interest: Readiness = []
  var wantsWrite = false
  var finishesWhenSent = false
  /// What broke the connection, as sending found it, while there may be something left to read.
  var failure: SystemError?
  /// Whether the secure layer was told to say goodbye.
  var hasSaidGoodbye = false
  var peerEnded = false
  /// Encrypted bytes that the socket did not take yet.
  var wire = WireBytes()
  /// Set by senders on other threads for the loop to see.
  let notes = Atomic<UInt32>(0)
  /// Whether what comes is read: not between `pauseReading` and `resumeReading`. Loop only.
  private(set) public var isReading = true

  static let noteDrained: UInt32 = 1
  static let noteFailed: UInt32 = 2

  /// A stream that is not connected yet. What is sent meanwhile waits.
  ///
  /// - Parameters:
  ///   - chunks: Where the queue's buffers come from.
  ///   - owner: Takes back the buffers that were lent to `send(owned:token:)`.
  ///   - limit: Bytes that may wait to be sent; one `send` is always taken when nothing waits.
  public init(_ loop: EventLoop, _ chunks: ChunkPool, owner: ByteOwner? = nil, limit: Int) throws(SystemError) {
    self.loop = loop
    network = loop.network
    queue = try SendQueue(chunks, owner: owner, limit: limit, isHeld: true)
    super.init()
  }

  /// What secures it: who the peer is, and what was agreed on. Loop only.
  public var secureLayer: SecureLayer? { secure }

  // MARK: For subclasses to override

  /// It is connected, and secured where it is to be.
  open func opened() {}
  /// Bytes came. They are gone when this returns.
  open func received(_ bytes: UnsafeRawBufferPointer) {}
  /// Where the next bytes had best go, if the subclass knows; `filled` tells how many did. Not with a secure layer.
  open func nextBuffer() -> UnsafeMutableRawBufferPointer? { nil }
  /// So many bytes were put into `nextBuffer`.
  open func filled(_ count: Int) {}
  /// How many bytes to read behind `nextBuffer`, or at all, with one call.
  open var readAhead: Int { 64 << 10 }
  /// The peer sends no more. Unless overridden, this closes the stream.
  open func peerFinished() { close(.ended) }
  /// A `send` was refused because the queue was full, and now half of it is free.
  open func drained() {}
  /// Connecting failed. The next address to try, if there is one.
  open func nextAddress(after error: SystemError) -> SocketAddress? { nil }
  /// It is over. The last call; what was not sent can still be had with `takeUnsent`.
  open func closed(_ end: StreamEnd) {}

  // MARK: Beginning

  /// Takes over a socket that was accepted.
  public func start(accepted socket: SocketNumber, secure layer: SecureLayer? = nil) {
    guard state == .idle else { return network.close(socket, aborting: true) }
    self.socket = socket
    secure = layer
    interest = .read
    do throws(SystemError) {
      try loop.add(self, socket, interest)
    } catch {
      return close(.receiveFailed(error), aborting: true)
    }
    connected()
  }

  /// Begins to connect.
  public func start(connectingTo address: SocketAddress, secure layer: SecureLayer? = nil) {
    guard state == .idle else { return }
    secure = layer
    var next: SocketAddress? = address
    while let address = next {
      do throws(SystemError) {
        let (socket, isPending) = try network.connect(address)
        self.socket = socket
        interest = isPending ? .write : .read
        try loop.add(self, socket, interest)
        if isPending { state = .connecting } else { connected() }
        return
      } catch {
        dropSocket()
        next = nextAddress(after: error)
        if next == nil { close(.connectFailed(error), aborting: true) }
      }
    }
  }

  private func dropSocket() {
    guard socket >= 0 else { return }
    loop.remove(self, socket)
    network.close(socket, aborting: true)
    socket = -1
  }

  private func connected() {
    guard let secure else { return becomeOpen() }
    state = .securing
    do throws(SecureError) {
      try secure.start()
    } catch {
      return close(.insecure(error), aborting: true)
    }
    flushSecure()
    updateInterest()
  }

  func becomeOpen() {
    state = .open
    queue.release()
    opened()
    guard state == .open else { return }
    flushOnLoop()
    updateInterest()
  }

  // MARK: Sending (any thread)

  /// What became of bytes that were to be sent.
  public enum Sending: Sendable {
    /// They are sent or wait to be.
    case taken
    /// Too much waits: nothing was taken.
    case full
    /// The stream is over.
    case closed
  }

  /// A place in the queue that was given, with what is to be done about it: see `enqueue`.
  public struct Queued: Sendable {
    let admission: SendQueue.Admission

    /// What became of the bytes.
    public var sending: Sending {
      switch admission {
      case .queued: .taken
      case .full: .full
      case .closed: .closed
      }
    }
  }

  /// Sends a copy of `bytes`.
  public func send(_ bytes: UnsafeRawBufferPointer, ignoringLimit: Bool = false) -> Sending {
    push(enqueue(bytes, ignoringLimit: ignoringLimit))
  }

  /// Sends the owner's bytes, which stay as they are until the owner gets `token` back.
  public func send(
    owned bytes: UnsafeMutableRawBufferPointer, token: UnsafeMutableRawPointer, ignoringLimit: Bool = false
  ) -> Sending { push(enqueue(owned: bytes, token: token, ignoringLimit: ignoringLimit)) }

  /// Puts a copy of `bytes` in line, in the order of the calls. `push` sends it: apart, so that a caller can choose the order
  /// under a lock of its own and send without it.
  public func enqueue(_ bytes: UnsafeRawBufferPointer, ignoringLimit: Bool = false) -> Queued {
    Queued(admission: queue.append(bytes, clock: network, ignoringLimit: ignoringLimit))
  }

  /// The same with the owner's bytes, which stay as they are until the owner gets `token` back.
  public func enqueue(
    owned bytes: UnsafeMutableRawBufferPointer, token: UnsafeMutableRawPointer, ignoringLimit: Bool = false
  ) -> Queued {
    Queued(admission: queue.append(owned: bytes, token: token, clock: network, ignoringLimit: ignoringLimit))
  }

  /// Sends what was put in line: now, or by the loop.
  ///
  /// - Parameter lazily: Whether more is about to follow from a thread that will then run the loop: it sends all of it together.
  @discardableResult
  public func push(_ queued: Queued, lazily: Bool = false) -> Sending {
    after(queued.admission, lazily)
    return queued.sending
  }

  /// Waits until at most `bytes` wait, half of the limit by default, or the stream is over; false at the deadline. Never on
  /// the loop.
  public func waitForSpace(atMost bytes: Int? = nil, until deadline: Deadline) -> Bool {
    queue.waitForSpace(atMost: bytes ?? queue.limit / 2, until: deadline)
  }

  /// Bytes that wait to be sent.
  public var waitingBytes: Int { queue.waiting }

  /// Bytes that were sent, or went into the secure layer, since the beginning.
  public var sentBytes: UInt64 { queue.sent }

  /// Whether more than half of the limit waits to be sent.
  public var isCrowded: Bool { queue.waiting > queue.limit / 2 }

  /// The same; and if it is so, `drained` is called when it is so no more.
  public func awaitsRoom() -> Bool { queue.awaitsRoom() }

  /// Whether the system has all that was sent. Loop only.
  public var isFlushed: Bool { wire.isEmpty && queue.waiting == 0 }

  /// Buffers shorter than this are better copied than lent.
  public static var copiesBelow: Int { SendQueue.copiesBelow }

  private func after(_ admission: SendQueue.Admission, _ lazily: Bool) {
    guard case .queued(let isAlone, let isBurst) = admission, isAlone else { return }
    if lazily, loop.requestLazily(self) { return }
    if secure != nil {
      loop.request(self)
    } else if !isBurst || !loop.requestIfOccupied(self) {
      flushHere()
    }
  }

  /// Writes from whatever thread this is, and leaves the rest to the loop.
  private func flushHere() {
    var wasFull = false
    let outcome = queue.flush(wasFull: &wasFull) { network.send(socket, $0) }
    var asks = wasFull
    if wasFull { notes.bitwiseOr(Self.noteDrained, ordering: .relaxed) }
    switch outcome {
    case .drained: break
    case .blocked, .more: asks = true
    case .busy: asks = asks || queue.tellsLoop
    case .failed:
      // The loop meets the same failure, and reads first what the peer had to say.
      notes.bitwiseOr(Self.noteFailed, ordering: .relaxed)
      asks = true
    }
    if asks { loop.request(self) }
  }

  // MARK: The loop's side

  public override func attend() {
    let notes = notes.exchange(0, ordering: .relaxed)
    guard state == .open || state == .securing else { return }
    if notes & Self.noteDrained != 0 { drained() }
    guard state != .closed else { return }
    if secure != nil { flushSecure() } else { flushOnLoop() }
    updateInterest()
  }

  public override func ready(_ readiness: Readiness) {
    if state == .connecting {
      guard finishConnecting() else { return }
    }
    let isOver = !readiness.isDisjoint(with: [.hangUp, .error])
    if readiness.contains(.read) || isOver { read(untilEnd: isOver) }
    guard state != .closed else { return }
    if readiness.contains(.write) || isOver, wantsWrite || isOver {
      if secure != nil { flushSecure() } else { flushOnLoop() }
    }
    guard state != .closed else { return }
    if isOver {
      // The poller would say so again and again, whatever we wait for.
      // What we sent last may still be on its way: a reset would overtake it.
      if peerEnded { return close(.ended, aborting: readiness.contains(.error)) }
      if !isReading { return park() }
    }
    updateInterest()
  }

  private func finishConnecting() -> Bool {
    do throws(SystemError) {
      guard try network.connectResult(socket) else { return false }
    } catch {
      dropSocket()
      state = .idle
      if let next = nextAddress(after: error) {
        start(connectingTo: next, secure: secure)
      } else {
        close(.connectFailed(error), aborting: true)
      }
      return false
    }
    state = .idle
    connected()
    return state != .closed
  }

  /// Writes what waits. Loop only.
  func flushOnLoop() {
    guard state == .open, secure == nil else {
      if secure != nil { flushSecure() }
      return
    }
    var wasFull = false
    let outcome = queue.flush(wasFull: &wasFull) { network.send(socket, $0) }
    settle(outcome)
    if wasFull, state != .closed { drained() }
  }

  func settle(_ outcome: SendQueue.Outcome) {
    switch outcome {
    case .drained:
      wantsWrite = false
      if finishesWhenSent { finishSocket() }
    case .blocked: wantsWrite = true
    case .more: loop.request(self)
    case .busy:
      // Another thread writes, or nothing waits; whoever writes asks for the loop if there is something left to do.
      if wantsWrite, queue.waiting == 0 { wantsWrite = false }
      if finishesWhenSent, queue.waiting == 0 { finishSocket() }
    case .failed(let error): failSending(error)
    }
  }

  /// What the peer sent before it stopped reading is worth more than the news that it did.
  func failSending(_ error: SystemError) {
    // Not now: the buffer that we would read into holds what some stream is being handed. The next turn fails the same way.
    guard !loop.isReading else { return loop.request(self) }
    // After its own end the peer does not care; anything else broke the connection, and must not look like an end.
    if error.kind != .closed { failure = error }
    guard isReading || state == .securing || peerEnded else { return park() }
    read(untilEnd: true)
    close(.sendFailed(error), aborting: true)
  }

  /// Tells the poller what we wait for, if that has changed.
  func updateInterest() {
    guard state == .open || state == .securing, !isParked else { return }
    var wanted: Readiness = []
    if (isReading || state == .securing) && !peerEnded { wanted.insert(.read) }
    if wantsWrite { wanted.insert(.write) }
    guard wanted != interest else { return }
    do throws(SystemError) {
      try loop.update(self, socket, wanted)
      interest = wanted
    } catch {
      close(.receiveFailed(error), aborting: true)
    }
  }

  // MARK: Reading

  /// Leaves what comes in the system's buffers, so that the peer has to wait. Loop only.
  public func pauseReading() {
    isReading = false
  }

  /// Reads again. Loop only.
  public func resumeReading() {
    guard !isReading, state != .closed else { return }
    isReading = true
    guard isParked else { return updateInterest() }
    isParked = false
    do throws(SystemError) {
      try loop.add(self, socket, .read)
      interest = .read
      updateInterest()
    } catch {
      close(.receiveFailed(error), aborting: true)
    }
  }

  /// A connection that is over, with bytes that nobody wants to read yet: out of the poller until somebody does.
  private func park() {
    guard !isParked else { return }
    loop.remove(self, socket)
    isParked = true
  }

  // MARK: The end

  /// Sends what waits, then ends our side; the stream goes on until the peer ends its own. Loop only.
  public func finish() {
    guard state != .closed else { return }
    finishesWhenSent = true
    queue.beginFinishing()
    guard state == .open else { return }
    if secure != nil { flushSecure() } else { flushOnLoop() }
    updateInterest()
  }

  func finishSocket() {
    finishesWhenSent = false
    try? network.finishSending(socket)
  }

  /// Ends the stream at once. With `aborting` the peer sees a reset, and no port lingers. Loop only.
  public func close(_ end: StreamEnd = .closed, aborting: Bool = false) {
    guard state != .closed else { return }
    state = .closed
    if socket >= 0 { loop.remove(self, socket) }
    // Before the socket: its number may be another's as soon as it is closed, and nobody must write to that.
    queue.close()
    if socket >= 0 { network.close(socket, aborting: aborting) }
    socket = -1
    closed(end)
  }

  /// Whether it is over.
  public var isOver: Bool { state == .closed }

  private var isParked = false

  /// Gives what was not sent, oldest first, after the stream was closed: copies as they lie in chunks, and the owner's buffers
  /// with their tokens, which go back to the owner. A first part may have been sent already: `start` says how much of it.
  public func takeUnsent(
    _ visit: (_ bytes: UnsafeMutableRawPointer, _ start: Int, _ end: Int, _ token: UnsafeMutableRawPointer?) -> Void
  ) {
    queue.takeUnsent { visit($0.base, $0.start, $0.end, $0.token) }
  }
}
