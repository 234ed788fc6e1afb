internal import CPlatform

/// The number of an open socket. It stays open until it is closed; whoever opened it says who closes it.
public typealias SocketNumber = Int64

/// How far one attempt to move bytes got.
public enum Transfer: Sendable {
  /// So many bytes; when reading, 0 is the end of what the peer sends.
  case moved(Int)
  /// None for now: wait for the poller.
  case wouldBlock
  /// None any more.
  case failed(SystemError)
}

/// The calls on non-blocking stream sockets, as values and typed errors. Safe from any thread; what a socket allows at once is
/// one reader and one writer.
public enum Sockets {
  /// The most parts that one gathered call looks at.
  public static let gatherLimit = 64

  /// Listens; see `platform_listen` for what becomes of a taken address or a stale socket file.
  public static func listen(_ address: SocketAddress, backlog: UInt32) throws(SystemError) -> SocketNumber {
    var listener: SocketNumber = -1
    try check(withUnsafePointer(to: address.native) { platform_listen($0, backlog, &listener) })
    return listener
  }

  /// Closes a listener, and removes its socket file.
  public static func closeListener(_ listener: SocketNumber) { platform_listener_close(listener) }

  /// The next waiting connection; nil when there is none.
  ///
  /// - Throws: `.limit` when no more can be opened; the connection stays waiting.
  public static func accept(_ listener: SocketNumber) throws(SystemError) -> (SocketNumber, SocketAddress)? {
    var socket: SocketNumber = -1
    var peer = platform_address()
    let status = platform_accept(listener, &socket, &peer)
    if status == PLATFORM_WOULD_BLOCK { return nil }
    try check(status)
    return (socket, SocketAddress(peer))
  }

  /// Begins to connect; `isPending` when the poller will tell.
  public static func connect(
    _ address: SocketAddress
  ) throws(SystemError) -> (socket: SocketNumber, isPending: Bool) {
    var socket: SocketNumber = -1
    var isPending = false
    try check(withUnsafePointer(to: address.native) { platform_connect($0, &socket, &isPending) })
    return (socket, isPending)
  }

  /// Whether a pending connect has succeeded; false while it goes on.
  public static func connectResult(_ socket: SocketNumber) throws(SystemError) -> Bool {
    let status = platform_connect_result(socket)
    if status == PLATFORM_WOULD_BLOCK { return false }
    try check(status)
    return true
  }

  /// Reads what is there into the buffers, in order.
  public static func receive(
    _ socket: SocketNumber, into buffers: UnsafeBufferPointer<UnsafeMutableRawBufferPointer>
  ) -> Transfer {
    var got = 0
    let status = withUnsafeTemporaryAllocation(of: platform_buffer.self, capacity: max(1, buffers.count)) { native in
      for (index, buffer) in buffers.enumerated() {
        native[index] = platform_buffer(base: buffer.baseAddress, length: buffer.count)
      }
      return platform_receive(socket, native.baseAddress, buffers.count, &got)
    }
    return transfer(status, got)
  }

  /// Reads what is there into one buffer.
  public static func receive(_ socket: SocketNumber, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
    var got = 0
    var native = platform_buffer(base: buffer.baseAddress, length: buffer.count)
    return transfer(platform_receive(socket, &native, 1, &got), got)
  }

  /// Writes as much of the parts as fits.
  public static func send(
    _ socket: SocketNumber, _ parts: UnsafeBufferPointer<UnsafeRawBufferPointer>
  ) -> Transfer {
    var sent = 0
    let status = withUnsafeTemporaryAllocation(of: platform_slice.self, capacity: max(1, parts.count)) { native in
      for (index, part) in parts.enumerated() {
        native[index] = platform_slice(base: part.baseAddress, length: part.count)
      }
      return platform_send(socket, native.baseAddress, parts.count, &sent)
    }
    return transfer(status, sent)
  }

  /// Ends our side.
  public static func finishSending(_ socket: SocketNumber) throws(SystemError) {
    try check(platform_finish_sending(socket))
  }

  /// Closes a connection; with `aborting` the peer sees a reset and no port lingers.
  public static func close(_ socket: SocketNumber, aborting: Bool) { platform_socket_close(socket, aborting) }

  /// Where the socket is bound.
  public static func localAddress(_ socket: SocketNumber) throws(SystemError) -> SocketAddress {
    var address = platform_address()
    try check(platform_socket_local(socket, &address))
    return SocketAddress(address)
  }

  /// Asks the system to buffer so many bytes; 0 leaves a side as it is.
  public static func setBuffers(_ socket: SocketNumber, send: UInt32, receive: UInt32) throws(SystemError) {
    try check(platform_socket_buffers(socket, send, receive))
  }

  /// Sends a probe after so many silent seconds; 0 turns it off.
  public static func setKeepAlive(_ socket: SocketNumber, seconds: UInt32) throws(SystemError) {
    try check(platform_socket_keep_alive(socket, seconds))
  }

  private static func transfer(_ status: Int32, _ count: Int) -> Transfer {
    switch status {
    case PLATFORM_OK: .moved(count)
    case PLATFORM_WOULD_BLOCK: .wouldBlock
    default: .failed(SystemError(SystemError.Kind(rawValue: status) ?? .io, code: platform_system_code()))
    }
  }
}
