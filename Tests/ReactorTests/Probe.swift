import Platform
import Reactor
import SimulatedNetwork
import Support
import Synchronization

/// A stream that keeps what it hears.
final class Probe: Reactor.Stream, @unchecked Sendable {
  var got: [UInt8] = []
  /// Bytes that came, also when `keeps` is false.
  var count = 0
  var keeps = true
  var opens = 0
  var drains = 0
  var finishes = 0
  var end: StreamEnd?
  var unsent: [UInt8] = []
  var unsentTokens: [Int] = []

  var onOpened: (Probe) -> Void = { _ in }
  var onReceived: (Probe, UnsafeRawBufferPointer) -> Void = { _, _ in }
  var onDrained: (Probe) -> Void = { _ in }
  var onFinished: (Probe) -> Void = { $0.close(.ended) }
  var onClosed: (Probe) -> Void = { _ in }

  override func opened() {
    opens += 1
    onOpened(self)
  }
  override func received(_ bytes: UnsafeRawBufferPointer) {
    count += bytes.count
    if keeps { got += bytes }
    onReceived(self, bytes)
  }
  override func drained() {
    drains += 1
    onDrained(self)
  }
  override func peerFinished() {
    finishes += 1
    onFinished(self)
  }
  override func closed(_ end: StreamEnd) {
    self.end = end
    takeUnsent { bytes, start, end, token in
      unsent += UnsafeRawBufferPointer(start: bytes + start, count: end - start)
      if let token { unsentTokens.append(Int(bitPattern: token)) }
    }
    onClosed(self)
  }

  /// Sends a copy.
  @discardableResult
  func write(_ bytes: [UInt8], ignoringLimit: Bool = false) -> Sending {
    bytes.withUnsafeBytes { send($0, ignoringLimit: ignoringLimit) }
  }
}

/// A listener that makes a probe of every connection.
final class ProbeListener: Listener, @unchecked Sendable {
  var probes: [Probe] = []
  var failures: [SystemError.Kind] = []
  var make: (ProbeListener, SocketNumber) -> Void = { _, _ in }

  override func accepted(_ socket: SocketNumber, from peer: SocketAddress) { make(self, socket) }
  override func failed(_ error: SystemError) { failures.append(error.kind) }
}

/// Owned buffers, and which of them came back.
final class Lender: ByteOwner, @unchecked Sendable {
  private let returned = Mutex<[Int]>([])

  override func takeBack(_ token: UnsafeMutableRawPointer) {
    let number = Int(bitPattern: token)
    returned.withLock { $0.append(number) }
  }
  var tokens: [Int] { returned.withLock { $0 } }
}

/// Two nodes of a world, and a listener on the first.
final class Lab {
  let world: SimulatedWorld
  let server: SimulatedNetwork
  let client: SimulatedNetwork
  let serverLoop: EventLoop
  let clientLoop: EventLoop
  let chunks: ChunkPool
  let listener: ProbeListener
  var limit = 256 << 10
  /// Called with every probe that the listener makes, before it starts.
  var prepare: (Probe) -> Void = { _ in }

  init(seed: UInt64, _ conditions: Conditions = Conditions(), backlog: UInt32 = 128) throws {
    world = SimulatedWorld(seed: seed, conditions)
    server = world.node("10.0.0.1")
    client = world.node("10.0.0.2")
    serverLoop = try EventLoop(server)
    clientLoop = try EventLoop(client)
    server.drive(serverLoop)
    client.drive(clientLoop)
    chunks = try ChunkPool()
    listener = try ProbeListener(serverLoop, .literal("10.0.0.1", port: 7000), backlog: backlog)
    try listener.start()
    listener.make = { [unowned self] listener, socket in
      guard let probe = try? Probe(serverLoop, chunks, limit: limit) else { return }
      prepare(probe)
      listener.probes.append(probe)
      probe.start(accepted: socket)
    }
  }

  /// A probe of the client that begins to connect.
  func connect(owner: ByteOwner? = nil, port: UInt16 = 7000, _ prepare: (Probe) -> Void = { _ in }) throws -> Probe {
    let probe = try Probe(clientLoop, chunks, owner: owner, limit: limit)
    prepare(probe)
    probe.start(connectingTo: try .literal("10.0.0.1", port: port))
    return probe
  }

  /// Both ends of a connection.
  func pair(owner: ByteOwner? = nil) throws -> (client: Probe, server: Probe) {
    let known = listener.probes.count
    let probe = try connect(owner: owner)
    _ = world.run { probe.opens > 0 && listener.probes.count > known }
    return (probe, listener.probes[known])
  }
}

extension StreamEnd {
  /// Its name, to compare.
  var name: String {
    switch self {
    case .closed: "closed"
    case .ended: "ended"
    case .cut: "cut"
    case .connectFailed(let error): "connectFailed \(error.kind)"
    case .receiveFailed(let error): "receiveFailed \(error.kind)"
    case .sendFailed(let error): "sendFailed \(error.kind)"
    case .insecure: "insecure"
    }
  }
}

/// Bytes that a seed repeats.
func noise(_ seed: UInt64, bytes count: Int) -> [UInt8] {
  var random = SplitMix(seed: seed)
  return [UInt8](unsafeUninitializedCapacity: count + 8) { buffer, filled in
    for offset in stride(from: 0, to: count, by: 8) {
      UnsafeMutableRawBufferPointer(buffer).storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
    }
    filled = count
  }
}
