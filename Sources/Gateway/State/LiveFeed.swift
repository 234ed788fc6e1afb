internal import HTTP
internal import JSON
internal import LiveQueries
internal import Platform
internal import Reactor
internal import State

/// Sends what a live query tells to one client.
///
///     idle --there is something--> pumping --nothing is left--> idle
///                                     |--the client takes no more--> full --drained--> pumping
///
/// It is over when the stream ends, when the client goes, or when the server stops.
final class LiveFeed: ExchangeObserver, @unchecked Sendable {
  private enum State { case idle, pumping, full, over }

  /// Bytes of lines that are sent together.
  private static let pieceBytes = 64 << 10
  /// Pieces that one turn of a worker sends, before others have theirs.
  private static let piecesPerTurn = 8

  private let call: StateCall
  private let stream: LiveStream
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var state = State.idle
  /// There is something, or there is room, that the worker which is at it may not have seen.
  @exclusivity(unchecked) private var hasNews = false
  // Of the worker that pumps.
  /// What the client did not take.
  @exclusivity(unchecked) private var unsent: StreamPiece?
  @exclusivity(unchecked) private var hasEnded = false

  init(_ call: StateCall, _ stream: LiveStream) throws(SystemError) {
    self.call = call
    self.stream = stream
    lock = try Lock()
    super.init()
  }

  /// Begins the answer and follows the stream. Any thread.
  func begin(_ head: ResponseHead) {
    call.gateway.loop.submit { [self] in
      call.exchange.observer = self
      call.gateway.add(self)
      call.exchange.begin(head)
      stream.onReady { [self] in wake() }
      wake()
    }
  }

  /// Ends it, as the server does when it stops. Loop only.
  func end() {
    leave()
    call.exchange.finish()
  }

  // MARK: Loop

  override func drained() {
    lock.lock()
    let wasFull = state == .full
    if wasFull { state = .pumping } else { hasNews = true }
    lock.unlock()
    if wasFull { schedule() }
  }

  override func ended() { leave() }

  private func leave() {
    lock.lock()
    state = .over
    lock.unlock()
    stream.close()
    call.gateway.remove(self)
  }

  // MARK: Any thread

  private func wake() {
    lock.lock()
    let wasIdle = state == .idle
    if wasIdle { state = .pumping } else { hasNews = true }
    lock.unlock()
    if wasIdle { schedule() }
  }

  private func schedule() {
    if !call.gateway.workers.submit(ignoringLimit: true, { [self] _ in pump() }) { call.exchange.abort() }
  }

  // MARK: Worker

  private func pump() {
    var text = ByteWriter(capacity: 4 << 10)
    for _ in 0..<Self.piecesPerTurn {
      guard pumpOnce(&text) else { return }
    }
    schedule()
  }

  /// False when this turn is over.
  private func pumpOnce(_ text: inout ByteWriter) -> Bool {
    if unsent == nil, !hasEnded {
      text.removeAll()
      let pulled = stream.pull(into: &text, limit: Self.pieceBytes)
      hasEnded = pulled == .ended
      if text.count > 0 { unsent = text.withUnsafeBytes { StreamPiece($0) } }
    }
    guard let piece = unsent else {
      if hasEnded {
        call.exchange.finish()
        return false
      }
      return !rests(as: .idle)
    }
    switch call.exchange.write(piece) {
    case .taken:
      unsent = nil
      return true
    case .full: return !rests(as: .full)
    case .closed: return false
    }
  }

  /// Whether nothing came meanwhile; then there is no worker at it any more.
  private func rests(as rest: State) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    if state == .over { return true }
    if hasNews {
      hasNews = false
      return false
    }
    state = rest
    return true
  }
}

extension StateCall {
  /// `POST /v1/subscriptions`
  func subscribe(_ pass: Turnstile.Pass) {
    guard let start = start() else { return }
    let statement: StatementRequest
    do throws(StatementRequest.Fault) { statement = try StatementRequest.one(request.body) } catch {
      return refuse(error)
    }
    do throws(StateError) {
      let deadline = Deadline.after(nanoseconds: Int64(gateway.settings.queryTime * 1e9))
      let stream = try gateway.live.subscribe(statement.sql, statement.parameters, start, until: deadline)
      follow(stream, pass, names: true)
    } catch {
      fail(error)
    }
  }

  /// `GET /v1/subscriptions/{id}`
  func resume(_ text: ArraySlice<UInt8>, _ pass: Turnstile.Pass) {
    guard let start = start() else { return }
    guard let id = LiveID(String(decoding: text, as: UTF8.self)) else {
      return self.text(400, "the id of a subscription is a UUID")
    }
    do throws(StateError) {
      guard let stream = try gateway.live.stream(of: id, start) else {
        return fail(404, "could not find subscription with id \(id)")
      }
      follow(stream, pass, names: true)
    } catch {
      fail(error)
    }
  }

  /// `POST /v1/updates/{table}`
  func updates(of table: String, _ pass: Turnstile.Pass) {
    do throws(StateError) {
      follow(try gateway.live.updates(of: table), pass, names: false)
    } catch {
      fail(error)
    }
  }

  private func follow(_ stream: LiveStream, _ pass: Turnstile.Pass, names hasHash: Bool) {
    var head = ResponseHead(200)
    head.add("cache-control", "no-store")
    head.add("corro-query-id", text: "\(stream.id)")
    if hasHash { head.add("corro-query-hash", text: Hexadecimal.text([stream.hash])) }
    do throws(SystemError) { try LiveFeed(self, stream).begin(head) } catch { fail(500, error.message) }
    pass.leave()
  }

  /// Where the stream is to begin; nil, and the request is answered, if that cannot be read.
  private func start() -> LiveStart? {
    guard let parameters = parameters(["from", "skip_rows"]) else { return nil }
    var start = LiveStart()
    if let text = parameters[0] {
      guard let from = UInt64(decimal: text.utf8) else {
        self.text(400, "from must be the number of a change")
        return nil
      }
      start.from = from
    }
    switch parameters[1].map({ Array($0.utf8) }) {
    case nil, Array("false".utf8): break
    case Array("true".utf8): start.skipsRows = true
    default:
      text(400, "skip_rows must be true or false")
      return nil
    }
    return start
  }
}
