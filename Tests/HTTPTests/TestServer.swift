import HTTP
import Platform
import Reactor
import Support
import Synchronization
import TLS
import Testing

/// How a client comes to a server.
enum Wire: String, CaseIterable, CustomTestStringConvertible {
  case http1, http2, secureHTTP1, secureHTTP2

  var isSecure: Bool { self == .secureHTTP1 || self == .secureHTTP2 }
  var isHTTP2: Bool { self == .http2 || self == .secureHTTP2 }
  var testDescription: String { rawValue }

  /// What makes curl come this way.
  var curlOptions: [String] {
    switch self {
    case .http1: ["--http1.1"]
    case .http2: ["--http2-prior-knowledge"]
    case .secureHTTP1: ["--insecure", "--http1.1"]
    case .secureHTTP2: ["--insecure", "--http2"]
    }
  }
}

/// A server on loopback with a handler of the test's; plain, and over TLS with both protocols.
final class TestServer {
  let loop: EventLoop
  let server: HTTPServer
  let port: UInt16
  let securePort: UInt16

  init(limits: HTTPLimits = HTTPLimits(), _ handler: RequestHandler) throws {
    loop = try EventLoop(SystemNetwork())
    server = try HTTPServer(loop, handler, limits: limits)
    try loop.startThread()
    let (loop, server, context) = (loop, server, Self.context)
    let ports = Answer<(UInt16, UInt16)>()
    loop.submit {
      let plain = try? server.listen(.literal("127.0.0.1", port: 0)).port
      let secure = try? server.listen(.literal("127.0.0.1", port: 0), secure: context).port
      ports.give((plain ?? 0, secure ?? 0))
    }
    (port, securePort) = try ports.take()
  }

  /// With a certificate of its own, which clients do not verify.
  private static let context: SecureContext? = {
    let (year2001, year2099): (Int64, Int64) = (978_307_200, 4_070_908_800)
    guard
      let made = try? CertificateMaker.certificate(
        "localhost", addresses: ["127.0.0.1"], from: year2001, to: year2099, signedBy: nil)
    else { return nil }
    var settings = TLSSettings(.server)
    settings.identity = .init(certificates: .bytes(made.certificate), privateKey: .bytes(made.privateKey))
    settings.applicationProtocols = ["h2", "http/1.1"]
    return try? TLSContext(settings)
  }()

  deinit {
    let gone = Answer<Bool>()
    loop.submit { [server] in server.drain(within: 0) { gone.give(true) } }
    _ = try? gone.take()
    loop.stopThread()
  }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  func url(_ wire: Wire, _ path: String) -> String {
    wire.isSecure ? "https://127.0.0.1:\(securePort)\(path)" : "http://127.0.0.1:\(port)\(path)"
  }

  var connectionCount: Int {
    get throws {
      let count = Answer<Int>()
      loop.submit { [server] in count.give(server.connectionCount) }
      return try count.take()
    }
  }

  /// Begins to drain; the answer comes when that is done.
  func drain(within seconds: Double) -> Answer<Bool> {
    let done = Answer<Bool>()
    loop.submit { [server] in server.drain(within: Int64(seconds * 1e9)) { done.give(true) } }
    return done
  }
}

/// What a test waits for did not come in a time in which it always should.
struct NothingCame: Error {}

/// A value that one thread waits for and another gives.
final class Answer<Value: Sendable>: Sendable {
  private let value = Mutex<Value?>(nil)

  func give(_ value: Value) { self.value.withLock { $0 = value } }

  func take(within seconds: Double = 30) throws -> Value {
    _ = eventually(within: seconds) { isGiven }
    guard let value = value.withLock({ $0 }) else { throw NothingCame() }
    return value
  }

  var isGiven: Bool { value.withLock { $0 != nil } }
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
