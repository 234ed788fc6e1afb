import Channels
import Platform

/// Weir's side of the contests of channels: this program again, started as
///
///     benchmark channel ROLE [KEY=VALUE ...]
///
/// with the roles, settings and lines of the peer programs, which `ChannelPeers/peer.h` tells. One engine, one group, one thread
/// that uses them; everything as it comes.
struct ChannelRoles {
  private typealias Failure = ChannelJob.Failure

  private let job: ChannelJob
  private let engine: Engine
  private let group: ChannelGroup

  private init(_ job: ChannelJob) throws {
    self.job = job
    engine = try Engine()
    group = try engine.makeGroup()
  }

  /// Plays the role that the first argument says until the input ends.
  static func run(_ arguments: [String]) -> Never {
    do {
      let roles = try ChannelRoles(ChannelJob(Array(arguments.dropFirst())))
      let watcher = try endWithInput()
      roles.play(arguments.first ?? "")
      watcher.join()
      Process.exit(0)
    } catch {
      fail(error)
    }
  }

  /// Whoever started this is gone, or wants it to end.
  private static func endWithInput() throws -> Thread {
    try Thread {
      var bytes = [UInt8](repeating: 0, count: 256)
      var got = 1
      while got > 0 { got = (try? bytes.withUnsafeMutableBytes { try File.standardInput().read(into: $0) }) ?? 0 }
      Process.exit(0)
    }
  }

  private static func fail(_ error: any Error) -> Never {
    try? File.standardError().write(Array("benchmark channel: \(error)\n".utf8))
    Process.exit(1)
  }

  /// A failure ends the process here: whoever leaves the scope of the watcher waits for the end of the input.
  private func play(_ role: String) {
    do {
      try begin(role)
      // What is on its way still goes out.
      while true { _ = try group.receive() }
    } catch {
      Self.fail(error)
    }
  }

  private func begin(_ role: String) throws {
    switch role {
    case "echo-server", "crowd-server", "hold-server": try answer()
    case "echo-client": try ask()
    case "crowd-client": try askInCrowd()
    case "hold-client": try hold()
    case "stream-receiver": try count()
    case "stream-sender": try send()
    default: throw Failure(description: "\(role): no such role")
    }
  }

  // MARK: Servers

  private func listen() throws {
    try group.listen(at: job.address)
    let welcome = try next(.welcomeResponse)
    guard welcome.status == .success, let bound = welcome.headers.first(named: ReservedHeader.listenOn) else {
      throw Failure(description: "cannot listen at \(job.place): \(welcome.status)")
    }
    try ChannelJob.say("at \(ChannelAddress(headerValue: bound, for: .listening).place)")
  }

  /// Answers hellos and requests for ever.
  private func answer() throws {
    try listen()
    var requests = 0
    var allocations = AllocationCount()
    while let message = try group.receive() {
      if message.isNotice { continue }
      if message.opCode == .request {
        requests += 1
        if requests == job.warmUp { allocations.begin() }
        if requests == job.warmUp + job.count {
          allocations.end(messages: job.count)
          // Before the answer: the other side may end this process as soon as it has it.
          try allocations.say()
        }
      }
      try reply(message)
    }
  }

  private func reply(_ message: consuming Message) throws {
    do throws(ChannelError) {
      try group.reply(message)
    } catch {
      // A client that has what it wanted just goes.
      if error.kind != .closed { throw error }
    }
  }

  /// Counts signals, the time from the first one on.
  private func count() throws {
    try listen()
    try group.reply(next(.helloRequest))
    var size = try nextSignal()
    var allocations = AllocationCount()
    let start = Clock.monotonic()
    for index in 1..<job.count {
      if index == job.settled { allocations.begin() }
      size = try nextSignal()
    }
    let nanoseconds = Clock.monotonic() - start
    allocations.end(messages: job.count - job.settled)
    guard size == job.size else { throw Failure(description: "a body of \(size) bytes came") }
    try say(messages: job.count - 1, nanoseconds)
    try allocations.say()
    try ChannelJob.say("done")
  }

