public import Channels
internal import Platform
internal import Synchronization

/// What a group of channels receives, for `async` code.
///
///     for try await received in GroupMessages(of: group) {
///       guard let message = received.take() else { continue }
///       …
///     }
///
/// One thread receives for it, and only while somebody awaits: a message that nobody asks for stays with the group, and holds
/// back its sender as ever. It ends when the group or the engine is shut down, and throws nothing for that. A task that is
/// cancelled gets nil at once; no message is lost by that. Several tasks may iterate: each message goes to one of them.
///
/// The thread ends when the last copy of this and of its iterators is gone.
public struct GroupMessages: AsyncSequence, Sendable {
  /// One message, whose receiver takes it out.
  public typealias Element = ReceivedMessage
  /// What iterating throws.
  public typealias Failure = ChannelError

  private let receiver: Receiver

  /// Begins to receive when the first message is asked for.
  ///
  /// - Throws: `.failed` or `.exhausted` when the system has no thread.
  public init(of group: ChannelGroup) throws(ChannelError) { receiver = try Receiver(group) }

  /// The iterator of one task.
  public func makeAsyncIterator() -> Iterator { Iterator(receiver: receiver) }

  /// Gives one message after the other.
  public struct Iterator: AsyncIteratorProtocol {
    let receiver: Receiver

    /// The next message; nil at the end, or when the task is cancelled.
    ///
    /// - Throws: What `ChannelGroup.receive` throws, but `.shuttingDown`, which is the end.
    public mutating func next() async throws(ChannelError) -> ReceivedMessage? { try await receiver.next() }

    /// The same; tasks of any actor may call it.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws(ChannelError) -> ReceivedMessage? {
      try await receiver.next()
    }
  }
}

/// A message that came, in a place where only what can be copied may be. Safe from any thread.
public final class ReceivedMessage: @unchecked Sendable {
  private let isTaken = Atomic<Bool>(false)
  /// Only for whoever set `isTaken`.
  private var message: Message?

  init(_ message: consuming Message) {
    self.message = consume message
    // Hands it over to the thread that takes it.
    isTaken.store(false, ordering: .releasing)
  }

  /// The message, which is the caller's from then on; nil when it was taken before.
  public func take() -> Message? {
    if isTaken.exchange(true, ordering: .acquiringAndReleasing) { return nil }
    return message.take()
  }
}
