internal import Arguments
internal import Channels
internal import CommandSupport
internal import Pools
internal import Reactor

/// What `listen` was asked to do, checked.
struct ListenOptions {
  enum Answer {
    case none
    case echo
    case text(String)
    /// When the message is in the pool.
    case stored
  }

  /// Where messages are to be appended.
  struct Target {
    let pool: Pool
    let tags: [String]
  }

  let address: ChannelAddress
  /// How many messages to take; nil for all.
  let limit: UInt64?
  /// Nanoseconds without a message after which to give up.
  let timeout: UInt64?
  let answer: Answer
  let isQuiet: Bool
  let accepted: [Header]
  let hello: [Header]
  let readyFile: String?
  let secure: SecureContext?
  let target: Target?

  init(_ invocation: Invocation, _ session: Session, _ maker: SecureMaker?) throws(CommandError) {
    address = try ChannelFamily.address(invocation, for: .listening)
    limit = try Self.limit(invocation)
    if let text = invocation.value(ListenCommand.timeout) {
      timeout = try reading { () throws(ValueError) in try Span.parse(text) }
    } else {
      timeout = nil
    }
    let pool = invocation.value(ListenCommand.into)
    if pool != nil {
      answer = .stored
    } else if let text = invocation.value(ListenCommand.reply) {
      answer = .text(text)
    } else {
      answer = invocation.has(ListenCommand.echo) ? .echo : .none
    }
    isQuiet = invocation.has(ListenCommand.quiet)
    accepted = try Header.list(ListenCommand.accept, invocation)
    hello = try Header.list(ListenCommand.hello, invocation)
    readyFile = invocation.value(ListenCommand.readyFile)
    secure = try SecureOptions.server(invocation, address, maker)
    target = try pool.map { (name) throws(CommandError) in
      Target(pool: try Self.open(name, invocation, session), tags: invocation.values(ListenCommand.tag))
    }
  }

  private static func open(
    _ name: String, _ invocation: Invocation, _ session: Session
  ) throws(CommandError) -> Pool {
    let reference = try PoolReference(name, in: session)
    let size = invocation.value(ListenCommand.createSize)
    if size != nil || invocation.has(ListenCommand.create) {
      guard let size else { return try reference.openOrCreate(size: PoolLimits.defaultFileSize) }
      return try reference.openOrCreate(size: try reading { () throws(ValueError) in try ByteSize.parse(size) })
    }
    return try reference.open(
      missing: "Create it with `weir pool create \(CommandLineText.quoted(name))`, or let listen do it: "
        + "`\(CommandLineText.adding("--create", to: invocation))`.")
  }

  private static func limit(_ invocation: Invocation) throws(CommandError) -> UInt64? {
    if invocation.has(ListenCommand.one) { return 1 }
    guard let text = invocation.value(ListenCommand.count) else { return nil }
    let count = try reading { () throws(ValueError) in try Number.parse(text, for: ListenCommand.count) }
    guard count > 0 else {
      throw .usage("--count needs a number above 0", hint: "Leave it out to listen without end.")
    }
    return count
  }
}
