internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Pools

/// `weir fetch`
enum FetchCommand {
  static let sequence = Positional("SEQ", .required, "The message's sequence number")

  static let command = ProgramCommand("fetch", "Print one message").with {
    $0.details = """
      Prints the message with this sequence number, as long as the pool retains it: on one compact line in a pipe, indented on a \
      terminal.
      """
    $0.positionals = [PoolReference.argument, sequence]
    $0.options = [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("the first message", "weir fetch events 1"),
      ProgramCommand.Example("only its data", "weir fetch events 1 | jq .data"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let word = invocation.value(Self.sequence) ?? ""
    let sequence = try reading { () throws(ValueError) in try Number.parse(word, for: Self.sequence) }
    let reference = try PoolReference(invocation.value(PoolReference.argument) ?? "", in: session)
    let pool = try reference.open(
      missing: "Create it with `weir pool create \(CommandLineText.quoted(reference.text))`. Try `weir pool list`.")
    var text = ByteWriter()
    var messages = MessageText(style: session.presentation.oneMessage)
    let unreadable = try storing { () throws(PoolError) in
      try pool.withMessage(sequence) { frame -> Lite3Error? in
        do throws(Lite3Error) {
          try messages.write(frame.payload, sequence: frame.sequence, time: frame.time, into: &text)
          return nil
        } catch {
          return error
        }
      }
    }
    if let unreadable { throw .failed(MessageText.unreadable(unreadable, sequence: sequence, path: pool.path)) }
    try session.output.write(text.bytes)
    return .success
  }
}
