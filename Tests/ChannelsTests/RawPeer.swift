import Channels
import Platform

/// A peer that is nothing but a socket: it sends the bytes that a test has written down, and looks at those that come.
///
/// Every call waits for what it is for, and throws when that does not come. Only one thread at a time uses it.
final class RawPeer: @unchecked Sendable {
  /// How a stream came to its end.
  enum End: Equatable { case ended, reset }

  let socket: SocketNumber
  private let poller: Poller
  private var rest: [UInt8] = []
  private var isOpen = true

  /// Takes over a socket that is connected, or about to be.
  init(_ socket: SocketNumber) throws {
    self.socket = socket
    poller = try Poller()
    try poller.add(socket, .read, token: 1)
  }

  convenience init(connectingTo address: ChannelAddress) throws {
    try self.init(try Sockets.connect(try socketAddress(address)).socket)
    try wait(for: .write)
    guard try Sockets.connectResult(socket) else { throw NothingCame() }
  }

  deinit { close() }

  func close(aborting: Bool = false) {
    guard isOpen else { return }
    isOpen = false
    poller.remove(socket)
    Sockets.close(socket, aborting: aborting)
  }

  /// Says that nothing more will be sent.
  func finish() throws { try Sockets.finishSending(socket) }

  private func wait(for interest: Readiness) throws {
    try poller.modify(socket, interest, token: 1)
    let deadline = Deadline.after(nanoseconds: patience)
    let count = try withUnsafeTemporaryAllocation(of: Poller.Event.self, capacity: 1) { events in
      events.initialize(repeating: Poller.Event(token: 0, ready: []))
      return try poller.wait(into: events, until: deadline)
    }
    if count == 0 { throw NothingCame() }
  }

  func send(_ bytes: [UInt8]) throws {
    var position = 0
    while position < bytes.count { position += try sendSome(bytes[position...]) }
  }

  private func sendSome(_ bytes: ArraySlice<UInt8>) throws -> Int {
    while true {
      switch trySending(bytes) {
      case .moved(let count): return count
      case .wouldBlock: try wait(for: .write)
      case .failed(let error): throw error
      }
    }
  }

  /// Sends as much as the system takes now.
  func trySending(_ bytes: ArraySlice<UInt8>) -> Transfer {
    bytes.withUnsafeBytes { bytes in
      withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: 1) { parts in
        parts.initialize(repeating: bytes)
        return Sockets.send(socket, UnsafeBufferPointer(parts))
      }
    }
  }

  /// Nil when bytes came.
  private func receiveMore() throws -> End? {
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      switch buffer.withUnsafeMutableBytes({ Sockets.receive(socket, into: $0) }) {
      case .moved(0): return .ended
      case .moved(let count):
        rest += buffer[..<count]
        return nil
      case .wouldBlock: try wait(for: .read)
      case .failed(let error) where error.kind == .reset || error.kind == .closed: return .reset
      case .failed(let error): throw error
      }
    }
  }

  /// Exactly so many bytes.
  func read(_ count: Int) throws -> [UInt8] {
    while rest.count < count {
      if try receiveMore() != nil { throw NothingCame() }
    }
    let bytes = Array(rest[..<count])
    rest.removeFirst(count)
    return bytes
  }

  /// The next frame.
  func frame() throws -> Frame {
    let head = try read(FrameHeader.byteCount)
    let header = try FrameHeader(wire: head.span.bytes)
    let headers = try read(Int(header.headersLength))
    return Frame(header, headers: headers, body: try read(Int(header.bodyLength)))
  }

  /// What comes until the stream ends, and how it ends.
  func readToEnd() throws -> (bytes: [UInt8], end: End) {
    while true {
      guard let end = try receiveMore() else { continue }
      let bytes = rest
      rest = []
      return (bytes, end)
    }
  }
}

/// A socket on which raw peers are connected to.
final class RawListener {
  let address: ChannelAddress
  private let listener: SocketNumber
  private let poller: Poller

  init(_ address: ChannelAddress, backlog: UInt32 = 16) throws {
    listener = try Sockets.listen(try socketAddress(address), backlog: backlog)
    let bound = try Sockets.localAddress(listener)
    self.address = if case .unix = address { address } else { .tcp(host: bound.text, port: bound.port) }
    poller = try Poller()
    try poller.add(listener, .read, token: 1)
  }

  deinit {
    poller.remove(listener)
    Sockets.closeListener(listener)
  }

  func accept() throws -> RawPeer {
    while true {
      if let (socket, _) = try Sockets.accept(listener) { return try RawPeer(socket) }
      let deadline = Deadline.after(nanoseconds: patience)
      let count = try withUnsafeTemporaryAllocation(of: Poller.Event.self, capacity: 1) { events in
        events.initialize(repeating: Poller.Event(token: 0, ready: []))
        return try poller.wait(into: events, until: deadline)
      }
      if count == 0 { throw NothingCame() }
    }
  }
}

/// A frame as it is on the wire.
struct Frame: Equatable {
  var header: FrameHeader
  var headers: [UInt8]
  var body: [UInt8]

  init(_ header: FrameHeader, headers: [UInt8] = [], body: [UInt8] = []) {
    self.header = header
    self.header.headersLength = UInt16(headers.count)
    self.header.bodyLength = UInt16(body.count)
    self.headers = headers
    self.body = body
  }

  init(_ opCode: OpCode, id: UInt64, hasMore: Bool = false, headers: String = "", body: [UInt8] = []) {
    self.init(
      FrameHeader(channel: 0xbeef, opCode: opCode, hasMore: hasMore, id: id), headers: Array(headers.utf8), body: body)
  }

  var bytes: [UInt8] { encode(header) + headers + body }
}

func socketAddress(_ address: ChannelAddress) throws -> SocketAddress {
  switch address {
  case .unix(let path): try SocketAddress.unix(path)
  case .tcp(let host, let port), .tls(let host, let port): try SocketAddress.literal(host, port: port)
  }
}
