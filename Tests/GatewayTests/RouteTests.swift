import Gateway
import Platform
import Pools
import Support
import Testing

struct RouteTests {
  @Test func aPoolsLife() throws {
    let gateway = try LiveGateway()
    let made = try gateway.ask("POST", "/v0/pools", body: #"{"pool":"a"}"#)
    #expect(made.status == 200)
    #expect(made.body.contains("\"file_size\":1048576"))
    #expect(made.field("plasmite-version") == "0")
    #expect(try gateway.ask("POST", "/v0/pools", body: #"{"pool":"a"}"#).status == 409)
    #expect(try gateway.ask("POST", "/v0/pools/open", body: #"{"pool":"a"}"#).status == 200)
    #expect(try gateway.ask("GET", "/v0/pools/a/info").status == 200)
    #expect(try gateway.ask("GET", "/v0/pools").body.contains("\"name\":\"a\""))
    let deleted = try gateway.ask("DELETE", "/v0/pools/a")
    #expect(deleted.body == "{\"ok\":true}\n")
    #expect(try gateway.ask("DELETE", "/v0/pools/a").status == 404)
  }

  @Test(arguments: ["/", "/ui/"]) func thePageIsFoundFromAddressesBesideIt(path: String) throws {
    let answer = try LiveGateway().ask("GET", path)
    #expect(answer.status == 307 && answer.field("location") == "/ui")
  }

  @Test func moreThanMayWaitForTheDiskIsRefusedAtOnce() throws {
    let gateway = try LiveGateway { $0.limits.tails = 2 }
    try gateway.makePool("a")
    let pool = try File(gateway.directory.file("a.plasmite"), [.read, .write])
    try pool.lock(.exclusive)
    let clients = try (0..<40).map { _ in try gateway.connect() }
    for client in clients {
      try client.send(LiveGateway.request("POST", "/v0/pools/a/append", body: #"{"data":{},"durability":"flush"}"#))
    }
    // Whoever has an answer while the pool is locked was refused: all but those that wait, in whatever order they came.
    var refused: [RawResponse] = []
    var waiting = clients
    #expect(
      try eventually {
        waiting = try waiting.filter { client in
          guard let response = try client.readResponse(within: 0) else { return true }
          refused.append(response)
          return false
        }
        return refused.count >= 20
      })
    #expect(refused.allSatisfy { $0.status == 423 && $0.body.contains("saturated") })
    pool.unlock()
    let answers = try waiting.map { try $0.readResponse()?.status ?? 0 }
    let stored = answers.count { $0 == 200 }
    #expect(stored >= 2 && answers.allSatisfy { $0 == 200 || $0 == 423 }, "\(answers)")
    #expect(try gateway.ask("GET", "/v0/pools/a/info").body.contains("\"message_count\":\(stored),"))
  }

  @Test func appendsThatMeetAreEachStoredOnceAndAnsweredWithTheirOwn() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a")
    let clients = try (0..<24).map { _ in try gateway.connect() }
    let rounds = 25
    for (number, client) in clients.enumerated() {
      // All at once: some find another at work, and leave theirs to it.
      let requests = (0..<rounds).map { round in
        LiveGateway.request("POST", "/v0/pools/a/append", body: "{\"data\":{\"c\":\(number),\"r\":\(round)}}")
      }
      try client.send(requests.joined())
    }
    var found: Set<UInt64> = []
    for (number, client) in clients.enumerated() {
      var last: UInt64 = 0
      for round in 0..<rounds {
        let answer = try #require(try client.readResponse())
        #expect(answer.body.contains("\"data\":{\"c\":\(number),\"r\":\(round)}"), "\(answer.body)")
        let sequence = try #require(sequences([answer.body]).first)
        // One connection's follow each other.
        #expect(sequence > last)
        last = sequence
        found.insert(sequence)
        #expect(try gateway.ask("GET", "/v0/pools/a/messages/\(sequence)").body == answer.body)
      }
    }
    #expect(found == Set(1...UInt64(clients.count * rounds)))
  }

  @Test func appendsThatWaitWhenTheirPoolIsReplacedGoToTheNewOne() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a")
    let path = gateway.directory.file("a.plasmite")
    let old = try File(path, [.read, .write])
    try old.lock(.exclusive)
    let clients = try (0..<10).map { _ in try gateway.connect() }
    for client in clients {
      try client.send(LiveGateway.request("POST", "/v0/pools/a/append", body: #"{"data":{"a":1}}"#))
    }
    let other = gateway.directory.file("b.plasmite")
    _ = try Pool.create(at: other, size: 1 << 20)
    try Paths.replace(other, as: path)
    old.unlock()
    for client in clients {
      let answer = try #require(try client.readResponse())
      #expect(answer.status == 200, "\(answer.body)")
    }
    // Whoever waited for the lock of the old file may have got it.
    let count = try Pool.open(at: path).info().messageCount
    #expect((6...10).contains(count))
  }

  @Test func messagesComeBackAsTheyWere() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a")
    let stored = try gateway.ask(
      "POST", "/v0/pools/a/append",
      body: #"{"durability":"flush","tags":["t"],"data":{"b":9223372036854775807,"a":[-0,1.5,"é"]}}"#)
    #expect(
      stored.body.hasPrefix(
        #"{"message":{"data":{"a":[-0.0,1.5,"é"],"b":9223372036854775807},"meta":{"tags":["t"]},"seq":1,"#))
    #expect(try gateway.ask("GET", "/v0/pools/a/messages/1").body == stored.body)
    let head = try gateway.connect()
    try head.send(LiveGateway.request("HEAD", "/v0/pools/a/messages/1"))
    try head.read { String(decoding: $0, as: UTF8.self).hasSuffix("\r\n\r\n") }
    #expect(head.takeText().contains("content-length: \(stored.body.utf8.count)\r\n"))
  }

  @Test(arguments: [
    ("return=minimal", true), ("respond-async, Return=minimal; x=1", true), ("return = minimal", true),
    ("return=representation", false), ("return=minimally", false), ("", false),
  ])
  func whoPrefersAReceiptGetsNoMoreThanThat(preference: String, isReceipt: Bool) throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a")
    let answer = try gateway.ask(
      "POST", "/v0/pools/a/append", ["prefer: \(preference)"], body: #"{"data":{"long":"text"}}"#)
    #expect(answer.status == 200)
    #expect(answer.body.contains("long") == !isReceipt)
    #expect((answer.field("preference-applied") == "return=minimal") == isReceipt)
    let message = try gateway.ask("GET", "/v0/pools/a/messages/1").body
    guard isReceipt else { return #expect(answer.body == message) }
    let rest = try #require(message.split(separator: ",\"seq\"").last)
    #expect(answer.body == "{\"message\":{\"seq\"\(rest)")
  }

  @Test(
    arguments: [
      ("GET", "/nope", nil, 404, "NotFound"),
      ("PUT", "/v0/pools", nil, 405, "Usage"),
      ("GET", "/v0/pools/a/messages/x", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/messages/99999999999999999999", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/messages/9", nil, 404, "NotFound"),
      ("GET", "/v0/pools/none/info", nil, 404, "NotFound"),
      ("GET", "/v0/pools/a%2Fb/info", nil, 400, "Usage"),
      ("GET", "/v0/pools/..%2Fa/info", nil, 400, "Usage"),
      ("GET", "/v0/pools/%zz/info", nil, 400, "Usage"),
      ("GET", "/v0/pools/%ff/info", nil, 400, "Usage"),
      ("GET", "/v0/pools/a%00b/info", nil, 400, "Usage"),
      ("GET", "/v0/pools//info", nil, 400, "Usage"),
      ("POST", "/v0/pools", "{}", 400, "Usage"),
      ("POST", "/v0/pools", "[]", 400, "Usage"),
      ("POST", "/v0/pools", "{", 400, "Usage"),
      ("POST", "/v0/pools", #"{"pool":7}"#, 400, "Usage"),
      ("POST", "/v0/pools", #"{"pool":"b","size_bytes":1}"#, 400, "Usage"),
      ("POST", "/v0/pools", #"{"pool":"b","size_bytes":-1}"#, 400, "Usage"),
      ("POST", "/v0/pools/a/append", #"{"tags":[]}"#, 400, "Usage"),
      ("POST", "/v0/pools/a/append", #"{"data":[1]}"#, 400, "Usage"),
      ("POST", "/v0/pools/a/append", #"{"data":{},"tags":"x"}"#, 400, "Usage"),
      ("POST", "/v0/pools/a/append", #"{"data":{},"tags":[1]}"#, 400, "Usage"),
      ("POST", "/v0/pools/a/append", #"{"data":{},"durability":"maybe"}"#, 400, "Usage"),
      ("POST", "/v0/pools/none/append", #"{"data":{}}"#, 404, "NotFound"),
      ("GET", "/v0/pools/a/tail?timeout_ms=99999999", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/tail?since_seq=-1", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/tail?gap_policy=maybe", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/tail_lite3?gap_policy=error", nil, 400, "Usage"),
      ("GET", "/v0/pools/a/tail?max=%zz", nil, 400, "Usage"),
    ] as [(String, String, String?, Int, String)])
  func everyErrorHasItsStatusAndEnvelope(
    method: String, path: String, body: String?, status: Int, kind: String
  ) throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a")
    let answer = try gateway.ask(method, path, body: body)
    #expect(answer.status == status, "\(answer.body)")
    #expect(answer.body.contains("\"kind\":\"\(kind)\""))
    #expect(answer.body.contains("\"hint\":"))
    #expect(answer.field("content-type") == "application/json")
    #expect(answer.field("plasmite-version") == "0")
  }

  @Test func aBodyMustSayThatItIsJSON() throws {
    let gateway = try LiveGateway()
    let client = try gateway.connect()
    try client.send("POST /v0/pools HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 12\r\n\r\n{\"pool\":\"a\"}")
    #expect(try client.readResponse()?.status == 415)
  }

  @Test func aBodyBeyondTheLimitIsRefusedUnread() throws {
    let gateway = try LiveGateway { $0.limits.bodyBytes = 1000 }
    let client = try gateway.connect()
    try client.send("POST /v0/pools HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1001\r\n\r\n")
    let answer = try #require(try client.readResponse())
    #expect(answer.status == 413)
    #expect(answer.body.contains("\"kind\":\"Usage\""))
  }

  @Test func aBrokenPoolHidesNoOther() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("good")
    try write(Array("NOPE".utf8), to: gateway.directory.file("bad.plasmite"))
    let list = try gateway.ask("GET", "/v0/pools")
    #expect(list.status == 200)
    #expect(list.body.contains("\"name\":\"good\""))
    #expect(list.body.contains("\"errors\":[{\"error\":{") && list.body.contains("\"kind\":\"Corrupt\""))
    #expect(try gateway.ask("GET", "/v0/pools/bad/info").status == 500)
  }

  @Test func namesOfOthersAndForeignPagesAreRefused() throws {
    let gateway = try LiveGateway()
    let client = try gateway.connect()
    try client.send("GET /v0/pools HTTP/1.1\r\nhost: evil.example\r\n\r\n")
    #expect(try client.readResponse()?.status == 403)
    #expect(try gateway.ask("GET", "/v0/pools", ["origin: https://evil.example"]).status == 403)
    #expect(try gateway.ask("GET", "/ui", ["origin: https://evil.example"]).status == 403)
  }

  @Test func thePageLetsNothingElseRun() throws {
    let gateway = try LiveGateway()
    let page = try gateway.ask("GET", "/ui/pools/x")
    #expect(page.status == 200)
    let policy = try #require(page.field("content-security-policy"))
    let nonce = try #require(policy.split(separator: "'nonce-").last?.split(separator: "'").first)
    // 128 bits, but for leading zeros.
    #expect(nonce.count > 20)
    #expect(page.body.contains("nonce=\"\(nonce)\""))
    #expect(!page.body.contains("WEIR_NONCE"))
  }

  @Test func theServerSaysHowItIs() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("a\u{301}")
    #expect(try gateway.ask("GET", "/healthz").body == "{\"ok\":true}\n")
    #expect(try gateway.ask("GET", "/readyz").body == "{\"ready\":true}\n")
    let metrics = try gateway.ask("GET", "/metrics").body
    #expect(metrics.contains("weir_pool_messages{pool=\"a\u{301}\"} 0\n"))
    #expect(metrics.contains("weir_http_requests_total{status=\"2xx\"}"))
    #expect(try gateway.ask("GET", "/openapi.json").body.contains("\"openapi\": \"3.1"))
  }
}
