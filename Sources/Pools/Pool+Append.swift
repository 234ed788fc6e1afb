internal import Platform

/// Where an append stands. A test that copies the file at every step sees all that a death can leave behind.
enum AppendStep {
  case evictionPublished, wrapMarkerWritten, headerWritten, bodyWritten, committed, indexWritten, published
}

/// Told of each step of an append.
protocol AppendProbe {
  mutating func reached(_ step: AppendStep)
}

/// Costs nothing.
struct NoProbe: AppendProbe {
  @inline(__always)
  mutating func reached(_ step: AppendStep) {}
}

extension Pool {
  /// Appends one message and returns its sequence number, one more than the newest.
  ///
  /// Every reader of the file sees the message when this returns. Old messages give way as the ring needs room. No
  /// allocation.
  ///
  /// - Parameters:
  ///   - document: An encoded message as `Lite3` makes it; it is not looked into. Use `append(validating:)` for documents
  ///     from elsewhere.
  ///   - time: Nanoseconds since 1970-01-01 UTC.
  ///   - durability: What has to survive.
  /// - Throws: `.usage` if it can never fit, `.notFound` if the pool was deleted or replaced, `.corrupt`, `.io` if the
  ///   system fails; after a failed flush the message stays visible, else the pool is unchanged.
  public func append(_ document: RawSpan, time: UInt64, durability: Durability = .fast) throws(PoolError) -> UInt64 {
    var probe = NoProbe()
    return try document.withUnsafeBytes { (bytes) throws(PoolError) -> UInt64 in
      try append(bytes, time: time, durability: durability, probe: &probe)
    }
  }

  @inline(__always)
  func append<Probe: AppendProbe>(
    _ document: UnsafeRawBufferPointer, time: UInt64, durability: Durability, probe: inout Probe
  ) throws(PoolError) -> UInt64 {
    let checksum = Processor.crc32c(document)
    return try writing { () throws(PoolError) -> UInt64 in
      try appendAlone(document, checksum: checksum, time: time, durability: durability, probe: &probe)
    }
  }

  /// Appends the messages of a batch in order, under one lock, and returns their sequences.
  ///
  /// - Throws: As `append`. Messages before the one that failed stay appended: `sequence` of the error is what it would
  ///   have had. `.usage` for an empty batch.
  public func append(
    _ batch: borrowing MessageBatch, durability: Durability = .fast
  ) throws(PoolError) -> ClosedRange<UInt64> {
    guard batch.count > 0 else { throw PoolError(.usage, "the batch is empty", path: path) }
    return try batch.withMessages { (messages) throws(PoolError) -> ClosedRange<UInt64> in
      try writing { () throws(PoolError) -> ClosedRange<UInt64> in
        var first: UInt64?
        var last: UInt64 = 0
        var probe = NoProbe()
        for index in 0..<messages.count {
          last = try appendAlone(
            messages.document(index), checksum: messages.checksum(index), time: messages.time(index),
            durability: durability, probe: &probe)
          if first == nil { first = last }
        }
        return (first ?? last)...last
      }
    }
  }

  /// Returns when all that was appended before is on stable storage: once for many `.fast` appends.
  ///
  /// - Throws: `.io`; what was appended stays visible, and may not survive a loss of power.
  public func flush() throws(PoolError) { try sync(0, mapping.count, "failed to flush pool") }

  /// The writer's order of the pool format, section 5.1, with the eviction published before anything is overwritten, so that
  /// a death at any point leaves a header that names whole frames. The caller holds the exclusive lock.
  @inline(__always)
  private func appendAlone<Probe: AppendProbe>(
    _ document: UnsafeRawBufferPointer, checksum: UInt32, time: UInt64, durability: Durability, probe: inout Probe
  ) throws(PoolError) -> UInt64 {
    let plan = try plan(payloadLength: UInt64(document.count))
    if let evicted = plan.evicted {
      memory.publishEviction(evicted)
      lastTrusted = evicted
      probe.reached(.evictionPublished)
    }
    if let place = plan.wrapMarker {
      memory.writeHeader(at: place, state: .wrap, sequence: 0, time: 0, length: 0, checksum: 0)
      probe.reached(.wrapMarkerWritten)
    }
    let length = UInt32(document.count)
    let sum = Checksum.frame(payload: checksum, sequence: plan.sequence, time: time, length: length)
    memory.writeHeader(
      at: plan.offset, state: .writing, sequence: plan.sequence, time: time, length: length, checksum: sum)
    probe.reached(.headerWritten)
    memory.writeBody(at: plan.offset, document)
    probe.reached(.bodyWritten)
    memory.commit(at: plan.offset)
    probe.reached(.committed)
    memory.writeIndex(plan.sequence, offset: plan.offset)
    probe.reached(.indexWritten)
    if durability == .flush { try flushFrame(plan) }
    memory.publish(plan.published)
    lastTrusted = plan.published
    probe.reached(.published)
    if durability == .flush { try flushHeader(plan) }
    return plan.sequence
  }

  @inline(__always)
  private func plan(payloadLength: UInt64) throws(PoolError) -> AppendPlan {
    var state = memory.state
    let showsADeath = RingRecovery(memory: memory, state: state).showsADeath
    if showsADeath || state != lastTrusted {
      try recover(walking: showsADeath)
      state = memory.state
    }
    do throws(PoolError) {
      return try AppendPlanner.plan(
        payloadLength: payloadLength, limit: geometry.payloadLimit, state: state, frames: memory)
    } catch {
      guard error.kind == .corrupt else { throw located(error, state) }
    }
    // The tail is not what the header says: a writer that publishes once died while it overwrote old frames.
    try recover(walking: true)
    state = memory.state
    do throws(PoolError) {
      return try AppendPlanner.plan(
        payloadLength: payloadLength, limit: geometry.payloadLimit, state: state, frames: memory)
    } catch {
      throw located(error, state)
    }
  }

  private func located(_ error: PoolError, _ state: RingState) -> PoolError {
    var error = error
    error.path = path
    if error.sequence == nil, state.newest < .max { error.sequence = state.newest + 1 }
    return error
  }

  /// The frame reaches the disk before the header that names it. An eviction need not: should power fail before the next
  /// sync, the disk holds a header with the busy word set, and opening the pool drops what was overwritten.
  private func flushFrame(_ plan: AppendPlan) throws(PoolError) {
    let ring = Int(geometry.ringOffset)
    try sync(ring + Int(plan.offset), Int(plan.length), "failed to flush frame")
    if let place = plan.wrapMarker {
      try sync(ring + Int(place), Layout.frameHeaderBytes, "failed to flush wrap marker")
    }
  }

  /// Header and index slot in one call: whatever lies between them is clean.
  private func flushHeader(_ plan: AppendPlan) throws(PoolError) {
    let end = geometry.indexCapacity > 0 ? memory.indexSlot(plan.sequence) + Layout.slotBytes : Layout.headerBytes
    try sync(0, end, "failed to flush header")
  }

  private func sync(_ offset: Int, _ count: Int, _ purpose: StaticString) throws(PoolError) {
    try attempt(purpose, path) { () throws(SystemError) in try mapping.sync(file, offset: offset, count: count) }
  }
}
