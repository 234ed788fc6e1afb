internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// `weir follow`
enum FollowCommand {
  static let tail = Option.value("tail", short: "n", "TAIL", "Begin with the newest TAIL messages").with {
    $0.details = "Counted before --tag leaves any out."
    $0.fallback = "0"
    $0.conflicts = ["since"]
  }
  static let since = Option.value("since", "SINCE", "Begin with the messages appended since a time").with {
    $0.details =
      "An RFC 3339 timestamp, or how long ago: 30s, 5m, 2h, 1d. Messages appended before it are left out, also when the time is"
      + " still to come."
  }
  static let noFollow = Option.flag("no-follow", "Show what is there and end").with {
    $0.details = "All retained messages, or those that --tail or --since select."
  }
  static let one = Option.flag("one", "End after the first message shown")
  static let timeout = Option.value("timeout", "DURATION", "End with exit code 124 after this long without output").with
  {
    $0.details = "250ms, 5s, 10m, 2h. Has no meaning for --no-follow and --replay, which wait for nothing."
  }
  static let tag = Option.values(
    "tag", short: "t", "TAG", "Show only messages with this tag; repeated, with all of them")
  static let dataOnly = Option.flag("data-only", "Print the data of messages alone")
  static let quietDrops = Option.flag("quiet-drops", "Do not tell of messages that were lost")
  static let replay = Option.value("replay", "SPEED", "Show the selected messages at the pace they were appended").with
  {
    $0.details =
      "1 is the original pace, 2 twice as fast, 0 without pauses. Needs --tail, --since or --no-follow, and ends"
      + " after them."
  }
  static let create = Option.flag("create", "Make the pool if it is missing")
  static let noNotify = Option.flag("no-notify", "Look for messages now and then instead of being woken")
  static let `where` = Option.values("where", "EXPR", "Show only messages for which a jq expression is true").with {
    $0.isHidden = true
  }

  static let command = ProgramCommand("follow", "Show messages as they arrive").with {
    $0.details = """
      Prints messages in order, each as soon as it is in the pool: one compact line in a pipe, indented on a terminal. Without \
      --tail, --since or --no-follow it begins with the next message.

      A follower that falls so far behind that messages are evicted before it read them goes on with the oldest retained one \
      and tells exactly which were lost. With --no-follow or --replay that is an error, exit code 9.

      When asked to stop (Ctrl-C, SIGTERM) it ends with exit code 130 or 143, as a shell reports such an end. When nobody reads \
      its output any more it ends quietly.
      """
    $0.positionals = [PoolReference.argument]
    $0.options = [
      tail, since, noFollow, one, timeout, tag, dataOnly, quietDrops, replay, create, noNotify, `where`, Globals.json,
      Globals.jsonLines,
    ]
    $0.examples = [
      ProgramCommand.Example("what happens from now on", "weir follow events"),
      ProgramCommand.Example("the last ten messages, then what follows", "weir follow events --tail 10"),
      ProgramCommand.Example("everything that is there, as data", "weir follow events --no-follow --data-only"),
      ProgramCommand.Example("wait for one tagged message", "weir follow events --tag ready --one --timeout 30s"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let options = try FollowOptions(invocation, now: session.now())
    let reference = try PoolReference(invocation.value(PoolReference.argument) ?? "", in: session)
    let pool = try open(reference, options, invocation)
    try Stopping.begin()
    var follower = try Follower(options, reference, pool, session)
    var cursor = try Follower.cursor(options, pool)
    if let speed = options.replaySpeed { return try follower.replay(&cursor, speed: speed) }
    return try follower.follow(&cursor)
  }

  private static func open(
    _ reference: PoolReference, _ options: FollowOptions, _ invocation: Invocation
  ) throws(CommandError) -> Pool {
    if options.creates { return try reference.openOrCreate(size: PoolLimits.defaultFileSize) }
    return try reference.open(
      missing: "Wait for it with `\(CommandLineText.adding("--create", to: invocation))`, or create it with "
        + "`weir pool create \(CommandLineText.quoted(reference.text))`.")
  }
}
