import Platform
import Reactor

/// The network as one node of a `SimulatedWorld` has it.
///
/// Its sockets keep the rules of `network.h`, and do what those rules allow and a friendly machine rarely does: short reads
/// and writes, numbers that are used again at once, waits that report only a part. `wait` never blocks.
package final class SimulatedNetwork: Network, @unchecked Sendable {
  /// The node's address, an IPv4 literal.
  package let address: String
  /// The loop that runs on this node, once `drive` was called.
  package private(set) var loop: EventLoop?
  /// Connections that the node may have open.
  package var socketLimit = Int.max
  /// Waits that were made: turns of the loop.
  package private(set) var waits = 0

  private unowned let world: SimulatedWorld
  private var registrations: [Registration] = []
  private var nextPort: UInt16 = 40_000

  private struct Registration {
    let socket: SocketNumber
    var interest: Readiness
    var token: UInt64
  }

  init(_ world: SimulatedWorld, _ address: String) {
    self.world = world
    self.address = address
    super.init()
  }

  // MARK: Turns

  /// Lets the world run `loop`, which was made on this network and has no thread.
  package func drive(_ loop: EventLoop) { self.loop = loop }

  /// Network and loop hold on to each other until the world ends.
  func release() { loop = nil }

  var hasWork: Bool { (loop?.hasDueWork ?? false) || registrations.contains { readiness($0) != 0 } }

  func takeTurn() {
    guard let loop, loop.borrow() else { return }
    loop.run(until: .now, unless: { false })
    loop.giveBack()
  }

  package override func now() -> Int64 { world.now }

  // MARK: Poller

  package override func watch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    guard world.endpoint(socket)?.network === self || world.listener(socket)?.network === self else {
      world.violate("watches \(socket), which is not open")
      throw SystemError(.invalid)
    }
    guard find(socket) == nil else { throw SystemError(.exists) }
    registrations.append(Registration(socket: socket, interest: interest, token: token))
  }

  package override func rewatch(_ socket: SocketNumber, _ interest: Readiness, token: UInt64) throws(SystemError) {
    guard let index = find(socket) else { throw SystemError(.notFound) }
    registrations[index].interest = interest
    registrations[index].token = token
  }

  package override func unwatch(_ socket: SocketNumber) {
    if let index = find(socket) { registrations.remove(at: index) }
  }

  package override func wait(
    into events: UnsafeMutableBufferPointer<Poller.Event>, until deadline: Deadline
  ) throws(SystemError) -> Int {
    waits += 1
    guard !registrations.isEmpty else { return 0 }
    let isPartial = world.chance(world.conditions.partialWaitPerMille)
    let start = world.number(0...(registrations.count - 1))
    var count = 0
    for step in 0..<registrations.count where count < events.count {
      let registration = registrations[(start + step) % registrations.count]
      let ready = readiness(registration)
      if ready == 0 || (isPartial && world.chance(500)) { continue }
      world.note("event", registration.socket, Int(ready))
      events[count] = Poller.Event(token: registration.token, ready: Readiness(rawValue: ready))
      count += 1
    }
    return count
  }

  private func find(_ socket: SocketNumber) -> Int? { registrations.firstIndex { $0.socket == socket } }

  private func readiness(_ registration: Registration) -> UInt32 {
    if let listener = world.listener(registration.socket) {
      return listener.pending.isEmpty ? 0 : registration.interest.rawValue & Readiness.read.rawValue
    }
    guard let endpoint = world.endpoint(registration.socket) else { return 0 }
    return endpoint.readiness(registration.interest, room: room(endpoint))
  }

  // MARK: Beginning

  package override func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    let bound = try bind(address)
    let key = key(bound)
    guard world.listener(at: key) == nil else { throw SystemError(.addressInUse) }
    let number = world.freeNumber()
    world.listeners[Int(number)] = Listening(number, self, bound, key: key, backlog: Int(max(1, backlog)))
    return number
  }

  private func bind(_ address: SocketAddress) throws(SystemError) -> SocketAddress {
    guard !address.isUnix, address.port == 0 || isAny(address) else { return address }
    return try .literal(
      isAny(address) ? self.address : address.text, port: address.port == 0 ? freePort() : address.port)
  }

  private func isAny(_ address: SocketAddress) -> Bool { ["::", "0.0.0.0"].contains(address.text) }

  private func freePort() -> UInt16 {
    nextPort = nextPort == .max ? 40_000 : nextPort + 1
    return nextPort
  }

  /// Paths are a node's own, everything else is found from everywhere.
  private func key(_ address: SocketAddress) -> String {
    address.isUnix ? "\(self.address) \(address.text)" : "\(address.text) \(address.port)"
  }

  package override func closeListener(_ listener: SocketNumber) {
    guard let closed = world.listener(listener), closed.network === self else {
      return world.violate("closes the listener \(listener), which is not open")
    }
    checkUnwatched(listener)
    world.listeners[Int(listener)] = nil
    for endpoint in closed.pending { world.close(endpoint, aborting: true) }
  }

  package override func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? {
    guard let listening = world.listener(listener), listening.network === self else {
      world.violate("accepts from \(listener), which is not open")
      throw SystemError(.invalid)
    }
    guard !listening.pending.isEmpty else { return nil }
    // Those that wait are in the table already.
    guard world.openCount(self) - listening.pending.count < socketLimit else { throw SystemError(.limit) }
    let endpoint = listening.pending.removeFirst()
    world.note("accept", endpoint.number)
    return (endpoint.number, endpoint.remote)
  }

  package override func connect(
    _ address: SocketAddress
  ) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) {
    guard world.openCount(self) < socketLimit else { throw SystemError(.limit) }
    let local = address.isUnix ? address : try .literal(self.address, port: freePort())
    let listener = world.listener(at: key(address))
    if address.isUnix {
      guard let listener else { throw SystemError(.notFound) }
      guard listener.pending.count < listener.backlog else { throw SystemError(.refused) }
    }
    let endpoint = Endpoint(
      world.freeNumber(), self, local: local, remote: address,
      remoteNode: address.isUnix ? self.address : address.text, address.isUnix ? .open : .connecting)
    world.endpoints[Int(endpoint.number)] = endpoint
    world.note("begin", endpoint.number)
    if address.isUnix, let listener {
      world.admit(endpoint, to: listener)
      return (endpoint.number, false)
    }
    let (key, deadline) = (key(address), world.now + world.conditions.connectTimeout)
    world.after(world.latency()) { [world] in world.knock(endpoint, at: key, until: deadline) }
    return (endpoint.number, true)
  }

  package override func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool {
    switch try owned(socket).state {
    case .connecting: return false
    case .open, .closed: return true
    case .failed(let kind): throw SystemError(kind)
    }
  }

  package override func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    if let listener = world.listener(socket) { return listener.address }
    return try owned(socket).local
  }

  package override func resolve(
    _ host: String, port: UInt16, on loop: EventLoop,
    _ done: @escaping @Sendable (Result<[SocketAddress], SystemError>) -> Void
  ) {
    let literals = world.hosts[host] ?? [host]
    let found = literals.compactMap { try? SocketAddress.literal($0, port: port) }
    let result: Result<[SocketAddress], SystemError> =
      found.isEmpty ? .failure(SystemError(.notFound)) : .success(found)
    world.after(world.latency()) { loop.submit { done(result) } }
  }

  // MARK: Moving bytes

  package override func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    withUnsafePointer(to: buffer) { receive(socket, into: UnsafeBufferPointer(start: $0, count: 1)) }
  }

  package override func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer {
    guard let endpoint = try? owned(socket) else { return .failed(SystemError(.invalid)) }
    guard endpoint.state == .open else { return .wouldBlock }
    guard endpoint.unread > 0 else {
      if let error = endpoint.takeBreak() { return .failed(error) }
      return endpoint.hasEnded || endpoint.isBroken ? .moved(0) : .wouldBlock
    }
    let room = buffers.reduce(0) { $0 + $1.count }
    let moved = endpoint.read(shortened(min(room, endpoint.unread)), into: buffers)
    world.note("read", socket, moved)
    return .moved(moved)
  }

  package override func send(
    _ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>
  ) -> Transfer {
    guard let endpoint = try? owned(socket) else { return .failed(SystemError(.invalid)) }
    if let error = endpoint.takeBreak() { return .failed(error) }
    if endpoint.isBroken || endpoint.hasFinished { return .failed(SystemError(.closed)) }
    let room = room(endpoint)
    guard endpoint.state == .open, room > 0 else { return .wouldBlock }
    let offered = parts.prefix(Sockets.gatherLimit).reduce(0) { $0 + $1.count }
    let count = shortened(min(room, offered))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    for part in parts where bytes.count < count {
      bytes += UnsafeRawBufferPointer(rebasing: part.prefix(count - bytes.count))
    }
    world.note("send", socket, count)
    if let peer = endpoint.peer {
      world.dispatch(.bytes(bytes), to: peer)
    } else {
      world.dispatch(.reset, to: endpoint)
    }
    return .moved(count)
  }

  private func shortened(_ count: Int) -> Int {
    count > 1 && world.chance(world.conditions.shortPerMille) ? world.number(1...count) : count
  }

  private func room(_ endpoint: Endpoint) -> Int {
    // Whoever sends to nobody is told later.
    world.conditions.bufferBytes - (endpoint.peer?.load ?? 0)
  }

  package override func finishSending(_ socket: SocketNumber) throws(SystemError) {
    let endpoint = try owned(socket)
    guard !endpoint.hasFinished, !endpoint.isBroken else { return }
    endpoint.hasFinished = true
    world.note("finish", socket)
    if let peer = endpoint.peer { world.dispatch(.end, to: peer) }
  }

  package override func close(_ socket: SocketNumber, aborting: Bool) {
    guard let endpoint = try? owned(socket) else { return }
    checkUnwatched(socket)
    world.close(endpoint, aborting: aborting)
  }

  private func owned(_ socket: SocketNumber) throws(SystemError) -> Endpoint {
    guard let endpoint = world.endpoint(socket), endpoint.network === self else {
      world.violate("uses \(socket), which is not open here")
      throw SystemError(.invalid)
    }
    return endpoint
  }

  private func checkUnwatched(_ socket: SocketNumber) {
    guard let index = find(socket) else { return }
    world.violate("closes \(socket) while it is watched")
    registrations.remove(at: index)
  }
}
