internal import Channels
internal import Platform

/// The thread that receives for those who await, for as long as somebody refers to it.
final class Receiver: Sendable {
  private let inside: ReceivingThread
  private let thread: Thread

  init(_ group: ChannelGroup) throws(ChannelError) {
    do throws(SystemError) {
      let inside = try ReceivingThread(group)
      self.inside = inside
      thread = try Thread { inside.run() }
    } catch {
      throw ChannelError(error, "cannot start a thread to receive")
    }
  }

  /// The thread is joined after this.
  deinit { inside.stop() }

  func next() async throws(ChannelError) -> ReceivedMessage? {
    let wish = Wish()
    let outcome = await withTaskCancellationHandler {
      await withCheckedContinuation { inside.add(wish, $0) }
    } onCancel: {
      inside.cancel(wish)
    }
    return try outcome.get()
  }
}

/// One call that awaits a message. Everything is guarded by the thread's lock.
final class Wish: @unchecked Sendable {
  var isCancelled = false
  var continuation: CheckedContinuation<Result<ReceivedMessage?, ChannelError>, Never>?
}

/// What the receiving thread and those who await share.
final class ReceivingThread: @unchecked Sendable {
  typealias Outcome = Result<ReceivedMessage?, ChannelError>

  private let group: ChannelGroup
  private let lock: Lock
  private let demand: Condition

  // Guarded by `lock`.
  private var wishes: [Wish] = []
  /// Received for somebody who was cancelled in that moment; for the next who asks.
  private var kept: Message?
  /// How it ended, if it did.
  private var end: Outcome?
  private var isStopping = false

  init(_ group: ChannelGroup) throws(SystemError) {
    self.group = group
    lock = try Lock()
    demand = try Condition()
  }

  // MARK: Those who await

  func add(_ wish: Wish, _ continuation: CheckedContinuation<Outcome, Never>) {
    lock.lock()
    let answer = wish.isCancelled ? .success(nil) : end
    if answer == nil {
      wish.continuation = continuation
      wishes.append(wish)
    }
    lock.unlock()
    if let answer { continuation.resume(returning: answer) } else { demand.signal() }
  }

  func cancel(_ wish: Wish) {
    lock.lock()
    wish.isCancelled = true
    let continuation = wish.continuation
    wish.continuation = nil
    wishes.removeAll { $0 === wish }
    let isIdle = wishes.isEmpty
    lock.unlock()
    continuation?.resume(returning: .success(nil))
    // Then nothing more is to be taken from the group.
    if isIdle { group.callReceivers() }
  }

  func stop() {
    lock.lock()
    isStopping = true
    lock.unlock()
    demand.signal()
    group.callReceivers()
  }

  // MARK: The thread

  func run() {
    while waitForDemand() {
      if let message = takeKept() {
        give(message)
        continue
      }
      do throws(ChannelError) {
        guard let message = try group.receive(until: .never, unless: { isIdle }) else { continue }
        give(message)
      } catch {
        return finish(error.kind == .shuttingDown ? .success(nil) : .failure(error))
      }
    }
  }

  /// False when it is time to stop.
  private func waitForDemand() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    while wishes.isEmpty, !isStopping { _ = demand.wait(lock) }
    return !isStopping
  }

  private var isIdle: Bool {
    lock.lock()
    defer { lock.unlock() }
    return wishes.isEmpty || isStopping
  }

  private func takeKept() -> Message? {
    lock.lock()
    defer { lock.unlock() }
    return kept.take()
  }

  private func give(_ message: consuming Message) {
    lock.lock()
    guard !wishes.isEmpty else {
      kept = consume message
      return lock.unlock()
    }
    let wish = wishes.removeFirst()
    let continuation = wish.continuation
    wish.continuation = nil
    lock.unlock()
    continuation?.resume(returning: .success(ReceivedMessage(message)))
  }

  private func finish(_ outcome: Outcome) {
    lock.lock()
    end = outcome
    let left = wishes
    wishes = []
    lock.unlock()
    for wish in left { wish.continuation?.resume(returning: outcome) }
  }
}
