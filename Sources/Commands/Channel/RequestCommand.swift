internal import Arguments
internal import Channels
internal import CommandSupport
internal import Platform

/// `weir channel request`
enum RequestCommand {
  static let body = Positional("BODY", .optional, "The body of the request; without it, none or that of --body-file")
  static let file = Option.value("body-file", "FILE", "Take the body from a file; - is standard input").with {
    $0.source = .file
    $0.details = "More than 65,535 bytes go in parts."
  }
  static let header = Option.values("header", short: "H", "NAME:VALUE", "Add a header; may be repeated")
  static let timeout = Option.value("timeout", "DURATION", "Give up with exit code 124 after this long").with {
    $0.fallback = "30s"
    $0.details = "250ms, 5s, 10m, 2h: for all of it, from connecting to the last part of the response."
  }
  static let bodyOnly = Option.flag("body-only", "Print the body of the response alone, as it came")

  static func command(_ secure: SecureMaker?) -> ProgramCommand {
    ProgramCommand("request", "Ask once and print the response").with {
      $0.details = """
        Connects, sends one request, prints the response, and says bye. A response in several parts is printed part by part: every \
        part but the last has "more": true. Signals that the peer sends meanwhile are left out.

        When nobody listens at the address the exit code is 3, when no response comes in time 124.
        """
      $0.positionals = [ChannelFamily.address, body]
      $0.options =
        [file, header, bodyOnly, timeout, ChannelFamily.hello] + SecureOptions.ofClients + [Globals.json]
      $0.examples = [
        ProgramCommand.Example("ask", "weir channel request tcp://127.0.0.1:7099 ping --timeout 5s"),
        ProgramCommand.Example(
          "with a header, and only the answer's body",
          "weir channel request unix:/run/app.sock '{\"id\":7}' --header kind:lookup --body-only"),
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
    let patience = try patience(invocation.value(timeout))
    let source = try BodySource(text: invocation.value(body), file: invocation.value(file))
    let context = try SecureOptions.client(invocation, address, secure)
    let link = try Link(address, hello: hello, secure: context)
    let bodyOnly = invocation.has(bodyOnly)
    return try untilStopped(address) { () throws(Interruption) in
      try ask(link, source, headers, until: .after(patience), bodyOnly: bodyOnly, session)
      return .success
    }
  }

  static func patience(_ text: String?) throws(CommandError) -> UInt64 {
    guard let text else { return Patience.ordinary }
    return try reading { () throws(ValueError) in try Span.parse(text) }
  }

  private static func ask(
    _ link: Link, _ source: BodySource, _ headers: [Header], until deadline: Deadline, bodyOnly: Bool,
    _ session: Session
  ) throws(Interruption) {
    try link.open(until: deadline)
    var poster = BodyPoster(link.engine, link.group, channel: link.channel, opCode: .request, headers)
    let id: UInt64
    do throws(PostFault) {
      id = try poster.post(source, until: deadline)
    } catch {
      throw Interruption.failed(error.commandError(link.address))
    }
    var text = ReceivedText(style: session.presentation.oneMessage)
    while let message = try link.receive(until: deadline) {
      guard message.channel == link.channel else { continue }
      switch Arrival(message) {
      case .regular:
        guard message.opCode == .response, message.id == id else { continue }
        try show(message, bodyOnly: bodyOnly, &text, session)
        if message.hasMore { continue }
        // The response is there: whatever becomes of the bye is no matter.
        try? link.close(until: .after(Patience.atTheEnd))
        return
      case .bye: link.answerBye(message)
      case .closed(let ending): throw .ended(ending)
      default: continue
      }
    }
    throw .late("no response came in time")
  }

  private static func show(
    _ message: borrowing Message, bodyOnly: Bool, _ text: inout ReceivedText, _ session: Session
  ) throws(Interruption) {
    do throws(CommandError) {
      if bodyOnly {
        try session.output.write(message.body)
      } else {
        try text.write(message, to: session.output)
      }
    } catch {
      throw .failed(error)
    }
  }
}
