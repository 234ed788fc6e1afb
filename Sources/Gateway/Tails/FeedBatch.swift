internal import Documents
internal import HTTP
internal import JSON
internal import Lite3
internal import Pools

/// Messages that were read from a pool together, and what they look like to those who wait for them. One thread.
///
/// Each layout is made once, when the first tail asks for it, and shared by all that want the same messages.
final class FeedBatch {
  struct Entry {
    let sequence: UInt64
    let time: UInt64
    let bytes: Range<Int>
  }

  /// A message that cannot be shown.
  struct Fault: Error {
    let error: Lite3Error
    let sequence: UInt64
  }

  private(set) var entries: [Entry] = []
  private var bytes: [UInt8] = []
  @exclusivity(unchecked) private var writer = Lite3JSONWriter()
  @exclusivity(unchecked) private var text = ByteWriter(capacity: 4096)
  /// By format: the piece of all entries.
  private var whole: [StreamPiece?] = Array(repeating: nil, count: TailFormat.allCases.count)

  /// Forgets what was read; memory is kept.
  func removeAll() {
    entries.removeAll(keepingCapacity: true)
    bytes.removeAll(keepingCapacity: bytes.capacity <= 2 << 20)
    for index in whole.indices { whole[index] = nil }
    text.shrink(above: 2 << 20)
  }

  /// Adds a copy of a message.
  func add(_ frame: borrowing Frame) {
    let start = bytes.count
    frame.payload.withUnsafeBytes { bytes.append(contentsOf: $0) }
    entries.append(Entry(sequence: frame.sequence, time: frame.time, bytes: start..<bytes.count))
  }

  /// The messages from `first` on that pass the filter, at most `limit`; nil if there are none. `count` is how many they are,
  /// `last` the last sequence that was looked at.
  func piece(
    _ format: TailFormat, from first: UInt64, _ filter: TagFilter?, limit: UInt64
  ) throws(Fault) -> (piece: StreamPiece?, count: UInt64, last: UInt64) {
    guard let newest = entries.last else { return (nil, 0, 0) }
    let isWhole = filter == nil && entries[0].sequence >= first && limit >= UInt64(entries.count)
    if isWhole, let piece = whole[Int(format.rawValue)] { return (piece, UInt64(entries.count), newest.sequence) }
    text.removeAll()
    let bytes = self.bytes
    var count: UInt64 = 0
    var last: UInt64 = 0
    for entry in entries where entry.sequence >= first && count < limit {
      last = entry.sequence
      let payload = bytes.span.bytes.extracting(entry.bytes)
      do throws(Lite3Error) {
        if let filter, try !filter.passes(payload) { continue }
        try format.append(payload, sequence: entry.sequence, time: entry.time, &writer, to: &text)
      } catch {
        throw Fault(error: error, sequence: entry.sequence)
      }
      count += 1
    }
    guard count > 0 else { return (nil, 0, last) }
    let piece = text.withUnsafeBytes { StreamPiece($0) }
    if isWhole { whole[Int(format.rawValue)] = piece }
    return (piece, count, last)
  }
}
