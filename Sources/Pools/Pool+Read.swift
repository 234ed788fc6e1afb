internal import Platform

extension Pool {
  /// The first and the last sequence that are retained; nil if there are none.
  ///
  /// - Throws: `.notFound` if the pool was deleted or replaced, `.corrupt`, `.io`.
  public func bounds() throws(PoolError) -> ClosedRange<UInt64>? {
    try reading { (state) throws(PoolError) in state.bounds }
  }

  /// Passes one message to `body`, which looks at it, or copies it, and must not block: writers wait for it.
  ///
  /// - Complexity: One look at the index; for sequences that it does not cover, a walk the first time and one look in a map
  ///   of this process later on.
  /// - Throws: `.notFound` if it is not retained, `.corrupt` if its bytes fail their check, `.io`.
  public func withMessage<R>(_ sequence: UInt64, _ body: (borrowing Frame) -> R) throws(PoolError) -> R {
    try reading(sequence) { (state) throws(PoolError) -> R in
      guard let bounds = state.bounds, bounds.contains(sequence) else {
        throw PoolError(
          .notFound, "message not found",
          hint: state.bounds.map { "this pool holds \($0.lowerBound) to \($0.upperBound)" } ?? "this pool is empty",
          sequence: sequence)
      }
      let frame = try locate(sequence, state)
      guard memory.checksumHolds(frame) else { throw malformed(frame, .checksum) }
      return memory.pass(frame, to: body)
    }
  }

  /// Finds the frame of a retained sequence. The caller holds the lock.
  func locate(_ sequence: UInt64, _ state: RingState) throws(PoolError) -> FrameRecord {
    if let frame = frame(memory.indexHint(sequence), holds: sequence) { return frame }
    if let frame = frame(positions.hint(sequence), holds: sequence) { return frame }
    // A header may claim any number of messages; the ring holds no more than this.
    let most = geometry.ringSize / UInt64(Layout.frameHeaderBytes + Layout.markerBytes)
    positions.reserve(min(state.newest - state.oldest, most))
    var offset = state.tail
    var expected = state.oldest
    if let waypoint = positions.waypoint(to: sequence, from: state.oldest),
      case .frame(let frame) = memory.look(at: waypoint.offset), frame.sequence == waypoint.sequence
    {
      (offset, expected) = (waypoint.offset, waypoint.sequence)
    }
    while true {
      let frame = try frame(at: offset, expecting: expected)
      positions.note(expected, at: frame.offset)
      if expected == sequence { return frame }
      expected += 1
      offset = frame.next
    }
  }

  @inline(__always)
  private func frame(_ hint: UInt64?, holds sequence: UInt64) -> FrameRecord? {
    guard let hint, case .frame(let frame) = memory.look(at: hint), frame.sequence == sequence else { return nil }
    return frame
  }

  /// The frame at `offset`, or at 0 after a wrap, which must be `expected`.
  @inline(__always)
  func frame(at offset: UInt64, expecting expected: UInt64) throws(PoolError) -> FrameRecord {
    var sighting = memory.look(at: offset)
    if case .wrap = sighting, offset != 0 { sighting = memory.look(at: 0) }
    switch sighting {
    case .frame(let frame):
      guard frame.sequence == expected else { throw malformed(frame, .sequence) }
      return frame
    case .wrap: throw malformed(expected, offset, .state)
    case .damaged(let damage): throw malformed(expected, offset, damage)
    }
  }

  func malformed(_ frame: FrameRecord, _ damage: FrameDamage) -> PoolError {
    malformed(frame.sequence, frame.offset, damage)
  }

  private func malformed(_ sequence: UInt64, _ offset: UInt64, _ damage: FrameDamage) -> PoolError {
    corrupt(
      "malformed frame in the retained ring", sequence: sequence, offset: offset, cause: damage.message.text)
  }
}

/// What a pool holds, and how full it is.
public struct PoolInfo: Sendable {
  /// Where things are in the file.
  public let geometry: PoolGeometry
  /// The first and the last sequence retained; nil for none.
  public let bounds: ClosedRange<UInt64>?
  /// When the oldest message was appended, in nanoseconds since 1970-01-01 UTC.
  public let oldestTime: UInt64?
  /// When the newest message was appended.
  public let newestTime: UInt64?
  /// Bytes of the ring between its two ends.
  public let usedBytes: UInt64

  /// What somebody tells of a pool that is not here.
  package init(
    geometry: PoolGeometry, bounds: ClosedRange<UInt64>?, oldestTime: UInt64?, newestTime: UInt64?, usedBytes: UInt64
  ) {
    self.geometry = geometry
    self.bounds = bounds
    self.oldestTime = oldestTime
    self.newestTime = newestTime
    self.usedBytes = min(usedBytes, geometry.ringSize)
  }

  /// Bytes of the ring that no retained message takes.
  public var freeBytes: UInt64 { geometry.ringSize - usedBytes }
  /// How many messages are retained.
  public var messageCount: UInt64 { bounds.map { $0.upperBound - $0.lowerBound &+ 1 } ?? 0 }
}

extension Pool {
  /// What the pool holds now.
  ///
  /// - Throws: As `bounds`.
  public func info() throws(PoolError) -> PoolInfo {
    try reading { (state) throws(PoolError) -> PoolInfo in
      var oldestTime: UInt64?
      var newestTime: UInt64?
      if let bounds = state.bounds {
        oldestTime = try locate(bounds.lowerBound, state).time
        newestTime = try locate(bounds.upperBound, state).time
      }
      return PoolInfo(
        geometry: geometry, bounds: state.bounds, oldestTime: oldestTime, newestTime: newestTime,
        usedBytes: state.used(in: geometry.ringSize))
    }
  }
}
