internal import Platform
internal import Pools
internal import State

/// What the thread of a `TableCapture` does: it sleeps until there is something in the outbox, and lets each capture put it into its
/// pool.
final class CaptureLoop: @unchecked Sendable {
  private let store: StateStore
  private let settings: CaptureSettings
  private let signal: CaptureSignal
  private let tell: @Sendable (CaptureEvent) -> Void
  // Only the thread uses what follows.
  private var senders: [CaptureSender] = []
  private var isStalled = false
  private var pause: Int64
  /// When the database is to know what is in the pools; nil if it does.
  private var markAt: Deadline?

  /// What comes after a turn.
  private enum Next {
    case wait(until: Deadline)
    case end
  }

  init(
    _ store: StateStore, _ settings: CaptureSettings, _ signal: CaptureSignal,
    _ tell: @escaping @Sendable (CaptureEvent) -> Void
  ) {
    self.store = store
    self.settings = settings
    self.signal = signal
    self.tell = tell
    pause = settings.firstPause
  }

  func run() {
    while case .wait(let deadline) = turn() {
      guard let end = signal.wait(until: deadline) else { continue }
      drain(until: end)
      return
    }
  }

  /// Puts into the pools what is there by now, and lets the database know.
  private func drain(until end: Deadline) {
    while !end.hasPassed {
      guard case .wait(let deadline) = turn() else { return }
      if deadline != .now { break }
    }
    do throws(StateError) { _ = try mark() } catch { tell(.stalled(error)) }
  }

  private func turn() -> Next {
    defer { publish() }
    do throws(StateError) {
      try refresh()
      var next = Deadline.never
      for sender in senders {
        if sender.dueAt.isAhead {
          next = .earlier(next, sender.dueAt)
          continue
        }
        switch try sender.step(tell) {
        case .more: next = .now
        case .failed: next = .earlier(next, sender.dueAt)
        case .idle: break
        case .died: return .end
        }
      }
      if try !markIfDue() { return .end }
      (isStalled, pause) = (false, settings.firstPause)
      return .wait(until: .earlier(next, markAt ?? .never))
    } catch {
      if !isStalled { tell(.stalled(error)) }
      isStalled = true
      defer { pause = min(pause * 2, settings.longestPause) }
      return .wait(until: .after(nanoseconds: pause))
    }
  }

  /// Takes in which captures there are.
  private func refresh() throws(StateError) {
    senders = try store.captures().map { capture in
      guard let sender = senders.first(where: { $0.capture.id == capture.id }) else {
        return CaptureSender(capture, of: store, settings)
      }
      sender.use(capture)
      return sender
    }
  }

  // MARK: Marks

  /// Tells the database at once of many rows, and of few after a while, so that small transactions are not doubled. False if a test wants
  /// the thread to end.
  private func markIfDue() throws(StateError) -> Bool {
    let unmarked = senders.map { $0.unmarked }.max() ?? 0
    if unmarked == 0 {
      markAt = nil
      return true
    }
    let due = markAt ?? .after(nanoseconds: settings.markDelay)
    markAt = due
    guard unmarked >= settings.rowsPerMark || due.hasPassed else { return true }
    return try mark()
  }

  private func mark() throws(StateError) -> Bool {
    let marks = senders.compactMap { sender in sender.mark.map { (sender, $0) } }
    if !marks.isEmpty { try store.mark(marks.map { $0.1 }) }
    for (sender, mark) in marks { sender.wasMarked(mark) }
    markAt = nil
    return marks.isEmpty || settings.dies?(.marked) != true
  }

  private func publish() {
    signal.publish(
      senders.map { sender in
        CaptureSignal.Report(
          id: sender.capture.id, position: sender.position, messages: sender.messages, failure: sender.failure)
      })
  }
}

extension Deadline {
  /// Whether it is still to come.
  fileprivate var isAhead: Bool { self != .now && !hasPassed }
}
