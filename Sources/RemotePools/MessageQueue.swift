/// Messages on their way from the thread that receives them to the one that takes them: documents one behind the other.
struct MessageQueue {
  struct Entry {
    let sequence: UInt64
    /// Nanoseconds since 1970-01-01 UTC.
    let time: UInt64
    let bytes: Range<Int>
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []
  /// How many of them were taken.
  private var taken = 0

  var isEmpty: Bool { taken == entries.count }
  /// Bytes of all documents, taken ones included.
  var byteCount: Int { bytes.count }

  mutating func add(_ document: RawSpan, sequence: UInt64, time: UInt64) {
    let start = bytes.count
    document.withUnsafeBytes { bytes.append(contentsOf: $0) }
    entries.append(Entry(sequence: sequence, time: time, bytes: start..<bytes.count))
  }

  /// The next one, if there is any; it stays until `takeFirst`.
  var first: Entry? { isEmpty ? nil : entries[taken] }

  /// The document of an entry.
  func withDocument<Value>(of entry: Entry, _ body: (RawSpan) -> Value) -> Value {
    body(bytes.span.bytes.extracting(entry.bytes))
  }

  mutating func takeFirst() { taken += 1 }

  /// Forgets everything, and keeps no more memory than a few messages need.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: bytes.capacity <= RemoteLimits.waitingBytes)
    entries.removeAll(keepingCapacity: true)
    taken = 0
  }
}
