internal import Reactor

/// One request of an HTTP/2 connection and its answer.
final class HTTP2Exchange: ServerExchange, @unchecked Sendable {
  private let driver: HTTP2Connection
  private let stream: HTTP2Stream

  init(_ request: Request, _ driver: HTTP2Connection, _ stream: HTTP2Stream) {
    self.driver = driver
    self.stream = stream
    super.init(request, of: driver.connection.server)
  }

  override func respond(_ head: ResponseHead, _ body: UnsafeRawBufferPointer) {
    guard takeAnswer(head.status, bytes: body.count) else { return }
    let fields = HTTP2Head(head, date: server.date(), length: head.mayHaveBody ? body.count : nil)
    let bytes = head.mayHaveBody && request.method != .head ? Array(body) : []
    driver.hand(stream) { outbox in
      outbox.head = fields
      outbox.add(bytes[...])
      outbox.isFinished = true
    }
    conclude()
  }

  override func begin(_ head: ResponseHead) {
    guard takeBeginning(head.status) else { return }
    let fields = HTTP2Head(head, date: server.date(), length: nil)
    driver.hand(stream) { $0.head = fields }
  }

  override func write(_ piece: StreamPiece) -> Stream.Sending {
    guard isStreaming else { return .closed }
    let limit = server.limits.waitingBytes
    var sending = Stream.Sending.closed
    driver.hand(stream) { outbox in
      if request.method == .head {
        sending = .taken
      } else if outbox.hasRoom(piece.count, limit: limit) {
        outbox.add(piece.bytes)
        add(sent: piece.count)
        sending = .taken
      } else {
        outbox.wantsRoom = true
        sending = .full
      }
    }
    return sending
  }

  override func finish() {
    guard takeEnd() else { return }
    driver.hand(stream) { $0.isFinished = true }
    conclude()
  }

  override func abort() {
    guard takeAbort() else { return }
    driver.hand(stream) { $0.isAborted = true }
    conclude()
  }

  override var waitingBytes: Int { driver.waitingBytes(of: stream) }

  private func conclude() {
    tellHandler()
    driver.exchangeIsOver()
  }
}
