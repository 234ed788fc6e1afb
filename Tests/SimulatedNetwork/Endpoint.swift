import Platform

/// One end of a simulated connection.
final class Endpoint {
  enum State: Equatable {
    case connecting, open
    /// The connect has failed.
    case failed(SystemError.Kind)
    case closed
  }

  /// What travels to an end.
  enum Item {
    case bytes([UInt8])
    case end
    case reset
    /// The answer to a connect.
    case established
  }

  let number: SocketNumber
  unowned let network: SimulatedNetwork
  let local: SocketAddress
  let remote: SocketAddress
  /// The node at the other end; nil while nobody is known to be there.
  var remoteNode: String
  /// Gone when it was closed, and nothing is on its way to it.
  weak var peer: Endpoint?
  var state: State

  /// What travels here, in order, and when the last of it arrives.
  private(set) var incoming: [Item] = []
  var lastArrival: Int64 = 0
  /// Bytes that are on their way here.
  private var travelling = 0

  private var inbox: [UInt8] = []
  private var inboxStart = 0
  /// The peer has ended its side.
  private(set) var hasEnded = false
  private(set) var isBroken = false
  private var hasToldBreak = false
  /// We have ended our side.
  var hasFinished = false

  init(
    _ number: SocketNumber, _ network: SimulatedNetwork, local: SocketAddress, remote: SocketAddress,
    remoteNode: String, _ state: State
  ) {
    self.number = number
    self.network = network
    self.local = local
    self.remote = remote
    self.remoteNode = remoteNode
    self.state = state
  }

  var unread: Int { inbox.count - inboxStart }
  /// Bytes of the direction towards this end that are neither read nor lost.
  var load: Int { travelling + unread }

  // MARK: Travel

  func send(_ item: Item) {
    if case .bytes(let bytes) = item { travelling += bytes.count }
    incoming.append(item)
  }

  /// Takes what arrives next.
  func arrive() -> Item? {
    guard !incoming.isEmpty else { return nil }
    let item = incoming.removeFirst()
    if case .bytes(let bytes) = item { travelling -= bytes.count }
    return item
  }

  /// Loses what arrives after the first `kept` of what is on its way.
  func lose(after kept: Int) {
    while incoming.count > kept {
      if case .bytes(let bytes) = incoming.removeLast() { travelling -= bytes.count }
    }
  }

  func take(_ bytes: [UInt8]) { inbox += bytes }
  func end() { hasEnded = true }
  func breakDown() { isBroken = true }

  // MARK: What the owner sees

  /// What the poller tells of it: the bits of `Readiness`, which are quicker than the set in a debug build.
  func readiness(_ interest: Readiness, room: Int) -> UInt32 {
    switch state {
    case .connecting, .closed: return 0
    case .failed: return Self.over | Self.error | interest.rawValue
    case .open: break
    }
    if isBroken { return Self.over | Self.error | interest.rawValue }
    var ready: UInt32 = 0
    if unread > 0 || hasEnded { ready |= Self.read }
    if room > 0 || hasFinished { ready |= Self.write }
    ready &= interest.rawValue
    // This comes unasked, and reading comes with it.
    if hasEnded && hasFinished { ready |= Self.over }
    return ready
  }

  private static let read = Readiness.read.rawValue
  private static let write = Readiness.write.rawValue
  private static let error = Readiness.error.rawValue
  private static let over = Readiness.hangUp.rawValue | Readiness.read.rawValue

  /// The error that a broken connection tells once; then it is like one that has ended.
  func takeBreak() -> SystemError? {
    guard isBroken, !hasToldBreak else { return nil }
    hasToldBreak = true
    return SystemError(.reset)
  }

  /// Moves at most `limit` unread bytes into the buffers.
  func read(_ limit: Int, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>) -> Int {
    var moved = 0
    for buffer in buffers where moved < limit {
      let count = min(buffer.count, limit - moved)
      guard count > 0 else { continue }
      inbox.withUnsafeBytes {
        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[inboxStart..<(inboxStart + count)]))
      }
      inboxStart += count
      moved += count
    }
    if inboxStart == inbox.count {
      inbox.removeAll(keepingCapacity: true)
      inboxStart = 0
    } else if inboxStart > 1 << 16 {
      inbox.removeFirst(inboxStart)
      inboxStart = 0
    }
    return moved
  }
}

/// A simulated socket that others connect to.
final class Listening {
  let number: SocketNumber
  unowned let network: SimulatedNetwork
  let address: SocketAddress
  let key: String
  let backlog: Int
  /// Connections that nobody has accepted.
  var pending: [Endpoint] = []

  init(
    _ number: SocketNumber, _ network: SimulatedNetwork, _ address: SocketAddress, key: String, backlog: Int
  ) {
    self.number = number
    self.network = network
    self.address = address
    self.key = key
    self.backlog = backlog
  }
}
