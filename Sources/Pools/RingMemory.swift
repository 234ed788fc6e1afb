internal import Platform

/// The ring, index and header of a mapped pool, as typed reads and writes.
///
/// Unsafe by nature: other processes map the same bytes. What keeps it sound:
///  - `base` covers `geometry.fileSize` bytes for the life of the `Pool` that owns it, and the geometry was checked against
///    the file's length before this value was made;
///  - every offset that comes out of the file is compared with `geometry` before it is used, here;
///  - callers hold the file's lock (shared to look, exclusive to write), so that no writer moves while they do.
struct RingMemory {
  let base: UnsafeMutableRawPointer
  let geometry: PoolGeometry

  var ring: UnsafeMutableRawPointer { base + Int(geometry.ringOffset) }
  var ringSize: UInt64 { geometry.ringSize }

  // MARK: header

  var state: RingState {
    RingState(
      head: base.relaxedWord(at: Layout.Header.head), tail: base.relaxedWord(at: Layout.Header.tail),
      tailNext: base.relaxedWord(at: Layout.Header.tailNext), oldest: base.relaxedWord(at: Layout.Header.oldest),
      newest: base.relaxedWord(at: Layout.Header.newest))
  }

  /// Stores the changing fields in the order of their offsets, after everything written before.
  func publish(_ state: RingState) {
    base.releaseWord(state.head, at: Layout.Header.head)
    base.releaseWord(state.tail, at: Layout.Header.tail)
    base.releaseWord(state.tailNext, at: Layout.Header.tailNext)
    base.releaseWord(state.oldest, at: Layout.Header.oldest)
    base.releaseWord(state.newest, at: Layout.Header.newest)
  }

  /// Stores what an eviction changes, in the order of the offsets.
  func publishEviction(_ state: RingState) {
    base.releaseWord(state.tail, at: Layout.Header.tail)
    base.releaseWord(state.tailNext, at: Layout.Header.tailNext)
    base.releaseWord(state.oldest, at: Layout.Header.oldest)
  }

  // MARK: frames

  /// The frame check of the pool format's section 6.1, except for the checksum.
  @inline(__always)
  func look(at offset: UInt64) -> Sighting {
    let size = geometry.ringSize
    let headerBytes = UInt64(Layout.frameHeaderBytes)
    guard offset < size, size - offset >= headerBytes else { return .wrap }
    let frame = ring + Int(offset)
    let start = frame.loadUnaligned(as: SIMD4<UInt32>.self)
    guard start[0] == Layout.frameMagic else { return .damaged(.magic) }
    guard start[1] == FrameState.committed.rawValue else {
      if start[1] == FrameState.wrap.rawValue { return .wrap }
      return .damaged(start[1] > FrameState.wrap.rawValue ? .state : .uncommitted)
    }
    guard start[3] == UInt32(Layout.frameHeaderBytes) else { return .damaged(.headerLength) }
    let length = frame.loadUnaligned(fromByteOffset: Layout.Frame.payloadLength, as: UInt32.self)
    let inverted = frame.loadUnaligned(fromByteOffset: Layout.Frame.invertedLength, as: UInt32.self)
    guard length ^ inverted == .max else { return .damaged(.invertedLength) }
    guard UInt64(length) <= geometry.payloadLimit else { return .damaged(.tooLong) }
    let total = FrameRules.length(payload: UInt64(length))
    guard size - offset >= total else { return .damaged(.beyondRing) }
    let marker = frame.loadUnaligned(fromByteOffset: Layout.frameHeaderBytes + Int(length), as: UInt64.self)
    guard marker == Layout.commitMarker else { return .damaged(.noMarker) }
    let next = offset + total
    return .frame(
      FrameRecord(
        offset: offset, sequence: frame.loadUnaligned(fromByteOffset: Layout.Frame.sequence, as: UInt64.self),
        time: frame.loadUnaligned(fromByteOffset: Layout.Frame.time, as: UInt64.self), flags: start[2],
        payloadLength: length,
        checksum: frame.loadUnaligned(fromByteOffset: Layout.Frame.checksum, as: UInt32.self),
        next: next == size ? 0 : next))
  }

  /// Asks the processor for the first bytes of what is at `offset`.
  func prefetch(_ offset: UInt64) {
    guard offset < ringSize else { return }
    Processor.prefetch(ring + Int(offset))
  }

