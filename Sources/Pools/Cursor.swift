public import Platform

/// What to do about messages that were evicted before they were read.
public enum GapPolicy: Sendable {
  /// Report them and go on with the oldest that is there.
  case `continue`
  /// Fail with `.retentionGap`.
  case error
}

extension Pool {
  /// A reader that starts at `start`. It keeps no lock while it is not asked.
  ///
  /// - Throws: As `bounds`.
  public func makeCursor(from start: Cursor.Start, gapPolicy: GapPolicy = .continue) throws(PoolError) -> Cursor {
    let next = try reading { (state) throws(PoolError) -> UInt64 in
      switch start {
      case .oldest: state.bounds?.lowerBound ?? state.newest &+ 1
      case .live: state.newest &+ 1
      case .sequence(let sequence): max(1, sequence)
      case .last(let count):
        state.bounds.map { bounds in
          let distance = bounds.upperBound - bounds.lowerBound
          return count == 0 ? bounds.upperBound &+ 1 : bounds.upperBound - min(distance, count - 1)
        } ?? state.newest &+ 1
      }
    }
    return Cursor(self, next: next, gapPolicy: gapPolicy)
  }
}

/// A place in a pool from which messages are read in order, each once.
///
/// Frames are looked at where they lie, under a shared lock that is held for one bounded batch: writers never change what is
/// being looked at, and a reader that was overtaken learns exactly which sequences it missed. One thread at a time.
public struct Cursor: ~Copyable {
  /// Where to begin.
  public enum Start: Sendable {
    /// At the oldest message retained.
    case oldest
    /// After the newest: only what comes from now on.
    case live
    /// At this sequence, be it gone, retained or still to come.
    case sequence(UInt64)
    /// At the newest so many.
    case last(UInt64)
  }

  /// What one call of `forEach` did.
  public struct Batch: Sendable {
    /// Frames passed on.
    public var count = 0
    /// Sequences that are gone without having been read; before the frames of this batch.
    public var gap: ClosedRange<UInt64>?
    /// Whether nothing newer was there.
    public var caughtUp = false
  }

  /// The sequence that comes next. Setting it moves the cursor.
  public var next: UInt64 {
    didSet { (offset, isExhausted) = (nil, false) }
  }
  /// What a gap does.
  public let gapPolicy: GapPolicy
  /// The pool that is read.
  public let pool: Pool
  /// Where `next` will be, unless it wrapped or was evicted.
  private var offset: UInt64?
  /// Whether the last sequence there can be was read.
  private var isExhausted = false

  init(_ pool: Pool, next: UInt64, gapPolicy: GapPolicy) {
    self.pool = pool
    self.next = next
    self.gapPolicy = gapPolicy
  }

  /// Passes the frames from `next` on to `body` in order, at most `limit` of them and about 1 MiB, under one shared lock.
  ///
  /// `body` returns false to stop after the frame it was given. It must not block, nor use this pool: writers wait for it.
  /// Convert into a buffer, and write the buffer afterwards.
  ///
  /// - Throws: `.retentionGap` by policy, with the first sequence missing; `next` stays. `.corrupt` at a damaged frame, with
  ///   its sequence: set `next` past it to go on. `.notFound` if the pool was deleted or replaced, `.io`.
  public mutating func forEach(
    limit: Int = 256, _ body: (borrowing Frame) -> Bool
  ) throws(PoolError) -> Batch {
    if isExhausted { return Batch(caughtUp: true) }
    var batch = Batch()
    var position = max(1, next)
    var place = offset
    defer {
      next = position
      (offset, isExhausted) = (place, position == 0)
    }
    try pool.reading { (state) throws(PoolError) in
      guard let bounds = state.bounds, position <= bounds.upperBound else {
        batch.caughtUp = true
        return
      }
      if position < bounds.lowerBound {
        guard gapPolicy == .continue else {
          throw PoolError(
            .retentionGap, "messages \(position) to \(bounds.lowerBound - 1) are no longer retained",
            hint: "read faster, make a larger pool, or start at \(bounds.lowerBound)", path: pool.path,
            sequence: position)
        }
        batch.gap = position...bounds.lowerBound - 1
        position = bounds.lowerBound
      }
      // Behind a frame that is retained stands the next one, or a wrap marker. Behind one that is not, anything may stand.
      if position == bounds.lowerBound { place = state.tail }
      if place == nil { place = try pool.locate(position, state).offset }
      try pool.walk(from: &position, at: &place, through: bounds.upperBound, limit: limit, batch: &batch, body)
      batch.caughtUp = position > bounds.upperBound || position == 0
    }
    return batch
  }

  /// Sleeps until there may be something new. Writers of this library wake it at once, others are seen within 50 ms.
  ///
  /// - Parameter isQuiet: Whether nothing came for a while: then it looks for other writers seldom from the beginning.
  /// - Returns: Whether `forEach` has something to do; false at the deadline, or when the process was asked to stop.
  /// - Throws: `.notFound` if the pool was deleted or replaced, which is noticed within 300 ms.
  public borrowing func wait(until deadline: Deadline, isQuiet: Bool = false) throws(PoolError) -> Bool {
    var slice = isQuiet ? PoolLimits.pollLimit : PoolLimits.firstPoll
    while true {
      let ticket = pool.wake.prepare()
      if hasNews { return true }
      if StopRequests.requested != nil || deadline.hasPassed { return false }
      pool.wake.wait(ticket, until: Deadline.earlier(deadline, .after(nanoseconds: slice)))
      if hasNews { return true }
      try pool.verifyPath(trust: PoolLimits.sleepersTrust)
      slice = min(slice * 2, PoolLimits.pollLimit)
    }
  }

  private var hasNews: Bool {
    let newest = pool.memory.base.acquireWord(at: Layout.Header.newest)
    return newest >= next && !isExhausted && pool.memory.base.relaxedWord(at: Layout.Header.oldest) != 0
  }
}

extension Pool {
  /// Passes frames on from a known place. The caller holds the lock.
  @inline(__always)
  fileprivate func walk(
    from position: inout UInt64, at place: inout UInt64?, through newest: UInt64, limit: Int,
    batch: inout Cursor.Batch, _ body: (borrowing Frame) -> Bool
  ) throws(PoolError) {
    let limit = min(max(1, limit), PoolLimits.framesPerBatch)
    var offset = place ?? 0
    var passed = 0
    place = nil
    while position <= newest, position != 0, batch.count < limit, passed < PoolLimits.bytesPerBatch {
      let frame = try frame(at: offset, expecting: position)
      guard memory.checksumHolds(frame) else { throw malformed(frame, .checksum) }
      let goOn = memory.pass(frame, to: body)
      batch.count += 1
      passed += Int(frame.payloadLength)
      offset = frame.next
      position &+= 1
      place = offset
      if !goOn { break }
    }
  }
}
