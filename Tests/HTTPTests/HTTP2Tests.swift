import HTTP
import Platform
import Support
import Testing

/// What HTTP/2 alone has: many requests at a time on a connection, windows, and ends that are said.
struct HTTP2Tests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  @Test func saysWhatItPutsUpWith() throws {
    var limits = HTTPLimits()
    (limits.concurrentStreams, limits.headBytes) = (7, 5000)
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port)
    #expect(try client.wait { $0.settingsAcks == 1 && $0.settings[3] == 7 && $0.settings[6] == 5000 })
    #expect(client.connectionWindow == 1 << 20)
  }

  @Test func answersAsTheyComeToBeReady() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.request(1, "GET", "/hold") + FrameClient.request(3, "POST", "/echo?a", body: [0x78]))
    let echo = try client.answer(3)
    #expect(echo.status == 200 && echo.text == "POST /echo a x")
    #expect(echo.field("date")?.hasSuffix("GMT") == true && echo.field("content-length") == "14")
    #expect(echo.fields.map { $0.name } == [":status", "content-type", "date", "content-length"])
    #expect(client.responses[1] == nil)
    var head = ResponseHead(201)
    head.add("connection", "close")
    head.add("transfer-encoding", "chunked")
    head.add("x-y", "z")
    try #require(handler.takeHeld().first).respond(head, [])
    #expect(try client.answer(1).fields.map { $0.name } == [":status", "x-y", "date", "content-length"])
  }

  @Test func answersPings() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.frame(.ping, 0, 0, Array("12345678".utf8)))
    #expect(try client.wait { $0.pongs == [Array("12345678".utf8)] })
  }

  @Test func takesBodiesInAnyFrames() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    typealias Flag = FrameClient.Flag
    let block = FrameClient.block(FrameClient.pseudo("POST", "/echo") + [("content-length", "6")])
    // A head in three frames, padding, empty frames, and fields behind the body.
    try client.send(
      FrameClient.frame(.headers, 0, 1, Array(block[..<5]))
        + FrameClient.frame(.continuation, 0, 1, Array(block[5..<9]))
        + FrameClient.frame(.continuation, Flag.endHeaders, 1, Array(block[9...]))
        + FrameClient.frame(.data, Flag.padded, 1, [3, 0x61, 0x62, 0, 0, 0]) + FrameClient.frame(.data, 0, 1)
        + FrameClient.frame(.data, 0, 1, Array("cdef".utf8)) + FrameClient.frame(.data, Flag.padded, 1, [0])
        + FrameClient.frame(.headers, Flag.endHeaders | Flag.end, 1, FrameClient.block([("x-sum", "1")])))
    #expect(try client.answer(1).text == "POST /echo  abcdef")
  }

  @Test func joinsCookiesAndFindsTheHost() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    let cookies = [("cookie", "a=1"), ("x", "y"), ("cookie", "b=2"), ("cookie", "c=3")]
    #expect(try client.ask(1, "GET", "/field", cookies).text == "test a=1; b=2; c=3")
    #expect(try client.ask(3, "GET", "/field", [("host", "test")]).text == "test -")
    #expect(try client.ask(5, "GET", "/field", [("host", "other")]).resetCode == 1)
  }

  @Test func refusesWhatIsTooLargeAndGoesOn() throws {
    var limits = HTTPLimits()
    (limits.headBytes, limits.headFields, limits.bodyBytes) = (2000, 10, 1000)
    limits.lingerTime = 100_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port)
    #expect(try client.ask(1, "GET", "/echo", [("x", String(repeating: "y", count: 2000))]).status == 431)
    #expect(try client.ask(3, "GET", "/echo", (0..<10).map { ("x\($0)", "y") }).status == 431)
    #expect(try client.ask(5, "HEAD", "/echo", (0..<10).map { ("x\($0)", "y") }).body.isEmpty)
    try client.send(FrameClient.request(7, "POST", "/echo", [("content-length", "1001")], ends: false))
    #expect(try client.wait { $0.responses[7]?.isComplete == true })
    #expect(client.responses[7]?.status == 413)
    // In the end the rest of the request is refused.
    #expect(try client.wait { $0.responses[7]?.resetCode == 0 })
    try client.send(FrameClient.request(9, "POST", "/echo", body: [UInt8](repeating: 0, count: 3000)))
    #expect(try client.answer(9).status == 413)
    #expect(try client.ask(11, "POST", "/echo", body: [UInt8](repeating: 0x61, count: 1000)).status == 200)
    #expect(handler.counts.handled == 1 && client.goAways.isEmpty)
  }

  @Test func endsBodiesThatAreTooSlow() throws {
    var limits = HTTPLimits()
    limits.bodyIdleTime = 300_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.request(1, "POST", "/echo", body: [1], ends: false))
    #expect(try client.answer(1).status == 408)
    #expect(try client.ask(3).status == 200)
  }

  @Test func saysGoOnToThoseWhoWait() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    let expect = [("expect", "100-continue")]
    try client.send(FrameClient.request(1, "POST", "/echo", expect, ends: false))
    #expect(try client.wait { $0.responses[1]?.interim == [100] })
    try client.send(FrameClient.frame(.data, FrameClient.Flag.end, 1, [0x61]))
    #expect(try client.answer(1).text == "POST /echo  a")
    #expect(try client.ask(3, "POST", "/echo", [("expect", "a-miracle")], body: [1]).status == 417)
  }

  @Test func answersTheConnectMethodAsMalformed() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    let fields = [(":method", "CONNECT"), (":authority", "x:443")]
    try client.send(FrameClient.frame(.headers, FrameClient.Flag.endHeaders, 1, FrameClient.block(fields)))
    #expect(try client.wait { $0.responses[1]?.isComplete == true })
    #expect(client.responses[1]?.status == 400)
  }

  // MARK: Windows

  @Test func sendsNoMoreThanThereIsRoomFor() throws {
    let server = try TestServer(handler)
    // Room for 1000 bytes on each stream.
    let client = try FrameClient(server.port, settings: [(4, 1000)])
    client.givesWindow = false
    try client.send(FrameClient.request(1, "GET", "/stream?count=1000&size=1000"))
    #expect(try client.wait { $0.responses[1]?.body.count == 1000 })
    #expect(eventually { handler.counts.refusals > 0 })
    // Others have room of their own.
    #expect(try client.ask(3, "GET", "/bytes?size=900").body.count == 900)
    try client.send(FrameClient.frame(.windowUpdate, 0, 1, FrameClient.number(500)))
    #expect(try client.wait { $0.responses[1]?.body.count == 1500 })
    client.givesWindow = true
    try client.send(
      FrameClient.frame(.windowUpdate, 0, 1, FrameClient.number(1 << 20))
        + FrameClient.frame(.windowUpdate, 0, 0, FrameClient.number(1 << 20)))
    #expect(try client.answer(1).body == (0..<1000).flatMap { _ in ProbeHandler.bytes(1000) })
    #expect(handler.counts.drained > 0)
  }

  @Test func resetsAStreamThatTakesNothing() throws {
    var limits = HTTPLimits()
    limits.stallTime = 500_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port, settings: [(4, 0)])
    try client.send(FrameClient.request(1, "GET", "/endless") + FrameClient.request(3, "GET", "/bytes?size=1"))
    #expect(try client.answer(1).resetCode == 8)
    #expect(try client.answer(3).resetCode == 8)
    #expect(eventually { handler.counts.streams == 0 && handler.counts.answered == 2 })
    #expect(try client.ask(5, "GET", "/status").status == 200)
  }

  @Test func letsAConnectionHaveItsTurnsByStreams() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port, settings: [(4, 1 << 30)])
    for stream: UInt32 in [1, 3, 5] { try client.send(FrameClient.request(stream, "GET", "/endless")) }
    // The first has always more to send, and does not keep the others from their part.
    #expect(
      try client.wait { client in
        [1, 3, 5].allSatisfy { client.responses[$0]?.body.count ?? 0 > 1_000_000 }
      })
    let counts = [1, 3, 5].map { client.responses[$0]?.body.count ?? 0 }
    #expect(counts.max() ?? 0 < 3 * (counts.min() ?? 0), "\(counts)")
  }

  /// 100 bodies of 256 KiB are more than a connection holds at a time: they get their room one after the other.
  @Test func holdsOnlySoMuchOfBodiesAndTakesThemAllTheSame() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    #expect(try client.wait { $0.settings[4] != nil && $0.connectionWindow == 1 << 20 })
    let body = ProbeHandler.bytes(256 << 10)
    let streams = (0..<100).map { UInt32($0 * 2 + 1) }
    var sent = [Int](repeating: 0, count: streams.count)
    for stream in streams { try client.send(FrameClient.request(stream, "PUT", "/bytes?size=1", ends: false)) }
    let deadline = Deadline.after(nanoseconds: 60_000_000_000)
    while sent.contains(where: { $0 < body.count }), !deadline.hasPassed {
      var moved = 0
      for (index, stream) in streams.enumerated() where sent[index] < body.count {
        let count = try client.sendBody(body[sent[index]...], on: stream, ends: true)
        sent[index] += count
        moved += count
      }
      if moved == 0 { try client.wait(within: 0.05) }
      try client.wait(within: 0)
    }
    for stream in streams { #expect(try client.answer(stream).status == 200) }
  }

  // MARK: Ends

  @Test func tellsTheHandlerWhenAPeerWantsNoMore() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.request(1, "GET", "/endless") + FrameClient.request(3, "GET", "/hold"))
    #expect(try client.wait { ($0.responses[1]?.body.count ?? 0) > 1000 })
    #expect(eventually { handler.counts.held.count == 1 })
    let reset = FrameClient.number(8)
    try client.send(FrameClient.frame(.reset, 0, 1, reset) + FrameClient.frame(.reset, 0, 3, reset))
    #expect(eventually { handler.counts.streams == 0 && handler.counts.answered == 1 })
    #expect(try client.ask(5).status == 200)
    let exchange = try #require(handler.takeHeld().first)
    exchange.begin(ResponseHead(200))
    #expect([1].withUnsafeBytes { exchange.write(StreamPiece($0)) } == .closed)
    exchange.finish()
    exchange.abort()
    #expect(eventually { handler.counts.answered == 3 } && handler.counts.toldTwice == 0)
    #expect(try client.ask(7).status == 200)
  }

  @Test func refusesMoreStreamsThanItPutsUpWith() throws {
    var limits = HTTPLimits()
    limits.concurrentStreams = 3
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port)
    // Before the client can know better, it is told of each; afterwards it is an error of the connection.
    for stream: UInt32 in [1, 3, 5, 7] { try client.send(FrameClient.request(stream, "GET", "/hold")) }
    #expect(try client.answer(7).resetCode == 7)
    #expect(try client.wait { $0.settings[3] == 3 })
    for exchange in handler.takeHeld() { exchange.respond(ResponseHead(200), []) }
    for stream: UInt32 in [1, 3, 5] { #expect(try client.answer(stream).status == 200) }
    for stream: UInt32 in [9, 11, 13, 15] { try client.send(FrameClient.request(stream, "GET", "/hold")) }
    #expect(try client.waitForEnd())
    #expect(client.goAways.last?.code == 1)
  }

  @Test func asksASilentPeerWhetherItIsThere() throws {
    var limits = HTTPLimits()
    (limits.silentTime, limits.pingTime) = (300_000_000, 300_000_000)
    let server = try TestServer(limits: limits, handler)
    let (client, idle) = (try FrameClient(server.port), try FrameClient(server.port))
    try client.send(FrameClient.request(1, "GET", "/hold"))
    #expect(try client.wait { $0.pings.count == 3 })
    #expect(try idle.ask(1).status == 200)
    #expect(try !idle.wait(within: 0.1) { !$0.pings.isEmpty }, "who has asked for nothing owes nothing")
    client.answersPings = false
    #expect(try client.waitForEnd())
    #expect(try eventually { try server.connectionCount == 1 })
  }

  @Test func saysGoodbyeToWhatIsIdle() throws {
    var limits = HTTPLimits()
    limits.idleTime = 300_000_000
    let server = try TestServer(limits: limits, handler)
    let client = try FrameClient(server.port)
    #expect(try client.ask(1, "GET", "/later?ms=1500").status == 200)
    #expect(try client.waitForEnd())
    #expect(client.goAways.map { $0.code } == [0] && !client.raw.wasReset)
  }

  @Test func announcesTheEndAndFinishesWhenItDrains() throws {
    let server = try TestServer(handler)
    let client = try FrameClient(server.port)
    try client.send(FrameClient.request(1, "GET", "/hold"))
    #expect(eventually { handler.counts.held.count == 1 })
    let done = server.drain(within: 60)
    #expect(try client.wait { $0.goAways.count == 1 })
    #expect(client.goAways[0].last == 0x7FFF_FFFF && client.goAways[0].code == 0)
    // It may have crossed the announcement.
    #expect(try client.ask(3).status == 200)
    #expect(try client.wait { $0.goAways.count == 2 })
    #expect(client.goAways[1].last == 3)
    try client.send(FrameClient.request(5))
    try #require(handler.takeHeld().first).respond(ResponseHead(200), [1, 2, 3])
    #expect(try client.answer(1).body == [1, 2, 3])
    #expect(try client.waitForEnd() && !client.raw.wasReset)
    #expect(client.responses[5] == nil)
    #expect(try done.take())
  }
}

