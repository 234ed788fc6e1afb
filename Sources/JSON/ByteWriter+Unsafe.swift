// The only code that touches the writer's memory.
//
// Invariant: `base` points to `capacity + slack` allocated bytes; the first `end` are initialised; `end <= capacity`.
// `reserve(n)` makes `end + n <= capacity` true and returns the address of byte `end`; it stays valid until the next
// call that may grow. The caller initialises what it then passes to `advance`. Stores of up to `slack` bytes behind a
// reservation stay inside the allocation and are not content.

extension ByteWriter {
  static func allocate(_ capacity: Int) -> UnsafeMutableRawPointer {
    UnsafeMutableRawPointer.allocate(byteCount: capacity + slack, alignment: 16)
  }

  /// The bytes written so far.
  @inlinable
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      let span = RawSpan(_unsafeStart: UnsafeRawPointer(base), byteCount: count)
      return _overrideLifetime(span, borrowing: self)
    }
  }

  /// How many bytes behind the content may be read.
  @inlinable
  public var readableBeyond: Int { capacity - count + Self.slack }

  /// Calls `body` with the content as raw memory, valid during the call.
  @inlinable
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try body(UnsafeRawBufferPointer(start: base, count: count))
  }

  /// Lets `body` fill up to `room` bytes behind the content; it returns how many it wrote.
  ///
  /// A count outside `0...room` is clamped.
  @inlinable
  public mutating func appendUninitialized<E: Error>(
    _ room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) {
    let free = UnsafeMutableRawBufferPointer(start: reserve(room), count: room)
    let written = try body(free)
    advance(by: min(max(written, 0), room))
  }

  /// The address of the first byte, valid until the next call that may grow.
  @inlinable @inline(__always)
  package var start: UnsafeRawPointer { UnsafeRawPointer(base) }

  /// Makes room for `n` bytes and returns where they go.
  @inlinable @inline(__always)
  package mutating func reserve(_ n: Int) -> UnsafeMutableRawPointer {
    if n > capacity &- end { grow(by: n) }
    return base + end
  }

  /// Counts `n` bytes that were stored behind the content.
  @inlinable @inline(__always)
  package mutating func advance(by n: Int) {
    end &+= n
  }

  /// Counts everything up to `newEnd` as content.
  @inlinable @inline(__always)
  package mutating func advance(to newEnd: UnsafeMutableRawPointer) {
    end = newEnd - base
  }

  /// Appends `n` bytes from `source`.
  @inlinable @inline(__always)
  package mutating func append(_ source: UnsafeRawPointer, count n: Int) {
    reserve(n).copyMemory(from: source, byteCount: n)
    advance(by: n)
  }

  @usableFromInline @inline(never)
  mutating func grow(by n: Int) {
    let wanted = max(count + n, capacity * 2)
    let larger = Self.allocate(wanted)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Removes the first `n` bytes and moves the rest to the front.
  mutating func removeFirst(_ n: Int) {
    // copyMemory allows the regions to overlap.
    base.copyMemory(from: base + n, byteCount: count - n)
    end -= n
  }
}
