import Documents
import JSON
import Lite3
import Pools
import RawServer
import RemotePools
import Testing

/// One request and its answer at a time.
struct OperationTests {
  /// What came, and the answer to all of it.
  private func server(_ body: String, status: Int = 200, seen: Log<RawRequest> = Log()) throws -> RawServer {
    try RawServer { request, connection in
      seen.add(request)
      connection.respond(status, body)
    }
  }

  @Test func opening() throws {
    let seen = Log<RawRequest>()
    let server = try server(#"{"pool":\#(info(newest: 3))}"#, seen: seen)
    let opened = try server.pool(token: "secret").open()
    #expect(opened.info.bounds == 1...3)
    #expect(opened.info.geometry.ringSize == 978_944)
    #expect(opened.info.usedBytes == 1616)
    #expect(opened.name == "demo" && opened.path == "/srv/demo.plasmite")
    let request = try #require(seen.all.first)
    #expect(request.method == "POST" && request.target == "/v0/pools/open")
    #expect(request.text == #"{"pool":"demo"}"#)
    #expect(request.header("authorization") == "Bearer secret")
    #expect(request.header("content-type") == "application/json")
  }

  @Test func creating() throws {
    let seen = Log<RawRequest>()
    let server = try server(#"{"pool":\#(info("a\\\"b", newest: 0))}"#, seen: seen)
    let made = try server.pool("a%22b").create(size: 65_536)
    #expect(made.info.bounds == nil)
    #expect(seen.all.first?.target == "/v0/pools")
    #expect(seen.all.first?.text == #"{"pool":"a\"b","size_bytes":65536}"#)
  }

  @Test func describingAndDeleting() throws {
    let seen = Log<RawRequest>()
    let server = try RawServer { request, connection in
      seen.add(request)
      connection.respond(200, request.method == "GET" ? #"{"pool":\#(info(newest: 9))}"# : #"{"ok":true}"#)
    }
    let pool = try server.pool("a b".replacing(" ", with: "%20"))
    #expect(try pool.info().info.bounds == 1...9)
    try pool.delete()
    #expect(seen.all.map { "\($0.method) \($0.target)" } == ["GET /v0/pools/a%20b/info", "DELETE /v0/pools/a%20b"])
  }

  @Test func whatAServerAddsIsKept() throws {
    let body = info(newest: 1).replacing("\"name\"", with: #""followers":{"count":2,"x":[-1,1.5,null,true]},"name""#)
    let server = try server(#"{"pool":\#(body)}"#)
    let found = try server.pool().info()
    let report = Report.object(found.members).line(.compact)
    let text = report.output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    #expect(text.contains(#""followers":{"count":2,"x":[-1.0,1.5,null,true]}"#))
  }

  @Test func anAnswerThatNestsWithoutEndIsCutOff() throws {
    let deep = String(repeating: #"{"x":"#, count: 100) + "1" + String(repeating: "}", count: 100)
    let body = info(newest: 1).replacing("\"name\"", with: #""deep":\#(deep),"name""#)
    let server = try server(#"{"pool":\#(body)}"#)
    let found = try server.pool().info()
    #expect(Report.object(found.members).line(.compact).output.count < 2000)
  }

  @Test func appendingADocument() throws {
    let seen = Log<RawRequest>()
    let server = try server(#"{"message":\#(message(7))}"#, seen: seen)
    var encoder = Lite3Encoder()
    let data = Array(#"{"a":1}"#.utf8)
    try encoder.encodeMessage(data: data.span.bytes, tags: ["x"])
    let receipt = try server.pool().append(document: encoder.bytes, durability: .flush)
    #expect(receipt.sequence == 7)
    #expect(receipt.time == 1_795_225_898_864_746_000)
    let request = try #require(seen.all.first)
    #expect(request.target == "/v0/pools/demo/append_lite3?durability=flush")
    #expect(request.header("content-type") == "application/x-plasmite-lite3")
    #expect(request.body == encoder.withUnsafeBytes { Array($0) })
  }

  @Test func appendingText() throws {
    let seen = Log<RawRequest>()
    let server = try server(#"{"message":\#(message(7))}"#, seen: seen)
    let data = Array(#"{"a":[1,2]}"#.utf8)
    _ = try server.pool().append(json: data.span.bytes, tags: ["x", #"y"z"#], durability: .fast)
    #expect(seen.all.first?.target == "/v0/pools/demo/append")
    #expect(seen.all.first?.text == #"{"data":{"a":[1,2]},"tags":["x","y\"z"],"durability":"fast"}"#)
  }

  @Test func fetching() throws {
    let body = #"{"message":\#(message(7, #"{"a":{"b":[1,-0.0,18446744073709551615]}}"#, tags: #"["x"]"#))}"#
    let server = try server(body)
    let fetched = try server.pool().withMessage(7) { document, sequence, time in
      #expect(sequence == 7 && time == 1_795_225_898_864_746_000)
      return text(document)
    }
    #expect(fetched == #"{"a":{"b":[1,-0.0,1.8446744073709552e+19]}}"#)
  }

  @Test func listing() throws {
    let body = """
      {"pools":[\(info("b", newest: 1)),\(info("a", newest: 0))],"errors":[{"name":"bad","path":"/srv/bad.plasmite",\
      "error":{"kind":"Corrupt","message":"bad magic"}}]}
      """
    let server = try server(body)
    let rows = try RemoteServer(ServerAddress(server.url), RemoteSettings()).list()
    #expect(rows.map(\.name) == ["a", "b", "bad"])
    guard case .failure(let failed) = rows[2].outcome else {
      Issue.record("the broken one is listed as if it were whole")
      return
    }
    #expect(failed.kind == .corrupt)
  }

  // MARK: Refusals

  @Test func theServersOwnWordsWin() throws {
    let more = #","hint":"Make it first.","path":"/srv/x","seq":9,"offset":12,"causes":["a","b"]"#
    let server = try server(envelope("NotFound", "not found", more: more), status: 500)
    let failed = try #require(failure { try server.pool().info() })
    #expect(failed.kind == .notFound && failed.message == "not found" && failed.hint == "Make it first.")
    #expect(failed.path == "/srv/x" && failed.sequence == 9 && failed.offset == 12 && failed.causes == ["a", "b"])
    #expect(failed.address == "\(server.url)/demo")
  }

  @Test(arguments: [
    (400, Failure.Kind.usage), (401, .permission), (403, .permission), (404, .notFound), (409, .alreadyExists),
    (410, .retentionGap), (413, .usage), (418, .io), (423, .busy), (500, .internal), (503, .internal), (301, .io),
    (204, .io),
  ])
  func aStatusAloneHasAKind(status: Int, kind: Failure.Kind) throws {
    for body in ["", "<html>no</html>", "{}", #"{"error":"no"}"#, #"{"error":{"kind":7}}"#] {
      if status == 204, !body.isEmpty { continue }
      let server = try server(body, status: status)
      let failed = try #require(failure { try server.pool().info() })
      #expect(failed.kind == kind)
      #expect(!failed.message.isEmpty)
    }
  }

  @Test func anUnknownKindIsIo() throws {
    let server = try server(envelope("Novel", "what?"), status: 400)
    #expect(failure { try server.pool().info() }?.kind == .io)
  }

  @Test(arguments: [
    "", "{}", "[]", "null", "nonsense", #"{"pool":{}}"#, #"{"pool":{"name":1,"bounds":{}}}"#,
    #"{"pool":{"name":"x"}}"#, #"{"pool":{"name":"x","bounds":{"oldest":3,"newest":1}}}"#,
    #"{"pool":{"name":"x","bounds":{"oldest":0,"newest":1}}}"#, #"{"pool":{"name":"x","bounds":{"oldest":1}}}"#,
    "\u{0}\u{1}", "<!DOCTYPE html><title>Router</title>",
  ])
  func anAnswerThatMakesNoSenseIsIo(body: String) throws {
    let server = try server(body)
    let failed = try #require(failure { try server.pool().info() })
    #expect(failed.kind == .io)
    #expect(failed.hint?.contains("weir serve") == true)
  }

  @Test(arguments: [
    "{}", #"{"message":{}}"#, #"{"message":\#(message(0))}"#, #"{"message":7}"#,
    #"{"message":{"data":[],"meta":{"tags":[]},"seq":1,"time":"2026-11-21T01:51:38Z"}}"#,
    #"{"message":{"data":{},"meta":{"tags":[1]},"seq":1,"time":"2026-11-21T01:51:38Z"}}"#,
    #"{"message":{"data":{},"meta":{"tags":[]},"seq":1,"time":"yesterday"}}"#,
  ])
  func aMessageThatMakesNoSenseIsIo(body: String) throws {
    let server = try server(body)
    #expect(failure { try server.pool().withMessage(1) { _, _, _ in } }?.kind == .io)
  }

  @Test func aLostAppendSaysThatItMayBeThere() throws {
    let server = try RawServer { _, connection in connection.abort() }
    let data = Array("{}".utf8)
    let failed = try #require(
      failure { try server.pool().append(json: data.span.bytes, tags: [], durability: .fast) })
    #expect(failed.kind == .io)
    #expect(failed.message.hasPrefix("request failed"))
    #expect(failed.hint?.contains("not known") == true)
    #expect(server.requests == 1)
  }

  @Test func nobodyThere() throws {
    let server = try server("")
    let pool = try server.pool()
    server.stop()
    let failed = try #require(failure { try pool.open() })
    #expect(failed.kind == .io && failed.message.hasPrefix("request failed"))
    #expect(failed.address == "\(server.url)/demo")
    #expect(!failed.causes.isEmpty)
  }
}
