internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform
internal import Reactor

/// Sends a load and measures what becomes of it.
final class Bench {
  struct Result {
    /// From the first message to the last answer.
    let nanoseconds: Int64
    /// Of round trips, ascending.
    let latencies: [Int64]

    /// The time that this share of round trips, in percent, did not exceed.
    func percentile(_ percent: Int) -> UInt64 {
      UInt64(max(0, latencies[min(latencies.count - 1, latencies.count * percent / 100)]))
    }
  }

  private let load: BenchLoad
  private let address: ChannelAddress
  private let engine: Engine
  private let group: ChannelGroup
  private let body: [UInt8]
  private var channels: [UInt16] = []
  /// When each request left, and then how long it took.
  private var times: [Int64] = []

  init(_ load: BenchLoad, _ address: ChannelAddress, secure: SecureContext?) throws(CommandError) {
    self.load = load
    self.address = address
    body = [UInt8](repeating: UInt8(ascii: "w"), count: load.size)
    var options = EngineOptions()
    options.secureClient = secure
    let chosen = options
    let engine = try conversing(address.text) { () throws(ChannelError) in try Engine(chosen) }
    self.engine = engine
    group = try conversing(address.text) { () throws(ChannelError) in try engine.makeGroup() }
    try Wakener.begin(group)
  }

  deinit { engine.shutDown() }

  func run() throws(Interruption) -> Result {
    var nanoseconds: Int64 = 0
    var latencies: [Int64] = []
    for _ in 0..<load.rounds {
      nanoseconds += try runRound()
      latencies += times
    }
    return Result(nanoseconds: nanoseconds, latencies: latencies.sorted())
  }

  /// Connects, sends the load, and says bye. Returns how long the load took.
  private func runRound() throws(Interruption) -> Int64 {
    channels = []
    try connect()
    let start = Clock.monotonic()
    if load.isOneWay {
      try sendSignals()
      try sayBye()
      return Clock.monotonic() - start
    }
    try makeRoundTrips()
    let nanoseconds = Clock.monotonic() - start
    try sayBye()
    return nanoseconds
  }

  private func connect() throws(Interruption) {
    for _ in 0..<load.connections {
      do throws(ChannelError) { channels.append(try group.connect(to: address).channel) } catch { throw failed(error) }
    }
    var waiting = load.connections
    while waiting > 0 {
      let message = try next()
      if case .greeting = Arrival(message) { waiting -= 1 }
    }
  }

  /// The next message that says something; every end of a channel is a failure.
  private func next() throws(Interruption) -> Message {
    while true {
      let received: Message?
      do throws(ChannelError) {
        received = try group.receive(until: .after(Patience.ordinary))
      } catch {
        throw failed(error)
      }
      if let reason = StopRequests.requested { throw .stopped(reason) }
      guard let message = received else { throw .late("nothing came from the peer for too long") }
      switch Arrival(message) {
      case .closed(let ending): throw .ended(ending)
      case .update, .nothing: continue
      default: return message
      }
    }
  }

  private func makeRoundTrips() throws(Interruption) {
    times = [Int64](repeating: 0, count: load.count)
    var sent = 0
    for _ in 0..<load.outstanding {
      for channel in channels where sent < load.count {
        try ask(sent, on: channel)
        sent += 1
      }
    }
    var answered = 0
    while answered < load.count {
      let message = try next()
      guard message.opCode == .response, message.id > 0, message.id <= UInt64(load.count) else { continue }
      let index = Int(message.id) - 1
      times[index] = Clock.monotonic() - times[index]
      answered += 1
      if sent < load.count {
        try ask(sent, on: message.channel)
        sent += 1
      }
    }
  }

  private func ask(_ index: Int, on channel: UInt16) throws(Interruption) {
    times[index] = Clock.monotonic()
    try post(.request, id: UInt64(index) + 1, on: channel)
  }

  private func sendSignals() throws(Interruption) {
    for index in 0..<load.count {
      if index % 1024 == 0, let reason = StopRequests.requested { throw .stopped(reason) }
      try post(.signal, id: 0, on: channels[index % channels.count])
    }
  }

  private func post(_ opCode: OpCode, id: UInt64, on channel: UInt16) throws(Interruption) {
    let body = body
    do throws(ChannelError) {
      var message = engine.makeMessage(opCode, channel: channel, id: id)
      try message.appendBody(body.span.bytes)
      try group.post(message, whenFull: .wait(until: .after(Patience.ordinary)))
    } catch {
      throw failed(error)
    }
  }

  private func sayBye() throws(Interruption) {
    for channel in channels {
      do throws(ChannelError) { try group.sayBye(on: channel) } catch { throw failed(error) }
    }
    var waiting = channels.count
    while waiting > 0 {
      let received: Message?
      do throws(ChannelError) {
        received = try group.receive(until: .after(Patience.ordinary))
      } catch {
        throw failed(error)
      }
      if let reason = StopRequests.requested { throw .stopped(reason) }
      guard let message = received else { throw .late("the peer did not answer the bye in time") }
      switch Arrival(message) {
      // The last that is heard of a channel, behind the answer to its bye.
      case .closed(let ending):
        guard ending.isGraceful else { throw .ended(ending) }
        waiting -= 1
      default: continue
      }
    }
  }

  private func failed(_ error: ChannelError) -> Interruption {
    .failed(.failed(Failure(error, address: address.text)))
  }
}

/// Echoes requests on a thread of its own, in an engine of its own.
final class EchoServer: @unchecked Sendable {
  let address: ChannelAddress
  private let engine: Engine
  private let group: ChannelGroup

  private init(_ address: ChannelAddress, _ engine: Engine, _ group: ChannelGroup) {
    self.address = address
    self.engine = engine
    self.group = group
  }

  /// Listens on a port of this machine that is free.
  static func start() throws(CommandError) -> EchoServer {
    let server = try conversing { () throws(ChannelError) in try listening() }
    try Wakener.start("failed to start a listener") { server.serve() }
    return server
  }

  func stop() { engine.shutDown() }

  private static func listening() throws(ChannelError) -> EchoServer {
    let engine = try Engine()
    let group = try engine.makeGroup()
    try group.listen(at: .tcp(host: "127.0.0.1", port: 0))
    while let message = try group.receive() {
      switch Arrival(message) {
      case .welcome: return EchoServer(try bound(message), engine, group)
      case .closed(let ending): throw ChannelError(.failed, ending.detail)
      default: continue
      }
    }
    throw ChannelError(.internal, "the listener is gone")
  }

  private static func bound(_ welcome: borrowing Message) throws(ChannelError) -> ChannelAddress {
    guard let value = welcome.headers.first(named: ReservedHeader.listenOn) else {
      throw ChannelError(.internal, "the listener has no address")
    }
    return try ChannelAddress(headerValue: value, for: .connecting)
  }

  private func serve() {
    // A channel that is gone needs no answer, and the end of the engine ends this too.
    while let message = try? group.receive() {
      switch Arrival(message) {
      case .hello, .bye: _ = try? group.reply(message)
      case .regular: if message.opCode == .request { _ = try? group.reply(message) }
      default: continue
      }
    }
  }
}
