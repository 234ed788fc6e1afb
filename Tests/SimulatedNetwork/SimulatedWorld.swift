import Platform
import Reactor
import Support

/// Nodes, the network between them, and their time, all under one seed: the same seed and the same program give the same
/// run, byte by byte. No threads: whoever calls `step` runs everything.
package final class SimulatedWorld {
  /// Virtual nanoseconds.
  package private(set) var now: Int64 = 1_000_000_000
  /// How the network treats what travels, from now on.
  package var conditions: Conditions
  /// Addresses of names, as literals.
  package var hosts: [String: [String]] = [:]
  /// What the sockets were used for against the rules; empty at the end of every good test.
  package private(set) var violations: [String] = []
  /// A sum over everything that happened.
  package private(set) var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
  /// What happened, as text, if `recordsTrace`.
  package private(set) var trace: [String] = []
  package var recordsTrace = false
  /// Turns that loops have taken.
  package private(set) var turns = 0

  private var random: SplitMix
  private var nodes: [SimulatedNetwork] = []
  private var happenings: [Happening] = []
  private var happened: UInt64 = 0
  private var cuts: Set<[String]> = []
  private var silentNodes: Set<String> = []

  /// Where something would have arrived but for a partition, once for each that did not.
  var heldArrivals: [Endpoint] = []
  // By the socket's number; the lowest free one is used next, as systems do.
  var endpoints: [Endpoint?] = []
  var listeners: [Listening?] = []

  private struct Happening {
    let time: Int64
    let order: UInt64
    let action: () -> Void
  }

  package init(seed: UInt64, _ conditions: Conditions = Conditions()) {
    random = SplitMix(seed: seed)
    self.conditions = conditions
  }

  deinit { for node in nodes { node.release() } }

  // MARK: Running

  /// The network of a node, whose address is an IPv4 literal such as `10.0.0.1`.
  package func node(_ address: String) -> SimulatedNetwork {
    let node = SimulatedNetwork(self, address)
    nodes.append(node)
    return node
  }

  /// One turn of some loop that has something to do; when none has, time goes on to what happens next. False when nothing
  /// ever will.
  package func step() -> Bool {
    let ready = nodes.filter { $0.hasWork }
    guard !ready.isEmpty else { return advance() }
    turns += 1
    ready[Int(random.next() % UInt64(ready.count))].takeTurn()
    return true
  }

  /// Steps until `isDone`, and says whether that came: within `duration` nanoseconds of virtual time and `limit` turns.
  package func run(for duration: Int64 = 60_000_000_000, turns limit: Int = 1_000_000, until isDone: () -> Bool) -> Bool
  {
    let end = now + duration
    let lastTurn = turns + limit
    while !isDone() {
      guard now <= end, turns <= lastTurn, step() else { return isDone() }
    }
    return true
  }

  /// Lets `duration` nanoseconds of virtual time pass; more than `limit` turns meanwhile are a violation, and end it.
  package func pass(_ duration: Int64, turns limit: Int = 200_000) {
    let end = now + duration
    var hasCome = false
    after(duration) { hasCome = true }
    let lastTurn = turns + limit
    while !hasCome || now < end, step() {
      if turns > lastTurn { return violate("loops take turns and time does not go on") }
    }
  }

  private func advance() -> Bool {
    let timers = nodes.compactMap { $0.loop?.nearestTimer }
    guard let next = (timers + happenings.suffix(1).map { $0.time }).min() else { return false }
    now = max(now, next)
    while let happening = happenings.last, happening.time <= now {
      happenings.removeLast()
      happening.action()
    }
    return true
  }

  /// Has `action` called after so many nanoseconds.
  package func after(_ delay: Int64, _ action: @escaping () -> Void) { schedule(now + delay, action) }

  func schedule(_ time: Int64, _ action: @escaping () -> Void) {
    happened += 1
    // The next is last; of two for the same moment the older one.
    var (low, high) = (0, happenings.count)
    while low < high {
      let middle = (low + high) / 2
      if happenings[middle].time > time { low = middle + 1 } else { high = middle }
    }
    happenings.insert(Happening(time: time, order: happened, action: action), at: low)
  }

  // MARK: Luck

  func chance(_ perMille: UInt64) -> Bool { perMille > 0 && random.next() % 1000 < perMille }
  func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
  func latency() -> Int64 { Int64.random(in: conditions.latency, using: &random) }

  func note(_ what: StaticString, _ socket: SocketNumber, _ value: Int = 0) {
    for byte in [UInt64(bitPattern: now), UInt64(UInt8(what.utf8Start.pointee)), UInt64(socket), UInt64(value)] {
      fingerprint = (fingerprint ^ byte) &* 0x100_0000_01B3
    }
    if recordsTrace { trace.append("\(now) \(what) \(socket) \(value)") }
  }

  func violate(_ what: String) { violations.append("\(now): \(what)") }

  // MARK: Trouble

  /// Holds back everything between two nodes until `heal`.
  package func cut(_ a: SimulatedNetwork, _ b: SimulatedNetwork) { cuts.insert([a.address, b.address].sorted()) }

  /// Lets what was held back between two nodes go on.
  package func heal(_ a: SimulatedNetwork, _ b: SimulatedNetwork) {
    cuts.remove([a.address, b.address].sorted())
    let waiting = heldArrivals
    heldArrivals = []
    for endpoint in waiting {
      if isCut(endpoint) { heldArrivals.append(endpoint) } else { scheduleArrival(endpoint) }
    }
  }

  /// Whether `address` answers a connect at all; a node that does not lets it time out.
  package func setSilent(_ node: SimulatedNetwork, _ isSilent: Bool) {
    if isSilent { silentNodes.insert(node.address) } else { silentNodes.remove(node.address) }
  }

  /// Breaks every connection that is open: both ends see a reset.
  package func breakConnections() {
    for endpoint in endpoints.compactMap({ $0 }) where endpoint.state == .open { endpoint.breakDown() }
  }

  func isCut(_ endpoint: Endpoint) -> Bool { isCut(endpoint.network.address, endpoint.remoteNode) }
  func isCut(_ a: String, _ b: String) -> Bool { cuts.contains([a, b].sorted()) }
  func isSilent(_ node: String) -> Bool { silentNodes.contains(node) }

  // MARK: Sockets

  func freeNumber() -> SocketNumber {
    while endpoints.count < 3 { extend() }
    for number in 3..<endpoints.count where endpoints[number] == nil && listeners[number] == nil {
      return SocketNumber(number)
    }
    extend()
    return SocketNumber(endpoints.count - 1)
  }

  private func extend() {
    endpoints.append(nil)
    listeners.append(nil)
  }

  func endpoint(_ socket: SocketNumber) -> Endpoint? {
    socket >= 0 && socket < endpoints.count ? endpoints[Int(socket)] : nil
  }

  func listener(_ socket: SocketNumber) -> Listening? {
    socket >= 0 && socket < listeners.count ? listeners[Int(socket)] : nil
  }

  func listener(at key: String) -> Listening? { listeners.compactMap { $0 }.first { $0.key == key } }

  func openCount(_ network: SimulatedNetwork) -> Int {
    endpoints.reduce(0) { $0 + ($1?.network === network ? 1 : 0) }
  }

  /// How many sockets are open, listeners and connections.
  package var openSockets: Int {
    endpoints.reduce(0) { $0 + ($1 == nil ? 0 : 1) } + listeners.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
  }
}
