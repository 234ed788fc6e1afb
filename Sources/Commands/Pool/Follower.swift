internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform

/// Prints what a source passes.
///
/// Messages become text while the lock of a pool here is held, which takes no longer than looking at them; the text is written after
/// the lock was given back, for writing may block.
struct Follower<Source: MessageSource & ~Copyable>: ~Copyable {
  /// How often to see whether a companion has come to its end, in nanoseconds.
  private let companionInterval: Int64 = 50_000_000
  /// A reader of our output is served this often while there is much to show, in bytes.
  private let textLimit = 256 << 10

  private let options: FollowOptions
  private let command: String
  private let label: PoolLabel
  private let session: Session
  private let filter: TagFilter
  /// Messages of whom not to show.
  private let muted: MutedSender?
  private let since: UInt64
  /// The last sequence of a finite selection; nil goes on for ever.
  private let last: UInt64?

  private var source: Source
  private var drops: DropNotices
  private var messages: MessageText
  private var text = ByteWriter(capacity: 4096)
  /// Where each message of `text` ends, and when it was appended; kept for a replay only.
  private var marks: [(time: UInt64, end: Int)] = []
  private var idleSince = Clock.monotonic()

  /// - Parameters:
  ///   - last: Where a selection with an end ends.
  ///   - command: Who tells of what is lost.
  init(
    _ options: FollowOptions, _ source: consuming Source, through last: UInt64?, _ label: PoolLabel, _ session: Session,
    command: String, muted: MutedSender? = nil
  ) {
    self.options = options
    self.command = command
    self.label = label
    self.session = session
    self.muted = muted
    self.last = last
    filter = TagFilter(options.tags)
    drops = DropNotices(label, command: command)
    messages = MessageText(style: session.presentation.messages, dataOnly: options.dataOnly)
    if case .since(let time) = options.selection { since = time } else { since = 0 }
    self.source = source
  }

  // MARK: Following

  /// Prints until the selection is through, the timeout, a stop request, an error, or until a companion has come to its end and
  /// all that was there by then is shown.
  mutating func follow(_ companion: Companion? = nil) throws(CommandError) -> ExitCode {
    do throws(CommandError) {
      let status = try followAll(companion)
      tellDrops(atEnd: true)
      return status
    } catch {
      tellDrops(atEnd: true)
      throw error
    }
  }

  private mutating func followAll(_ companion: Companion?) throws(CommandError) -> ExitCode {
    while true {
      let state = companion?.state
      text.removeAll()
      let (batch, isDone) = try readBatch()
      for change in batch.changes { tell(change) }
      if let gap = batch.gap { drops.add(gap) }
      tellDrops(atEnd: false)
      try showText()
      if isDone { return .success }
      if let reason = StopRequests.requested { return Stopping.code(reason) }
      switch state {
      case .failed(let error): throw error
      case .ended(let last) where source.next > last: return .success
      case .ended, .runs, nil: break
      }
      if batch.caughtUp, let status = try waitForMore(companion) { return status }
    }
  }

  /// Adds messages to `text`, under the pool's lock. `isDone`: no more are wanted.
  private mutating func readBatch() throws(CommandError) -> (SourceBatch, isDone: Bool) {
    var failure: (error: Lite3Error, sequence: UInt64)?
    var isDone = false
    let batch: SourceBatch
    do throws(CommandError) {
      batch = try source.forEach { payload, sequence, time in
        if let last, sequence > last {
          isDone = true
          return false
        }
        do throws(Lite3Error) {
          guard time >= since, try filter.passes(payload), try muted?.sent(payload) != true else { return true }
          try messages.write(payload, sequence: sequence, time: time, into: &text)
        } catch {
          failure = (error, sequence)
          return false
        }
        if options.replaySpeed != nil { marks.append((time, text.count)) }
        isDone = options.showsOne
        return !isDone && text.count < textLimit
      }
    } catch {
      // What could be read before it is shown first.
      try showText()
      throw error
    }
    if let failure {
      try showText()
      throw .failed(MessageText.unreadable(failure.error, sequence: failure.sequence, path: source.path))
    }
    if let last, source.next > last { isDone = true }
    return (batch, isDone)
  }

  private mutating func showText() throws(CommandError) {
    if text.isEmpty { return }
    idleSince = Clock.monotonic()
    try session.output.write(text.bytes)
    try session.output.flush()
  }

  /// Sleeps until there may be more; a status when there is nothing left to wait for.
  private mutating func waitForMore(_ companion: Companion?) throws(CommandError) -> ExitCode? {
    let timeout = timeoutDeadline
    if timeout.hasPassed { return timedOut() }
    var until = timeout
    if let due = drops.due { until = .earlier(until, Deadline(nanoseconds: max(due, 0))) }
    if companion != nil { until = .earlier(until, .after(nanoseconds: companionInterval)) }
    try source.wait(until: until)
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

  private func tell(_ change: RemoteStream.Change) {
    switch change {
    case .lost(let failure):
      session.tell(
        Notice(
          kind: .reconnect, command: command, message: "\(failure.message); trying again", pool: label.text,
          details: [("state", .text("lost")), ("next_seq", .whole(source.next)), ("error", failure.report)]))
    case .regained:
      session.tell(
        Notice(
          kind: .reconnect, command: command, message: "connected again", pool: label.text,
          details: [("state", .text("connected")), ("next_seq", .whole(source.next))]))
    }
  }

  // MARK: Replay

  /// Collects the selection, then prints it with the pauses between its messages divided by `speed`.
  mutating func replay(speed: Double) throws(CommandError) -> ExitCode {
    while true {
      let (batch, isDone) = try readBatch()
      for change in batch.changes { tell(change) }
      if isDone { break }
      if let reason = StopRequests.requested { return Stopping.code(reason) }
      if batch.caughtUp { try source.wait(until: .never) }
    }
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

/// What goes on beside following.
final class Companion: @unchecked Sendable {
  enum State {
    case runs
    /// It is through. The newest message that was there then.
    case ended(UInt64)
    case failed(CommandError)
  }

  private let lock: Lock
  private var current = State.runs

  init() throws(SystemError) { lock = try Lock() }

  var state: State {
    lock.lock()
    defer { lock.unlock() }
    return current
  }

  /// It came to its end; what was said first counts.
  func end(_ state: State) {
    lock.lock()
    if case .runs = current { current = state }
    lock.unlock()
  }
}

/// Whose messages are not shown: those with this name as `from` in their data.
struct MutedSender {
  private let name: [UInt8]

  init(_ name: String) { self.name = Array(name.utf8) }

  func sent(_ payload: RawSpan) throws(Lite3Error) -> Bool {
    let root = try Lite3Document(payload).root()
    guard let data = try root.member("data"), let from = try data.member("from"), let text = from.string else {
      return false
    }
    return text.byteCount == name.count && text.withUnsafeBytes { $0.elementsEqual(name) }
  }
}
