import HTTP
import Platform
import Support
import Testing

/// What happens at the bounds of time and number. Sweeps come once a second.
struct BoundTests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  private let get = "GET /echo HTTP/1.1\r\nHost: x\r\n\r\n"

  /// Sends one byte after the other until the other side has enough of it.
  private func dribble(_ client: RawConnection, _ text: String) throws {
    for byte in text.utf8 where !client.hasEnded {
      do { try client.send([byte]) } catch { return }
      _ = try client.read(within: 0.02)
    }
  }

  @Test func endsAHeadThatIsTooSlow() throws {
    var limits = HTTPLimits()
    limits.headTime = 300_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try server.connect()
    try dribble(client, "GET /" + String(repeating: "a", count: 1000))
    #expect(try client.readResponse()?.status == 408)
    #expect(client.hasEnded)
    // One that says nothing at all, and one that could still become the other protocol.
    for text in ["", "PRI * HTTP/2.0\r\n"] {
      let silent = try server.connect()
      try silent.send(text)
      #expect(try silent.read(within: 20))
    }
  }

  @Test func endsABodyThatStandsStillOrTakesTooLong() throws {
    var limits = HTTPLimits()
    limits.bodyIdleTime = 300_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try server.connect()
    try client.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    #expect(try client.readResponse()?.status == 408)
    limits.bodyIdleTime = 60_000_000_000
    limits.bodyTime = 300_000_000
    let strict = try TestServer(limits: limits, handler)
    let slow = try strict.connect()
    try slow.send("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
    try dribble(slow, String(repeating: "a", count: 900))
    #expect(try slow.readResponse()?.status == 408)
    #expect(handler.counts.handled == 0)
  }

  @Test func closesWhatIsIdle() throws {
    var limits = HTTPLimits()
    limits.idleTime = 300_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try server.connect()
    try client.send(get)
    #expect(try client.readResponse()?.status == 200)
    #expect(try client.read(within: 20) && !client.wasReset)
    // Idle since its answer, which took longer than that.
    let late = try server.connect()
    try late.send("GET /later?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try late.readResponse()?.status == 200)
    try late.send(get)
    #expect(try late.readResponse()?.status == 200)
  }

  @Test(arguments: ["/endless", "/bytes?size=30000000"])
  func resetsWhoTakesNothing(path: String) throws {
    var limits = HTTPLimits()
    limits.stallTime = 500_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try server.connect()
    try client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(eventually { handler.counts.handled == 1 })
    #expect(try eventually { try server.connectionCount == 0 })
    #expect(eventually { handler.counts.answered == 1 && handler.counts.streams == 0 })
  }

  @Test func letsASlowReaderDelayNobodyElse() throws {
    let server = try TestServer(handler)
    let request = "GET /stream?count=4000&size=5000 HTTP/1.1\r\nHost: x\r\n\r\n"
    let (slow, fast) = (try server.connect(), try server.connect())
    try slow.send(request)
    #expect(eventually { handler.counts.refusals > 0 })
    try fast.send(request)
    #expect(try fast.read { $0.suffix(5).elementsEqual("0\r\n\r\n".utf8) })
    #expect(handler.counts.streams == 1)
    // It comes to its end all the same.
    #expect(try slow.read { $0.suffix(5).elementsEqual("0\r\n\r\n".utf8) })
    #expect(slow.received.count == fast.received.count)
    #expect(eventually { handler.counts.streams == 0 && handler.counts.answered == 2 })
    #expect(handler.counts.drained > 0)
  }

  @Test func makesRoomForAConnectionByClosingTheIdlest() throws {
    var limits = HTTPLimits()
    limits.connections = 3
    let server = try TestServer(limits: limits, handler)
    let clients = try (0..<3).map { _ in try server.connect() }
    for client in [clients[1], clients[0], clients[2]] {
      try client.send(get)
      #expect(try client.readResponse()?.status == 200)
    }
    let fourth = try server.connect()
    try fourth.send(get)
    #expect(try fourth.readResponse()?.status == 200)
    #expect(try clients[1].read(within: 20), "the one that was idle longest")
    for client in [clients[0], clients[2], fourth] {
      try client.send("GET /hold HTTP/1.1\r\nHost: x\r\n\r\n")
    }
    #expect(eventually { handler.counts.held.count == 3 })
    let fifth = try server.connect()
    #expect(try fifth.readResponse()?.status == 503)
    #expect(try fifth.read(within: 20))
    for exchange in handler.takeHeld() { exchange.respond(ResponseHead(200), []) }
    for client in [clients[0], clients[2], fourth] { #expect(try client.readResponse()?.status == 200) }
  }

  @Test func drainsIdleConnectionsAtOnce() throws {
    let server = try TestServer(handler)
    let (fresh, used, silent) = (try server.connect(), try server.connect(), try FrameClient(server.port))
    try used.send(get)
    #expect(try used.readResponse()?.status == 200)
    #expect(try silent.ask(1).status == 200)
    #expect(try eventually { try server.connectionCount == 3 })
    #expect(try server.drain(within: 60).take(within: 20))
    for client in [fresh, used] { #expect(try client.read(within: 20) && !client.wasReset) }
    #expect(try silent.waitForEnd())
    #expect(silent.goAways.last?.code == 0 && silent.goAways.last?.last == 1)
  }

  @Test func sendsWhatWaitsBeforeItDrains() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    try client.send("GET /bytes?size=30000000 HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(eventually { handler.counts.answered == 1 })
    let done = server.drain(within: 60)
    #expect(eventually { (try? server.connect()) == nil })
    #expect(try client.readResponse()?.status == 200)
    #expect(try done.take())
  }

  @Test func servesAThousandConnections() throws {
    let server = try TestServer(handler)
    let clients = try (0..<1000).map { _ in try server.connect() }
    for (number, client) in clients.enumerated() {
      try client.send("GET /\(number % 2 == 0 ? "later" : "echo")?n=\(number) HTTP/1.1\r\nHost: x\r\n\r\n")
    }
    for (number, client) in clients.enumerated() {
      #expect(try client.readResponse()?.body.hasSuffix(" n=\(number) ") == true)
    }
    let count = try server.connectionCount
    // Optimised, they would go away, and hang up, before they are counted.
    withExtendedLifetime(clients) {}
    #expect(count == 1000)
    #expect(eventually { handler.counts.answered == 1000 } && handler.counts.toldTwice == 0)
    #expect(try server.drain(within: 60).take())
  }
}
