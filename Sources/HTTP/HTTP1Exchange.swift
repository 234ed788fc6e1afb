internal import Reactor
internal import Synchronization

/// One request of an HTTP/1 connection and its answer.
final class HTTP1Exchange: Exchange, @unchecked Sendable {
  private enum Stage { static let waiting: UInt8 = 0, begun: UInt8 = 1, over: UInt8 = 2 }

  private let driver: HTTP1Connection
  private let keepsAlive: Bool
  private let began: Int64
  private let stage = Atomic<UInt8>(Stage.waiting)
  private let sent = Atomic<UInt64>(0)
  private let status = Atomic<UInt16>(0)

  init(_ request: Request, _ driver: HTTP1Connection, keepsAlive: Bool) {
    self.driver = driver
    self.keepsAlive = keepsAlive
    began = driver.connection.loop.time
    super.init(request)
  }

  /// Whether the answer is a stream that goes on.
  var isStreaming: Bool { stage.load(ordering: .relaxed) == Stage.begun }

  override func respond(_ head: ResponseHead, _ body: UnsafeRawBufferPointer) {
    guard advance(from: Stage.waiting, to: Stage.over) else { return }
    let isBodiless = head.status == 204 || head.status == 304
    var out = lines(head, capacity: body.count)
    if !isBodiless { HTTP1Text.append(length: body.count, to: &out) }
    out += HTTP1Text.lineEnd
    if request.method != .head, !isBodiless { out.append(contentsOf: body) }
    _ = out.withUnsafeBytes { driver.connection.send($0, ignoringLimit: true) }
    conclude(head.status, UInt64(body.count), keepsOn: keepsAlive)
  }

  override func begin(_ head: ResponseHead) {
    guard advance(from: Stage.waiting, to: Stage.begun) else { return }
    status.store(head.status, ordering: .relaxed)
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
    if case .taken = sending { sent.wrappingAdd(UInt64(piece.count), ordering: .relaxed) }
    return sending
  }

  override func finish() {
    guard advance(from: Stage.begun, to: Stage.over) else { return }
    if request.version == .http11, request.method != .head {
      _ = HTTP1Text.lastChunk.withUnsafeBytes { driver.connection.send($0, ignoringLimit: true) }
    }
    // Where there are no chunks, the end of the connection is the end of the body.
    conclude(
      status.load(ordering: .relaxed), sent.load(ordering: .relaxed),
      keepsOn: keepsAlive && request.version == .http11)
  }

  override func abort() {
    guard stage.exchange(Stage.over, ordering: .acquiringAndReleasing) != Stage.over else { return }
    conclude(status.load(ordering: .relaxed), sent.load(ordering: .relaxed), keepsOn: false, resets: true)
  }

  override var waitingBytes: Int { driver.connection.waitingBytes }

  private func advance(from old: UInt8, to new: UInt8) -> Bool {
    stage.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  private func conclude(_ status: UInt16, _ bytes: UInt64, keepsOn: Bool, resets: Bool = false) {
    let server = driver.connection.server
    server.handler.answered(
      request, status: status, bytes: bytes, nanoseconds: max(0, server.loop.network.now() - began))
    driver.exchangeIsOver(hasObserver: observer != nil, keepsOn: keepsOn && !server.isDraining, resets: resets)
  }

  /// The status line and the fields that do not depend on the body.
  private func lines(_ head: ResponseHead, capacity: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(capacity + head.lines.count + 192)
    HTTP1Text.append(status: head.status, to: &out)
    out.append(contentsOf: head.lines)
    driver.connection.server.appendDate(to: &out)
    if !keepsAlive || driver.connection.server.isDraining {
      out.append(contentsOf: HTTP1Text.close)
    } else if request.version == .http10 {
      out.append(contentsOf: HTTP1Text.keepAlive)
    }
    return out
  }
}
