internal import Platform
internal import Synchronization

/// What survives when `append` returns.
public enum Durability: UInt8, Sendable, CaseIterable {
  /// The end of this process, not a loss of power.
  case fast
  /// Also a loss of power.
  case flush
}

/// One open pool: a bounded ring of messages in one memory-mapped file, shared with other processes.
///
/// Any number of processes append and read at the same time, those of other implementations of the format too: writers
/// exclude each other and readers by the lock of the file. Within a process one `Pool` serves one thread at a time and the
/// others wait: threads that are to read side by side open the file each for themselves.
///
/// Invariant: `memory` points into `mapping`, whose length was checked against the header when it was made. Whoever shortens
/// the file under a running process breaks that; it is noticed before the next operation unless it happens during one.
public final class Pool: @unchecked Sendable {
  /// Where the file was when it was opened.
  public let path: String
  /// Where things are in it.
  public var geometry: PoolGeometry { memory.geometry }

  let file: File
  /// Above `mapping`, into which it points and which must outlive it: members go away in this order, and a stop request may
  /// come at any time.
  let wake: Wake
  let mapping: Mapping
  let memory: RingMemory
  let identity: File.Identity
  private let threads: Lock
  /// Threads that are on their way to `threads`, to write.
  private let waitingWriters = Atomic<UInt32>(0)
  /// How often the file's lock went from one of them to the next without being given back; 0: nobody has it. Under `threads`.
  private var fileLockTurns = 0
  /// The state that this process read or wrote last, and whose numbers are sound.
  var lastSeen: RingState?
  /// The state that this process wrote last, or found to be what the frames say: what an append builds on.
  var lastTrusted: RingState?
  var positions = SequenceMap()
  /// By the monotonic clock. Readers that wait look at the path too, and need no lock for it.
  private let identityCheckedAt: Atomic<Int64>
  private var spaceIsReserved = false
  private var backOff = LockBackOff()
  private var semaphore = UpstreamSemaphore()

  init(_ file: consuming File, path: String, info: File.Info, geometry: PoolGeometry) throws(PoolError) {
    self.path = path
    identity = info.identity
    identityCheckedAt = Atomic(Clock.monotonic())
    let mapping = try attempt("failed to map pool", path) { () throws(SystemError) -> Mapping in
      try Mapping(file, count: Int(geometry.fileSize), writable: true)
    }
    wake = try attempt("failed to make a wake-up", path) { () throws(SystemError) -> Wake in
      try Wake(file, mapping, offset: Layout.Header.wake)
    }
    threads = try attempt("failed to make a lock", path) { () throws(SystemError) -> Lock in try Lock() }
    self.file = file
    memory = RingMemory(base: mapping.base, geometry: geometry)
    self.mapping = mapping
  }

  // MARK: locking

  /// Runs `body` while no writer moves, on a header that was found sound.
  ///
  /// - Parameter wanted: The sequence that will be looked at, if known: its memory is on its way while the lock is taken.
  func reading<R>(
    _ wanted: UInt64? = nil, _ body: (RingState) throws(PoolError) -> R
  ) throws(PoolError) -> R {
    threads.lock()
    defer { threads.unlock() }
    // Only a hint is read here, and nothing is believed.
    if let wanted, let hint = memory.indexHint(wanted) ?? positions.hint(wanted) { memory.prefetch(hint) }
    try prepare { () throws(PoolError) in try verifyPath() }
    try take(.shared)
    defer { giveBack() }
    if memory.base.relaxedHalfWord(at: Layout.Header.busy) != 0 {
      giveBack()
      try take(.exclusive)
      try recoverAfterDeath()
    }
    return try body(try soundState())
  }

  /// Runs `body` while no writer moves, on a header that may be anything: nothing is checked and nothing repaired.
  func inspecting<R>(_ body: (RingState) throws(PoolError) -> R) throws(PoolError) -> R {
    threads.lock()
    defer { threads.unlock() }
    try take(.shared)
    defer { giveBack() }
    return try body(memory.state)
  }

  /// Runs `body` while nobody else reads or writes, then wakes sleepers.
  func writing<R>(_ body: () throws(PoolError) -> R) throws(PoolError) -> R {
    if !threads.tryLock() {
      waitingWriters.wrappingAdd(1, ordering: .relaxed)
      threads.lock()
      waitingWriters.wrappingSubtract(1, ordering: .relaxed)
    }
    defer { threads.unlock() }
    try prepare { () throws(PoolError) in
      try verifyPath()
      try reserveSpace()
    }
    let result = try alone(body)
    wake.wakeAll()
    semaphore.post(path, now: identityCheckedAt.load(ordering: .relaxed))
    return result
  }

  private func alone<R>(_ body: () throws(PoolError) -> R) throws(PoolError) -> R {
    if fileLockTurns == 0, !backOff.take(memory.base, { file.tryLock(.exclusive) }) { try take(.exclusive) }
    defer { passOn() }
    if memory.base.relaxedHalfWord(at: Layout.Header.busy) != 0 { try recoverAfterDeath() }
    memory.base.releaseHalfWord(1, at: Layout.Header.busy)
    defer { memory.base.releaseHalfWord(0, at: Layout.Header.busy) }
    return try body()
  }

