import Channels
import Platform
import SimulatedNetwork
import Support

/// A server and some clients that open channels, talk, and end them in every way, as a seed decides; and what they may expect
/// of their engines.
final class Town {
  let world: SimulatedWorld
  private(set) var complaints: [String] = []
  private(set) var sent = 0
  private(set) var received = 0

  private let isPeaceful: Bool
  private var random: SplitMix
  private let server: Citizen
  private let clients: [Citizen]
  private let address = ChannelAddress.tcp(host: "10.0.0.1", port: 7099)

  init(seed: UInt64, clients count: Int, isPeaceful: Bool = false) throws {
    var conditions = Conditions()
    conditions.resetPerMille = isPeaceful ? 0 : 1
    world = SimulatedWorld(seed: seed, conditions)
    random = SplitMix(seed: seed ^ 0xC0FF_EE)
    self.isPeaceful = isPeaceful
    server = try Citizen(world, "10.0.0.1", seed)
    let world = world
    clients = try (0..<count).map { try Citizen(world, "10.0.0.\($0 + 2)", seed &+ UInt64($0) &+ 1) }
    try server.group.listen(at: address)
    _ = world.run { (try? self.attendAll()) != nil && self.server.isListening }
  }

  private func chance(_ count: UInt64) -> Bool { random.next() % count == 0 }

  // MARK: Living

  /// So many things that somebody does, with time between them.
  func live(steps: Int) throws {
    for _ in 0..<steps {
      try act()
      for _ in 0..<Int(random.next() % 12) { _ = world.step() }
      try attendAll()
    }
  }

  private func act() throws {
    let client = clients[Int(random.next() % UInt64(clients.count))]
    switch random.next() % 20 {
    case 0...2 where client.talks.count < 4: try open(client)
    case 3...12: talk(chance(2) ? client : server)
    case 13: try bye(client)
    case 14: try bye(server)
    case 15 where !isPeaceful && chance(3): try closeAtOnce(chance(2) ? client : server)
    case 16 where !isPeaceful && chance(6): world.breakConnections()
    case 17 where !isPeaceful && chance(3): world.cut(server.network, client.network)
    case 18: world.heal(server.network, client.network)
    default: break
    }
  }

  private func open(_ client: Citizen) throws {
    let posted = try client.group.connect(to: address)
    client.talks[posted.channel] = Talk()
  }

  /// A few numbered messages on some channel, small or large.
  private func talk(_ citizen: Citizen) {
    guard let (number, talk) = citizen.pick(random.next()), !talk.hasSaidBye else { return }
    for _ in 0...Int(random.next() % 5) {
      var message: Message? = citizen.engine.makeMessage(.signal, channel: number, id: talk.sent + 1)
      let body = [UInt8](
        repeating: UInt8(truncatingIfNeeded: talk.sent), count: chance(8) ? 40_000 : Int(random.next() % 300))
      try? message?.appendBody(body.span.bytes)
      guard (try? citizen.group.post(keeping: &message, whenFull: .refuse)) != nil else { return }
      talk.sent += 1
      sent += 1
    }
  }

  private func bye(_ citizen: Citizen) throws {
    guard let (number, talk) = citizen.pick(random.next()), !talk.hasSaidBye else { return }
    if (try? citizen.group.sayBye(on: number)) != nil { talk.hasSaidBye = true }
  }

  private func closeAtOnce(_ citizen: Citizen) throws {
    guard let (number, talk) = citizen.pick(random.next()) else { return }
    if (try? citizen.group.closeAtOnce(number)) != nil { talk.hasSaidBye = true }
  }

  // MARK: What engines tell

  private func attendAll() throws {
    for citizen in [server] + clients {
      while let message = try citizen.group.receive(until: .now) { try attend(citizen, message) }
    }
  }

