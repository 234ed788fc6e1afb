internal import Arguments
internal import Channels
internal import CommandSupport
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

  static func command(_ secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("send", "Send messages that need no answer").with {
      $0.details = """
        Connects, sends one signal for each BODY, or for each line of standard input as it comes, and says bye. A body of more than \
        65,535 bytes goes in parts. What the peer sends is left out.

        The exit code is 0 only if the peer answered the bye, which it does after everything that was sent before.
        """
      $0.positionals = [ChannelFamily.address, bodies]
      $0.options = [file, header, timeout, ChannelFamily.hello] + SecureOptions.ofClients + [Globals.json]
      $0.examples = [
        ProgramCommand.Example("one message", "weir channel send tcp://127.0.0.1:7099 'it is done' --header kind:note"),
        ProgramCommand.Example("a log as it grows", "tail -f app.log | weir channel send tcp://logs.example.org:7099"),
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
    let context = try SecureOptions.client(invocation, address, secure)
    let link = try Link(address, hello: hello, secure: context)
    return try untilStopped { () throws(Interruption) in
      try link.open(until: .after(patience))
      return try send(source, headers, on: link, patience)
    }
  }

  private static func source(_ invocation: Invocation) throws(CommandError) -> SignalSender.Source {
    let texts = invocation.values(bodies)
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
        guard isAnswered else { throw Interruption(ending.failure(link.address)) }
        return StopRequests.requested.map(Stopping.code) ?? .success
      default: continue
      }
    }
    if let reason = StopRequests.requested { throw .stopped(reason) }
    throw link.timedOut("the peer did not answer the bye in time")
  }
}
