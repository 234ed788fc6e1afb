/// Bytes that grow at the end and are used again and again.
///
/// Text output is built here: `removeAll()` keeps the memory, so a loop that writes message after message allocates
/// nothing once the largest was seen. What needs raw memory is in `ByteWriter+Unsafe.swift`.
public struct ByteWriter: ~Copyable {
  /// Writable and readable bytes kept behind `capacity`, so that fast paths may store or load whole words past the end
  /// and a parser finds its padding.
  @usableFromInline static var slack: Int { 64 }

  @usableFromInline var base: UnsafeMutableRawPointer
  @usableFromInline var capacity: Int

  @usableFromInline var end: Int

  /// The number of bytes written.
  @inlinable
  public var count: Int { end }

  /// Makes an empty writer.
  ///
  /// - Parameter capacity: bytes it can hold before it grows.
  public init(capacity: Int = 256) {
    self.capacity = max(capacity, 64)
    self.end = 0
    self.base = Self.allocate(self.capacity)
  }

  deinit {
    base.deallocate()
  }

  /// Whether nothing was written.
  @inlinable
  public var isEmpty: Bool { end == 0 }

  /// Forgets the content and keeps the memory.
  public mutating func removeAll() {
    end = 0
  }

  /// Forgets what was written after the first `newCount` bytes; does nothing if there are fewer.
  public mutating func truncate(to newCount: Int) {
    end = min(end, max(newCount, 0))
  }

  /// Gives memory back if more than `limit` bytes are held, and forgets the content then.
  ///
  /// For writers that live long: one huge message should not hold its memory for ever.
  public mutating func shrink(above limit: Int) {
    guard capacity > limit else { return }
    base.deallocate()
    capacity = max(limit, 64)
    end = 0
    base = Self.allocate(capacity)
  }

  /// Appends one byte.
  @inlinable
  public mutating func append(_ byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
    advance(by: 1)
  }

  /// Appends the UTF-8 bytes of a literal.
  @inlinable
  public mutating func append(_ text: StaticString) {
    append(UnsafeRawPointer(text.utf8Start), count: text.utf8CodeUnitCount)
  }

  /// Appends bytes.
  public mutating func append(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress {
        append(start, count: source.count)
      }
    }
  }

  /// Appends the UTF-8 bytes of a string.
  public mutating func append(string text: String) {
    for byte in text.utf8 {
      append(byte)
    }
  }
}
