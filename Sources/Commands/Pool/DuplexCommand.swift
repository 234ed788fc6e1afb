internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// `weir duplex`
enum DuplexCommand {
  static let me = Option.value("me", "NAME", "Send as NAME, and do not show what NAME sent")
  static let echoSelf = Option.flag("echo-self", "Show what --me sent too")

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("duplex", "Send and receive through one pool at the same time").with {
    $0.details = """
      Prints messages as `weir follow` does, and appends what comes on standard input. On a terminal each line becomes a message: \
      {"from":NAME,"msg":LINE}. From a pipe it takes JSON objects, as `weir feed` does, and a record that is none ends it with an \
      error.

      The side that ends first ends both. When the input is over, what is in the pool by then is shown first.
      """
    $0.positionals = [PoolPlace.argument]
    $0.options =
      [me, echoSelf, FollowCommand.tail, FollowCommand.since, FollowCommand.timeout, FollowCommand.create]
      + RemoteOptions.all + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("talk to whoever does the same", "weir duplex talk --create --me alice"),
      ProgramCommand.Example("ask, and wait for an answer", "weir duplex jobs --timeout 30s < job.json"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let options = try FollowOptions(invocation, now: session.now())
    let me = invocation.value(me)
    let muted = invocation.has(echoSelf) ? nil : me.map { MutedSender($0) }
    let isTerminal = File.standardInput().isTerminal()
    if isTerminal, me == nil {
      throw .usage("TTY input requires --me for duplex", hint: "Say who sends, for example --me alice.")
    }
    let text = invocation.value(PoolPlace.argument) ?? ""
    let place = try PoolPlace(text, invocation, session, remote)
    try Stopping.begin()
    let target = try PoolTarget.open(
      place, createSize: options.creates ? PoolLimits.defaultFileSize : nil,
      missing: "Make it with \(RemoteOptions.repeated(invocation, adding: "--create")).")
    // Errors of one side must not be written into those of the other.
    let voice = Session(
      invocation, output: Output(File.standardError()), errors: Output(File.standardError()), now: session.now)
    let sender = try DuplexSender(
      target, place.label, voice, lines: isTerminal ? me : nil)

    switch (place, target) {
    case (.remote, .remote(_, _)):
      // One connection of its own for each direction.
      let access = try PoolPlace.remote(text, invocation, session, remote, isQuiet: true)
      let info = try remotely { () throws(Failure) in try access.open() }
      let selection = FollowCommand.selection(options, info.info.bounds)
      let source = try RemoteSource(access, selection)
      return try converse(options, source, place.label, session, muted, sender)
    case (_, .local(let pool)):
      let source = LocalSource(try FollowCommand.cursor(options, pool), usesWakeups: true)
      return try converse(options, source, place.label, session, muted, sender)
    default: return .success
    }
  }

  private static func converse<Source: MessageSource & ~Copyable>(
    _ options: FollowOptions, _ source: consuming Source, _ label: PoolLabel, _ session: Session,
    _ muted: MutedSender?, _ sender: DuplexSender
  ) throws(CommandError) -> ExitCode {
    var follower = Follower(options, source, through: nil, label, session, command: "duplex", muted: muted)
    try sender.start()
    do throws(CommandError) {
      let status = try follower.follow(sender.companion)
      sender.close()
      return status
    } catch {
      sender.close()
      throw error
    }
  }
}
