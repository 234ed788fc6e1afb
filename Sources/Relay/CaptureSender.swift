internal import Platform
internal import Pools
internal import State

/// Puts into one pool what its capture wants, in order and each change once. Belongs to the thread of `CaptureLoop`.
final class CaptureSender {
  /// What came of one attempt.
  enum Outcome {
    /// There may be more to do at once.
    case more
    /// All is in the pool, or the capture is no more.
    case idle
    /// The pool cannot be written before `dueAt`.
    case failed
    /// A test wants the thread to end here.
    case died
  }

  private(set) var capture: RegisteredCapture
  private let store: StateStore
  private let settings: CaptureSettings
  private var pool: Pool?
  private var text: CaptureText
  private var batch = MessageBatch()
  /// The last row of the outbox that is in the pool, or is not wanted there.
  private(set) var position: Int64
  /// The last of them that the database knows of.
  private var marked: Int64
  private(set) var messages: UInt64 = 0
  private(set) var failure: PoolError?
  /// When the next attempt may be made.
  private(set) var dueAt = Deadline.now
  private var pause: Int64

  init(_ capture: RegisteredCapture, of store: StateStore, _ settings: CaptureSettings) {
    self.capture = capture
    self.store = store
    self.settings = settings
    (position, marked) = (capture.done, capture.done)
    pause = settings.firstPause
    text = CaptureText(store: store.site, limit: PoolLimits.payloadBytes)
  }

  /// Goes on as the database has it now, which may be with other tables.
  func use(_ newer: RegisteredCapture) { capture = newer }

  /// The mark for the database, if it does not know all.
  var mark: CaptureMark? { position > marked ? CaptureMark(id: capture.id, done: position) : nil }
  /// How many rows it does not know of.
  var unmarked: Int64 { position - marked }

  func wasMarked(_ mark: CaptureMark) { marked = max(marked, mark.done) }

  /// Puts one batch into the pool.
  ///
  /// - Throws: What the database fails with. What the pool fails with is kept in `failure`, and tried again when it is due.
  func step(_ tell: (CaptureEvent) -> Void) throws(StateError) -> Outcome {
    let pool: Pool
    if let open = self.pool {
      pool = open
    } else {
      switch open() {
      case .failure(let error): return fail(error, tell)
      case .success(let (opened, newest)):
        guard let settled = try store.settle(capture.id, newest: newest) else { return .idle }
        goOn(settled, with: opened)
        pool = opened
      }
    }
    let next = try store.outbox(after: position, rows: settings.rowsPerBatch, bytes: settings.bytesPerBatch)
    let lost = fill(next)
    if batch.count > 0 {
      do throws(PoolError) { try put(into: pool) } catch { return fail(error, tell) }
      if settings.dies?(.appended) == true { return .died }
    }
    if let lost { tell(.lost(capture.definition, lost)) }
    messages += UInt64(batch.count)
    position = max(position, next.dropped, next.entries.last?.number ?? 0)
    succeed(tell)
    return next.isLast ? .idle : .more
  }

  // MARK: The pool

  /// Opens the pool, and looks for the newest message of the capture in it.
  private func open() -> Result<(Pool, Int64?), PoolError> {
    do throws(PoolError) {
      let pool = try openOrCreate()
      let newest = try CaptureTrace.newest(in: pool, store: store.site)
      // Whoever put it there may have died before it was safe.
      if newest != nil, settings.durability == .flush { try pool.flush() }
      return .success((pool, newest))
    } catch {
      return .failure(error)
    }
  }

  private func openOrCreate() throws(PoolError) -> Pool {
    let path = try PoolDirectory.resolve(capture.definition.pool, in: capture.definition.directory)
    do throws(PoolError) { return try Pool.open(at: path) } catch { guard error.kind == .notFound else { throw error } }
    // A directory that is not there may be a disk that is not mounted: nothing is made in its place.
    if let parent = Paths.parent(of: path), (try? File.info(parent)) == nil {
      throw PoolError(
        .notFound, "the pool's directory is missing", hint: "make it; the capture goes on by itself", path: parent)
    }
    do throws(PoolError) {
      return try Pool.create(at: path, size: capture.definition.size ?? PoolLimits.defaultFileSize)
    } catch {
      // Somebody else was faster.
      guard error.kind == .alreadyExists else { throw error }
      return try Pool.open(at: path)
    }
  }

  private func goOn(_ settled: RegisteredCapture, with pool: Pool) {
    capture = settled
    position = max(position, settled.done)
    text = CaptureText(store: store.site, limit: pool.geometry.payloadLimit)
    self.pool = pool
  }

  /// Makes messages of what is wanted; the numbers that are missing before them.
  private func fill(_ next: OutboxBatch) -> ClosedRange<Int64>? {
    batch.removeAll()
    var lost: ClosedRange<Int64>?
    if next.dropped > position {
      let numbers = position + 1 + capture.shift...next.dropped + capture.shift
      text.addGap(numbers, to: &batch)
      lost = numbers
    }
    for entry in next.entries where capture.wants(entry) {
      text.add(entry, number: entry.number + capture.shift, to: &batch)
    }
    return lost
  }

  private func put(into pool: Pool) throws(PoolError) {
    _ = try pool.append(batch)
    if settings.durability == .flush { try pool.flush() }
  }

  // MARK: Failures

  /// The pool is opened anew before the next attempt: part of the batch may be in it, and the file may be another one.
  private func fail(_ error: PoolError, _ tell: (CaptureEvent) -> Void) -> Outcome {
    pool = nil
    if failure == nil { tell(.waiting(capture.definition, error)) }
    failure = error
    dueAt = .after(nanoseconds: pause)
    pause = min(pause * 2, settings.longestPause)
    return .failed
  }

  private func succeed(_ tell: (CaptureEvent) -> Void) {
    if failure != nil { tell(.resumed(capture.definition)) }
    failure = nil
    pause = settings.firstPause
  }
}
