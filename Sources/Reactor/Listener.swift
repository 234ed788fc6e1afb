public import Platform

/// A socket that others connect to. A subclass says in `accepted` what becomes of them. Loop only, but for what says otherwise.
///
/// It takes a bounded number of connections a turn. When the process or the machine can open no more, or anything else is wrong,
/// it rests for a moment, and those who wait stay waiting.
open class Listener: LoopSource, @unchecked Sendable {
  /// Connections that one turn accepts at most.
  static let turnLimit = 64
  /// How long it rests when no more can be opened, in nanoseconds.
  static let rest: Int64 = 50_000_000

  /// The loop that it lives on.
  public let loop: EventLoop
  private var socket: SocketNumber
  private var isPaused = false
  private var restTimer: LoopTimer?

  /// Where it listens; with the port that was really bound.
  public let address: SocketAddress

  /// Listens at once, and accepts from `start` on.
  ///
  /// - Parameter backlog: How many connections the system keeps waiting.
  public init(_ loop: EventLoop, _ address: SocketAddress, backlog: UInt32 = 1024) throws(SystemError) {
    let socket = try loop.network.listen(address, backlog: backlog)
    do throws(SystemError) {
      self.address = try loop.network.localAddress(socket)
    } catch {
      loop.network.closeListener(socket)
      throw error
    }
    self.loop = loop
    self.socket = socket
    super.init()
  }

  /// Begins to accept.
  public func start() throws(SystemError) { try loop.add(self, socket, .read) }

  /// A connection was accepted. The subclass owns the socket from here on.
  open func accepted(_ socket: SocketNumber, from peer: SocketAddress) {}

  /// Something went wrong. `.limit` passes by itself; after anything else the subclass closes the listener.
  open func failed(_ error: SystemError) {}

  /// Accepts nobody until `resume`; they wait in the system's backlog.
  public func pause() {
    guard !isPaused, token != 0 else { return }
    isPaused = true
    try? loop.update(self, socket, [])
  }

  /// Accepts again.
  public func resume() {
    guard isPaused, token != 0 else { return }
    isPaused = false
    if restTimer == nil { try? loop.update(self, socket, .read) }
  }

  /// Listens no more.
  public func close() {
    guard socket >= 0 else { return }
    if let restTimer { loop.cancel(restTimer) }
    restTimer = nil
    loop.remove(self, socket)
    loop.network.closeListener(socket)
    socket = -1
  }

  /// Whether it was closed.
  public var isClosed: Bool { socket < 0 }

  public override func ready(_ readiness: Readiness) {
    for _ in 0..<Self.turnLimit {
      guard socket >= 0, !isPaused, restTimer == nil else { return }
      do throws(SystemError) {
        guard let (socket, peer) = try loop.network.accept(socket) else { return }
        accepted(socket, from: peer)
      } catch {
        // Whatever it was, the connection still waits, and asking for it again at once would make a busy loop.
        takeRest()
        return failed(error)
      }
    }
  }

  private func takeRest() {
    try? loop.update(self, socket, [])
    restTimer = loop.schedule(after: Self.rest) { [self] in
      restTimer = nil
      guard socket >= 0, !isPaused else { return }
      try? loop.update(self, socket, .read)
    }
  }
}
