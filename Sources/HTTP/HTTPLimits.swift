/// What a server puts up with. Each bound says what happens at it.
public struct HTTPLimits: Sendable {
  /// Bytes of a request's head; more is answered 431.
  public var headBytes = 16 << 10
  /// Fields of a request's head; more is answered 431.
  public var headFields = 100
  /// Bytes of a request's body; more is answered 413, before it is read where its length is announced.
  public var bodyBytes = 1 << 20
  /// Bytes of an answer that may wait for a slow peer; a stream's next piece is refused then, a whole answer is taken.
  public var waitingBytes = 256 << 10
  /// Bytes of further requests that are read while one is answered; the peer waits then.
  public var pipelinedBytes = 64 << 10
  /// Connections; the one that was idle longest gives way to a new one, and if none is, the new one is answered 503.
  public var connections = 10_000
  /// Requests of one HTTP/2 connection at a time; more are refused by the protocol.
  public var concurrentStreams: UInt32 = 256

  /// Nanoseconds from a request's first byte, or the connection's beginning, to the end of its head; then 408.
  public var headTime: Int64 = 10_000_000_000
  /// Nanoseconds that a body may stand still; then 408.
  public var bodyIdleTime: Int64 = 30_000_000_000
  /// Nanoseconds that a body may take; then 408.
  public var bodyTime: Int64 = 300_000_000_000
  /// Nanoseconds that a connection may be idle between requests; then it is closed.
  public var idleTime: Int64 = 75_000_000_000
  /// Nanoseconds that an answer may wait without a byte of it being taken; then the connection is reset.
  public var stallTime: Int64 = 60_000_000_000
  /// Nanoseconds that an HTTP/2 connection with open requests may be silent; then its peer is asked whether it is there.
  public var silentTime: Int64 = 30_000_000_000
  /// Nanoseconds within which it has to say so; then the connection is reset.
  public var pingTime: Int64 = 10_000_000_000
  /// Nanoseconds that a connection is read on, and all of it dropped, after an answer that ends it.
  public var lingerTime: Int64 = 2_000_000_000

  /// The usual ones.
  public init() {}
}
