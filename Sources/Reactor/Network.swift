public import Platform

/// Everything that an event loop and its streams ask of the world: a clock, sockets, and the poller that watches them.
///
/// The system's is `SystemNetwork`. Tests put a simulated one in its place, with a clock and a network of their own under a
/// seed, and run the very same loop on it. The rules of each call are those of `Sockets` and `Poller`.
open class Network: @unchecked Sendable {
  /// A world in which nothing works, for subclasses to fill.
  public init() {}

  /// Nanoseconds of a clock that never goes back.
  open func now() -> Int64 { 0 }

  open func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    throw SystemError(.unsupported)
  }
  open func closeListener(_ listener: SocketNumber) {}
  open func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? { nil }
  open func connect(_ address: SocketAddress) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) {
    throw SystemError(.unsupported)
  }
  open func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool { throw SystemError(.unsupported) }
  open func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer { .wouldBlock }
  open func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer { .wouldBlock }
  open func send(_ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Transfer {
    .wouldBlock
  }
  open func finishSending(_ socket: SocketNumber) throws(SystemError) {}
  open func close(_ socket: SocketNumber, aborting: Bool) {}
  open func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    throw SystemError(.unsupported)
  }

  /// Asks for a name's addresses, best first, and calls `done` on `loop` when they are there or known not to be.
  open func resolve(
    _ host: String, port: UInt16, on loop: EventLoop,
    _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) { loop.submit { done(.failure(SystemError(.unsupported))) } }

  open func watch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {}
  open func rewatch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {}
  open func unwatch(_ socket: SocketNumber) {}
  open func wait(
    into events: UnsafeMutableBufferPointer<Poller.Event>, until deadline: Deadline
  ) throws(SystemError) -> Int { 0 }
  open func wake() {}
}

/// The operating system's network.
public final class SystemNetwork: Network, @unchecked Sendable {
  private let poller: Poller

  /// A network with a poller of its own.
  public init(_ kind: Poller.Kind = .best) throws(SystemError) {
    poller = try Poller(kind)
    super.init()
  }

  public override func now() -> Int64 { Clock.monotonic() }

  public override func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    try Sockets.listen(address, backlog: backlog)
  }
  public override func closeListener(_ listener: SocketNumber) { Sockets.closeListener(listener) }
  public override func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? {
    try Sockets.accept(listener)
  }
  public override func connect(
    _ address: SocketAddress
  ) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) { try Sockets.connect(address) }
  public override func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool {
    try Sockets.connectResult(socket)
  }
  public override func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    Sockets.receive(socket, into: buffer)
  }
  public override func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer { Sockets.receive(socket, into: buffers) }
  public override func send(
    _ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>
  ) -> Transfer { Sockets.send(socket, parts) }
  public override func finishSending(_ socket: SocketNumber) throws(SystemError) { try Sockets.finishSending(socket) }
  public override func close(_ socket: SocketNumber, aborting: Bool) { Sockets.close(socket, aborting: aborting) }
  public override func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    try Sockets.localAddress(socket)
  }
  public override func resolve(
    _ host: String, port: UInt16, on loop: EventLoop,
    _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) { Resolver.resolve(host, port: port, on: loop, done) }

  public override func watch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try poller.add(socket, interest, token: token)
  }
  public override func rewatch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try poller.modify(socket, interest, token: token)
  }
  public override func unwatch(_ socket: SocketNumber) { poller.remove(socket) }
  public override func wait(
    into events: UnsafeMutableBufferPointer<Poller.Event>, until deadline: Deadline
  ) throws(SystemError) -> Int { try poller.wait(into: events, until: deadline) }
  public override func wake() { poller.wake() }
}
