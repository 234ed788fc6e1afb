internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

/// Prints what a cursor passes.
///
/// Messages become text while the pool's lock is held, which takes no longer than looking at them; the text is written after
/// the lock was given back, for writing may block.
struct Follower: ~Copyable {
  private static let shortestPause: Int64 = 1_000_000
  private static let longestPause: Int64 = 50_000_000
  /// A reader of our output is served this often while there is much to show, in bytes.
  private static let textLimit = 256 << 10

  private let options: FollowOptions
  private let session: Session
  private let filter: TagFilter
  private let since: UInt64
  /// The last sequence of a finite selection; nil goes on for ever.
  private let last: UInt64?

  private var drops: DropNotices
  private var messages: MessageText
  private var text = ByteWriter(capacity: 4096)
  /// Where each message of `text` ends, and when it was appended; kept for a replay only.
  private var marks: [(time: UInt64, end: Int)] = []
  private var idleSince = Clock.monotonic()
  private var pause = shortestPause

  init(_ options: FollowOptions, _ reference: PoolReference, _ pool: Pool, _ session: Session) throws(CommandError) {
    self.options = options
    self.session = session
    filter = TagFilter(options.tags)
    drops = DropNotices(reference, command: "follow")
    messages = MessageText(style: session.presentation.messages, dataOnly: options.dataOnly)
    if case .since(let time) = options.selection { since = time } else { since = 0 }
    last = options.isFinite ? try storing { () throws(PoolError) in try pool.bounds() }?.upperBound ?? 0 : nil
  }

  static func cursor(_ options: FollowOptions, _ pool: Pool) throws(CommandError) -> Cursor {
    let start: Cursor.Start =
      switch options.selection {
      case .none: .live
      case .all, .since: .oldest
      case .newest(let count): .last(count)
      }
    // Who asked for a selection wants all of it; who follows wants to go on.
    do throws(PoolError) {
      return try pool.makeCursor(from: start, gapPolicy: options.isFinite ? .error : .continue)
    } catch {
      throw CommandError(error)
    }
  }

  // MARK: Following

  /// Prints until the selection is through, the timeout, a stop request, or an error.
  mutating func follow(_ cursor: inout Cursor) throws(CommandError) -> ExitCode {
    defer { tellDrops(atEnd: true) }
    while true {
      text.removeAll()
      let (batch, isDone) = try readBatch(&cursor)
      if let gap = batch.gap { drops.add(gap) }
      tellDrops(atEnd: false)
      try showText()
      if isDone { return .success }
      if let reason = StopRequests.requested { return Stopping.code(reason) }
      if batch.caughtUp, let status = try waitForMore(&cursor) { return status }
    }
  }

  /// Adds messages to `text`, under the pool's lock. `isDone`: no more are wanted.
  private mutating func readBatch(_ cursor: inout Cursor) throws(CommandError) -> (Cursor.Batch, isDone: Bool) {
    var failure: (error: Lite3Error, sequence: UInt64)?
    var isDone = false
    let batch: Cursor.Batch
    do throws(PoolError) {
      batch = try cursor.forEach { frame in
        if let last, frame.sequence > last {
          isDone = true
          return false
        }
        do throws(Lite3Error) {
          guard frame.time >= since, try filter.passes(frame.payload) else { return true }
          try messages.write(frame.payload, sequence: frame.sequence, time: frame.time, into: &text)
        } catch {
          failure = (error, frame.sequence)
          return false
        }
        if options.replaySpeed != nil { marks.append((frame.time, text.count)) }
        isDone = options.showsOne
        return !isDone && text.count < Self.textLimit
      }
    } catch {
      // What could be read before it is shown first.
      try showText()
      throw CommandError(error)
    }
    if let failure {
      try showText()
      throw .failed(MessageText.unreadable(failure.error, sequence: failure.sequence, path: cursor.pool.path))
    }
    if let last, cursor.next > last { isDone = true }
    return (batch, isDone)
  }

  private mutating func showText() throws(CommandError) {
    if text.isEmpty { return }
    idleSince = Clock.monotonic()
    pause = Self.shortestPause
    try session.output.write(text.bytes)
    try session.output.flush()
  }

  /// Sleeps until there may be more; a status when there is nothing left to wait for.
  private mutating func waitForMore(_ cursor: inout Cursor) throws(CommandError) -> ExitCode? {
    let timeout = timeoutDeadline
    if timeout.hasPassed { return timedOut() }
    var until = timeout
    if let due = drops.due { until = .earlier(until, Deadline(nanoseconds: max(due, 0))) }
    if options.usesWakeups {
      do throws(PoolError) { _ = try cursor.wait(until: until) } catch { throw CommandError(error) }
    } else {
      _ = StopRequests.wait(until: .earlier(until, .after(nanoseconds: pause)))
      pause = min(pause * 2, Self.longestPause)
    }
    return nil
  }

  private var timeoutDeadline: Deadline {
    guard let timeout = options.timeout else { return .never }
    let (sum, overflow) = idleSince.addingReportingOverflow(Int64(clamping: timeout.nanoseconds))
    return overflow ? .never : Deadline(nanoseconds: sum)
  }

  private func timedOut() -> ExitCode {
    if session.errors.isTerminal, let timeout = options.timeout {
      try? session.errors.write("No messages received (timed out after \(timeout.text)).\n")
      try? session.errors.flush()
    }
    return .timedOut
  }

  private mutating func tellDrops(atEnd: Bool) {
    guard let notice = drops.take(now: atEnd ? nil : Clock.monotonic()), options.tellsDrops else { return }
    session.tell(notice)
  }

  // MARK: Replay

  /// Collects the selection, then prints it with the pauses between its messages divided by `speed`.
  mutating func replay(_ cursor: inout Cursor, speed: Double) throws(CommandError) -> ExitCode {
    var batch: (Cursor.Batch, isDone: Bool)
    repeat {
      batch = try readBatch(&cursor)
    } while !batch.isDone && !batch.0.caughtUp
    var start = 0
    var previous: UInt64?
    for mark in marks {
      if let previous, mark.time > previous, speed > 0 {
        let pause = Double(mark.time - previous) / speed
        // Doubles that reach 2^63 do not convert; no one waits for 292 years.
        let deadline = Deadline.after(nanoseconds: pause < 0x1p63 ? Int64(pause) : .max)
        if let reason = StopRequests.wait(until: deadline) { return Stopping.code(reason) }
      }
      previous = mark.time
      try session.output.write(text.bytes.extracting(start..<mark.end))
      try session.output.flush()
      start = mark.end
    }
    return .success
  }
}
