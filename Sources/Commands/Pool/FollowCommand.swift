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

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("follow", "Show messages as they arrive").with {
    $0.details = """
      Prints messages in order, each as soon as it is in the pool: one compact line in a pipe, indented on a terminal. Without \
      --tail, --since or --no-follow it begins with the next message.

      A follower that falls so far behind that messages are evicted before it read them goes on with the oldest retained one \
      and tells exactly which were lost. With --no-follow or --replay that is an error, exit code 9.

      When asked to stop (Ctrl-C, SIGTERM) it ends with exit code 130 or 143, as a shell reports such an end. When nobody reads \
      its output any more it ends quietly.

      A pool of another machine is named by its address: http(s)://HOST:PORT/POOL. When the connection breaks, or the server is \
      restarted, it goes on with the message that comes next, and says so with a notice.
      """
    $0.positionals = [PoolPlace.argument]
    $0.options =
      [
        tail, since, noFollow, one, timeout, tag, dataOnly, quietDrops, replay, create, noNotify, `where`,
      ] + RemoteOptions.all + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("what happens from now on", "weir follow events"),
      ProgramCommand.Example("the last ten messages, then what follows", "weir follow events --tail 10"),
      ProgramCommand.Example("everything that is there, as data", "weir follow events --no-follow --data-only"),
      ProgramCommand.Example("wait for one tagged message", "weir follow events --tag ready --one --timeout 30s"),
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let options = try FollowOptions(invocation, now: session.now())
    let place = try PoolPlace(invocation.value(PoolPlace.argument) ?? "", invocation, session, remote)
    let missing = missingHint(place.label, invocation)
    switch place {
    case .local(let reference):
      let pool =
        options.creates
        ? try reference.openOrCreate(size: PoolLimits.defaultFileSize) : try reference.open(missing: missing)
      try Stopping.begin()
      let last = options.isFinite ? try storing { () throws(PoolError) in try pool.bounds() }?.upperBound ?? 0 : nil
      let source = LocalSource(try cursor(options, pool), usesWakeups: options.usesWakeups)
      return try follow(options, source, through: last, place.label, session)
    case .remote(let access):
      guard options.usesWakeups else {
        throw .usage("remote follow does not support --no-notify", hint: "Leave it out: the server tells of messages.")
      }
      try Stopping.begin()
      let info =
        options.creates
        ? try access.openOrCreate(size: PoolLimits.defaultFileSize) : try access.open(missing: missing)
      let selection = selection(options, info.info.bounds)
      // There is nothing to wait for.
      if let last = selection.last, selection.start > last { return .success }
      let source = try RemoteSource(access, selection)
      return try follow(options, source, through: selection.last, place.label, session)
    }
  }

  private static func follow<Source: MessageSource & ~Copyable>(
    _ options: FollowOptions, _ source: consuming Source, through last: UInt64?, _ label: PoolLabel, _ session: Session
  ) throws(CommandError) -> ExitCode {
    var follower = Follower(options, source, through: last, label, session, command: "follow")
    if let speed = options.replaySpeed { return try follower.replay(speed: speed) }
    return try follower.follow()
  }

  /// Where to begin in a pool here.
  static func cursor(_ options: FollowOptions, _ pool: Pool) throws(CommandError) -> Cursor {
    let start: Cursor.Start =
      switch options.selection {
      case .none: .live
      case .all, .since: .oldest
      case .newest(let count): .last(count)
      }
    // Who asked for a selection wants all of it; who follows wants to go on.
    do throws(PoolError) {
      return try pool.makeCursor(from: start, gapPolicy: options.isFinite ? .error : .continue)
    } catch {
      throw CommandError(error)
    }
  }

  /// The same for a pool of another machine that holds `bounds`.
  static func selection(_ options: FollowOptions, _ bounds: ClosedRange<UInt64>?) -> RemoteAccess.Selection {
    let newest = bounds?.upperBound ?? 0
    let oldest = bounds?.lowerBound ?? 1
    let start: UInt64 =
      switch options.selection {
      case .none: newest &+ 1
      case .all, .since: oldest
      case .newest(let count): count == 0 ? newest &+ 1 : newest - min(newest - min(oldest, newest), count - 1)
      }
    return RemoteAccess.Selection(start: max(1, start), last: options.isFinite ? newest : nil, newest: newest)
  }

  private static func missingHint(_ pool: PoolLabel, _ invocation: Invocation) -> String {
    "Wait for it with \(RemoteOptions.repeated(invocation, adding: "--create")), or create it with "
      + "`weir pool create \(CommandLineText.quoted(pool.text))`."
  }
}
