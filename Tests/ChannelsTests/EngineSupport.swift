import Channels
import Platform
import Support
import Testing

/// How long a test waits for what always comes, in nanoseconds.
let patience: Int64 = 20_000_000_000

/// The transports of a peer.
enum Transport: CaseIterable, Sendable {
  case tcp
  case unix

  /// An address to listen at: a port that the system chooses, or a path in `folder`.
  func address(in folder: TemporaryDirectory, _ name: String = "socket") -> ChannelAddress {
    switch self {
    case .tcp: .tcp(host: "127.0.0.1", port: 0)
    case .unix: .unix(path: folder.file(name))
    }
  }
}

/// Runs `body` with an engine, ends it, and looks whether every message went back.
func withEngine(
  _ options: EngineOptions = EngineOptions(), network: WrappedNetwork? = nil,
  sourceLocation: SourceLocation = #_sourceLocation, _ body: (Engine) throws -> Void
) throws {
  let engine = try Engine(options, network: network)
  do {
    try body(engine)
  } catch {
    engine.shutDown()
    throw error
  }
  engine.shutDown()
  #expect(engine.messagesOutside == 0, "messages were lost", sourceLocation: sourceLocation)
  #expect(engine.channelCount == 0, sourceLocation: sourceLocation)
}

/// A group that listens.
struct Server {
  let group: ChannelGroup
  let listener: UInt16
  let address: ChannelAddress

  init(_ engine: Engine, _ address: ChannelAddress = .tcp(host: "127.0.0.1", port: 0)) throws {
    try self.init(try engine.makeGroup(), address)
  }

  init(_ group: ChannelGroup, _ address: ChannelAddress) throws {
    self.group = group
    listener = try group.listen(at: address).channel
    let welcome = try told(group)
    guard welcome.opCode == .welcomeResponse, welcome.status == .success else { throw Unexpected(welcome) }
    self.address = try ChannelAddress(headerValue: welcome.header("~listen_on").span.bytes, for: .connecting)
  }

  /// A raw peer that has said hello, and the channel here.
  func greetedPeer(id: UInt64 = 7) throws -> (RawPeer, channel: UInt16) {
    let peer = try RawPeer(connectingTo: address)
    try peer.send(Frame(.helloRequest, id: id).bytes)
    let hello = try next(group)
    guard hello.opCode == .helloRequest, hello.id == id else { throw Unexpected(Told(hello)) }
    let channel = hello.channel
    try group.reply(hello)
    let answer = try peer.frame()
    guard answer.header.opCode == .helloResponse, answer.header.id == id else { throw NothingCame() }
    return (peer, channel)
  }
}

/// A client channel of `group` that a raw peer has accepted and greeted.
func greetedClient(_ group: ChannelGroup, _ listener: RawListener) throws -> (RawPeer, channel: UInt16) {
  let posted = try group.connect(to: listener.address)
  let peer = try listener.accept()
  let hello = try peer.frame()
  try peer.send(Frame(.helloResponse, id: hello.header.id).bytes)
  let answer = try told(group)
  guard answer.opCode == .helloResponse, answer.channel == posted.channel else { throw Unexpected(answer) }
  return (peer, posted.channel)
}

/// Both ends of a connection of two groups.
func connect(_ group: ChannelGroup, _ server: Server) throws -> (here: UInt16, there: UInt16) {
  let here = try group.connect(to: server.address)
  let hello = try next(server.group)
  guard hello.opCode == .helloRequest else { throw Unexpected(Told(hello)) }
  let there = hello.channel
  try server.group.reply(hello)
  let answer = try told(group)
  guard answer.opCode == .helloResponse, answer.id == here.id else { throw Unexpected(answer) }
  return (here.channel, there)
}

/// What a message said, after it is gone.
struct Told: CustomStringConvertible {
  var opCode: OpCode
  var channel: UInt16
  var id: UInt64
  var status: Status
  var isNotice: Bool
  var hasMore: Bool
  var headers: [UInt8]
  var body: [UInt8]

  init(_ message: borrowing Message) {
    opCode = message.opCode
    channel = message.channel
    id = message.id
    status = message.status
    isNotice = message.isNotice
    hasMore = message.hasMore
    headers = message.headerBytes.withUnsafeBytes { Array($0) }
    body = message.body.withUnsafeBytes { Array($0) }
  }

  /// The value of a header; empty if there is none.
  func header(_ name: StaticString) -> [UInt8] {
    guard let value = TextHeaders(headers.span.bytes).first(named: name) else { return [] }
    return value.withUnsafeBytes { Array($0) }
  }

  var reason: String { String(decoding: header("~reason"), as: UTF8.self) }
  var detail: String { String(decoding: header("~detail"), as: UTF8.self) }

  var description: String {
    "\(opCode) on \(channel), id \(id), \(isNotice ? "notice" : "message") \(status) \(reason): \(detail)"
  }
}

/// Something else came than what a test needs to go on.
struct Unexpected: Error, CustomStringConvertible {
  let description: String
  init(_ told: Told) { description = told.description }
}

/// The next message of a group, told.
func told(_ group: ChannelGroup) throws -> Told { Told(try next(group)) }

/// The next thing that a group hears of, but for the notice that it takes messages more slowly than they come.
func toldUnhurried(_ group: ChannelGroup) throws -> Told {
  while true {
    let told = try told(group)
    if !(told.isNotice && told.status == .poolEmpty) { return told }
  }
}

/// Whether the next thing that a group hears of is the end of this channel.
func expectEnd(
  _ group: ChannelGroup, _ channel: UInt16, _ reason: String, sourceLocation: SourceLocation = #_sourceLocation
) throws {
  let notice = try told(group)
  let isRight =
    notice.isNotice && notice.status == .channelClosed && notice.opCode == .signal && notice.channel == channel
    && notice.reason == reason
  #expect(isRight, "\(notice)", sourceLocation: sourceLocation)
}

/// The error that `body` ends with.
func refusal(_ body: () throws(ChannelError) -> Void) -> ChannelError? {
  do throws(ChannelError) {
    try body()
    return nil
  } catch {
    return error
  }
}

/// A message with a body.
func message(
  _ engine: Engine, _ opCode: OpCode, _ channel: UInt16, id: UInt64 = 0, _ body: [UInt8] = []
) throws -> Message {
  var message = engine.makeMessage(opCode, channel: channel, id: id)
  try message.appendBody(body.span.bytes)
  return message
}

/// Threads that run a test's work, joined at the end; what they threw is thrown then.
final class Crew: @unchecked Sendable {
  private final class Member {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }

  private let lock: Lock
  private var errors: [any Error] = []
  private var members: [Member] = []

  init() throws { lock = try Lock() }

  func start(_ work: @escaping @Sendable () throws -> Void) throws {
    members.append(
      Member(
        try Thread { [self] in
          do {
            try work()
          } catch {
            lock.lock()
            errors.append(error)
            lock.unlock()
          }
        }))
  }

  func join() throws {
    members = []
    if let error = errors.first { throw error }
  }
}
