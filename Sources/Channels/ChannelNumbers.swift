/// Which channel numbers are in use: 1 to 65 534, of one engine.
///
/// Numbers begin anywhere, so that those of two engines rarely agree by accident. One that was released rests until 1024
/// others were released after it, so that whoever still means the old channel does not hit a new one; only when nothing else
/// is left, the one that has rested longest is used. Every call is bounded, and allocates nothing.
struct ChannelNumbers: Sendable {
  /// The number of released numbers that rest.
  static let restLimit = 1024
  /// How many channels there can be.
  static let capacity = 65_534

  private static let words = 65_536 / 64

  private var used = [UInt64](repeating: 0, count: words)
  private var resting = [UInt64](repeating: 0, count: words)
  /// The resting numbers, the one that rested longest at `oldest`.
  private var ring = [UInt16](repeating: 0, count: restLimit)
  private var oldest = 0
  private var restCount = 0
  /// How many are in use.
  private(set) var count = 0

  /// All numbers are free.
  init() {
    // Not numbers of channels: 0 means none, 65 535 is kept by the protocol.
    Self.mark(&used, 0)
    Self.mark(&used, .max)
  }

  /// Whether a channel has this number.
  func isInUse(_ number: UInt16) -> Bool {
    number != 0 && number != .max && Self.isMarked(used, number)
  }

  /// Takes the first free number at or behind one that `random` chooses; nil if all are in use.
  mutating func take(random: UInt64) -> UInt16? {
    guard let number = firstFree(from: Int(random % 65_536)) ?? wake() else { return nil }
    Self.mark(&used, number)
    count += 1
    return number
  }

  /// Gives a number back. Returns whether it was in use.
  @discardableResult
  mutating func release(_ number: UInt16) -> Bool {
    guard isInUse(number) else { return false }
    Self.unmark(&used, number)
    count -= 1
    if restCount == Self.restLimit { _ = wake() }
    ring[(oldest + restCount) % Self.restLimit] = number
    restCount += 1
    Self.mark(&resting, number)
    return true
  }

  /// Looks at each word at most once, but at the first one twice: its lower bits come last.
  private func firstFree(from start: Int) -> UInt16? {
    for step in 0...Self.words {
      let word = (start / 64 + step) % Self.words
      var free = ~(used[word] | resting[word])
      if step == 0 { free &= ~0 << UInt64(start % 64) }
      if free != 0 { return UInt16(truncatingIfNeeded: word * 64 + free.trailingZeroBitCount) }
    }
    return nil
  }

  /// Ends the rest of the number that has rested longest.
  private mutating func wake() -> UInt16? {
    if restCount == 0 { return nil }
    let number = ring[oldest]
    oldest = (oldest + 1) % Self.restLimit
    restCount -= 1
    Self.unmark(&resting, number)
    return number
  }

  private static func isMarked(_ bits: [UInt64], _ number: UInt16) -> Bool {
    bits[Int(number / 64)] & 1 << UInt64(number % 64) != 0
  }

  private static func mark(_ bits: inout [UInt64], _ number: UInt16) {
    bits[Int(number / 64)] |= 1 << UInt64(number % 64)
  }

  private static func unmark(_ bits: inout [UInt64], _ number: UInt16) {
    bits[Int(number / 64)] &= ~(1 << UInt64(number % 64))
  }
}
