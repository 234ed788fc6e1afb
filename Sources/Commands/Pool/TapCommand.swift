internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// `weir tap`
enum TapCommand {
  static let words = Positional("COMMAND", .zeroOrMore, "The command and its arguments, behind --")
  static let tag = Option.values("tag", short: "t", "TAG", "Tag every line; may be repeated")
  static let quiet = Option.flag("quiet", short: "q", "Do not pass the command's output on")

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("tap", "Run a command and store what it prints").with {
    $0.details = """
      Runs a command, passes its output on, and stores each line as a message: {"kind":"line","line":TEXT,"stream":"stdout"}, or \
      "stderr". Before the first comes {"cmd":[…],"kind":"start"}, behind the last {"code":N,"elapsed_ms":N,"kind":"exit"}, or with \
      "signal" where a signal ended it; these two have the tag lifecycle.

      The command has the standard input of weir. Bytes that are not UTF-8 are stored as U+FFFD. A stop request is passed on to \
      the command, and weir ends when it does, with its exit code, or 128 and the number of the signal. When a line cannot be \
      stored, the command is killed and that is the error.
      """
    $0.positionals = [PoolPlace.argument, words]
    $0.options =
      [tag, quiet, FeedCommand.create, FeedCommand.createSize, FeedCommand.durability] + RemoteOptions.all
      + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("keep what a build says", "weir tap builds --create -- make all"),
      ProgramCommand.Example("only store it", "weir tap backups --quiet --tag nightly -- ./backup.sh"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let command = invocation.values(words)
    guard !command.isEmpty, invocation.words.containsBytes(of: "--"), command[0].utf8.first != nil else {
      throw .usage(
        "tap requires a wrapped command after `--`", hint: "For example: `weir tap builds -- make all`.")
    }
    let durability = try FeedOptions.durability(invocation.value(FeedCommand.durability))
    let size = invocation.value(FeedCommand.createSize)
    let createSize = size != nil || invocation.has(FeedCommand.create) ? try PoolCreateCommand.size(size) : nil
    let place = try PoolPlace(invocation.value(PoolPlace.argument) ?? "", invocation, session, remote)
    try Stopping.listen()
    let target = try PoolTarget.open(
      place, createSize: createSize,
      missing: "Create it with `weir pool create \(CommandLineText.quoted(place.label.text))`, or give tap --create.")
    let recorder = TapRecorder(target, tags: invocation.values(tag), durability, session)
    if session.errors.isTerminal {
      try? say("tapping \(place.label.text) <- \(CommandLineText.quoted(command))", session)
    }
    let began = Clock.monotonic()
    let (end, lines) = try Tapping.run(command, isQuiet: invocation.has(quiet), recorder)
    if session.errors.isTerminal {
      let elapsed = (Clock.monotonic() - began) / 1_000_000
      try? say("stored \(lines) \(lines == 1 ? "line" : "lines") in \(elapsed) ms, \(described(end))", session)
    }
    return code(end)
  }

  private static func say(_ text: String, _ session: Session) throws(CommandError) {
    try session.errors.write(text + "\n")
    try session.errors.flush()
  }

  private static func described(_ end: ChildProcess.End) -> String {
    switch end {
    case .exited(let code): "exit code \(code)"
    case .signaled(let number): "ended by \(ChildProcess.signalName(number) ?? "signal \(number)")"
    }
  }

  /// As a shell tells it.
  private static func code(_ end: ChildProcess.End) -> ExitCode {
    switch end {
    case .exited(let code): ExitCode(code)
    case .signaled(let number): ExitCode(128 + number)
    }
  }
}
