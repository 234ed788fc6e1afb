import Platform
import Reactor
import Synchronization

/// The system's network, of which a test can break parts, and count the waits.
class WrappedNetwork: Network, @unchecked Sendable {
  /// Errors that calls end with from now on, where there is one.
  struct Faults {
    var connect: SystemError?
    var accept: SystemError?
    var send: SystemError?
    var receive: SystemError?
  }

  private let system: SystemNetwork
  private let lock: Lock
  private var set = Faults()
  let waits = Atomic<Int>(0)

  override init() {
    guard let system = try? SystemNetwork(), let lock = try? Lock() else { fatalError("a test needs a network") }
    self.system = system
    self.lock = lock
    super.init()
  }

  var faults: Faults {
    get {
      lock.lock()
      defer { lock.unlock() }
      return set
    }
    set {
      lock.lock()
      set = newValue
      lock.unlock()
    }
  }

  override func now() -> Int64 { system.now() }
  override func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    try system.listen(address, backlog: backlog)
  }
  override func closeListener(_ listener: SocketNumber) { system.closeListener(listener) }
  override func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? {
    if let error = faults.accept { throw error }
    return try system.accept(listener)
  }
  override func connect(
    _ address: SocketAddress
  ) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) {
    if let error = faults.connect { throw error }
    return try system.connect(address)
  }
  override func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool { try system.connectResult(socket) }
  override func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    if let error = faults.receive { return .failed(error) }
    return system.receive(socket, into: buffer)
  }
  override func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer {
    if let error = faults.receive { return .failed(error) }
    return system.receive(socket, into: buffers)
  }
  override func send(_ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Transfer {
    if let error = faults.send { return .failed(error) }
    return system.send(socket, parts)
  }
  override func finishSending(_ socket: SocketNumber) throws(SystemError) { try system.finishSending(socket) }
  override func close(_ socket: SocketNumber, aborting: Bool) { system.close(socket, aborting: aborting) }
  override func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    try system.localAddress(socket)
  }
  override func resolve(
    _ host: String, port: UInt16, on loop: EventLoop,
    _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) { system.resolve(host, port: port, on: loop, done) }
  override func watch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try system.watch(socket, interest, token: token)
  }
  override func rewatch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    try system.rewatch(socket, interest, token: token)
  }
  override func unwatch(_ socket: SocketNumber) { system.unwatch(socket) }
  override func wait(
    into events: UnsafeMutableBufferPointer<Poller.Event>, until deadline: Deadline
  ) throws(SystemError) -> Int {
    waits.add(1, ordering: .relaxed)
    return try system.wait(into: events, until: deadline)
  }
  override func wake() { system.wake() }
}
