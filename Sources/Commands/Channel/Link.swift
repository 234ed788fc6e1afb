internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform
internal import Reactor

/// Why a command on a link ends before it is done.
enum Interruption: Error {
  case failed(CommandError)
  /// The process was asked to stop.
  case stopped(StopRequests.Reason)
  /// The channel is over.
  case ended(Ending)
  /// The peer did not do in time what the sentence says.
  case late(String)
}

/// Runs `body`; a stop request becomes the exit code that says so.
func untilStopped(
  _ address: ChannelAddress, _ body: () throws(Interruption) -> ExitCode
) throws(CommandError) -> ExitCode {
  do throws(Interruption) {
    return try body()
  } catch {
    switch error {
    case .failed(let error): throw error
    case .stopped(let reason): return Stopping.code(reason)
    case .ended(let ending): throw .failed(ending.failure(address))
    case .late(let message):
      throw .failed(
        Failure(
          .timedOut, message, hint: "See whether the other side still works, or give a longer --timeout.",
          address: address.text))
    }
  }
}

/// The side that connects: an engine with one channel to one address, opened again as often as wanted.
final class Link {
  let address: ChannelAddress
  let engine: Engine
  let group: ChannelGroup
  /// The channel that is open, or was last.
  private(set) var channel: UInt16 = 0
  private let hello: [Header]

  init(_ address: ChannelAddress, hello: [Header], secure: SecureContext?) throws(CommandError) {
    self.address = address
    self.hello = hello
    var options = EngineOptions()
    options.secureClient = secure
    try Stopping.begin()
    engine = try conversing(address.text) { () throws(ChannelError) in try Engine(options) }
    let engine = engine
    group = try conversing(address.text) { () throws(ChannelError) in try engine.makeGroup() }
    try Wakener.begin(group)
  }

  deinit { engine.shutDown() }

  /// The next message; nil at the deadline.
  func receive(until deadline: Deadline) throws(Interruption) -> Message? {
    if let reason = StopRequests.requested { throw .stopped(reason) }
    return try receiveAnyway(until: deadline)
  }

  /// The same after a stop request, while things are put away.
  func receiveAnyway(until deadline: Deadline) throws(Interruption) -> Message? {
    do throws(ChannelError) { return try group.receive(until: deadline) } catch { throw failed(error) }
  }

  /// Connects and waits for the peer's answer to the hello.
  func open(until deadline: Deadline) throws(Interruption) {
    try connect()
    while let message = try receive(until: deadline) {
      guard message.channel == channel else { continue }
      switch Arrival(message) {
      case .greeting: return
      case .closed(let ending): throw .ended(ending)
      case .bye: answerBye(message)
      default: continue
      }
    }
    _ = try? group.closeAtOnce(channel)
    throw .late("the peer did not answer the hello in time")
  }

  private func connect() throws(Interruption) {
    do throws(ChannelError) {
      var message = engine.makeMessage(.helloRequest)
      try message.append(hello)
      channel = try group.connect(to: address, with: message).channel
    } catch {
      throw failed(error)
    }
  }

  /// Agrees to the peer's bye. It may be too late for that, which is no matter.
  func answerBye(_ message: consuming Message) {
    message.removeHeaders()
    message.removeBody()
    _ = try? group.reply(message)
  }

  /// Says bye and waits until the peer has answered.
  func close(until deadline: Deadline) throws(Interruption) {
    do throws(ChannelError) { try group.sayBye(on: channel) } catch { if error.kind != .closed { throw failed(error) } }
    try awaitBye(until: deadline)
  }

  /// Waits until the peer has answered the bye that was said.
  func awaitBye(until deadline: Deadline) throws(Interruption) {
    var isAnswered = false
    while let message = try receiveAnyway(until: deadline) {
      guard message.channel == channel else { continue }
      switch Arrival(message) {
      case .byeAnswer: isAnswered = true
      case .bye: answerBye(message)
      case .closed(let ending):
        if isAnswered { return }
        throw .ended(ending)
      default: continue
      }
    }
    throw .late("the peer did not answer the bye in time")
  }

  func failed(_ error: ChannelError) -> Interruption { .failed(.failed(Failure(error, address: address.text))) }
}

/// How long things may take, as `--timeout` says.
enum Patience {
  /// In nanoseconds.
  static let ordinary: UInt64 = 30_000_000_000
  /// Of a listener that has enough, with peers that are about to say bye.
  static let ofHost: UInt64 = 1_000_000_000
  /// For putting things away after a stop request, which may take ten seconds in all.
  static let atTheEnd: UInt64 = 5_000_000_000
}

extension Deadline {
  static func after(_ nanoseconds: UInt64) -> Deadline { .after(nanoseconds: Int64(clamping: nanoseconds)) }
}
