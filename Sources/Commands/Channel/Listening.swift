internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform

/// A listener at work: everything that its mailbox brings, one after the other.
final class Listening {
  private static let command = "channel listen"
  /// How long one peer that does not read its answers may hold up the others, in nanoseconds.
  private static let slowness: Int64 = 5_000_000_000

  private let options: ListenOptions
  private let session: Session
  private let engine: Engine
  private let group: ChannelGroup
  /// Where it listens; the bound address once that is known.
  private var address: ChannelAddress
  private var listener: UInt16 = 0
  /// Channels that said hello and are not closed, and whether they were accepted.
  private var channels: [UInt16: Bool] = [:]
  private var text: ReceivedText
  private var taken: UInt64 = 0
  private var idleSince = Clock.monotonic()
  private var isListening = false
  private var isEnding = false
  private var intake: PoolIntake?
  private var parts = PartCollector()

  init(_ options: ListenOptions, _ session: Session) throws(CommandError) {
    self.options = options
    self.session = session
    address = options.address
    if let target = options.target { intake = PoolIntake(target.pool, tags: target.tags, session) }
    text = ReceivedText(style: session.presentation.messages)
    var engineOptions = EngineOptions()
    engineOptions.secureServer = options.secure
    let chosen = engineOptions
    try Stopping.begin()
    let engine = try conversing(address.text) { () throws(ChannelError) in try Engine(chosen) }
    self.engine = engine
    group = try conversing(address.text) { () throws(ChannelError) in try engine.makeGroup() }
  }

  deinit { engine.shutDown() }

  /// Listens until enough came, the timeout, a stop request, or an error.
  func run() throws(CommandError) -> ExitCode {
    try Wakener.begin(group)
    listener = try conversing(address.text) { () throws(ChannelError) in try group.listen(at: address).channel }
    while true {
      guard let message = try next() else {
        try drain()
        return .timedOut
      }
      try take(message)
      if hasEnough {
        try drain(waiting: Patience.ofHost)
        return .success
      }
      if let reason = StopRequests.requested {
        try drain()
        return Stopping.code(reason)
      }
    }
  }

  /// The next message; nil when none came in time. What was printed is out before it waits.
  private func next() throws(CommandError) -> Message? {
    if let ready = try receive(until: .now) { return ready }
    try session.output.flush()
    return try receive(until: idleDeadline)
  }

  private func receive(until deadline: Deadline) throws(CommandError) -> Message? {
    try conversing(address.text) { () throws(ChannelError) in try group.receive(until: deadline) }
  }

  private var idleDeadline: Deadline {
    guard isListening, let timeout = options.timeout else { return .never }
    let (sum, overflows) = idleSince.addingReportingOverflow(Int64(clamping: timeout))
    return overflows ? .never : Deadline(nanoseconds: sum)
  }

  /// Says bye to everybody and waits a while until they are gone.
  ///
  /// - Parameter nanoseconds: How long to wait before for their byes: who says bye first learns for sure that all arrived.
  private func drain(waiting nanoseconds: UInt64 = 0) throws(CommandError) {
    isEnding = true
    _ = try? group.closeAtOnce(listener)
    try goOn(until: .after(nanoseconds))
    for channel in channels.keys { _ = try? group.sayBye(on: channel) }
    try goOn(until: .after(Patience.atTheEnd))
    engine.shutDown(drainingUntil: .after(nanoseconds: 1_000_000_000))
    try session.output.flush()
  }

  /// Takes what comes until no channel is left.
  private func goOn(until deadline: Deadline) throws(CommandError) {
    while !channels.isEmpty, let message = try receive(until: deadline) { try take(message) }
  }

  // MARK: What comes

  private func take(_ message: consuming Message) throws(CommandError) {
    switch Arrival(message) {
    case .welcome: try welcomed(message)
    case .hello: greet(message)
    case .bye: answerBye(message)
    case .closed(let ending): try closed(message.channel, ending)
    case .regular: try takeRegular(message)
    case .greeting, .byeAnswer, .update, .nothing: break
    }
  }

  private func welcomed(_ message: borrowing Message) throws(CommandError) {
    isListening = true
    idleSince = Clock.monotonic()
    if let value = message.headers.first(named: ReservedHeader.listenOn),
      let bound = try? ChannelAddress(headerValue: value, for: .listening)
    {
      address = bound
    }
    if let path = options.readyFile { try SmallFile.write(address.text, to: path) }
    tell(.listening, "listening at \(address.text)", [])
  }

  private func greet(_ message: consuming Message) {
    let channel = message.channel
    guard !isEnding else {
      _ = try? group.closeAtOnce(channel)
      return
    }
    var isAccepted = true
    for header in options.accepted where !message.has(header) { isAccepted = false }
    channels[channel] = isAccepted
    guard isAccepted else {
      tell(
        .channelRefused, "channel \(channel) refused: its hello lacks a header", [("channel", .whole(UInt64(channel)))])
      _ = try? group.closeAtOnce(channel)
      return
    }
    tell(.channelOpened, "channel \(channel) opened", [("channel", .whole(UInt64(channel)))])
    message.removeHeaders()
    message.removeBody()
    _ = try? message.append(options.hello)
    _ = try? group.reply(message)
  }

