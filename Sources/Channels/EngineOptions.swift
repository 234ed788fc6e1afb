public import Reactor

/// The bounds and habits of an engine. Times are nanoseconds.
public struct EngineOptions: Sendable {
  /// Messages that are made beforehand.
  public var initialMessages = 16
  /// Messages that may be out at once: held by the application, waiting in mailboxes, or being received. When all are out,
  /// reading pauses until one comes back. Each channel in the middle of receiving a frame holds one.
  public var maximumMessages = 4096
  /// Bytes that may wait to be sent on one channel. One message is always taken when nothing waits.
  public var sendQueueBytes = 4 << 20
  /// Channels that may be open at once, listeners included; at most 65,534. Connections beyond are closed at once.
  public var maximumChannels = 65_534
  /// Connections that were accepted and have not said hello. When there are more, the oldest is closed.
  public var maximumUngreeted = 4096
  /// Connections that the system keeps waiting for a listener.
  public var backlog: UInt32 = 1024
  /// How long connecting may take, name resolution and TLS included.
  public var connectTimeout: Int64 = 30_000_000_000
  /// How long a connection may take to say hello.
  public var helloTimeout: Int64 = 10_000_000_000
  /// How long a peer may take to close after the answer to its bye.
  public var hangUpTimeout: Int64 = 5_000_000_000
  /// Looks after peers that vanish without a word; nil for no heartbeats.
  public var heartbeat: HeartbeatOptions?
  /// For `tls` addresses to connect to; nil refuses them.
  public var secureClient: SecureContext?
  /// For `tls` addresses to listen on; nil refuses them.
  public var secureServer: SecureContext?
  /// Whether the engine has a thread of its own. Without one, everything happens inside `receive`, and in nothing but one
  /// thread: for simulations.
  public var hasThread = true
  /// Nil chooses channel numbers at random; anything else repeats them, for simulations.
  public var seed: UInt64?

  /// The defaults.
  public init() {}
}

/// How an engine looks after silent peers.
public struct HeartbeatOptions: Sendable {
  /// A ping is sent when nothing came for so many nanoseconds.
  public var interval: Int64
  /// After so many pings without a sign of life the channel is closed.
  public var missedLimit: UInt32

  /// A ping after `interval` nanoseconds of silence; the end after `missedLimit` of them.
  public init(interval: Int64 = 5_000_000_000, missedLimit: UInt32 = 3) {
    self.interval = interval
    self.missedLimit = missedLimit
  }
}