  /// Drops it and returns the bytes of its body.
  private func nextSignal() throws -> Int {
    let signal = try next(.signal)
    return signal.bodyCount
  }

  // MARK: Clients

  /// Channels whose hellos were answered.
  private func connect() throws -> [UInt16] {
    let address = try job.address
    return try (0..<job.connections).map { _ in
      let channel = try group.connect(to: address).channel
      _ = try next(.helloResponse)
      return channel
    }
  }

  private func post(_ opCode: OpCode, on channel: UInt16, _ body: [UInt8]) throws {
    var message = engine.makeMessage(opCode, channel: channel)
    try message.appendBody(body.span.bytes)
    try group.post(message)
  }

  private func ask() throws {
    let channel = try connect()[0]
    let body = job.body
    var times = [Int64](repeating: 0, count: job.count)
    var allocations = AllocationCount()
    for _ in 0..<job.warmUp { try roundTrip(channel, body) }
    allocations.begin()
    for index in 0..<job.count {
      let start = Clock.monotonic()
      try roundTrip(channel, body)
      times[index] = Clock.monotonic() - start
    }
    allocations.end(messages: job.count)
    times.sort()
    try ChannelJob.say("p50 \(times[job.count / 2])")
    try ChannelJob.say("p99 \(times[job.count * 99 / 100])")
    try allocations.say()
    try ChannelJob.say("done")
  }

  private func roundTrip(_ channel: UInt16, _ body: [UInt8]) throws {
    try post(.request, on: channel, body)
    let answer = try next(.response)
    guard answer.bodyCount == body.count else { throw Failure(description: "another length came") }
  }

  /// Each reply is followed by a new request at once.
  private func askInCrowd() throws {
    let channels = try connect()
    let body = job.body
    for _ in 0..<job.outstanding {
      for channel in channels { try post(.request, on: channel, body) }
    }
    var allocations = AllocationCount()
    var start: Int64 = 0
    for replies in 1...(job.warmUp + job.count) {
      let channel = try nextAnswer()
      try post(.request, on: channel, body)
      if replies == job.warmUp {
        allocations.begin()
        start = Clock.monotonic()
      }
    }
    let nanoseconds = Clock.monotonic() - start
    allocations.end(messages: job.count)
    try say(messages: job.count, nanoseconds)
    try allocations.say()
    try ChannelJob.say("done")
  }

  /// Drops it and returns the channel that it came on.
  private func nextAnswer() throws -> UInt16 {
    let answer = try next(.response)
    return answer.channel
  }

  /// Each hello is answered, which shows that the connection was accepted, and then the channel is left alone.
  private func hold() throws {
    let channels = try connect()
    try ChannelJob.say("held \(channels.count)")
    try ChannelJob.say("done")
  }

  private func send() throws {
    let channel = try connect()[0]
    let body = job.body
    var allocations = AllocationCount()
    for index in 1..<job.count {
      if index == job.settled { allocations.begin() }
      try post(.signal, on: channel, body)
    }
    allocations.end(messages: job.count - job.settled)
    // Before the last one: the other side may end this process as soon as it has it.
    try allocations.say()
    try post(.signal, on: channel, body)
  }

  // MARK: Both

  /// The next message, which has to be one of these.
  ///
  /// That the pool is empty only means that more came than was taken yet.
  private func next(_ wanted: OpCode) throws -> Message {
    guard let message = try group.receive() else {
      throw Failure(description: "wanted a \(wanted.name), nothing came")
    }
    if message.isNotice, message.status == .poolEmpty { return try next(wanted) }
    if message.opCode != wanted || message.status != .success {
      throw Failure(description: "wanted a \(wanted.name), a \(message.opCode.name) came: \(message.status.summary)")
    }
    return message
  }

  private func say(messages: Int, _ nanoseconds: Int64) throws {
    try ChannelJob.say("rate \(Double(messages) * 1e9 / Double(max(1, nanoseconds)))")
  }
}