  private func attend(_ citizen: Citizen, _ message: consuming Message) throws {
    let (number, id) = (message.channel, message.id)
    if message.isNotice { return attend(citizen, notice: message) }
    if message.opCode == .helloRequest {
      if citizen.talks[number] != nil { complain("channel \(number) was used again while it was open") }
      citizen.talks[number] = Talk()
      _ = try? citizen.group.reply(message)
      return
    }
    guard let talk = citizen.talks[number] else { return complain("a message of no channel") }
    switch message.opCode {
    case .signal:
      received += 1
      talk.heard += 1
      if id != talk.heard { complain("message \(id) came as number \(talk.heard)") }
      let isWhole = message.body.withUnsafeBytes { body in body.allSatisfy { $0 == UInt8(truncatingIfNeeded: id - 1) } }
      if !isWhole { complain("message \(id) came damaged") }
    case .byeRequest:
      let saidBye = talk.hasSaidBye
      talk.hasSaidBye = true
      if !saidBye { _ = try? citizen.group.reply(message) }
    default: break
    }
  }

  private func attend(_ citizen: Citizen, notice: borrowing Message) {
    if notice.opCode == .welcomeResponse {
      citizen.isListening = notice.status == .success
      return
    }
    guard let talk = citizen.talks[notice.channel] else {
      // A listener's end, or a channel that ended before anybody knew of it.
      return
    }
    switch notice.opCode {
    case .signal where notice.status == .channelClosed && notice.id != 0 && notice.headerBytes.byteCount > 0:
      citizen.talks[notice.channel] = nil
    case .signal:
      // An unsent one: those that come back follow each other to the last.
      if talk.returned == 0 { talk.returned = notice.id } else { talk.returned += 1 }
      if notice.id != talk.returned { complain("message \(notice.id) came back as number \(talk.returned)") }
      if isPeaceful { complain("a message came back") }
    default: break
    }
  }

  private func complain(_ what: String) { complaints.append("\(world.now): \(what)") }

  // MARK: The end

  /// Heals everything, says bye everywhere, and looks at what is left.
  func settle() throws {
    world.conditions.resetPerMille = 0
    for client in clients { world.heal(server.network, client.network) }
    for citizen in clients + [server] {
      for (number, talk) in citizen.talks where !talk.hasSaidBye {
        if (try? citizen.group.sayBye(on: number)) != nil { talk.hasSaidBye = true }
      }
    }
    let isOver = world.run(for: 300_000_000_000) {
      (try? self.attendAll()) != nil && ([self.server] + self.clients).allSatisfy { $0.talks.isEmpty && $0.isQuiet }
    }
    if !isOver { complain("channels did not end") }
    for citizen in clients + [server] { citizen.engine.shutDown() }
    for citizen in clients + [server] where citizen.engine.messagesOutside != 0 {
      complain("\(citizen.engine.messagesOutside) messages were lost")
    }
    if world.openSockets != 0 { complain("\(world.openSockets) sockets are open") }
    complaints += world.violations
  }
}

/// One node: an engine without a thread, a group, and the channels that it knows.
final class Citizen {
  let network: SimulatedNetwork
  let engine: Engine
  let group: ChannelGroup
  var talks: [UInt16: Talk] = [:]
  var isListening = false

  init(_ world: SimulatedWorld, _ address: String, _ seed: UInt64) throws {
    network = world.node(address)
    var options = EngineOptions()
    options.hasThread = false
    options.seed = seed
    options.sendQueueBytes = 200_000
    engine = try Engine(options, network: network)
    network.drive(engine.loop)
    group = try engine.makeGroup()
  }

  /// Only the listener, if there is one, is left.
  var isQuiet: Bool { engine.channelCount == (isListening ? 1 : 0) }

  func pick(_ random: UInt64) -> (UInt16, Talk)? {
    guard !talks.isEmpty else { return nil }
    let number = talks.keys.sorted()[Int(random % UInt64(talks.count))]
    return talks[number].map { (number, $0) }
  }
}

/// What is known of one channel at one end.
final class Talk {
  var sent: UInt64 = 0
  var heard: UInt64 = 0
  var returned: UInt64 = 0
  var hasSaidBye = false
}
