internal import Reactor
internal import Synchronization

/// One request of an HTTP/1 connection and its answer.
final class HTTP1Exchange: ServerExchange, @unchecked Sendable {
  private let driver: HTTP1Connection
  private let keepsAlive: Bool

  init(_ request: Request, _ driver: HTTP1Connection, keepsAlive: Bool) {
    self.driver = driver
    self.keepsAlive = keepsAlive
    super.init(request, of: driver.connection.server)
  }

  override func respond(_ head: ResponseHead, _ body: UnsafeRawBufferPointer) {
    guard takeAnswer(head.status, bytes: body.count) else { return }
    var out = lines(head, capacity: body.count)
    if head.mayHaveBody { HTTP1Text.append(length: body.count, to: &out) }
    out += HTTP1Text.lineEnd
    if request.method != .head, head.mayHaveBody { out.append(contentsOf: body) }
    _ = out.withUnsafeBytes { driver.connection.send($0, ignoringLimit: true) }
    conclude(keepsOn: keepsAlive)
  }

  override func begin(_ head: ResponseHead) {
    guard takeBeginning(head.status) else { return }
    var out = lines(head, capacity: 0)
    if request.version == .http11 { out.append(contentsOf: HTTP1Text.chunked) }
    out += HTTP1Text.lineEnd
    _ = out.withUnsafeBytes { driver.connection.send($0, ignoringLimit: true) }
  }

  override func write(_ piece: StreamPiece) -> Stream.Sending {
    guard isStreaming else { return .closed }
    if request.method == .head { return .taken }
    let connection = driver.connection
    let sending =
      request.version == .http11 ? piece.withChunk { connection.send($0) } : piece.withBytes { connection.send($0) }
    if case .taken = sending { add(sent: piece.count) }
    return sending
  }

  override func finish() {
    guard takeEnd() else { return }
    if request.version == .http11, request.method != .head {
      _ = HTTP1Text.lastChunk.withUnsafeBytes { driver.connection.send($0, ignoringLimit: true) }
    }
    // Where there are no chunks, the end of the connection is the end of the body.
    conclude(keepsOn: keepsAlive && request.version == .http11)
  }

  override func abort() {
    guard takeAbort() else { return }
    conclude(keepsOn: false, resets: true)
  }

  override var waitingBytes: Int { driver.connection.waitingBytes }

  private func conclude(keepsOn: Bool, resets: Bool = false) {
    tellHandler()
    driver.exchangeIsOver(
      isObserved: wasObserved.load(ordering: .relaxed), keepsOn: keepsOn && !server.isDraining, resets: resets)
  }

  /// The status line and the fields that do not depend on the body.
  private func lines(_ head: ResponseHead, capacity: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(capacity + head.lines.count + 192)
    HTTP1Text.append(status: head.status, to: &out)
    out.append(contentsOf: head.lines)
    HTTP1Text.append(date: server.date(), to: &out)
    if !keepsAlive || server.isDraining {
      out.append(contentsOf: HTTP1Text.close)
    } else if request.version == .http10 {
      out.append(contentsOf: HTTP1Text.keepAlive)
    }
    return out
  }
}
