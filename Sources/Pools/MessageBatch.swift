internal import Platform

/// Encoded messages that are appended together, one behind the other in one buffer that is used again and again.
///
/// What can be done before the lock is taken is done when a message is added: the copy and its checksum.
public struct MessageBatch: ~Copyable {
  struct Entry {
    var offset: Int
    var length: Int
    var time: UInt64
    var checksum: UInt32
  }

  private var bytes: [UInt8] = []
  private var entries: [Entry] = []

  /// An empty batch.
  public init() {}

  /// How many messages are in it.
  public var count: Int { entries.count }
  /// How many bytes they have together.
  public var byteCount: Int { bytes.count }

  /// Adds a message with the time it is to carry, in nanoseconds since 1970-01-01 UTC.
  public mutating func add(_ document: RawSpan, time: UInt64) {
    document.withUnsafeBytes { source in
      entries.append(
        Entry(offset: bytes.count, length: source.count, time: time, checksum: Processor.crc32c(source)))
      bytes.append(contentsOf: source)
    }
  }

  /// The encoded message at `index`, which must lie below `count`.
  @_lifetime(borrow self)
  public borrowing func document(at index: Int) -> RawSpan {
    let entry = entries[index]
    return bytes.span.bytes.extracting(entry.offset..<entry.offset + entry.length)
  }

  /// The time that the message at `index` carries.
  public borrowing func time(at index: Int) -> UInt64 { entries[index].time }

  /// Takes all messages out and keeps the memory.
  public mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
    entries.removeAll(keepingCapacity: true)
  }

  /// Drops the first `count` messages, those that were appended.
  public mutating func removeFirst(_ count: Int) { entries.removeFirst(count) }

  /// The messages while nothing moves them.
  struct Messages {
    fileprivate let bytes: UnsafeRawBufferPointer
    fileprivate let entries: UnsafeBufferPointer<Entry>

    var count: Int { entries.count }
    func document(_ index: Int) -> UnsafeRawBufferPointer {
      let entry = entries[index]
      return UnsafeRawBufferPointer(rebasing: bytes[entry.offset..<entry.offset + entry.length])
    }
    func checksum(_ index: Int) -> UInt32 { entries[index].checksum }
    func time(_ index: Int) -> UInt64 { entries[index].time }
  }

  borrowing func withMessages<R>(_ body: (Messages) throws(PoolError) -> R) throws(PoolError) -> R {
    try bytes.withUnsafeBufferPointer { (bytes) throws(PoolError) -> R in
      try entries.withUnsafeBufferPointer { (entries) throws(PoolError) -> R in
        try body(Messages(bytes: UnsafeRawBufferPointer(bytes), entries: entries))
      }
    }
  }
}
