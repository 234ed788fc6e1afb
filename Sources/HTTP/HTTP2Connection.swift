internal import Reactor

/// Speaks HTTP/2.
final class HTTP2Connection: Driver, @unchecked Sendable {
  override func received(_ bytes: UnsafeRawBufferPointer) { connection.close(.closed, aborting: true) }
}
