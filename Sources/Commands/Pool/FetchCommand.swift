internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Pools

/// `weir fetch`
enum FetchCommand {
  static let sequence = Positional("SEQ", .required, "The message's sequence number")

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("fetch", "Print one message").with {
    $0.details = """
      Prints the message with this sequence number, as long as the pool retains it: on one compact line in a pipe, indented on a \
      terminal.
      """
    $0.positionals = [PoolPlace.argument, sequence]
    $0.options = RemoteOptions.all + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("the first message", "weir fetch events 1"),
      ProgramCommand.Example("only its data", "weir fetch events 1 | jq .data"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let word = invocation.value(Self.sequence) ?? ""
    let sequence = try reading { () throws(ValueError) in try Number.parse(word, for: Self.sequence) }
    let place = try PoolPlace(invocation.value(PoolPlace.argument) ?? "", invocation, session, remote)
    var text = ByteWriter()
    var messages = MessageText(style: session.presentation.oneMessage)
    var unreadable: Lite3Error?
    switch place {
    case .local(let reference):
      let pool = try reference.open(
        missing: "Create it with `weir pool create \(CommandLineText.quoted(reference.text))`. Try `weir pool list`.")
      try storing { () throws(PoolError) in
        try pool.withMessage(sequence) { frame in
          unreadable = messages.write(frame.payload, frame.sequence, frame.time, &text)
        }
      }
    case .remote(let access):
      try Stopping.beginEndingAtOnce()
      try remotely { () throws(Failure) in
        try access.fetch(sequence) { document, sequence, time in
          unreadable = messages.write(document, sequence, time, &text)
        }
      }
    }
    if let unreadable { throw .failed(MessageText.unreadable(unreadable, sequence: sequence, path: place.label.path)) }
    try session.output.write(text.bytes)
    return .success
  }
}

extension MessageText {
  /// Appends the message and a newline; why it cannot be shown, if so.
  fileprivate mutating func write(
    _ document: RawSpan, _ sequence: UInt64, _ time: UInt64, _ text: inout ByteWriter
  ) -> Lite3Error? {
    do throws(Lite3Error) {
      try write(document, sequence: sequence, time: time, into: &text)
      return nil
    } catch {
      return error
    }
  }
}
