public import Platform
public import State

/// Puts changes of replicated tables into pools, while it is there: each change once, in the order of the commits, for each capture
/// that the store knows of, also those that are registered meanwhile.
///
/// One thread serves all captures of a store. It sleeps until a commit, and nobody who writes waits for it: what it has not put
/// into a pool yet lies in the store's outbox, also over a crash. A pool that cannot be written keeps no other from going on. Documentation:
/// `Documentation/capture.md`.
public final class TableCapture: @unchecked Sendable {
  private let store: StateStore
  private let settings: CaptureSettings
  private let signal: CaptureSignal
  /// Nil after `stop`. Guarded by `ending`.
  private var thread: Thread?
  private let ending: Lock

  /// Starts with what waits in the outbox. There must be one for a store at a time.
  ///
  /// - Parameter tell: is called by the thread with what a log should have.
  /// - Throws: When the system has no thread or memory left.
  public init(
    _ store: StateStore, _ settings: CaptureSettings = CaptureSettings(),
    tell: @escaping @Sendable (CaptureEvent) -> Void = { _ in }
  ) throws(SystemError) {
    self.store = store
    self.settings = settings
    let signal = try CaptureSignal()
    self.signal = signal
    ending = try Lock()
    let loop = CaptureLoop(store, settings, signal, tell)
    thread = try Thread { loop.run() }
    store.onOutbox { signal.wake() }
    // What was committed before it was heard of.
    signal.wake()
  }

  deinit { stop(within: settings.grace) }

  /// Puts into the pools what is in the outbox by now, as far as that can be done within `grace` nanoseconds, and ends. What is left is
  /// put there by the next one.
  public func stop(within grace: Int64) {
    ending.lock()
    defer { ending.unlock() }
    guard let running = thread.take() else { return }
    store.onOutbox(nil)
    signal.stop(until: .after(nanoseconds: grace))
    running.join()
  }

  /// How far each capture is.
  public func status() throws(StateError) -> [CaptureStatus] {
    let reports = signal.reports
    let last = try store.lastOutboxNumber()
    return try store.captures().map { capture in
      let report = reports.first { $0.id == capture.id }
      let done = max(report?.position ?? 0, capture.done)
      return CaptureStatus(
        definition: capture.definition, done: done, waiting: max(0, last - done), messages: report?.messages ?? 0,
        lastError: report?.failure)
    }
  }
}