/// With other people's clients.
@Suite(.enabled(if: hasPrograms)) struct HTTP2ProgramTests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  @Test(arguments: [Wire.http2, .secureHTTP2])
  func answersNghttp(wire: Wire) throws {
    let server = try TestServer(handler)
    let urls = (0..<20).map { server.url(wire, "/echo?n=\($0)") }
    let run = try run(["nghttp", "-t", "60"] + urls)
    #expect(run.succeeded)
    for number in 0..<20 { #expect(run.text.contains("GET /echo n=\(number) ")) }
    let body = try TemporaryDirectory()
    try write(ProbeHandler.bytes(700_000), to: body.file("body"))
    let put = try HTTPTests.run(["nghttp", "-t", "60", "-d", body.file("body"), server.url(wire, "/echo")])
    #expect(put.output.starts(with: Array("POST /echo  ".utf8) + ProbeHandler.bytes(700_000)))
  }

  /// Whether all of so many requests were answered with 2xx, as h2load counts.
  private func load(_ count: Int, _ arguments: [String]) throws -> Bool {
    let run = try run(["h2load", "-T", "60", "-N", "60", "-n", "\(count)"] + arguments)
    let succeeded = run.text.contains("\nstatus codes: \(count) 2xx")
    #expect(succeeded, "\(run.end.debugDescription): \(run.text)")
    return succeeded
  }

  @Test(arguments: [Wire.http2, .secureHTTP2])
  func holdsLoad(wire: Wire) throws {
    let server = try TestServer(handler)
    #expect(try load(10_000, ["-c", "10", "-m", "100", server.url(wire, "/echo")]))
    #expect(try load(2000, ["-c", "5", "-m", "50", server.url(wire, "/later")]))
    #expect(eventually { handler.counts.answered == 12_000 } && handler.counts.toldTwice == 0)
    #expect(try eventually { try server.connectionCount == 0 })
  }

  @Test(arguments: [Wire.http2, .secureHTTP2])
  func streamsAThousandAnswersAtATime(wire: Wire) throws {
    let server = try TestServer(handler)
    let url = server.url(wire, "/stream?count=50&size=1000")
    #expect(try load(1000, ["-c", "10", "-m", "100", url]))
    #expect(eventually { handler.counts.bytes == 50_000_000 && handler.counts.streams == 0 })
  }

  @Test(arguments: [Wire.http1, .http2])
  func servesAThousandClients(wire: Wire) throws {
    let server = try TestServer(handler)
    let version = wire == .http1 ? ["--h1"] : []
    #expect(try load(5000, version + ["-c", "1000", server.url(wire, "/later")]))
    #expect(eventually { handler.counts.answered == 5000 })
  }
}
