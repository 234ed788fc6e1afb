internal import Platform

/// Owns memory that a send queue was lent, and takes it back.
open class ByteOwner: @unchecked Sendable {
  /// An owner that nobody has lent from.
  public init() {}
  /// The bytes that were queued with `token` were sent, or never will be. Any thread. It must not close the stream, send on it
  /// or wait for its loop: the thread that calls is still the stream's writer.
  open func takeBack(_ token: UnsafeMutableRawPointer) {}
}

/// What waits to be written to one socket, in order: copies in chunks, and whole buffers of an owner.
///
/// Any thread appends; one at a time writes, chosen by `isFlushing`. The writer looks at bytes that lie between the `start` and
/// `end` which it saw under the lock; appends go behind `end`, and no segment is reused before its bytes were written. That is
/// why bytes may be handed to the system without holding the lock.
final class SendQueue: @unchecked Sendable {
  /// How an append went.
  enum Admission {
    /// Queued. `isAlone` when nothing else waited and nobody writes: the caller might write at once. `isBurst` when the last
    /// append was a moment ago: more may follow, and are better written together.
    case queued(isAlone: Bool, isBurst: Bool)
    case full
    case closed
  }

  /// How far writing got.
  enum Outcome {
    /// Nothing waits.
    case drained
    /// The socket takes no more for now.
    case blocked
    /// Enough was written for one turn; there is more.
    case more
    /// Somebody else writes, and will find what was appended; or there is nothing to do.
    case busy
    case failed(SystemError)
  }

  struct Segment {
    var base: UnsafeMutableRawPointer
    var start: Int
    var end: Int
    /// What the owner knows it by; nil for a chunk.
    var token: UnsafeMutableRawPointer?
    var count: Int { end - start }
  }

  /// Buffers of at least this many bytes are queued as they are; smaller ones are copied.
  static let copiesBelow = 16 << 10
  /// Bytes that one `flush` writes at most before it lets others have their turn.
  static let turnLimit = 1 << 20
  /// Appends that follow each other within so many nanoseconds are a burst.
  static let burstGap: Int64 = 20_000

  private let chunks: ChunkPool
  let owner: ByteOwner?
  private let lock: Lock
  private var space: Condition?

  // Guarded by `lock`, which excludes what the language would check at run time.
  @exclusivity(unchecked) private var segments: [Segment] = []
  @exclusivity(unchecked) private var first = 0
  @exclusivity(unchecked) private(set) var byteCount = 0
  @exclusivity(unchecked) private var isFlushing = false
  @exclusivity(unchecked) private var isClosed = false
  @exclusivity(unchecked) private var isFinishing = false
  @exclusivity(unchecked) private var isHeld: Bool
  @exclusivity(unchecked) private var waiters = 0
  @exclusivity(unchecked) private var lastAppend: Int64 = 0
  @exclusivity(unchecked) private var wantsDrained = false
  @exclusivity(unchecked) private var sentCount: UInt64 = 0
  let limit: Int

  // Only the writer's.
  @exclusivity(unchecked) private var finished: [UnsafeMutableRawPointer] = []

  /// - Parameters:
  ///   - limit: Bytes that may wait; one append is always taken when nothing waits.
  ///   - isHeld: Whether nothing is to be written until `release`: the socket is not connected yet.
  init(_ chunks: ChunkPool, owner: ByteOwner?, limit: Int, isHeld: Bool) throws(SystemError) {
    self.chunks = chunks
    self.owner = owner
    self.limit = limit
    self.isHeld = isHeld
    lock = try Lock()
  }

  deinit {
    for segment in segments[first...] { drop(segment) }
  }

  private func drop(_ segment: Segment) {
    if let token = segment.token { owner?.takeBack(token) } else { chunks.give(segment.base) }
  }

  // MARK: Appending (any thread)

