internal import Arguments
internal import CommandSupport
internal import Pools

/// What `follow` was asked to do, checked.
struct FollowOptions {
  /// Which of the messages that are there already.
  enum Selection: Equatable {
    /// None: only what comes from now on.
    case none
    case all
    case newest(UInt64)
    /// Those that were appended at this time or later, in nanoseconds since 1970-01-01 UTC.
    case since(UInt64)
  }

  let selection: Selection
  /// End when the selection was shown.
  let isFinite: Bool
  let showsOne: Bool
  let tags: [String]
  let dataOnly: Bool
  /// Nanoseconds without output after which to give up.
  let timeout: (nanoseconds: UInt64, text: String)?
  /// How many times faster than they were appended to show messages; 0 shows them at once.
  let replaySpeed: Double?
  let tellsDrops: Bool
  let usesWakeups: Bool
  let creates: Bool

  init(_ invocation: Invocation, now: UInt64) throws(CommandError) {
    try Self.refuseLater(invocation)
    let noFollow = invocation.has(FollowCommand.noFollow)
    replaySpeed = try Self.speed(invocation.value(FollowCommand.replay))
    selection = try Self.selection(invocation, orAll: noFollow, now: now)
    if replaySpeed != nil, selection == .none {
      throw .usage("--replay requires --tail or --since", hint: "Say which messages to replay, for example --tail 100.")
    }
    isFinite = noFollow || replaySpeed != nil
    showsOne = invocation.has(FollowCommand.one)
    tags = invocation.values(FollowCommand.tag)
    dataOnly = invocation.has(FollowCommand.dataOnly)
    tellsDrops = !invocation.has(FollowCommand.quietDrops)
    usesWakeups = !invocation.has(FollowCommand.noNotify)
    creates = invocation.has(FollowCommand.create)
    if let text = invocation.value(FollowCommand.timeout) {
      timeout = (try reading { () throws(ValueError) in try Span.parse(text) }, text)
    } else {
      timeout = nil
    }
  }

  private static func refuseLater(_ invocation: Invocation) throws(CommandError) {
    guard invocation.has(FollowCommand.where) else { return }
    throw .usage(
      "--where is not supported yet",
      hint: "Filter by tag with --tag, or pipe the messages into jq. Try `weir follow --help`.")
  }

  private static func selection(
    _ invocation: Invocation, orAll noFollow: Bool, now: UInt64
  ) throws(CommandError) -> Selection {
    if let text = invocation.value(FollowCommand.tail) {
      let count = try reading { () throws(ValueError) in try Number.parse(text, for: FollowCommand.tail) }
      return count == 0 && !noFollow ? .none : .newest(count)
    }
    if let text = invocation.value(FollowCommand.since) {
      return .since(try Since.parse(text, now: now))
    }
    return noFollow ? .all : .none
  }

  private static func speed(_ text: String?) throws(CommandError) -> Double? {
    guard let text else { return nil }
    let hint = "Give a number: 1 is the original speed, 2 twice as fast, 0 without pauses."
    guard let speed = Double(text), speed.isFinite else {
      throw .usage("--replay speed must be a finite number", hint: hint)
    }
    guard speed >= 0 else { throw .usage("--replay speed must be non-negative", hint: hint) }
    return speed
  }
}
