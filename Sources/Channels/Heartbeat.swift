/// Finds out that a peer is gone although its connection does not say so.
///
/// Whatever arrives shows that the peer lives. When nothing has come for `interval`, a ping is due; when `missedLimit` pings in
/// a row have brought nothing within an interval each, the peer counts as lost.
///
/// On the wire a heartbeat is an ordinary signal with the header `~heartbeat:ping`, which a peer of our kind answers with
/// `~heartbeat:pong`. Any other peer sees a signal of that name and may ignore it. Then only its own messages show that it
/// lives: use heartbeats towards peers that answer them, or that have something to say within the time.
///
/// Times are nanoseconds of `Clock.monotonic()`. A check that comes late, on a machine that slept, counts as one
/// missed interval, not as many.
public struct Heartbeat: Sendable {
  /// What a check found.
  public enum Finding: Equatable, Sendable {
    /// Nothing to do until `deadline`.
    case wait
    /// A ping is due.
    case ping
    /// The peer is lost.
    case lost
  }

  /// What a heartbeat says.
  public enum Mark: Sendable {
    case ping
    case pong

    /// What the headers of a signal say; nil if it is no heartbeat.
    public init?(_ headers: borrowing TextHeaders) {
      guard let value = headers.first(named: ReservedHeader.heartbeat) else { return nil }
      if ("ping" as StaticString).isSame(as: value) {
        self = .ping
      } else if ("pong" as StaticString).isSame(as: value) {
        self = .pong
      } else {
        return nil
      }
    }

    /// The text headers of the signal that says it.
    public var headers: StaticString {
      switch self {
      case .ping: "~heartbeat:ping\r\n"
      case .pong: "~heartbeat:pong\r\n"
      }
    }
  }

  /// How long nothing may come before a ping is due, and before it counts as missed, in nanoseconds.
  public let interval: Int64
  /// How many pings may be missed in a row.
  public let missedLimit: UInt32
  /// When to check next, on the clock of `now`. Moves on whenever something is heard, so it may be looked up late.
  public private(set) var deadline: Int64
  private var missed: UInt32 = 0

  /// Begins at `now`, with the peer alive. An interval or limit below 1 counts as 1.
  public init(interval: Int64, missedLimit: UInt32, now: Int64) {
    self.interval = max(interval, 1)
    self.missedLimit = max(missedLimit, 1)
    deadline = 0
    restart(now)
  }

  /// Something came from the peer.
  public mutating func heard(at now: Int64) {
    missed = 0
    restart(now)
  }

  /// What is to be done at `now`. After `lost` the next findings are the same.
  public mutating func check(at now: Int64) -> Finding {
    if now < deadline { return .wait }
    if missed >= missedLimit { return .lost }
    missed += 1
    restart(now)
    return .ping
  }

  private mutating func restart(_ now: Int64) {
    let (sum, overflows) = now.addingReportingOverflow(interval)
    deadline = overflows ? .max : sum
  }
}
