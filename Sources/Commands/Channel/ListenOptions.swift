internal import Arguments
internal import Channels
internal import CommandSupport
internal import Reactor

/// What `listen` was asked to do, checked.
struct ListenOptions {
  enum Answer {
    case none
    case echo
    case text(String)
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

  init(_ invocation: Invocation, _ session: Session, _ maker: SecureMaker?) throws(CommandError) {
    address = try ChannelFamily.address(invocation, for: .listening)
    limit = try Self.limit(invocation)
    if let text = invocation.value(ListenCommand.timeout) {
      timeout = try reading { () throws(ValueError) in try Span.parse(text) }
    } else {
      timeout = nil
    }
    if let text = invocation.value(ListenCommand.reply) {
      answer = .text(text)
    } else {
      answer = invocation.has(ListenCommand.echo) ? .echo : .none
    }
    isQuiet = invocation.has(ListenCommand.quiet)
    accepted = try Header.list(ListenCommand.accept, invocation)
    hello = try Header.list(ListenCommand.hello, invocation)
    readyFile = invocation.value(ListenCommand.readyFile)
    secure = try SecureOptions.server(invocation, address, maker)
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
