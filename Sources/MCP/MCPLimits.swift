/// The bounds of this module, in one place. See `Documentation/mcp.md`.
public enum MCPLimits {
  /// Bytes of one message of a client.
  public static let messageBytes = 16 << 20
  /// The most messages that one call returns.
  public static let messages: UInt64 = 200
  /// How many messages a call returns that does not say.
  public static let usualMessages: UInt64 = 20
  /// Bytes of messages in one result; a single message may be larger. A result ends early, at a whole message, to stay within.
  public static let resultBytes = 8 << 20
  /// The longest wait, in milliseconds.
  public static let waitMilliseconds: UInt64 = 60_000
  /// How long a call waits that does not say, in milliseconds.
  public static let usualWaitMilliseconds: UInt64 = 10_000
  /// The most tags of one call: looking for them holds up the writers of a pool.
  public static let tags = 256
  /// Pools that stay open between calls.
  public static let keptPools = 64
  /// How long a pool stays open that nobody calls for, in nanoseconds.
  public static let keptTime: Int64 = 60_000_000_000
  /// Bytes of a client's own words that an error repeats.
  public static let repeatedBytes = 256
}

/// A moment on both of the machine's clocks, so that nothing here looks at them.
public struct MCPMoment: Sendable {
  /// Nanoseconds since 1970-01-01 UTC.
  public var wall: UInt64
  /// Nanoseconds of the clock that never goes back.
  public var monotonic: Int64

  /// The moment that is these two.
  public init(wall: UInt64, monotonic: Int64) {
    self.wall = wall
    self.monotonic = monotonic
  }
}
