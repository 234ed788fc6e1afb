public import Platform
public import Reactor

/// An engine: one thread that talks to all peers, and what is shared between the groups of channels on it.
///
///     let engine = try Engine()
///     let group = try engine.makeGroup()
///     try group.listen(at: ChannelAddress("tcp://127.0.0.1:7099", for: .listening))
///     while let message = try group.receive() { … }
///
/// Everything may be called from any thread. Channels, and what waits in groups, end with the engine: call `shutDown`, or drop
/// the engine and every group of it, which closes at once.
public final class Engine: Sendable {
  let core: EngineCore

  /// An engine that runs.
  ///
  /// - Parameter network: The world it lives in; the operating system's unless a simulation gives its own.
  public init(_ options: EngineOptions = EngineOptions(), network: Network? = nil) throws(ChannelError) {
    do throws(SystemError) {
      core = try EngineCore(options, network)
    } catch {
      throw ChannelError(error, "cannot start an engine")
    }
  }

  deinit { core.shutDown(drainingUntil: nil) }

  /// A new group, with a mailbox of its own.
  public func makeGroup() throws(ChannelError) -> ChannelGroup { ChannelGroup(self, try core.makeMailbox()) }

  /// Where a new message comes from when the pool has none left.
  public enum Strategy: Sendable {
    /// None is given: whoever asks has to wait until others are dropped.
    case pooled
    /// One more is made, beside the pool's bound.
    case always
  }

  /// An empty message: a signal without channel, headers and body. Nil if the pool has none left and `strategy` is `pooled`.
  public func makeMessage(_ strategy: Strategy = .always) -> Message? {
    switch strategy {
    case .always: return Message(core.pool.takeAlways())
    case .pooled:
      guard let node = core.pool.take() else { return nil }
      return Message(node)
    }
  }

  /// An empty message for this operation and channel, made beside the pool's bound if need be.
  public func makeMessage(_ opCode: OpCode, channel: UInt16 = 0, id: UInt64 = 0) -> Message {
    var message = Message(core.pool.takeAlways())
    message.opCode = opCode
    message.channel = channel
    message.id = id
    return message
  }

  /// Messages that are out: held by the application, waiting in mailboxes and queues, or being received.
  public var messagesOutside: Int { core.pool.outside }

  /// How many channels are open, listeners included.
  public var channelCount: Int { core.channelCount }

  /// Closes every channel and wakes every receiver, which then gets `.shuttingDown`. Does nothing the second time.
  ///
  /// - Parameter deadline: Until when to wait for what is still to be sent; nil drops it. Peers see the end of the stream.
  public func shutDown(drainingUntil deadline: Deadline? = nil) { core.shutDown(drainingUntil: deadline) }

  /// The event loop, for simulations that run it themselves.
  package var loop: EventLoop { core.loop }
}
