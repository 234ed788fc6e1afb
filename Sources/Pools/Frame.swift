/// One message in the ring, to look at while the pool's lock is held. It cannot be kept: copy what is wanted.
public struct Frame: ~Escapable {
  /// The message's number in its pool.
  public let sequence: UInt64
  /// When it was appended, in nanoseconds since 1970-01-01 UTC, as its writer believed.
  public let time: UInt64
  /// The flags of the frame; 0 today.
  public let flags: UInt32
  /// The encoded document.
  public let payload: RawSpan

  @_lifetime(copy payload)
  @inline(__always)
  init(_ record: FrameRecord, payload: RawSpan) {
    sequence = record.sequence
    time = record.time
    flags = record.flags
    self.payload = payload
  }
}

extension RingMemory {
  /// Hands a frame to `body`. The bytes stay what they are while the caller holds the file's lock, and `body` cannot keep
  /// them.
  @inline(__always)
  func pass<R>(_ record: FrameRecord, to body: (borrowing Frame) -> R) -> R {
    let bytes = payload(of: record)
    return body(Frame(record, payload: bytes.bytes))
  }
}