  /// Queues a copy of `bytes`. What fits into a chunk is never split between two.
  ///
  /// - Parameter clock: Tells bursts from single appends.
  func append(_ bytes: UnsafeRawBufferPointer, clock: Network, ignoringLimit: Bool = false) -> Admission {
    lock.lock()
    defer { lock.unlock() }
    return admit(bytes.count, clock, ignoringLimit) { copy(bytes) }
  }

  /// Queues the owner's bytes themselves; `owner.takeBack(token)` is called when they are no longer needed.
  func append(
    owned bytes: UnsafeMutableRawBufferPointer, token: UnsafeMutableRawPointer, clock: Network,
    ignoringLimit: Bool = false
  ) -> Admission {
    guard let base = bytes.baseAddress, bytes.count > 0 else {
      let admission = append(UnsafeRawBufferPointer(bytes), clock: clock)
      if case .queued = admission { owner?.takeBack(token) }
      return admission
    }
    lock.lock()
    defer { lock.unlock() }
    return admit(bytes.count, clock, ignoringLimit) {
      segments.append(Segment(base: base, start: 0, end: bytes.count, token: token))
    }
  }

  private func admit(_ count: Int, _ clock: Network, _ ignoringLimit: Bool, _ add: () -> Void) -> Admission {
    if isClosed { return .closed }
    guard count > 0 else { return .queued(isAlone: false, isBurst: false) }
    if !ignoringLimit, byteCount > 0, byteCount + count > limit {
      wantsDrained = true
      return .full
    }
    let isAlone = byteCount == 0 && !isFlushing && !isHeld
    var isBurst = false
    // While others wait, who writes is settled.
    if isAlone {
      let now = clock.now()
      isBurst = now - lastAppend < Self.burstGap
      lastAppend = now
    }
    add()
    byteCount += count
    return .queued(isAlone: isAlone, isBurst: isBurst)
  }

  private func copy(_ bytes: UnsafeRawBufferPointer) {
    guard var base = bytes.baseAddress else { return }
    var rest = bytes.count
    while rest > 0 {
      let piece = min(rest, ChunkPool.chunkSize)
      if first == segments.count || segments[segments.count - 1].token != nil
        || segments[segments.count - 1].end + piece > ChunkPool.chunkSize
      {
        segments.append(Segment(base: chunks.take(), start: 0, end: 0, token: nil))
      }
      let last = segments.count - 1
      let end = segments[last].end
      (segments[last].base + end).copyMemory(from: base, byteCount: piece)
      segments[last].end = end + piece
      base += piece
      rest -= piece
    }
  }

