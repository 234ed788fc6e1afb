/// The bounds of this module, in one place.
package enum RemoteLimits {
  /// Bytes of one message as JSON text, and of any other answer.
  ///
  /// A pool takes messages of 256 MiB, whose text may have half as much again: too much to hold for the sake of a server that
  /// may be anybody's. Servers take 1 MiB at a time unless they are told otherwise; this is 64 times that.
  package static let lineBytes = 64 << 20
  /// Bytes of an answer that tells why something did not work.
  static let errorBytes = 1 << 20
  /// Bytes of messages that wait to be taken; one message is always taken in.
  static let waitingBytes = 4 << 20

  /// How long one request for messages may stay open, in milliseconds, unless the server allows less.
  static let sliceMilliseconds: UInt64 = 30_000
  /// What to ask for at least.
  static let shortestSlice: UInt64 = 100
  /// How much longer than asked for a server may be silent, in nanoseconds.
  static let sliceGrace: Int64 = 15_000_000_000
  /// Pauses between attempts, in nanoseconds.
  static let firstPause: Int64 = 50_000_000
  static let longestPause: Int64 = 5_000_000_000
  /// How many attempts in a row may fail for a selection that has an end: six seconds of pauses.
  static let boundedAttempts = 7
  /// How many attempts in a row may break off within the same message.
  static let brokenLines = 5
}
