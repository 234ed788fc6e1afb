import Platform
import Reactor
import Synchronization

/// A request as it came over the wire.
package struct RawRequest: Sendable {
  package let method: String
  package let target: String
  /// Names in lower case.
  package let headers: [(name: String, value: String)]
  package let body: [UInt8]
  /// Which connection, and which request on it, both counted from 1.
  package let connection: Int
  package let number: Int

  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// An HTTP/1.1 server that says whatever a test wants, right or wrong, on a loop and thread of its own.
///
/// It stops when the value goes away.
package final class RawServer: @unchecked Sendable {
  /// Called on the server's thread with each request; answers by the connection, then or later.
  package typealias Answer = @Sendable (RawRequest, RawConnection) -> Void

  package let port: UInt16
  private let loop: EventLoop
  private let listener: RawListener
  private let isStopped = Mutex(false)
  private let finished: Happening

  /// Listens on 127.0.0.1.
  ///
  /// - Parameters:
  ///   - port: 0 for one that is free.
  ///   - secure: For TLS.
  package init(port: UInt16 = 0, secure: SecureContext? = nil, _ answer: @escaping Answer) throws {
    let loop = try EventLoop(try SystemNetwork())
    let listener = try RawListener(loop, try .literal("127.0.0.1", port: port), backlog: 64)
    listener.secure = secure
    listener.answer = answer
    listener.chunks = try ChunkPool()
    self.loop = loop
    self.listener = listener
    self.port = listener.address.port
    finished = try Happening()
    try loop.startThread()
    loop.submit { try? listener.start() }
  }

  deinit { stop() }

  package var url: String { "\(listener.secure == nil ? "http" : "https")://127.0.0.1:\(port)" }
  /// How many connections were made, and how many requests came.
  package var connections: Int { listener.counts.withLock { $0.connections } }
  package var requests: Int { listener.counts.withLock { $0.requests } }
  /// Bytes that came, after decryption.
  package var bytes: Int { listener.counts.withLock { $0.bytes } }

  /// Breaks all connections, and listens no more.
  package func stop() {
    let wasStopped = isStopped.withLock { isStopped in
      defer { isStopped = true }
      return isStopped
    }
    if wasStopped { return }
    let listener = listener
    loop.submit { [finished] in
      for connection in listener.open { connection.close(.closed, aborting: true) }
      listener.open = []
      listener.close()
      finished.mark()
    }
    finished.wait()
    loop.stopThread()
  }
}

/// Something that happens once, and that others wait for.
package final class Happening: @unchecked Sendable {
  private let lock: Lock
  private let changed: Condition
  private var isMarked = false

  package init() throws {
    lock = try Lock()
    changed = try Condition()
  }

  package func mark() {
    lock.lock()
    isMarked = true
    changed.broadcast()
    lock.unlock()
  }

  /// False if it did not happen within half a minute.
  @discardableResult
  package func wait() -> Bool {
    let deadline = Deadline.after(nanoseconds: 30_000_000_000)
    lock.lock()
    defer { lock.unlock() }
    while !isMarked, !deadline.hasPassed { _ = changed.wait(lock, until: deadline) }
    return isMarked
  }
}

final class RawListener: Listener, @unchecked Sendable {
  struct Counts {
    var connections = 0
    var requests = 0
    var bytes = 0
  }

  var secure: SecureContext?
  var answer: RawServer.Answer = { _, _ in }
  var chunks: ChunkPool?
  var open: [RawConnection] = []
  let counts = Mutex(Counts())

  override func accepted(_ socket: SocketNumber, from peer: SocketAddress) {
    let number = counts.withLock {
      $0.connections += 1
      return $0.connections
    }
    guard let chunks, let connection = try? RawConnection(loop, chunks, limit: 64 << 20) else { return }
    connection.listener = self
    connection.number = number
    open.append(connection)
    connection.start(accepted: socket, secure: try? secure?.server())
  }
}

/// One connection of a `RawServer`. Any thread may send.
package final class RawConnection: Reactor.Stream, @unchecked Sendable {
  weak var listener: RawListener?
  var number = 0
  private var pending: [UInt8] = []
  private var requests = 0

  /// Sends text as it stands; line ends are to be written as \r\n.
  package func send(_ text: String) { send(Array(text.utf8)) }
  package func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes { send($0, ignoringLimit: true) }
  }

  /// A whole answer of this status with a body.
  package func respond(_ status: Int, _ body: String, type: String = "application/json", extra: String = "") {
    send(
      "HTTP/1.1 \(status) Whatever\r\nContent-Type: \(type)\r\n\(extra)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
  }

  /// The head of an answer that comes in chunks.
  package func begin(_ status: Int = 200, type: String = "application/jsonl") {
    send("HTTP/1.1 \(status) OK\r\nContent-Type: \(type)\r\nTransfer-Encoding: chunked\r\n\r\n")
  }
  package func chunk(_ text: String) { send("\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n") }
  package func end() { send("0\r\n\r\n") }

  /// Sends nothing more, once what was sent is out.
  package func hangUp() {
    loop.submit { self.finish() }
  }

  /// Breaks the connection with a reset.
  package func abort() {
    loop.submit { self.close(.closed, aborting: true) }
  }

  package override func received(_ bytes: UnsafeRawBufferPointer) {
    let count = bytes.count
    listener?.counts.withLock { $0.bytes += count }
    pending += bytes
    while let request = next() {
      listener?.counts.withLock { $0.requests += 1 }
      listener?.answer(request, self)
    }
  }

  package override func closed(_ end: StreamEnd) { listener?.open.removeAll { $0 === self } }

  private func next() -> RawRequest? {
    guard let blank = pending.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    // The two bytes of a line end are one character.
    let lines = String(decoding: pending[..<blank.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let words = lines.first?.split(separator: " ") ?? []
    guard words.count == 3 else { return nil }
    let headers = lines.dropFirst().compactMap { line -> (name: String, value: String)? in
      guard let colon = line.firstIndex(of: ":") else { return nil }
      return (line[..<colon].lowercased(), String(line[line.index(after: colon)...].drop { $0 == " " }))
    }
    let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
    guard pending.count - blank.upperBound >= length else { return nil }
    let body = Array(pending[blank.upperBound..<blank.upperBound + length])
    pending.removeFirst(blank.upperBound + length)
    requests += 1
    return RawRequest(
      method: String(words[0]), target: String(words[1]), headers: headers, body: body, connection: number,
      number: requests)
  }
}
