internal import Platform
internal import Reactor

/// A channel that listens: every connection becomes a channel of the same group. Loop only.
final class ChannelListener: Listener, @unchecked Sendable {
  let engine: EngineCore
  let mailbox: Mailbox
  let number: UInt16
  /// Makes the secure layers of connections; nil for plain ones.
  let secure: SecureContext?

  init(
    _ engine: EngineCore, _ mailbox: Mailbox, number: UInt16, _ address: SocketAddress, secure: SecureContext?
  ) throws(SystemError) {
    self.engine = engine
    self.mailbox = mailbox
    self.number = number
    self.secure = secure
    try super.init(engine.loop, address, backlog: engine.options.backlog)
  }

  override func accepted(_ socket: SocketNumber, from peer: SocketAddress) {
    engine.accepted(socket, by: self)
  }

  /// A lack of descriptors passes; with anything else the listener is of no use any more.
  override func failed(_ error: SystemError) {
    if error.kind != .limit { engine.listenerFailed(self) }
  }
}
