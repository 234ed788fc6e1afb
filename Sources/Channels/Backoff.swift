/// How long to wait before the next attempt to reach a peer.
///
/// Each attempt waits a random time between nothing and a ceiling that grows by `factor` up to `maximum`, so that the clients
/// of a server that comes back do not come all at once. Randomness is passed in.
public struct Backoff: Sendable {
  /// The ceiling of the first wait, in nanoseconds.
  public let base: Int64
  /// How much the ceiling grows with each attempt.
  public let factor: Int64
  /// The ceiling that is never exceeded, in nanoseconds.
  public let maximum: Int64
  private var ceiling: Int64

  /// Waits of at most `base`, then `base` times `factor`, and so on up to `maximum`. A factor below 1 counts as 1, a base below
  /// 0 as 0, and a maximum below `base` as `base`.
  public init(base: Int64 = 100_000_000, factor: Int64 = 2, maximum: Int64 = 30_000_000_000) {
    self.base = max(base, 0)
    self.factor = max(factor, 1)
    self.maximum = max(maximum, self.base)
    ceiling = self.base
  }

  /// The time to wait before the next attempt, in nanoseconds: `random` chooses it evenly up to the ceiling, which then grows.
  public mutating func next(random: UInt64) -> Int64 {
    // The ceiling is below 2^63: nothing overflows.
    let wait = Int64(random.multipliedFullWidth(by: UInt64(ceiling) + 1).high)
    let (grown, overflows) = ceiling.multipliedReportingOverflow(by: factor)
    ceiling = overflows ? maximum : min(grown, maximum)
    return wait
  }

  /// Begins anew, after an attempt that succeeded.
  public mutating func reset() {
    ceiling = base
  }
}
