/// Where things are in a pool file. Fixed for the life of the file.
public struct PoolGeometry: Equatable, Sendable {
  /// Bytes of the whole file.
  public let fileSize: UInt64
  /// Slots of the index; 0 means no index.
  public let indexCapacity: UInt32
  /// Where the ring begins, in bytes from the start of the file.
  public let ringOffset: UInt64
  /// Bytes of the ring.
  public let ringSize: UInt64

  /// Where the index begins, in bytes from the start of the file.
  public var indexOffset: UInt64 { UInt64(Layout.headerBytes) }
  /// Bytes of the index.
  public var indexBytes: UInt64 { UInt64(indexCapacity) * UInt64(Layout.slotBytes) }
  /// The largest payload that one frame of this ring can hold, in bytes.
  public var payloadLimit: UInt64 {
    let overhead = UInt64(Layout.frameHeaderBytes + Layout.markerBytes)
    return min(ringSize > overhead ? ringSize - overhead : 0, PoolLimits.payloadBytes)
  }

  /// The geometry of a new pool.
  ///
  /// - Parameters:
  ///   - fileSize: Bytes of the whole file, at least 4097.
  ///   - indexCapacity: Slots of the index; nil chooses one slot for every 256 bytes, at most 65,536.
  /// - Throws: `.usage` if header and index leave no ring, or the file is too large to map.
  public init(fileSize: UInt64, indexCapacity: UInt32? = nil) throws(PoolError) {
    guard fileSize <= PoolLimits.fileBytes else {
      throw PoolError(.usage, "pool file is too large", hint: "choose a smaller size")
    }
    let capacity = indexCapacity ?? Self.automaticCapacity(fileSize)
    let ringOffset = UInt64(Layout.headerBytes) + UInt64(capacity) * UInt64(Layout.slotBytes)
    guard fileSize > ringOffset else {
      throw PoolError(
        .usage, "file_size must exceed header and index size",
        hint: "the smallest file with \(capacity) index slots has \(ringOffset + 1) bytes: choose a larger size")
    }
    self.init(fileSize: fileSize, indexCapacity: capacity, ringOffset: ringOffset)
  }

  /// A geometry as somebody tells it, whether or not a file could have it.
  package init(fileSize: UInt64, indexCapacity: UInt32, ringOffset: UInt64, ringSize: UInt64) {
    self.fileSize = fileSize
    self.indexCapacity = indexCapacity
    self.ringOffset = ringOffset
    self.ringSize = ringSize
  }

  init(fileSize: UInt64, indexCapacity: UInt32, ringOffset: UInt64) {
    self.fileSize = fileSize
    self.indexCapacity = indexCapacity
    self.ringOffset = ringOffset
    ringSize = fileSize - ringOffset
  }

  /// The pool format, section 2.4.
  private static func automaticCapacity(_ fileSize: UInt64) -> UInt32 {
    let kept = UInt64(Layout.headerBytes) + Layout.ringBytesToSpare
    let budget = fileSize > kept ? (fileSize - kept) / UInt64(Layout.slotBytes) : 0
    return UInt32(min(fileSize / 256, Layout.maximumSlots, budget))
  }
}

/// The part of the header that changes: which part of the ring is in use.
struct RingState: Equatable {
  /// Where the next frame goes, in bytes from the start of the ring.
  var head: UInt64
  /// Where the oldest frame is.
  var tail: UInt64
  /// Just after the oldest frame; 0 when it ends with the ring.
  var tailNext: UInt64
  /// The sequence at the tail; 0 means there are no messages.
  var oldest: UInt64
  /// The last sequence ever given; 0 means none yet.
  var newest: UInt64

  static let new = RingState(head: 0, tail: 0, tailNext: 0, oldest: 0, newest: 0)

  var isEmpty: Bool { oldest == 0 }
  var bounds: ClosedRange<UInt64>? { isEmpty || oldest > newest ? nil : oldest...newest }

  /// Bytes between tail and head. The pool format, section 2.2.
  func used(in ringSize: UInt64) -> UInt64 {
    if isEmpty { return 0 }
    if head == tail { return ringSize }
    return head > tail ? head - tail : ringSize - (tail - head)
  }

  /// Rows 12 to 15 of the pool format's section 2.3.
  func fault(ringSize: UInt64) -> StaticString? {
    if head >= ringSize || tail >= ringSize || tailNext >= ringSize { return "header offset out of range" }
    if (head | tail | tailNext) % UInt64(Layout.alignment) != 0 { return "header offset not aligned" }
    if oldest != 0, oldest > newest { return "seq bounds inverted" }
    if oldest == 0, head != tail || tailNext != tail { return "empty header offsets mismatch" }
    return nil
  }
}
