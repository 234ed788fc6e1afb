import HTTP
import Platform
import Support
import Testing

/// What HTTP/1 alone has: one request after the other on a connection, and ends that mean something.
struct HTTP1AnswerTests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  private func get(_ path: String, _ version: String = "1.1", _ fields: String = "") -> String {
    "GET \(path) HTTP/\(version)\r\nHost: x\r\n\(fields)\r\n"
  }

  @Test func answersInOrderWhateverTakesLonger() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    let paths = (0..<60).map { $0 % 3 == 0 ? "/later?ms=\($0 % 7)&n=\($0)" : "/echo?n=\($0)" }
    try client.send(paths.map { get($0) }.joined())
    for path in paths {
      let parts = path.split(separator: "?")
      #expect(try client.readResponse()?.body == "GET \(parts[0]) \(parts[1]) ")
    }
    #expect(eventually { handler.counts.answered == 60 })
  }

  @Test func answersAClientThatHasEndedItsSide() throws {
    let server = try TestServer(handler)
    for paths in [["/echo"], ["/later?ms=20"], ["/echo", "/later?ms=5", "/echo"], ["/later", "/bytes?size=8000000"]] {
      let client = try server.connect()
      try client.send(paths.map { get($0) }.joined())
      try client.finishSending()
      for path in paths {
        let response = try #require(try client.readResponse(), "\(path) of \(paths)")
        #expect(response.status == 200)
        if path.hasPrefix("/bytes") { #expect(response.length > 8_000_000) }
      }
      #expect(try client.read(within: 20) && client.received.isEmpty && !client.wasReset)
    }
    #expect(try eventually { try server.connectionCount == 0 })
  }

  @Test func readsAWholeAnswerAtItsOwnPace() throws {
    var limits = HTTPLimits()
    // Shorter than the answer takes: the time counts from when all is sent.
    limits.lingerTime = 100_000_000
    limits.idleTime = 100_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try server.connect()
    try client.send(get("/bytes?size=30000000", "1.1", "Connection: close\r\n"))
    #expect(eventually { handler.counts.answered == 1 })
    // The server looks at the time once a second; those who do nothing hear of it.
    for _ in 1...2 { #expect(try server.connect().read()) }
    #expect(try client.readResponse()?.bodyBytes.count == 30_000_000)
    #expect(try client.read(within: 20) && !client.wasReset)
  }

  @Test func doesNotAnswerAClientThatDoesNotRead() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    try client.send((0..<200).map { _ in get("/bytes?size=500000") }.joined())
    #expect(eventually { handler.counts.handled > 2 })
    // What the system's buffers hold, and what may wait; certainly not 100 MB. Others show that time goes by in the server.
    let other = try server.connect()
    for _ in 1...300 {
      try other.send(get("/bytes?size=1"))
      #expect(try other.readResponse()?.status == 200)
    }
    #expect(handler.counts.handled < 300 + 60)
    for _ in 0..<200 { #expect(try client.readResponse()?.status == 200) }
    #expect(eventually { handler.counts.answered == 500 })
  }

  @Test func saysGoOnOnlyToThoseWhoWait() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    let head = "Host: x\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n"
    try client.send("POST /echo HTTP/1.1\r\n" + head)
    #expect(try client.read { $0.count >= 25 })
    #expect(client.takeText() == "HTTP/1.1 100 Continue\r\n\r\n")
    try client.send("abc")
    #expect(try client.readResponse()?.body == "POST /echo  abc")
    // The body is there already.
    try client.send("POST /echo HTTP/1.1\r\n" + head + "abc")
    #expect(try client.readResponse()?.status == 200)
    // Older ones do not know of it.
    try client.send("POST /echo HTTP/1.0\r\n" + head)
    #expect(!(try client.read(within: 0.3) { !$0.isEmpty }))
    try client.send("abc")
    #expect(try client.readResponse()?.status == 200)
  }

  @Test func closesForOlderClientsUnlessTheyAskOtherwise() throws {
    let server = try TestServer(handler)
    let kept = try server.connect()
    for _ in 0..<3 {
      try kept.send(get("/echo", "1.0", "Connection: keep-alive\r\n"))
      let response = try #require(try kept.readResponse())
      #expect(response.field("connection") == "keep-alive" && response.field("content-length") != nil)
    }
    let plain = try server.connect()
    try plain.send(get("/echo", "1.0"))
    #expect(try plain.readResponse()?.field("connection") == "close")
    #expect(try plain.read() && !plain.wasReset)
    let streamed = try server.connect()
    try streamed.send(get("/stream?count=500&size=1000", "1.0", "Connection: keep-alive\r\n"))
    #expect(try streamed.read() && !streamed.wasReset)
    let text = streamed.takeText()
    #expect(!text.lowercased().contains("chunked"))
    #expect(handler.counts.bytes > 500_000)
  }

  @Test func closesWhenAskedTo() throws {
    let server = try TestServer(handler)
    let client = try server.connect()
    try client.send(get("/echo", "1.1", "Connection: close\r\n") + get("/echo"))
    #expect(try client.readResponse()?.field("connection") == "close")
    #expect(try client.read() && client.received.isEmpty && !client.wasReset)
    #expect(handler.counts.handled == 1)
  }

  @Test(arguments: [
    ("http://x/echo?a=b", 200, "GET /echo a=b "), ("http://x", 200, "GET /  "), ("https://x?a", 200, "GET / a "),
    ("HTTP://x/echo", 200, "GET /echo  "), ("http://y/echo", 400, ""), ("http://x:80/echo", 400, ""),
    ("*", 400, ""), ("x:443", 400, ""), ("ftp://x/", 400, ""), ("echo", 400, ""),
  ])
  func takesTargetsForPaths(target: String, status: Int, body: String) throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    try client.send(get(target))
    let response = try #require(try client.readResponse())
    #expect(response.status == status)
    if status == 200 { #expect(response.body == body) }
  }

  @Test func takesTheAsteriskOfOptions() throws {
    let server = try TestServer(EchoHandler())
    let client = try server.connect()
    try client.send("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n")
    #expect(try client.readResponse()?.body == "OPTIONS *  ")
    try client.send("CONNECT x:443 HTTP/1.1\r\nHost: x:443\r\n\r\n")
    #expect(try client.readResponse()?.status == 400)
  }

  @Test func refusesMoreThanItReads() throws {
    var limits = HTTPLimits()
    (limits.headBytes, limits.headFields, limits.bodyBytes) = (1000, 10, 1000)
    let server = try TestServer(limits: limits, handler)
    func status(_ text: String) throws -> Int? {
      let client = try server.connect()
      try client.send(text)
      let response = try client.readResponse()
      #expect(try client.read() && client.received.isEmpty && !client.wasReset)
      return response?.status
    }
    #expect(try status(get("/" + String(repeating: "a", count: 1000))) == 431)
    #expect(try status("GET /" + String(repeating: "a", count: 100_000)) == 431)
    #expect(try status(get("/", "1.1", (0..<10).map { "a\($0): b\r\n" }.joined())) == 431)
    #expect(try status(get("/", "1.1", "Content-Length: 1001\r\n")) == 413)
    let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    let chunk = "64\r\n" + String(repeating: "a", count: 100) + "\r\n"
    #expect(try status(head + String(repeating: chunk, count: 500)) == 413)
    #expect(try status(head + "1;" + String(repeating: "x", count: 100_000)) == 400)
    // Whole requests, which one read brings.
    let much = String(repeating: "x", count: 4000)
    #expect(try status(head + "1;\(much)\r\na\r\n\(chunk)\(chunk)0\r\n\r\n") == 400)
    #expect(try status(head + "1\r\na\r\n0\r\nT: \(much)\r\n\r\n") == 400)
    #expect(handler.counts.handled == 0)
  }
}
