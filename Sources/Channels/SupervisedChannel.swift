public import Platform

/// A client channel that the engine keeps up: it connects, says hello, and begins again after each end.
///
/// Each connection is a channel of its own, with a number of its own, of the group that made this. What comes is received from
/// the group as ever, and so is what became of the connection, as notices with this `id` and the header `~presence`:
///
/// - `connected`, with status `success`, behind the peer's answer to the hello. Messages posted here go out from then on.
/// - `disconnected`, with status `channelClosed`: the final notice of a connection. When the peer cannot be reached the first
///   failed attempt is told in the same way, and those that follow are not.
///
/// What was posted on a connection and not sent when it ended comes back into the mailbox, as ever. Ends when it is stopped, or
/// when the last reference to it, the group or the engine goes. Safe from any thread.
public final class SupervisedChannel: Sendable {
  /// What posting does while there is no connection.
  public enum WhileDisconnected: Sendable {
    /// Fails with `.closed`.
    case refuse
    /// Keeps so many messages and bytes, which are sent in order when there is one; then fails with `.busy`.
    case queue(messages: Int, bytes: Int)
  }

  /// How a channel is kept up.
  public struct Options: Sendable {
    /// How long to wait before an attempt. It begins anew when the peer has answered a hello.
    public var backoff: Backoff
    /// What posting does meanwhile.
    public var whileDisconnected: WhileDisconnected

    /// Tries again for as long as it takes.
    public init(backoff: Backoff = Backoff(), whileDisconnected: WhileDisconnected = .refuse) {
      self.backoff = backoff
      self.whileDisconnected = whileDisconnected
    }
  }

  /// That of its notices, its hellos and the answers to them.
  public let id: UInt64
  private let supervisor: Supervisor

  init(_ supervisor: Supervisor) {
    self.supervisor = supervisor
    id = supervisor.id
  }

  deinit { supervisor.stop(.closedHere, evenLate: false) }

  /// The channel, while there is a connection whose peer has answered; nil otherwise.
  public var channel: UInt16? { supervisor.currentChannel }

  /// Sends a request, response or signal on the connection that there is; its channel does not matter. What is returned says
  /// on which, 0 when it was queued.
  ///
  /// - Throws: What `ChannelGroup.post` throws; `.closed` when there is no connection or it was stopped; `.busy` when too much
  ///   waits for a connection, whatever `whenFull` says.
  @discardableResult
  public func post(
    _ message: consuming Message, whenFull: WhenFull = .wait(until: .never)
  ) throws(ChannelError) -> Posted {
    try supervisor.post(message, whenFull)
  }

  /// Closes the connection at once and makes no more. The last notice says `closed_here`; what was queued is dropped.
  public func stop() { supervisor.stop(.closedHere) }

  /// Says bye, where there is a connection, and makes no more.
  ///
  /// - Throws: `.closed` when there is none; it is stopped all the same.
  public func sayBye() throws(ChannelError) { try supervisor.sayBye() }
}

/// What a notice of a supervised channel tells.
public enum Presence: Sendable {
  /// The peer has answered the hello.
  case connected
  /// The connection is over, or does not come about; the engine goes on trying.
  case disconnected

  /// Its name in the header `~presence`.
  public var name: StaticString {
    switch self {
    case .connected: "connected"
    case .disconnected: "disconnected"
    }
  }
}

extension Message {
  /// What it tells of a supervised channel, if it is one of its notices.
  public var presence: Presence? {
    guard isNotice, let value = headers.first(named: ReservedHeader.presence) else { return nil }
    if Presence.connected.name.isSame(as: value) { return .connected }
    return Presence.disconnected.name.isSame(as: value) ? .disconnected : nil
  }
}

extension ChannelGroup {
  /// Connects to `address`, and again after each end.
  ///
  /// - Parameter hello: Gives a hello its headers and body, for every attempt anew. Called on the engine's loop: it must be
  ///   quick, and must not wait.
  /// - Throws: `.invalidAddress`, `.usage` for `tls` without certificates, `.shuttingDown`.
  public func supervise(
    _ address: ChannelAddress, _ options: SupervisedChannel.Options = SupervisedChannel.Options(),
    hello: @escaping @Sendable (inout Message) -> Void = { _ in }
  ) throws(ChannelError) -> SupervisedChannel {
    try address.check(for: .connecting)
    return SupervisedChannel(try engine.core.supervise(mailbox, address, options, hello))
  }
}