  /// Waits until at most `bytes` wait. False at the deadline; true also when the queue was closed.
  func waitForSpace(atMost bytes: Int, until deadline: Deadline) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if space == nil { space = try? Condition() }
    waiters += 1
    defer { waiters -= 1 }
    while !isClosed, byteCount > bytes {
      guard space?.wait(lock, until: deadline) == true else { return isClosed || byteCount <= bytes }
    }
    return true
  }

  // MARK: Writing (one thread at a time)

  /// Lets writing begin: the socket is connected.
  func release() {
    lock.lock()
    isHeld = false
    lock.unlock()
  }

  /// Writes with `send` until nothing waits, the socket is full, or it is time for others.
  ///
  /// - Parameter wasFull: Set when the queue had refused something and has room again.
  func flush(
    wasFull: inout Bool, using send: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Transfer
  ) -> Outcome {
    withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: Sockets.gatherLimit) { parts in
      flush(&wasFull, parts, send)
    }
  }

  private func flush(
    _ wasFull: inout Bool, _ parts: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>,
    _ send: (UnsafeBufferPointer<UnsafeRawBufferPointer>) -> Transfer
  ) -> Outcome {
    lock.lock()
    guard !isFlushing, !isHeld, !isClosed, byteCount > 0 else {
      lock.unlock()
      return .busy
    }
    isFlushing = true
    var written = 0
    while true {
      let (count, offered) = gather(parts)
      lock.unlock()
      let transfer = send(UnsafeBufferPointer(rebasing: parts[..<count]))
      lock.lock()
      var outcome: Outcome?
      switch transfer {
      case .moved(let moved):
        advance(moved)
        written += moved
        if byteCount == 0 {
          outcome = .drained
        } else if moved < offered {
          outcome = .blocked
        } else if written >= Self.turnLimit {
          outcome = .more
        }
      case .wouldBlock: outcome = .blocked
      case .failed(let error): outcome = .failed(error)
      }
      if !finished.isEmpty {
        // Still the writer, so nobody else touches these.
        lock.unlock()
        for token in finished { owner?.takeBack(token) }
        finished.removeAll(keepingCapacity: true)
        lock.lock()
        if case .drained = outcome, byteCount > 0 { outcome = nil }
      }
      if isClosed || (isFinishing && byteCount == 0) { outcome = .busy }
      if let outcome {
        isFlushing = false
        if wantsDrained, byteCount <= limit / 2 {
          wantsDrained = false
          wasFull = true
        }
        let wakes = waiters > 0
        lock.unlock()
        if wakes { space?.broadcast() }
        return outcome
      }
    }
  }

  private func gather(
    _ parts: UnsafeMutableBufferPointer<UnsafeRawBufferPointer>
  ) -> (count: Int, offered: Int) {
    var count = 0
    var offered = 0
    var index = first
    while index < segments.count, count < parts.count {
      let segment = segments[index]
      parts[count] = UnsafeRawBufferPointer(start: segment.base + segment.start, count: segment.count)
      offered += segment.count
      count += 1
      index += 1
    }
    return (count, offered)
  }

  private func advance(_ moved: Int) {
    byteCount -= moved
    sentCount &+= UInt64(moved)
    var rest = moved
    while rest > 0 {
      let count = min(rest, segments[first].count)
      segments[first].start += count
      rest -= count
      guard segments[first].count == 0 else { continue }
      if let token = segments[first].token { finished.append(token) } else { chunks.give(segments[first].base) }
      first += 1
    }
    if first == segments.count {
      segments.removeAll(keepingCapacity: true)
      first = 0
    } else if first >= 64 {
      segments.removeFirst(first)
      first = 0
    }
  }

  // MARK: The end

  /// Takes nothing more. Nobody writes when this returns, nor ever again: if another thread does just now, this waits for the
  /// one call that it is in, which does not block. So the socket's number may be used again, and what is left may be taken.
  func close() {
    lock.lock()
    isClosed = true
    if isFlushing, space == nil { space = try? Condition() }
    waiters += 1
    if waiters > 1 { space?.broadcast() }
    while isFlushing {
      if space?.wait(lock) == nil {
        lock.unlock()
        Thread.yield()
        lock.lock()
      }
    }
    waiters -= 1
    lock.unlock()
  }

  /// From now on the writer that sends the last byte, whichever thread that is, says `.busy`, for the loop to be told.
  func beginFinishing() {
    lock.lock()
    isFinishing = true
    lock.unlock()
  }

  /// Whether the loop waits for the last byte.
  var tellsLoop: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isFinishing && !isClosed
  }

  /// Whether more than half of the limit waits, and whoever sees to it that it is not is to say so.
  func awaitsRoom() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed, byteCount > limit / 2 else { return false }
    wantsDrained = true
    return true
  }

  /// Bytes that were written since the beginning.
  var sent: UInt64 {
    lock.lock()
    defer { lock.unlock() }
    return sentCount
  }

  /// Bytes that wait.
  var waiting: Int {
    lock.lock()
    defer { lock.unlock() }
    return byteCount
  }

  /// Gives what was never written, oldest first, after `close`. Chunks are still the queue's: look, and copy what is of use.
  /// Owned buffers go over to `visit`, which gets their token.
  func takeUnsent(_ visit: (Segment) -> Void) {
    lock.lock()
    let left = segments[first...]
    segments = []
    first = 0
    byteCount = 0
    lock.unlock()
    for segment in left {
      visit(segment)
      if segment.token == nil { chunks.give(segment.base) }
    }
  }
}
