import Gateway
import HTTP
import Platform
import Pools
import Reactor
import Support
import Testing

/// A gateway on loopback, in this process, on a pool directory of its own.
final class LiveGateway {
  let directory: TemporaryDirectory
  let port: UInt16
  private let loop: EventLoop
  private let gateway: Gateway
  private let server: HTTPServer
  private var isStopped = false

  init(
    _ directory: TemporaryDirectory? = nil, port: UInt16 = 0, limits: HTTPLimits = HTTPLimits(),
    _ change: (inout GatewaySettings) -> Void = { _ in }
  ) throws {
    let directory = try directory ?? TemporaryDirectory()
    self.directory = directory
    var settings = GatewaySettings()
    settings.bind = try BindAddress(parsing: "127.0.0.1:\(port)")
    change(&settings)
    loop = try EventLoop(SystemNetwork())
    let keeper = try AccessKeeper(settings)
    gateway = try Gateway(
      Gateway.Setup(directory: directory.path, settings: settings, keeper: keeper, version: "0"), on: loop,
      log: Log(.json, .error) { _ in })
    var limits = limits
    limits.bodyBytes = settings.limits.bodyBytes
    server = try HTTPServer(loop, gateway, limits: limits)
    let address = try server.listen(settings.bind.socketAddress())
    self.port = address.port
    gateway.begin(settings.listeners.map { $0.with(port: address.port) })
    try loop.startThread()
  }

  deinit { stop() }

  /// Ends it as a stop request does.
  func stop(within seconds: Int64 = 1) {
    if isStopped { return }
    isStopped = true
    let gateway = gateway
    endServing(server, within: seconds) { gateway.beginEnding() }
    gateway.end()
  }

  /// Stops all at once, as a death does: connections are reset.
  func die() { stop(within: 0) }

  func connect() throws -> RawConnection { try RawConnection(port: port) }

  /// Sends one request on a connection of its own and reads the answer.
  func ask(_ method: String, _ path: String, _ fields: [String] = [], body: String? = nil) throws -> RawResponse {
    try askOnce(port, Self.request(method, path, fields, body: body))
  }

  static func request(_ method: String, _ path: String, _ fields: [String] = [], body: String? = nil) -> String {
    var lines = ["\(method) \(path) HTTP/1.1", "host: 127.0.0.1"] + fields
    if let body { lines += ["content-type: application/json", "content-length: \(body.utf8.count)"] }
    return lines.map { $0 + "\r\n" }.joined() + "\r\n" + (body ?? "")
  }

  func makePool(_ name: String, size: Int = 1 << 20) throws {
    #expect(try ask("POST", "/v0/pools", body: "{\"pool\":\"\(name)\",\"size_bytes\":\(size)}").status == 200)
  }

  func append(_ data: String, to pool: String, tags: String = "[]") throws {
    let answer = try ask("POST", "/v0/pools/\(pool)/append", body: "{\"data\":\(data),\"tags\":\(tags)}")
    #expect(answer.status == 200, "\(answer.body)")
  }

  /// Opens a tail; what comes is read by the test.
  func tail(_ pool: String, _ query: String = "") throws -> TailReader {
    let client = try connect()
    try client.send(Self.request("GET", "/v0/pools/\(pool)/tail?\(query)"))
    return TailReader(client)
  }
}

/// Drains a server as a stop request does, and ends its loop.
func endServing(_ server: HTTPServer, within seconds: Int64, _ beginEnding: @escaping @Sendable () -> Void) {
  let ended = try? Latch()
  server.loop.submit {
    beginEnding()
    server.drain(within: seconds * 1_000_000_000) { ended?.open() }
  }
  ended?.wait()
  server.loop.stopThread()
}

/// Sends one request on a connection of its own and reads the answer.
func askOnce(_ port: UInt16, _ request: String, within seconds: Double = 20) throws -> RawResponse {
  let client = try RawConnection(port: port)
  try client.send(request)
  return try #require(try client.readResponse(within: seconds))
}

/// Reads the lines of a chunked stream.
final class TailReader {
  let connection: RawConnection
  private(set) var status: Int?
  private var fields = ""
  private var raw: [UInt8] = []
  /// Where the next chunk begins in `raw`.
  private var place = 0
  private var text: [UInt8] = []
  private var lineCount = 0
  /// Whether the last chunk came.
  private(set) var isComplete = false

  init(_ connection: RawConnection) { self.connection = connection }

  /// Waits for the head: whatever is done from now on comes after the stream began.
  func head(within seconds: Double = 30) throws {
    try connection.read(within: seconds) { _ in
      self.raw += self.connection.takeBytes()
      self.decode()
      return self.status != nil
    }
  }

  /// The value of a field of the head, whose name is given in lower case.
  func field(_ name: String) -> String? {
    fields.split(separator: "\r\n").first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
  }

  /// The lines until there are `count`, the stream ends, or the time is up.
  func lines(_ count: Int, within seconds: Double = 30) throws -> [String] {
    try connection.read(within: seconds) { _ in
      self.raw += self.connection.takeBytes()
      self.decode()
      return self.isComplete || self.lineCount >= count
    }
    raw += connection.takeBytes()
    decode()
    return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  private func decode() {
    if status == nil {
      let end = Array("\r\n\r\n".utf8)
      guard let headEnd = raw.indices.first(where: { raw[$0...].starts(with: end) }) else { return }
      status = Int(String(decoding: raw[9..<12], as: UTF8.self))
      fields = String(decoding: raw[..<headEnd], as: UTF8.self)
      place = headEnd + 4
    }
    while let lineEnd = raw[place...].firstIndex(of: 0x0a),
      let count = Int(String(decoding: raw[place..<lineEnd], as: UTF8.self).prefix { $0.isHexDigit }, radix: 16),
      raw.count >= lineEnd + 3 + count
    {
      let chunk = raw[lineEnd + 1..<lineEnd + 1 + count]
      text += chunk
      lineCount += chunk.count { $0 == 0x0a }
      place = lineEnd + 3 + count
      if count == 0 { isComplete = true }
    }
  }
}

func sequences(_ lines: [String]) -> [UInt64] {
  lines.compactMap { line in
    line.firstRange(of: "\"seq\":").flatMap { UInt64(line[$0.upperBound...].prefix { $0.isNumber }) }
  }
}
