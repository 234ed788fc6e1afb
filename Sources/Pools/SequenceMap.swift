/// Where messages are, for fetches that the file's index does not cover. Kept by one process, built as it looks: eight bytes
/// for each message of the range that was walked.
///
/// An entry is a hint: the frame found there proves itself by its sequence.
struct SequenceMap {
  private static let unknown = UInt64.max

  private var offsets: [UInt64] = []
  /// The newest sequence of the last walk: where the next one goes on.
  private var walked: UInt64 = 0

  /// Makes room for `retained` messages at a time.
  mutating func reserve(_ retained: UInt64) {
    if offsets.count > retained { return }
    var capacity = max(256, offsets.count)
    while capacity <= retained { capacity *= 2 }
    offsets = [UInt64](repeating: Self.unknown, count: capacity)
    walked = 0
  }

  /// Notes where `sequence` is.
  mutating func note(_ sequence: UInt64, at offset: UInt64) {
    if offsets.isEmpty { return }
    offsets[slot(sequence)] = offset
    walked = sequence
  }

  /// Where `sequence` may be.
  func hint(_ sequence: UInt64) -> UInt64? {
    if offsets.isEmpty { return nil }
    let offset = offsets[slot(sequence)]
    return offset == Self.unknown ? nil : offset
  }

  /// Where the last walk ended, if that is on the way from `oldest` up to `sequence`.
  func waypoint(to sequence: UInt64, from oldest: UInt64) -> (sequence: UInt64, offset: UInt64)? {
    guard walked >= oldest, walked <= sequence, let offset = hint(walked) else { return nil }
    return (walked, offset)
  }

  private func slot(_ sequence: UInt64) -> Int { Int(sequence & UInt64(offsets.count - 1)) }
}
