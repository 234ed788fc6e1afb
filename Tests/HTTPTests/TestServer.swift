import HTTP
import Platform
import Reactor
import Support

/// A server on loopback with a handler of the test's.
final class TestServer {
  let loop: EventLoop
  let server: HTTPServer
  let port: UInt16

  init(limits: HTTPLimits = HTTPLimits(), _ handler: RequestHandler) throws {
    loop = try EventLoop(SystemNetwork())
    server = try HTTPServer(loop, handler, limits: limits)
    try loop.startThread()
    let (loop, server) = (loop, server)
    let port = try Answer<UInt16>()
    loop.submit { port.give((try? server.listen(.literal("127.0.0.1", port: 0)).port) ?? 0) }
    self.port = port.take()
  }

  deinit { loop.stopThread() }

  func connect() throws -> RawConnection { try RawConnection(port: port) }
}

/// A value that one thread waits for and another gives.
final class Answer<Value: Sendable>: @unchecked Sendable {
  private let lock: Lock
  private let news: Condition
  private var value: Value?

  init() throws {
    lock = try Lock()
    news = try Condition()
  }

  func give(_ value: Value) {
    lock.lock()
    self.value = value
    lock.unlock()
    news.broadcast()
  }

  func take() -> Value {
    lock.lock()
    defer { lock.unlock() }
    while true {
      if let value { return value }
      _ = news.wait(lock, until: .after(nanoseconds: 1_000_000_000))
    }
  }
}

/// Says what it was asked: method, path, query and body.
final class EchoHandler: RequestHandler, @unchecked Sendable {
  override func handle(_ exchange: Exchange) {
    let request = exchange.request
    var head = ResponseHead(200)
    head.add("content-type", "text/plain")
    let text = "\(request.method.text) \(request.pathText) \(String(decoding: request.rawQuery, as: UTF8.self)) "
    exchange.respond(head, Array(text.utf8) + request.body)
  }

  override func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] {
    head.add("content-type", "text/plain")
    return Array("\(problem.message)".utf8)
  }
}
