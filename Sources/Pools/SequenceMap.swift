/// Where messages are, for fetches that the file's index does not cover. Kept by one process, built as it looks.
///
/// Notes the offset of every fourth sequence of a range it has walked, so that any message of that range is at most three
/// frames away. An entry is a hint: the frame found there proves itself by its sequence.
struct SequenceMap {
  static let stride: UInt64 = 4

  private struct Anchor {
    var key: UInt64
    var offset: UInt64
  }
  private var anchors: [Anchor] = []
  /// The sequences that were walked.
  private(set) var walked: ClosedRange<UInt64>?

  /// Makes room for the anchors of `retained` messages.
  mutating func reserve(_ retained: UInt64) {
    let needed = Int(retained / Self.stride) + 2
    if anchors.count >= needed { return }
    var capacity = max(64, anchors.count)
    while capacity < needed { capacity *= 2 }
    let old = anchors
    anchors = [Anchor](repeating: Anchor(key: .max, offset: 0), count: capacity)
    for anchor in old where anchor.key != .max { anchors[slot(anchor.key)] = anchor }
  }

  /// Notes where `sequence` is, during a walk upwards.
  mutating func note(_ sequence: UInt64, at offset: UInt64) {
    if sequence % Self.stride == 0, !anchors.isEmpty {
      let key = sequence / Self.stride
      anchors[slot(key)] = Anchor(key: key, offset: offset)
    }
    if let range = walked, sequence >= range.lowerBound, sequence <= range.upperBound &+ 1 {
      walked = range.lowerBound...max(range.upperBound, sequence)
    } else {
      walked = sequence...sequence
    }
  }

  /// The nearest noted place at or below `sequence`, not below `oldest`.
  func anchor(atOrBelow sequence: UInt64, oldest: UInt64) -> (sequence: UInt64, offset: UInt64)? {
    guard !anchors.isEmpty, let walked else { return nil }
    let key = min(sequence, walked.upperBound) / Self.stride
    let anchor = anchors[slot(key)]
    guard anchor.key == key, key * Self.stride >= oldest else { return nil }
    return (key * Self.stride, anchor.offset)
  }

  private func slot(_ key: UInt64) -> Int { Int(key & UInt64(anchors.count - 1)) }
}
