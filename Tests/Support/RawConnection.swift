import Platform

/// A client's end of a connection, for tests that say byte by byte what goes over it. Blocks, with a deadline.
package final class RawConnection {
  private let socket: SocketNumber
  private let poller: Poller
  /// What came and was not taken yet.
  package private(set) var received: [UInt8] = []
  /// Whether the other side has ended its side, or reset the connection.
  package private(set) var hasEnded = false
  package private(set) var wasReset = false

  package init(port: UInt16, host: String = "127.0.0.1") throws {
    poller = try Poller()
    let (socket, isPending) = try Sockets.connect(.literal(host, port: port))
    self.socket = socket
    try poller.add(socket, isPending ? .write : .read, token: 1)
    if isPending {
      let deadline = Deadline.after(nanoseconds: 10_000_000_000)
      while try !Sockets.connectResult(socket) {
        guard !deadline.hasPassed else { throw SystemError(.timedOut) }
        try wait(until: deadline)
      }
      try poller.modify(socket, .read, token: 1)
    }
  }

  deinit {
    poller.remove(socket)
    Sockets.close(socket, aborting: false)
  }

  package func send(_ text: String) throws { try send(Array(text.utf8)) }

  package func send(_ bytes: [UInt8]) throws {
    var start = 0
    let deadline = Deadline.after(nanoseconds: 20_000_000_000)
    while start < bytes.count {
      let transfer = bytes[start...].withUnsafeBytes { part in
        withUnsafePointer(to: part) { Sockets.send(socket, UnsafeBufferPointer(start: $0, count: 1)) }
      }
      switch transfer {
      case .moved(let count): start += count
      case .failed(let error): throw error
      case .wouldBlock:
        guard !deadline.hasPassed else { throw SystemError(.timedOut) }
        try poller.modify(socket, [.read, .write], token: 1)
        try wait(until: deadline)
        try poller.modify(socket, .read, token: 1)
      }
    }
  }

  /// Sends no more; reading goes on.
  package func finishSending() throws { try Sockets.finishSending(socket) }

  /// Reads until `isEnough` says so of all that came, or the other side ends; false at the deadline.
  @discardableResult
  package func read(
    within seconds: Double = 20, until isEnough: ([UInt8]) -> Bool = { _ in false }
  ) throws -> Bool {
    let deadline = Deadline.after(nanoseconds: Int64(seconds * 1e9))
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while !isEnough(received) {
      if hasEnded { return true }
      switch buffer.withUnsafeMutableBytes({ Sockets.receive(socket, into: $0) }) {
      case .moved(0): hasEnded = true
      case .moved(let count): received += buffer[..<count]
      case .failed: (hasEnded, wasReset) = (true, true)
      case .wouldBlock:
        if deadline.hasPassed { return false }
        try wait(until: deadline)
      }
    }
    return true
  }

  /// Takes the first `count` bytes of what came.
  package func take(_ count: Int) -> [UInt8] {
    defer { received.removeFirst(count) }
    return Array(received[..<count])
  }

  /// Takes what came.
  package func takeBytes() -> [UInt8] {
    defer { received = [] }
    return received
  }

  /// Takes what came, as text.
  package func takeText() -> String {
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// Reads one response whose length its head says, and takes it.
  package func readResponse(within seconds: Double = 20) throws -> RawResponse? {
    var response: RawResponse?
    try read(within: seconds) { bytes in
      response = RawResponse(bytes)
      return response != nil
    }
    if let response { received.removeFirst(response.length) }
    return response
  }

  private func wait(until deadline: Deadline) throws {
    var events = [Poller.Event(token: 0, ready: [])]
    _ = try events.withUnsafeMutableBufferPointer { try poller.wait(into: $0, until: deadline) }
  }
}

/// A response of HTTP/1 with `content-length` or chunks.
package struct RawResponse {
  package let status: Int
  package let head: String
  package let bodyBytes: [UInt8]
  package var body: String { String(decoding: bodyBytes, as: UTF8.self) }
  /// Bytes that it took.
  package let length: Int

  init?(_ bytes: [UInt8]) {
    let end = Array("\r\n\r\n".utf8)
    guard let headEnd = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else { return nil }
    head = String(decoding: bytes[..<headEnd], as: UTF8.self).lowercased()
    let words = head.split(separator: " ", maxSplits: 2)
    guard words.count > 1, let status = Int(words[1].prefix(3)) else { return nil }
    self.status = status
    let start = headEnd + 4
    if let count = Self.field("content-length", in: head).flatMap({ Int($0) }) {
      guard bytes.count >= start + count else { return nil }
      bodyBytes = Array(bytes[start..<start + count])
      length = start + count
    } else if Self.field("transfer-encoding", in: head) == "chunked" {
      var text: [UInt8] = []
      var place = start
      while true {
        guard let lineEnd = bytes[place...].firstIndex(of: 0x0a) else { return nil }
        let digits = String(decoding: bytes[place..<lineEnd], as: UTF8.self).prefix { $0.isHexDigit }
        guard let count = Int(digits, radix: 16), bytes.count >= lineEnd + 1 + count + 2 else { return nil }
        text += bytes[lineEnd + 1..<lineEnd + 1 + count]
        place = lineEnd + 1 + count + 2
        if count == 0 { break }
      }
      bodyBytes = text
      length = place
    } else {
      bodyBytes = []
      length = start
    }
  }

  /// The value of a field whose name is given in lower case.
  package func field(_ name: String) -> String? { Self.field(name, in: head) }

  private static func field(_ name: String, in head: String) -> String? {
    for line in head.split(separator: "\r\n").dropFirst() where line.hasPrefix(name + ": ") {
      return String(line.dropFirst(name.count + 2))
    }
    return nil
  }
}