  private func take(_ mode: File.LockMode) throws(PoolError) {
    // The exclusive lock, which a writer left.
    if fileLockTurns > 0 { return }
    try attempt("failed to lock pool", path) { () throws(SystemError) in try file.lock(mode) }
  }

  /// Does what comes before the file's lock. One that a writer left is given back if that fails.
  private func prepare(_ body: () throws(PoolError) -> Void) throws(PoolError) {
    do throws(PoolError) {
      try body()
    } catch {
      if fileLockTurns > 0 { giveBack() }
      throw error
    }
  }

  private func giveBack() {
    fileLockTurns = 0
    file.unlock()
  }

  /// Leaves the file's lock to the next writer of this process if there is one, a bounded number of times: other processes
  /// wait for it too. Whoever comes next, comes through `threads`, and gives it back if nobody follows.
  private func passOn() {
    guard waitingWriters.load(ordering: .relaxed) > 0, fileLockTurns < PoolLimits.fileLockTurns else {
      return giveBack()
    }
    fileLockTurns += 1
  }

  // MARK: what may have changed under us

  /// Makes sure now and then that the path still names this file and that nobody changed its length.
  ///
  /// - Parameter trust: How long ago it may have been made sure of, in nanoseconds.
  /// - Throws: `.notFound` if it was deleted or replaced, `.corrupt` if its length changed.
  func verifyPath(trust: Int64 = PoolLimits.identityTrust) throws(PoolError) {
    let now = Clock.monotonic()
    if now - identityCheckedAt.load(ordering: .relaxed) < trust { return }
    var found = try lookAtPath()
    // The name may go to nobody, or to another file, between being opened and being looked at: then what is told is neither.
    if let info = found, info.links == 0 || info.identity != identity { found = try lookAtPath() }
    guard let info = found else {
      throw PoolError(
        .notFound, "pool was deleted while it was open", hint: "create the pool again, or open another", path: path)
    }
    guard info.identity == identity else {
      throw PoolError(.notFound, "pool path now refers to a different file", hint: "open the pool again", path: path)
    }
    guard info.size == geometry.fileSize else {
      throw PoolError(.corrupt, "invalid file size", hint: "somebody changed the file's length", path: path)
    }
    identityCheckedAt.store(now, ordering: .relaxed)
  }

  /// What has the pool's name now; nil: nothing.
  private func lookAtPath() throws(PoolError) -> File.Info? {
    do throws(SystemError) {
      return try File.info(path)
    } catch {
      if error.kind == .notFound || error.kind == .notDirectory { return nil }
      throw PoolError(error, "failed to look at pool", path: path)
    }
  }

  /// Files of other makers may be sparse: a store into a hole of a full disk would end the process.
  private func reserveSpace() throws(PoolError) {
    if spaceIsReserved { return }
    do throws(SystemError) {
      try file.reserve(geometry.fileSize)
    } catch {
      // A file system that cannot promise space is no reason to refuse what other programs do there.
      if error.kind != .unsupported { throw PoolError(error, "failed to reserve disk space", path: path) }
    }
    spaceIsReserved = true
  }

  /// The state, after the checks of section 2.3 that concern what changes; the rest was checked at open and is compared.
  func soundState() throws(PoolError) -> RingState {
    let state = memory.state
    if state == lastSeen { return state }
    try PoolHeader(memory.base).check(matches: geometry, path: path)
    if let fault = state.fault(ringSize: geometry.ringSize) { throw corrupt(fault.text) }
    lastSeen = state
    return state
  }

  func corrupt(_ message: String, sequence: UInt64? = nil, offset: UInt64? = nil, cause: String? = nil) -> PoolError {
    PoolError(
      .corrupt, message, hint: "run `weir doctor` on it; the next append repairs what a dead writer left", path: path,
      sequence: sequence, offset: offset, causes: cause.map { [$0] } ?? [])
  }

  // MARK: recovery

  /// Brings the header back to what the frames say. The caller holds the exclusive lock.
  private func recoverAfterDeath() throws(PoolError) {
    try recover(walking: true)
    memory.base.releaseHalfWord(0, at: Layout.Header.busy)
  }

  /// Repairs the header if a writer died at work. The caller holds the exclusive lock.
  ///
  /// - Parameter walking: Look at every frame, not only at both ends.
  /// - Throws: `.corrupt` if this is not what a dead writer leaves; the file is then unchanged.
  func recover(walking: Bool) throws(PoolError) {
    try PoolHeader(memory.base).check(matches: geometry, path: path)
    let state = memory.state
    let recovery = RingRecovery(memory: memory, state: state)
    if walking ? recovery.chainIsWhole : recovery.endsLookSound {
      lastTrusted = state
      return
    }
    if !walking, recovery.chainIsWhole {
      lastTrusted = state
      return
    }
    guard let recovered = recovery.recovered() else {
      if let fault = state.fault(ringSize: geometry.ringSize) { throw corrupt(fault.text) }
      throw corrupt("malformed frame in the retained ring", offset: state.tail)
    }
    memory.publish(recovered)
    lastTrusted = recovered
    positions = SequenceMap()
  }
}
