import HTTP
import Platform
import Support
import Testing

/// What holds however a client comes: plain or over TLS, with either protocol. The client is curl.
@Suite(.enabled(if: hasPrograms)) struct BehaviourTests {
  let handler: ProbeHandler

  init() throws { handler = try ProbeHandler() }

  @Test(arguments: Wire.allCases)
  func tellsTheHandlerWhatWasAsked(wire: Wire) throws {
    let server = try TestServer(handler)
    #expect(try server.curl(wire, "/echo/a%20b?x=1&y").text == "GET /echo/a%20b x=1&y ")
    let body = [UInt8](repeating: 0x61, count: 300_000)
    let folder = try TemporaryDirectory()
    try write(body, to: folder.file("body"))
    let put = try server.curl(wire, "/echo", ["-X", "PUT", "--data-binary", "@\(folder.file("body"))"])
    #expect(put.text == "PUT /echo  " + String(decoding: body, as: UTF8.self))
    #expect(try server.curl(wire, "/echo", ["-X", "PATCH", "-d", ""]).text == "PATCH /echo  ")
    #expect(try server.curl(wire, "/field", ["-H", "Host: there", "-b", "a=1; b=2"]).text == "there a=1; b=2")
    #expect(eventually { handler.counts.answered == 4 })
  }

  /// Curl 7.88 cannot use a connection of plain HTTP/2 twice.
  private static let reusing = Wire.allCases.filter { $0 != .http2 }

  @Test(arguments: reusing)
  func keepsAConnectionForManyRequests(wire: Wire) throws {
    let server = try TestServer(handler)
    let run = try server.curl(wire, "/echo?n=[1-100]", ["-w", " %{num_connects} %{http_code}\\n"])
    let lines = run.text.split(separator: "\n")
    #expect(lines.count == 100)
    for (number, line) in lines.enumerated() {
      #expect(line == "GET /echo n=\(number + 1)  \(number == 0 ? 1 : 0) 200")
    }
    #expect(eventually { handler.counts.answered == 100 } && handler.counts.toldTwice == 0)
  }

  @Test(arguments: reusing)
  func leavesTheBodyOutWhereThereIsNone(wire: Wire) throws {
    let server = try TestServer(handler)
    let head = try server.curl(wire, "/bytes?size=[1000-1001]", ["-I"]).text.lowercased()
    #expect(head.contains("content-length: 1000\r\n") && head.contains("content-length: 1001\r\n"))
    let format = ["-w", "%{http_code} %{num_connects} %{size_download}|", "-i", "-o"]
    for method in ["GET", "HEAD"] {
      let output = try TemporaryDirectory()
      let options = method == "HEAD" ? ["-I"] : []
      let run = try server.curl(wire, "/status?code={204,304,200}", format + [output.file("body#1")] + options)
      #expect(run.text == "204 1 0|304 0 0|200 0 0|")
      #expect(!String(decoding: try contents(output.file("body204")), as: UTF8.self).lowercased().contains("length"))
    }
    #expect(try server.curl(wire, "/stream?count=10&size=1000", ["-I", "-w", "%{http_code}"]).text.hasSuffix("200"))
  }

  @Test(arguments: Wire.allCases, ["", "&thread"])
  func streamsAnAnswer(wire: Wire, thread: String) throws {
    let server = try TestServer(handler)
    let piece = ProbeHandler.bytes(5000)
    let run = try server.curl(wire, "/stream?count=1000&size=5000\(thread)")
    #expect(run.succeeded)
    #expect(run.output == (0..<1000).flatMap { _ in piece })
    #expect(handler.counts.refusals > 0, "5 MB do not fit into what may wait")
    #expect(eventually { handler.counts.streams == 0 && handler.counts.answered == 1 })
    #expect(handler.counts.bytes == 5_000_000)
  }

  @Test(arguments: Wire.allCases)
  func sendsWholeAnswersOfAnySize(wire: Wire) throws {
    let server = try TestServer(handler)
    for size in [0, 1, 16_374, 16_375, 16_376, 65_535, 65_536, 8_000_000] {
      let run = try server.curl(wire, "/bytes?size=\(size)")
      #expect(run.succeeded && run.output == ProbeHandler.bytes(size), "\(size)")
    }
  }

  @Test(arguments: Wire.allCases)
  func refusesBodiesThatAreTooLarge(wire: Wire) throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 100_000
    let server = try TestServer(limits: limits, handler)
    let folder = try TemporaryDirectory()
    func post(_ size: Int, _ options: [String] = []) throws -> String {
      try write([UInt8](repeating: 0x62, count: size), to: folder.file("body"))
      let options = options + ["-w", " %{http_code}", "-X", "POST", "-T", folder.file("body"), "-H", "Expect:"]
      return try server.curl(wire, "/echo", options).text
    }
    #expect(try post(100_000).hasSuffix("bb 200"))
    #expect(try post(100_001) == "request body is too large 413")
    // Without a length that says so beforehand.
    let lengthless = wire.isHTTP2 ? ["-H", "Content-Length:"] : ["-H", "Transfer-Encoding: chunked"]
    #expect(try post(200_000, lengthless) == "request body is too large 413")
    #expect(handler.counts.handled == 1)
    #expect(try server.curl(wire, "/echo").succeeded)
  }

  @Test(arguments: Wire.allCases)
  func refusesHeadsThatAreTooLarge(wire: Wire) throws {
    var limits = HTTPLimits()
    limits.headFields = 20
    let server = try TestServer(limits: limits, handler)
    let format = ["-w", " %{http_code}"]
    let long = ["-H", "x-long: " + String(repeating: "x", count: 17_000)]
    #expect(try server.curl(wire, "/echo", format + long).text == "request head is too large 431")
    let many = (0..<20).flatMap { ["-H", "x-\($0): y"] }
    #expect(try server.curl(wire, "/echo", format + many).text == "request head is too large 431")
    #expect(try server.curl(wire, "/echo", format + many[..<30]).text.hasSuffix(" 200"))
    #expect(handler.counts.handled == 1)
  }

  @Test(arguments: Wire.allCases)
  func tellsAClientThatItsBodyIsWanted(wire: Wire) throws {
    let server = try TestServer(handler)
    let options = ["-H", "Expect: 100-continue", "--expect100-timeout", "40", "-d", "body", "-w", " %{time_total}"]
    let text = try server.curl(wire, "/echo", options).text
    #expect(text.hasPrefix("POST /echo  body "))
    #expect(try #require(Double(text.split(separator: " ").last ?? "")) < 20)
    let other = ["-H", "Expect: a-miracle", "-d", "body", "-w", " %{http_code}"]
    #expect(try server.curl(wire, "/echo", other).text == "unsupported expectation 417")
  }

  @Test(arguments: Wire.allCases)
  func showsThatAnAnswerWasGivenUp(wire: Wire) throws {
    let server = try TestServer(handler)
    let run = try server.curl(wire, "/abort")
    #expect(!run.succeeded)
    #expect(eventually { handler.counts.answered == 1 })
    #expect(try server.curl(wire, "/echo").succeeded)
  }

  @Test(arguments: Wire.allCases, ["", "?thread"])
  func letsEverythingGoWhenAClientIsKilled(wire: Wire, thread: String) throws {
    let server = try TestServer(handler)
    let child = try ChildProcess(
      ["curl", "-sS", "--limit-rate", "100k", "-m", "120"] + wire.curlOptions + [server.url(wire, "/endless\(thread)")],
      input: .null, output: .null, error: .null)
    #expect(eventually { handler.counts.refusals > 0 })
    #expect(handler.counts.streams == 1)
    try child.send(.kill)
    #expect(eventually { handler.counts.streams == 0 && handler.counts.answered == 1 })
    #expect(try eventually { try server.connectionCount == 0 })
    #expect(try child.wait(until: .after(nanoseconds: 30_000_000_000)) != nil)
  }

  @Test(arguments: Wire.allCases)
  func finishesWhatIsBeingAnsweredWhenItDrains(wire: Wire) throws {
    let server = try TestServer(handler)
    let child = try ChildProcess(
      ["curl", "-sS", "-m", "60"] + wire.curlOptions + [server.url(wire, "/hold")], input: .null, output: .pipe,
      error: .null)
    #expect(eventually { handler.counts.held.count == 1 })
    let done = server.drain(within: 60)
    #expect(eventually { (try? server.connect()) == nil }, "it listens no more")
    #expect(!done.isGiven)
    let exchange = try #require(handler.takeHeld().first)
    exchange.respond(ResponseHead(200), Array("done".utf8))
    var buffer = [UInt8](repeating: 0, count: 100)
    let count = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
    #expect(String(decoding: buffer[..<count], as: UTF8.self) == "done")
    #expect(try child.wait(until: .after(nanoseconds: 30_000_000_000)) == .exited(0))
    #expect(try done.take())
  }

  @Test(arguments: Wire.allCases)
  func cutsOffWhatIsNotOverInTime(wire: Wire) throws {
    let server = try TestServer(handler)
    let held = try ChildProcess(
      ["curl", "-sS", "-m", "60"] + wire.curlOptions + [server.url(wire, "/hold")], input: .null, output: .null,
      error: .null)
    let endless = try ChildProcess(
      ["curl", "-sS", "-m", "60"] + wire.curlOptions + [server.url(wire, "/endless")], input: .null, output: .null,
      error: .null)
    #expect(eventually { handler.counts.held.count == 1 && handler.counts.streams == 1 })
    #expect(try server.drain(within: 0.2).take())
    #expect(eventually { handler.counts.streams == 0 })
    // It comes to nothing, and is told of all the same.
    handler.takeHeld().first?.respond(ResponseHead(200), [1])
    #expect(handler.counts.answered == 2 && handler.counts.toldTwice == 0)
    let ends = [
      try held.wait(until: .after(nanoseconds: 30_000_000_000)),
      try endless.wait(until: .after(nanoseconds: 30_000_000_000)),
    ]
    #expect(!ends.contains(nil) && !ends.contains(.exited(0)))
  }
}
