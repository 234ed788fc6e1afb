import HTTP
import Platform
import Support
import Testing

/// Frames that no client should send. Nothing of them reaches the handler, and others are served as before.
struct HostileFrameTests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  private typealias Flag = FrameClient.Flag
  private static let preface = FrameClient.preface + FrameClient.settings([])

  private static func head(_ fields: [(String, String)], _ stream: UInt32 = 1) -> [UInt8] {
    preface + FrameClient.frame(.headers, Flag.endHeaders | Flag.end, stream, FrameClient.block(fields))
  }

  private static let get = FrameClient.pseudo("GET", "/echo")

  /// What the frames are, the frames, and the code that a stream is reset with.
  static let malformedRequests: [(String, [UInt8])] = [
    ("upper case in a name", head(get + [("X-Upper", "a")])),
    ("no path", head([(":method", "GET"), (":scheme", "http"), (":authority", "x")])),
    ("no method", head([(":scheme", "http"), (":authority", "x"), (":path", "/")])),
    ("no scheme", head([(":method", "GET"), (":authority", "x"), (":path", "/")])),
    ("no host", head([(":method", "GET"), (":scheme", "http"), (":path", "/")])),
    ("an empty path", head(FrameClient.pseudo("GET", ""))),
    ("a path without its slash", head(FrameClient.pseudo("GET", "echo"))),
    ("two methods", head([(":method", "POST")] + get)),
    ("an unknown pseudo field", head(get + [(":new", "a")])),
    ("a pseudo field of answers", head(get + [(":status", "200")])),
    ("a pseudo field behind others", head([("a", "b")] + get)),
    ("connection", head(get + [("connection", "close")])),
    ("keep-alive", head(get + [("keep-alive", "1")])),
    ("transfer-encoding", head(get + [("transfer-encoding", "chunked")])),
    ("upgrade", head(get + [("upgrade", "websocket")])),
    ("te", head(get + [("te", "gzip")])),
    ("two hosts", head(get + [("host", "test"), ("host", "test")])),
    ("a host that is not the authority", head(get + [("host", "other")])),
    ("a line end in a value", head(get + [("a", "b\r\nc: d")])),
    ("a zero in a value", head(get + [("a", "b\0c")])),
    ("a colon in a name", head(get + [("a:b", "c")])),
    ("a blank in a name", head(get + [("a b", "c")])),
    ("an empty name", head(get + [("", "c")])),
    ("a length that is none", head(get + [("content-length", "x")])),
    ("a negative length", head(get + [("content-length", "-1")])),
    ("two lengths", head(get + [("content-length", "0"), ("content-length", "0")])),
    ("a length without its body", head(get + [("content-length", "5")])),
    (
      "a body longer than its length",
      preface + FrameClient.request(1, "POST", "/echo", [("content-length", "2")], body: [1, 2, 3])
    ),
    (
      "a body shorter than its length",
      preface + FrameClient.request(1, "POST", "/echo", [("content-length", "5")], body: [1, 2, 3])
    ),
    (
      "a pseudo field behind the body",
      preface + FrameClient.request(1, "POST", "/echo", body: [1], ends: false)
        + FrameClient.frame(.headers, Flag.endHeaders | Flag.end, 1, FrameClient.block([(":path", "/")]))
    ),
    (
      "fields behind the body that do not end it",
      preface + FrameClient.request(1, "POST", "/echo", body: [1], ends: false)
        + FrameClient.frame(.headers, Flag.endHeaders, 1, FrameClient.block([("a", "b")]))
    ),
  ]

  @Test(arguments: malformedRequests.indices)
  func resetsARequestThatIsMalformed(index: Int) throws {
    let (name, bytes) = Self.malformedRequests[index]
    let server = try TestServer(handler)
    let client = try FrameClient(server.port, settings: nil)
    try client.send(bytes)
    #expect(try client.answer(1).resetCode == 1, "\(name)")
    #expect(try client.ask(3).status == 200, "\(name)")
    #expect(handler.counts.handled == 1, "\(name)")
  }

  /// What the frames are, the frames, and the code that the connection ends with; nil if it is not said.
  static let violations: [(String, [UInt8], UInt32?)] = [
    ("no settings", FrameClient.preface + FrameClient.request(1), 1),
    ("settings that are an answer", FrameClient.preface + FrameClient.frame(.settings, Flag.ack), 1),
    ("settings of odd size", preface + FrameClient.frame(.settings, 0, 0, [0, 1, 0]), 6),
    ("settings of a stream", preface + FrameClient.frame(.settings, 0, 1), 1),
    ("a settings answer with content", preface + FrameClient.frame(.settings, Flag.ack, 0, [0, 1, 0, 0, 0, 0]), 6),
    ("a window that is too large", preface + FrameClient.settings([(4, 0x8000_0000)]), 3),
    ("a frame size that is too small", preface + FrameClient.settings([(5, 100)]), 1),
    ("a push setting that is none", preface + FrameClient.settings([(2, 2)]), 1),
    ("a frame that is too long", preface + FrameClient.frame(.data, 0, 1, [UInt8](repeating: 0, count: 16_385)), 6),
    ("an unknown frame that is too long", preface + [0xFF, 0xFF, 0xFF, 99, 0, 0, 0, 0, 0], 6),
    ("data of no stream", preface + FrameClient.frame(.data, 0, 0, [1]), 1),
    ("data of a stream that is not open", preface + FrameClient.frame(.data, 0, 1, [1]), 1),
    (
      "more padding than there is",
      preface + FrameClient.request(1, ends: false) + FrameClient.frame(.data, Flag.padded, 1, [9, 1]), 1
    ),
    ("a head of no stream", preface + FrameClient.frame(.headers, Flag.endHeaders, 0, FrameClient.block(get)), 1),
    ("a stream of the server's", head(get, 2), 1),
    ("a continuation of nothing", preface + FrameClient.frame(.continuation, Flag.endHeaders, 1, [0x82]), 1),
    (
      "a head with something between",
      preface + FrameClient.frame(.headers, 0, 1, [0x82])
        + FrameClient.frame(.ping, 0, 0, [UInt8](repeating: 0, count: 8)),
      1
    ),
    (
      "a block that is none",
      preface + FrameClient.frame(.headers, Flag.endHeaders, 1, [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]), 9
    ),
    ("an entry that is not in the table", preface + FrameClient.frame(.headers, Flag.endHeaders, 1, [0xBF]), 9),
    (
      "a table that is too large", preface + FrameClient.frame(.headers, Flag.endHeaders, 1, [0x3F, 0xFF, 0xFF, 0x7F]),
      9
    ),
    ("a window that grows by nothing", preface + FrameClient.frame(.windowUpdate, 0, 0, FrameClient.number(0)), 1),
    (
      "a window that overflows", preface + FrameClient.frame(.windowUpdate, 0, 0, FrameClient.number(0x7FFF_FFFF)), 3
    ),
    ("a window update of odd size", preface + FrameClient.frame(.windowUpdate, 0, 0, [1]), 6),
    (
      "a window of a stream that is not open", preface + FrameClient.frame(.windowUpdate, 0, 1, FrameClient.number(1)),
      1
    ),
    ("a ping of odd size", preface + FrameClient.frame(.ping, 0, 0, [1]), 6),
    ("a ping of a stream", preface + FrameClient.frame(.ping, 0, 1, [UInt8](repeating: 0, count: 8)), 1),
    ("a reset of odd size", preface + FrameClient.request(1, ends: false) + FrameClient.frame(.reset, 0, 1, [1]), 6),
    ("a reset of a stream that is not open", preface + FrameClient.frame(.reset, 0, 1, FrameClient.number(8)), 1),
    ("a promise", preface + FrameClient.frame(.promise, Flag.endHeaders, 1, FrameClient.number(2)), 1),
    ("a goodbye of odd size", preface + FrameClient.frame(.goAway, 0, 0, [1]), 6),
  ]

  @Test(arguments: violations.indices)
  func endsAConnectionThatBreaksTheRules(index: Int) throws {
    let (name, bytes, code) = Self.violations[index]
    let server = try TestServer(handler)
    let client = try FrameClient(server.port, settings: nil)
    try client.send(bytes)
    #expect(try client.waitForEnd(), "\(name)")
    if let code { #expect(client.goAways.last?.code == code, "\(name)") }
    let other = try FrameClient(server.port)
    #expect(try other.ask(1).status == 200)
  }

  @Test func takesABrokenPrefaceForTheOtherProtocol() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    try client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\rX")
    #expect([400, 501, 505].contains(try client.readResponse()?.status))
  }

  @Test func ignoresFramesThatItDoesNotKnow() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.frame(77, 255, 9, [1, 2, 3]) + FrameClient.settings([(999, 5)]))
    try client.send(FrameClient.frame(.priority, 0, 1, FrameClient.number(1) + [1]))
    #expect(try client.ask(3).status == 200)
    // A number that was left out is as good as closed.
    try client.send(FrameClient.request(1))
    #expect(try client.ask(5).status == 200)
    #expect(client.responses[1] == nil && handler.counts.handled == 2)
  }

  // MARK: Floods

  /// Sends until the other side ends the connection, and says what it ended with: nil if it just did.
  private func flood(
    _ server: TestServer, reads: Bool = true, first: [UInt8] = [], batches limit: Int = 100_000,
    _ batch: (Int) -> [UInt8]
  ) throws -> UInt32? {
    let client = try FrameClient(server.port)
    try client.send(first)
    var sent = 0
    while sent < limit, !client.raw.hasEnded {
      do { try client.send(batch(sent)) } catch { break }
      sent += 1
      if reads { try client.wait(within: 0) }
    }
    #expect(try client.waitForEnd(), "\(limit) batches are too many")
    return client.goAways.last?.code
  }

  /// The same frame again and again.
  private func flood(
    _ server: TestServer, reads: Bool = true, first: [UInt8] = [], with frame: [UInt8]
  ) throws -> UInt32? {
    let batch = [[UInt8]](repeating: frame, count: 1000).flatMap { $0 }
    return try flood(server, reads: reads, first: first) { _ in batch }
  }

  /// Streams of a batch, 100 in each.
  private func streams(_ batch: Int) -> [UInt32] { (0..<100).map { UInt32(200 * batch + 2 * $0 + 1) } }

  @Test func endsAConnectionThatResetsWhatItAsks() throws {
    let server = try TestServer(handler)
    let code = try flood(server) { batch in
      streams(batch).flatMap {
        FrameClient.request($0, "GET", "/hold") + FrameClient.frame(.reset, 0, $0, FrameClient.number(8))
      }
    }
    #expect(code == nil || code == 11 || code == 2)
    #expect(handler.counts.handled <= 2 * 256 + 8)
    for exchange in handler.takeHeld() { exchange.respond(ResponseHead(200), []) }
    #expect(handler.counts.answered == handler.counts.handled)
  }

  @Test func endsAConnectionWhoseRequestsAreAllMalformed() throws {
    let server = try TestServer(handler)
    let code = try flood(server) { batch in
      streams(batch).flatMap { FrameClient.request($0, "GET", "/echo", [("connection", "close")]) }
    }
    #expect(code == nil || code == 11)
    #expect(handler.counts.handled == 0)
  }

  @Test(arguments: [true, false])
  func endsAConnectionThatOnlyPings(reads: Bool) throws {
    let server = try TestServer(handler)
    _ = try flood(server, reads: reads, with: FrameClient.frame(.ping, 0, 0, [UInt8](repeating: 1, count: 8)))
    #expect(try eventually { try server.connectionCount == 0 })
  }

  @Test(arguments: [true, false])
  func endsAConnectionThatOnlySets(reads: Bool) throws {
    let server = try TestServer(handler)
    _ = try flood(server, reads: reads, with: FrameClient.settings([(4, 60_000)]) + FrameClient.settings([(4, 70_000)]))
    #expect(try eventually { try server.connectionCount == 0 })
  }

  @Test func endsAConnectionThatSendsEmptyFrames() throws {
    let server = try TestServer(handler)
    let first = FrameClient.request(1, "POST", "/echo", ends: false)
    #expect(try flood(server, first: first, with: FrameClient.frame(.data, 0, 1)) == 11)
    #expect(try flood(server, with: FrameClient.frame(.priority, 0, 1, FrameClient.number(3) + [1])) == 11)
    #expect(try eventually { try server.connectionCount == 0 })
  }

  @Test func endsAConnectionWhoseHeadDoesNotEnd() throws {
    let server = try TestServer(handler)
    let block = FrameClient.block([("a", String(repeating: "b", count: 500))])
    let head = FrameClient.frame(.headers, 0, 1, FrameClient.block(Self.get))
    _ = try flood(server, first: head, with: FrameClient.frame(.continuation, 0, 1, block))
    _ = try flood(server, first: FrameClient.frame(.headers, 0, 1), with: FrameClient.frame(.continuation, 0, 1))
    var limits = HTTPLimits()
    limits.headTime = 300_000_000
    let strict = try TestServer(limits: limits, handler)
    let client = try FrameClient(strict.port)
    try client.send(FrameClient.frame(.headers, 0, 1, FrameClient.block(Self.get)))
    #expect(try client.waitForEnd())
    #expect(handler.counts.handled == 0)
  }

  /// Each of these is answered, and none of the answers is read.
  @Test func endsAConnectionThatAsksAndDoesNotRead() throws {
    var limits = HTTPLimits()
    limits.concurrentStreams = 100
    let server = try TestServer(limits: limits, handler)
    _ = try flood(server, reads: false) { batch in
      streams(batch).flatMap { FrameClient.request($0, "GET", "/bytes?size=1") }
    }
    #expect(try eventually { try server.connectionCount == 0 })
    #expect(handler.counts.answered == handler.counts.handled)
  }
}
