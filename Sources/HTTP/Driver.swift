internal import Reactor

/// Speaks one version of the protocol on a connection. Loop only, but for what says otherwise.
///
/// It is a source of the loop only so that other threads can ask for it (`EventLoop.request`); the socket is the connection's.
class Driver: LoopSource, @unchecked Sendable {
  /// The connection. It holds on to its driver too, until it is closed.
  final let connection: Connection

  init(_ connection: Connection) {
    self.connection = connection
    super.init()
  }

  /// Bytes came.
  func received(_ bytes: UnsafeRawBufferPointer) {}
  /// The peer sends no more.
  func peerFinished() { connection.close(.ended) }
  /// Half of what waited to be sent is sent.
  func drained() {}
  /// The connection is over. The last call.
  func closed() {}
  /// About once a second: what is late?
  func check(_ now: Int64) {}
  /// Whether it waits for nothing but a next request.
  var isIdle: Bool { false }
  /// Since when, in nanoseconds of the loop's clock.
  var idleSince: Int64 { .max }
  /// The server is about to stop: no further requests are wanted.
  func beginDraining() {}
}
