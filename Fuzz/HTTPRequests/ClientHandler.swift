import HTTP
import Promise
import Reactor

/// Answers in one of three ways, and keeps count of what it is told. One thread.
final class ClientHandler: RequestHandler, @unchecked Sendable {
  enum Way { case atOnce, later, inPieces }

  struct Asked: Equatable {
    var method: Method
    var path: [UInt8]
    var query: [UInt8]
    var host: String?
    var body: [UInt8]
  }

  private let way: Way
  private var waiting: [Exchange] = []
  private(set) var asked: [Asked] = []
  private(set) var problems: [RequestProblem] = []
  private(set) var begun = 0
  private(set) var told = 0
  fileprivate(set) var watched = 0
  fileprivate(set) var ended = 0

  init(_ way: Way) { self.way = way }

  override func handle(_ exchange: Exchange) {
    let request = exchange.request
    begun += 1
    asked.append(
      Asked(
        method: request.method, path: Array(request.rawPath), query: Array(request.rawQuery),
        host: request.header("host"), body: request.body))
    promise(request.rawPath.first == UInt8(ascii: "/") || request.pathText == "*", "a target is a path")
    promise(request.body.count <= 500, "a body is no longer than the limit")
    if way == .atOnce { return answer(exchange) }
    if way == .inPieces {
      watched += 1
      exchange.observer = Watcher(self, exchange)
    }
    waiting.append(exchange)
  }

  /// Goes on with the answer that waits longest; false when none does.
  @discardableResult
  func answerOne() -> Bool {
    guard !waiting.isEmpty else { return false }
    let exchange = waiting.removeFirst()
    if way == .later {
      answer(exchange)
    } else {
      exchange.begin(ResponseHead(200))
      goOn(exchange)
    }
    return true
  }

  /// Writes what is left of five pieces; what there is no room for waits.
  fileprivate func goOn(_ exchange: Exchange) {
    guard exchange.request.method != .head else { return exchange.finish() }
    let piece = [UInt8](repeating: 0x61, count: 700).withUnsafeBytes { StreamPiece($0) }
    while let watcher = exchange.observer as? Watcher, watcher.piecesLeft > 0 {
      switch exchange.write(piece) {
      case .taken: watcher.piecesLeft -= 1
      case .full: return
      case .closed: return exchange.abort()
      }
    }
    if exchange.request.rawQuery.isEmpty { exchange.finish() } else { exchange.abort() }
  }

  private func answer(_ exchange: Exchange) {
    var head = ResponseHead(exchange.request.method == .put ? 204 : 200)
    head.add("content-type", "text/plain")
    exchange.respond(head, Array(exchange.request.rawPath))
  }

  override func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] {
    problems.append(problem)
    return [0x62]
  }

  override func answered(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) { told += 1 }
}

private final class Watcher: ExchangeObserver, @unchecked Sendable {
  private let handler: ClientHandler
  private let exchange: Exchange
  var piecesLeft = 5

  init(_ handler: ClientHandler, _ exchange: Exchange) {
    self.handler = handler
    self.exchange = exchange
  }

  override func drained() { handler.goOn(exchange) }

  override func ended() {
    handler.ended += 1
    // Nobody waits for the rest of the answer.
    exchange.abort()
  }
}
