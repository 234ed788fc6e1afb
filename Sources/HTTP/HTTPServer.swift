public import Platform
public import Reactor
internal import Synchronization

/// A server of HTTP/1.1 and HTTP/2 on a loop. Loop only, but for what says otherwise.
///
/// Over TLS the protocol is agreed on by ALPN; on a plain connection, one that begins with HTTP/2's preface speaks that, and any
/// other speaks HTTP/1.1.
public final class HTTPServer: @unchecked Sendable {
  /// Its loop.
  public let loop: EventLoop
  /// What it puts up with.
  public let limits: HTTPLimits
  let handler: RequestHandler
  let chunks: ChunkPool
  private var connections: [Connection] = []
  private var listeners: [HTTPListener] = []
  private var sweep: LoopTimer?
  private var whenDrained: [() -> Void] = []
  /// When what is left is cut off.
  private var cuts: [LoopTimer] = []
  private let drains = Atomic<Bool>(false)
  private let dateLock: Lock
  @exclusivity(unchecked) private var dateText: [UInt8] = []
  @exclusivity(unchecked) private var dateSecond: UInt64 = 0

  private static let sweepTime: Int64 = 1_000_000_000

  /// A server that does not listen yet.
  public init(_ loop: EventLoop, _ handler: RequestHandler, limits: HTTPLimits = HTTPLimits()) throws(SystemError) {
    self.loop = loop
    self.handler = handler
    self.limits = limits
    chunks = try ChunkPool()
    dateLock = try Lock()
  }

  /// Begins to listen, and returns the address with the port that was bound.
  ///
  /// - Parameters:
  ///   - number: by which requests tell listeners apart.
  ///   - secure: makes the secure layers of its connections; nil for plain ones.
  ///   - failed: is told when it accepts no more, and why.
  public func listen(
    _ address: SocketAddress, number: Int = 0, secure: SecureContext? = nil,
    failed: @escaping (SystemError) -> Void = { _ in }
  ) throws(SystemError) -> SocketAddress {
    let listener = try HTTPListener(self, address, number: number, secure: secure, failed: failed)
    try listener.start()
    listeners.append(listener)
    if sweep == nil { scheduleSweep() }
    return listener.address
  }

  /// How many connections there are.
  public var connectionCount: Int { connections.count }

  // MARK: Connections

  func accepted(_ socket: SocketNumber, from peer: SocketAddress, by listener: HTTPListener) {
    var layer: SecureLayer?
    if let secure = listener.secure {
      do throws(SecureError) {
        layer = try secure.server()
      } catch {
        return loop.network.close(socket, aborting: true)
      }
    }
    if connections.count >= limits.connections, !closeIdlest() {
      if layer == nil { say(.tooManyConnections, on: socket) }
      return loop.network.close(socket, aborting: false)
    }
    do throws(SystemError) {
      let connection = try Connection(self, socket, from: peer, at: listener, secure: layer)
      connection.place = connections.count
      connections.append(connection)
      connection.start(accepted: socket, secure: layer)
    } catch {
      loop.network.close(socket, aborting: true)
    }
  }

  func remove(_ connection: Connection) {
    let place = connection.place
    guard place >= 0 else { return }
    connection.place = -1
    let last = connections.removeLast()
    if place < connections.count {
      connections[place] = last
      last.place = place
    }
    if isDraining, connections.isEmpty { endDraining() }
  }

  private func closeIdlest() -> Bool {
    var idlest: Connection?
    var since = Int64.max
    for connection in connections {
      guard let start = connection.idleSince, start < since else { continue }
      (idlest, since) = (connection, start)
    }
    idlest?.close()
    return idlest != nil
  }

  private func say(_ problem: RequestProblem, on socket: SocketNumber) {
    var head = ResponseHead(problem.status)
    let body = handler.body(for: problem, &head)
    var out: [UInt8] = []
    HTTP1Text.append(status: head.status, to: &out)
    out += head.lines
    HTTP1Text.append(length: body.count, to: &out)
    out += HTTP1Text.close + HTTP1Text.lineEnd + body
    out.withUnsafeBytes { bytes in
      withUnsafePointer(to: bytes) { _ = loop.network.send(socket, UnsafeBufferPointer(start: $0, count: 1)) }
    }
  }

  private func scheduleSweep() {
    sweep = loop.schedule(after: Self.sweepTime) { [self] in
      let now = loop.time
      // Backwards: one that is closed gives its place to the last, which was looked at.
      for place in connections.indices.reversed() where place < connections.count { connections[place].check(now) }
      if listeners.isEmpty, connections.isEmpty { sweep = nil } else { scheduleSweep() }
    }
  }

  // MARK: The end

  /// Listens no more, lets what is being answered come to its end, and calls `done` when all connections are gone: when
  /// `duration` nanoseconds have passed, the rest is cut off. Who asks again may shorten that.
  public func drain(within duration: Int64, _ done: @escaping () -> Void) {
    whenDrained.append(done)
    if !isDraining {
      drains.store(true, ordering: .relaxed)
      for listener in listeners { listener.close() }
      listeners = []
      for connection in connections {
        if let driver = connection.driver { driver.beginDraining() } else { connection.close() }
      }
    }
    if connections.isEmpty { return endDraining() }
    let cut = loop.schedule(after: duration) { [self] in
      for connection in connections { connection.close(.closed, aborting: true) }
    }
    cuts.append(cut)
  }

  private func endDraining() {
    for timer in cuts { loop.cancel(timer) }
    cuts = []
    if let sweep { loop.cancel(sweep) }
    sweep = nil
    let told = whenDrained
    whenDrained = []
    for done in told { done() }
  }

  // MARK: Any thread

  /// Whether it is about to stop. Set on the loop: who reads it late answers one more request.
  var isDraining: Bool { drains.load(ordering: .relaxed) }

  /// The value of the `date` field.
  func date() -> [UInt8] {
    let second = Clock.wall() / 1_000_000_000
    dateLock.lock()
    defer { dateLock.unlock() }
    if second != dateSecond {
      dateSecond = second
      dateText = HTTPDate.text(second)
    }
    return dateText
  }
}

/// Where a server listens. Loop only.
final class HTTPListener: Listener, @unchecked Sendable {
  private let server: HTTPServer
  let number: Int
  let secure: SecureContext?
  private let failed: (SystemError) -> Void

  init(
    _ server: HTTPServer, _ address: SocketAddress, number: Int, secure: SecureContext?,
    failed: @escaping (SystemError) -> Void
  ) throws(SystemError) {
    self.server = server
    self.number = number
    self.secure = secure
    self.failed = failed
    try super.init(server.loop, address)
  }

  override func accepted(_ socket: SocketNumber, from peer: SocketAddress) {
    server.accepted(socket, from: peer, by: self)
  }

  /// A lack of descriptors passes; anything else does not.
  override func failed(_ error: SystemError) {
    guard error.kind != .limit else { return }
    close()
    failed(error)
  }
}