  /// The payload of a frame that `look` found.
  func payload(of frame: FrameRecord) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: ring + Int(frame.offset) + Layout.frameHeaderBytes, count: Int(frame.payloadLength))
  }

  /// Whether the frame carries no checksum, or the right one.
  @inline(__always)
  func checksumHolds(_ frame: FrameRecord) -> Bool {
    frame.checksum == 0
      || frame.checksum
        == Checksum.frame(
          payload: Processor.crc32c(payload(of: frame)), sequence: frame.sequence, time: frame.time,
          length: frame.payloadLength)
  }

  /// Sequence and state of a frame header that may be unfinished; nil if there is no frame header.
  func stray(at offset: UInt64) -> (sequence: UInt64, state: FrameState)? {
    guard offset < ringSize, ringSize - offset >= UInt64(Layout.frameHeaderBytes) else { return nil }
    let frame = ring + Int(offset)
    guard frame.loadUnaligned(as: UInt32.self) == Layout.frameMagic,
      let state = FrameState(rawValue: frame.loadUnaligned(fromByteOffset: Layout.Frame.state, as: UInt32.self))
    else { return nil }
    return (frame.loadUnaligned(fromByteOffset: Layout.Frame.sequence, as: UInt64.self), state)
  }

  /// Whether the header of a frame of this sequence, finished or not, stands at `offset`.
  @inline(__always)
  func holds(_ sequence: UInt64, at offset: UInt64) -> Bool {
    guard offset < ringSize, ringSize - offset >= UInt64(Layout.frameHeaderBytes) else { return false }
    let frame = ring + Int(offset)
    return frame.loadUnaligned(fromByteOffset: Layout.Frame.sequence, as: UInt64.self) == sequence
      && frame.loadUnaligned(as: UInt32.self) == Layout.frameMagic
  }

  /// Writes a frame header; every byte of its 64.
  func writeHeader(
    at offset: UInt64, state: FrameState, sequence: UInt64, time: UInt64, length: UInt32, checksum: UInt32
  ) {
    let frame = ring + Int(offset)
    frame.storeBytes(
      of: SIMD4<UInt32>(Layout.frameMagic, state.rawValue, 0, UInt32(Layout.frameHeaderBytes)),
      as: SIMD4<UInt32>.self)
    frame.storeBytes(of: SIMD2<UInt64>(sequence, time), toByteOffset: 16, as: SIMD2<UInt64>.self)
    frame.storeBytes(of: SIMD4<UInt32>(length, ~length, checksum, 0), toByteOffset: 32, as: SIMD4<UInt32>.self)
    frame.storeBytes(of: SIMD2<UInt64>(0, 0), toByteOffset: 48, as: SIMD2<UInt64>.self)
  }

  /// Writes payload and commit marker behind the header at `offset`.
  func writeBody(at offset: UInt64, _ payload: UnsafeRawBufferPointer) {
    let body = ring + Int(offset) + Layout.frameHeaderBytes
    if let source = payload.baseAddress { body.copyMemory(from: source, byteCount: payload.count) }
    body.storeBytes(of: Layout.commitMarker, toByteOffset: payload.count, as: UInt64.self)
  }

  /// Turns the frame at `offset` from writing to committed, after everything written before.
  func commit(at offset: UInt64) {
    ring.releaseHalfWord(FrameState.committed.rawValue, at: Int(offset) + Layout.Frame.state)
  }

  // MARK: index

  /// Where the index believes `sequence` to be: a hint and nothing else.
  func indexHint(_ sequence: UInt64) -> UInt64? {
    guard geometry.indexCapacity > 0 else { return nil }
    let slot = indexSlot(sequence)
    guard base.relaxedWord(at: slot) == sequence else { return nil }
    let offset = base.relaxedWord(at: slot + 8)
    return offset < ringSize && offset % UInt64(Layout.alignment) == 0 ? offset : nil
  }

  /// Notes where `sequence` is.
  func writeIndex(_ sequence: UInt64, offset: UInt64) {
    guard geometry.indexCapacity > 0 else { return }
    let slot = indexSlot(sequence)
    base.storeBytes(of: sequence, toByteOffset: slot, as: UInt64.self)
    base.storeBytes(of: offset, toByteOffset: slot + 8, as: UInt64.self)
  }

  /// The byte offset of the slot of `sequence`.
  func indexSlot(_ sequence: UInt64) -> Int {
    Layout.headerBytes + Int(sequence % UInt64(geometry.indexCapacity)) * Layout.slotBytes
  }
}

/// The checksum of a frame: CRC-32C of the payload, continued over sequence, time and length. Processes that compute none
/// leave 0, so a sum of 0 is written as all ones.
enum Checksum {
  @inline(__always)
  static func frame(payload: UInt32, sequence: UInt64, time: UInt64, length: UInt32) -> UInt32 {
    var fields = (sequence, time, UInt64(length))
    let sum = withUnsafeBytes(of: &fields) {
      Processor.crc32c(UnsafeRawBufferPointer(rebasing: $0[..<Layout.Frame.checkedFields.count]), after: payload)
    }
    return sum == 0 ? .max : sum
  }
}