  private func answerBye(_ message: consuming Message) {
    message.removeHeaders()
    message.removeBody()
    // When both say bye, the engine has answered already.
    _ = try? group.reply(message)
  }

  private func closed(_ channel: UInt16, _ ending: Ending) throws(CommandError) {
    if channel == listener {
      if isEnding { return }
      throw .failed(ending.failureToListen(address))
    }
    parts.forget(channel: channel)
    guard channels.removeValue(forKey: channel) == true else { return }
    let detail = ending.sentence
    tell(
      .channelClosed, "channel \(channel) closed: \(detail)",
      [("channel", .whole(UInt64(channel))), ("reason", .text(ending.reason)), ("detail", .text(detail))])
  }

  private func takeRegular(_ message: consuming Message) throws(CommandError) {
    guard channels[message.channel] == true, !hasEnough else { return }
    idleSince = Clock.monotonic()
    if intake != nil { return try store(message) }
    if !message.hasMore { taken += 1 }
    if !options.isQuiet { try text.write(message, to: session.output) }
    if message.opCode == .request { answer(message) }
  }

  private var hasEnough: Bool { options.limit.map { taken >= $0 } ?? false }

  // MARK: Answers

  private func answer(_ request: consuming Message) {
    let hasMore = request.hasMore
    switch options.answer {
    case .none, .stored: return
    case .echo:
      // Part for part.
      guard (try? request.becomeReply()) != nil else { return }
      request.hasMore = hasMore
    case .text(let reply):
      if hasMore { return }
      request.removeHeaders()
      request.removeBody()
      guard (try? request.becomeReply()) != nil, (try? request.appendBody(reply)) != nil else { return }
    }
    post(request)
  }

  // MARK: Into a pool

  private func store(_ message: consuming Message) throws(CommandError) {
    // Nothing can be answered any more: who gets no answer sends it again, to whoever listens then.
    if isEnding, message.opCode == .request { return }
    let (channel, id, opCode) = (message.channel, message.id, message.opCode)
    let received: StorableMessage
    do throws(PartError) {
      switch try parts.add(message) {
      case .waiting: return
      case .message(let whole): received = StorableMessage(whole)
      case .whole(let collected): received = StorableMessage(collected)
      }
    } catch {
      switch error.kind {
      case .abandoned: return
      case .tooManyMessages: _ = try? group.closeAtOnce(channel)
      case .tooManyBytes:
        taken += 1
        refuse(
          Failure(.usage, error.kind.text.text, hint: "All that is unfinished may have \(parts.maximumBytes) bytes."),
          (channel, id, opCode))
      }
      return
    }
    try store(received)
  }

  private func store(_ whole: StorableMessage) throws(CommandError) {
    taken += 1
    guard let outcome = intake?.store(whole) else { return }
    let key = (whole.channel, whole.id, whole.opCode)
    switch outcome {
    case .stored(let sequence):
      if !options.isQuiet { try text.write(whole, stored: sequence, to: session.output) }
      acknowledge(key, [(MirrorHeader.sequence, "\(sequence)")])
    case .duplicate:
      tell(
        .duplicate, "message \(whole.id) was stored before",
        [("channel", .whole(UInt64(whole.channel))), ("id", .whole(whole.id))])
      acknowledge(key, [(MirrorHeader.duplicate, "true")])
    case .refused(let failure):
      let isOwn = failure.kind != .usage && failure.kind != .busy
      guard isOwn else { return refuse(failure, key) }
      acknowledge(key, [(MirrorHeader.error, "\(failure.kind.name): \(failure.message)")])
      // A pool that is gone or broken takes nothing more.
      try drain()
      throw .failed(failure)
    }
  }

  private func refuse(_ failure: Failure, _ key: (channel: UInt16, id: UInt64, opCode: OpCode)) {
    session.report(failure)
    acknowledge(key, [(MirrorHeader.error, "\(failure.kind.name): \(failure.message)")])
  }

  private func acknowledge(
    _ key: (channel: UInt16, id: UInt64, opCode: OpCode), _ headers: [(StaticString, String)]
  ) {
    guard key.opCode == .request else { return }
    var answer = engine.makeMessage(.response, channel: key.channel, id: key.id)
    for (name, value) in headers { _ = try? answer.appendHeader(name.text, value) }
    post(answer)
  }

  private func post(_ message: consuming Message) {
    let channel = message.channel
    do throws(ChannelError) {
      try group.post(message, whenFull: .wait(until: .after(nanoseconds: Self.slowness)))
    } catch {
      // Gone, or about to go: nobody is left to answer. Too slow: others wait.
      if error.kind == .timedOut { _ = try? group.closeAtOnce(channel) }
    }
  }

  private func tell(_ kind: Notice.Kind, _ message: String, _ details: [(String, Report)]) {
    session.tell(
      Notice(kind, command: Self.command, message: message, subject: .address(address.text), details: details))
  }
}
