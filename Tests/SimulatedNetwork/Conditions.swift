/// How a simulated network treats what travels on it. Times are nanoseconds of virtual time.
package struct Conditions {
  /// How long one segment travels. What is sent later never arrives earlier.
  package var latency: ClosedRange<Int64> = 50_000...2_000_000
  /// Bytes that one direction of a connection holds, on the way and unread together.
  package var bufferBytes = 64 << 10
  /// How many of a thousand reads and writes move less than they could.
  package var shortPerMille: UInt64 = 250
  /// How many of a thousand waits report only some of what is ready.
  package var partialWaitPerMille: UInt64 = 100
  /// How many of a thousand arriving segments break their connection instead.
  package var resetPerMille: UInt64 = 0
  /// After how long a connect that nobody answers fails.
  package var connectTimeout: Int64 = 10_000_000_000
  /// After how long an unanswered connect knocks again.
  package var knockInterval: Int64 = 1_000_000_000

  package init() {}

  /// A network that never cuts a transfer short.
  package static var smooth: Conditions {
    var conditions = Conditions()
    conditions.shortPerMille = 0
    conditions.partialWaitPerMille = 0
    return conditions
  }
}
