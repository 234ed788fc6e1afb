internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform

/// `weir channel send`
enum SendCommand {
  static let bodies = Positional(
    "BODY", .zeroOrMore, "The bodies, one message each; without any, the lines of standard input")
  static let file = Option.value(
    "body-file", "FILE", "Send one message with the content of a file; - is standard input"
  )
  .with { $0.source = .file }
  static let header = Option.values("header", short: "H", "NAME:VALUE", "Add a header to each message; may be repeated")
  static let timeout = Option.value("timeout", "DURATION", "Give up with exit code 124 when the peer takes longer").with
  {
    $0.fallback = "30s"
    $0.details = "250ms, 5s, 10m, 2h: to answer the hello, and to answer the bye. Waiting for input has no limit."
  }

  static let from = Option.value("from", "POOL", "Send the messages of a pool, each until the peer has answered it")
    .with {
      $0.source = .pool
      $0.conflicts = ["body-file"]
      $0.details = """
        Each message goes as a request: its id is the sequence number, its body the data, and its headers are pool, run, seq, time \
        and tags, the last a JSON array. It counts as delivered when the response with its id has come. When the connection breaks, \
        send connects again, after pauses that grow, and goes on behind the last message that was delivered.

        Every message arrives at least once, and after a crash of either side some may arrive twice. `weir channel listen --into` at \
        the other end drops those that it can recognise.
        """
    }
  static let since = Option.value("since", "SINCE", "With --from: begin with the messages appended since a time").with {
    $0.details = "An RFC 3339 timestamp, or how long ago: 30s, 5m, 2h, 1d."
    $0.requires = ["from"]
    $0.conflicts = ["from-seq"]
  }
  static let fromSequence = Option.value("from-seq", "SEQ", "With --from: begin at this sequence number").with {
    $0.details = "Without it, --since and a resume file: at the oldest message."
    $0.requires = ["from"]
  }
  static let resumeFile = Option.value(
    "resume-file", "FILE", "With --from: keep the last delivered sequence number in a file"
  ).with {
    $0.details = "If the file is there, send begins behind the number in it, whatever --since and --from-seq say."
    $0.source = .file
    $0.requires = ["from"]
  }
  static let follow = Option.flag("follow", "With --from: go on with messages to come, and connect again without end")
    .with {
      $0.requires = ["from"]
    }

  static func command(_ secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("send", "Send messages that need no answer").with {
      $0.details = """
        Connects, sends one signal for each BODY, or for each line of standard input as it comes, and says bye. A body of more than \
        65,535 bytes goes in parts. What the peer sends is left out.

        With --from it sends the messages of a pool instead, and is done when the peer has answered each that was there.

        The exit code is 0 only if the peer answered the bye, which it does after everything that was sent before.
        """
      $0.positionals = [ChannelFamily.address, bodies]
      $0.options =
        [file, header, from, since, fromSequence, resumeFile, follow, timeout, ChannelFamily.hello]
        + SecureOptions.ofClients + [Globals.json]
      $0.examples = [
        ProgramCommand.Example("one message", "weir channel send tcp://127.0.0.1:7099 'it is done' --header kind:note"),
        ProgramCommand.Example("a log as it grows", "tail -f app.log | weir channel send tcp://logs.example.org:7099"),
        ProgramCommand.Example(
          "keep a pool on another machine like this one",
          "weir channel send tcp://backup:7099 --from events --follow --resume-file events.sent"),
      ]
      $0.action = Action { (invocation, session) throws(CommandError) in
        try run(invocation, session, secure)
      }
    }
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ secure: SecureMaker?
  ) throws(CommandError) -> ExitCode {
    let address = try ChannelFamily.address(invocation, for: .connecting)
    let headers = try Header.list(header, invocation)
    let hello = try Header.list(ChannelFamily.hello, invocation)
    let patience = try RequestCommand.patience(invocation.value(timeout))
    let source = try source(invocation)
    let mirror = try MirrorOptions(invocation, session)
    let context = try SecureOptions.client(invocation, address, secure)
    let link = try Link(address, hello: hello, secure: context)
    if let mirror {
      let mirroring = try Mirroring(mirror, headers, on: link, patience, session)
      return try untilStopped(address) { () throws(Interruption) in try mirroring.run() }
    }
    return try untilStopped(address) { () throws(Interruption) in
      try link.open(until: .after(patience))
      return try send(source, headers, on: link, patience)
    }
  }

  private static func source(_ invocation: Invocation) throws(CommandError) -> SignalSender.Source {
    let texts = invocation.values(bodies)
    if invocation.has(from), !texts.isEmpty {
      throw .usage("both a body and --from were given", hint: "Leave one of them out.")
    }
    guard let file = invocation.value(file) else { return texts.isEmpty ? .lines : .texts(texts) }
    return .body(try BodySource(text: texts.first, file: file))
  }

  /// Lets a thread send while this one looks after the channel.
  private static func send(
    _ source: SignalSender.Source, _ headers: [Header], on link: Link, _ patience: UInt64
  ) throws(Interruption) -> ExitCode {
    let sender: SignalSender
    do throws(CommandError) {
      sender = try SignalSender.start(source, headers, on: link)
    } catch {
      throw .failed(error)
    }
    var deadline = Deadline.never
    var isAnswered = false
    while let message = try link.receiveAnyway(until: deadline) {
      let arrival = Arrival(message)
      if case .update = arrival {
        if case .failed(let error) = sender.outcome { throw .failed(error) }
        if sender.outcome != nil { deadline = .earlier(deadline, .after(patience)) }
        if StopRequests.requested != nil { deadline = .earlier(deadline, .after(Patience.atTheEnd)) }
      }
      guard message.channel == link.channel else { continue }
      switch arrival {
      case .bye: link.answerBye(message)
      case .byeAnswer: isAnswered = true
      case .closed(let ending):
        guard isAnswered else { throw .ended(ending) }
        return StopRequests.requested.map(Stopping.code) ?? .success
      default: continue
      }
    }
    if let reason = StopRequests.requested { throw .stopped(reason) }
    throw .late("the peer did not answer the bye in time")
  }
}
