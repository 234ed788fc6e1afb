internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import JSON
internal import Platform

/// `weir channel bench`
enum BenchCommand {
  static let address = Positional("ADDRESS", .optional, "Where something listens that echoes requests")
  static let own = Option.flag("self", "Measure against a listener in this process, over TCP on this machine")
  static let size = Option.value("size", "SIZE", "Bytes of each body, at most 65535").with { $0.fallback = "64" }
  static let count = Option.value("count", "N", "How many messages in all").with { $0.fallback = "100000" }
  static let connections = Option.value("connections", "N", "How many channels, at most 1000").with {
    $0.fallback = "1"
  }
  static let outstanding = Option.value("outstanding", "N", "Unanswered requests on each channel").with {
    $0.fallback = "1"
  }
  static let rounds = Option.value("rounds", "N", "Connect, send all of it and say bye so often").with {
    $0.fallback = "1"
  }
  static let oneWay = Option.flag("one-way", "Send signals, and count until the peer has answered the bye").with {
    $0.conflicts = ["outstanding"]
  }

  static func command(_ secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("bench", "Measure round trips, or messages in one direction").with {
      $0.details = """
        Sends requests to a listener that echoes them, such as `weir channel listen ADDRESS --echo --quiet`, and prints how long \
        round trips took and how many there were in a second. With --one-way it sends signals, and the time ends when the peer \
        has answered the bye behind the last of them.
        """
      $0.positionals = [address]
      $0.options =
        [own, size, count, connections, outstanding, rounds, oneWay] + SecureOptions.ofClients + [Globals.json]
      $0.needsSomething = true
      $0.examples = [
        ProgramCommand.Example("this machine, alone", "weir channel bench --self"),
        ProgramCommand.Example(
          "as many as possible", "weir channel bench tcp://127.0.0.1:7099 --connections 4 --outstanding 64"),
      ]
      $0.action = Action { (invocation, session) throws(CommandError) in
        try run(invocation, session, secure)
      }
    }
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ secure: SecureMaker?
  ) throws(CommandError) -> ExitCode {
    let load = try BenchLoad(invocation)
    try Stopping.begin()
    let (address, server) = try target(invocation)
    defer { server?.stop() }
    let context = try SecureOptions.client(invocation, address, secure)
    let bench = try Bench(load, address, secure: context)
    return try untilStopped(address) { () throws(Interruption) in
      let result = try bench.run()
      do throws(CommandError) { try show(result, load, session) } catch { throw .failed(error) }
      return .success
    }
  }

  private static func target(_ invocation: Invocation) throws(CommandError) -> (ChannelAddress, EchoServer?) {
    switch (invocation.value(address), invocation.has(own)) {
    case (nil, true):
      let server = try EchoServer.start()
      return (server.address, server)
    case (let text?, false):
      return (try conversing(text) { () throws(ChannelError) in try ChannelAddress(text, for: .connecting) }, nil)
    case (nil, false): throw .usage("bench requires an address or --self", hint: "Try `weir channel bench --help`.")
    case (_?, true): throw .usage("both an address and --self were given", hint: "Leave one of them out.")
    }
  }

  private static func show(_ result: Bench.Result, _ load: BenchLoad, _ session: Session) throws(CommandError) {
    let seconds = Double(result.nanoseconds) / 1e9
    let total = load.count * load.rounds
    let rate = Double(total) / max(seconds, 1e-9)
    var members: [(String, Report)] = [
      ("mode", .text(load.isOneWay ? "one-way" : "round-trip")), ("size", .whole(UInt64(load.size))),
      ("count", .whole(UInt64(load.count))), ("connections", .whole(UInt64(load.connections))),
      ("seconds", .decimal(seconds)), ("rate", .decimal(rate)),
    ]
    if load.rounds > 1 { members.append(("rounds", .whole(UInt64(load.rounds)))) }
    var text = "\(total) \(load.isOneWay ? "signals" : "round trips") of \(load.size) bytes"
    text += " on \(load.connections) \(load.connections == 1 ? "channel" : "channels")"
    text += ": \(UInt64(rate)) a second\n"
    if !result.latencies.isEmpty {
      let (half, most) = (result.percentile(50), result.percentile(99))
      members += [
        ("outstanding", .whole(UInt64(load.outstanding))), ("p50_ns", .whole(half)), ("p99_ns", .whole(most)),
      ]
      text += "p50 \(micro(half)), p99 \(micro(most))\n"
    }
    let shown = text
    try session.print(.object(members), prose: { shown }, plain: { shown })
  }

  private static func micro(_ nanoseconds: UInt64) -> String {
    let tenths = nanoseconds / 100
    return "\(tenths / 10).\(tenths % 10) µs"
  }
}

/// How much `bench` is to send, checked.
struct BenchLoad {
  let size: Int
  let count: Int
  let connections: Int
  let outstanding: Int
  let rounds: Int
  let isOneWay: Bool

  init(_ invocation: Invocation) throws(CommandError) {
    let size =
      try invocation.value(BenchCommand.size).map { (text) throws(CommandError) in
        try reading { () throws(ValueError) in try ByteSize.parse(text) }
      } ?? 64
    guard size <= UInt64(FrameHeader.partLimit) else {
      throw .usage("--size is too large", hint: "A body has at most \(FrameHeader.partLimit) bytes.")
    }
    self.size = Int(size)
    count = try Self.number(BenchCommand.count, invocation, fallback: 100_000, limit: 10_000_000)
    connections = try Self.number(BenchCommand.connections, invocation, fallback: 1, limit: 1000)
    outstanding = try Self.number(BenchCommand.outstanding, invocation, fallback: 1, limit: 10_000)
    rounds = try Self.number(BenchCommand.rounds, invocation, fallback: 1, limit: 100_000)
    isOneWay = invocation.has(BenchCommand.oneWay)
  }

  private static func number(
    _ option: Option, _ invocation: Invocation, fallback: Int, limit: UInt64
  ) throws(CommandError) -> Int {
    guard let text = invocation.value(option) else { return fallback }
    let number = try reading { () throws(ValueError) in try Number.parse(text, for: option) }
    guard number > 0, number <= limit else {
      throw .usage("--\(option.name) is out of range", hint: "Give a number from 1 to \(limit).")
    }
    return Int(number)
  }
}
