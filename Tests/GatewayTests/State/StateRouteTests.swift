import Documents
import Gateway
import Platform
import Support
import Testing

@Suite struct StateRouteTests {
  @Test(arguments: [
    ("GET", "/", 404), ("GET", "/v1", 404), ("GET", "/v1/queries", 405), ("POST", "/v1/health", 405),
    ("GET", "/v1/transactions/", 404), ("POST", "/v1/updates/%ff", 400), ("DELETE", "/v1/subscriptions/x", 405),
    ("GET", "/v2/health", 404), ("POST", "/v1/updates", 404),
  ])
  func otherPathsAndMethodsAreRefused(_ method: String, _ path: String, _ status: Int) throws {
    let node = try LiveState()
    let answer = try node.ask(method, path)
    #expect(answer.status == status)
    if status == 405 { #expect(answer.field("allow") != nil) }
  }

  @Test func theTokenIsAskedForEverywhere() throws {
    let node = try LiveState { $0.bearer = SecretDigest(of: Array("secret".utf8)) }
    for path in ["/v1/health", "/v1/nothing", "/"] {
      for fields in [[], ["authorization: secret"], ["authorization: Bearer wrong"], ["authorization: Bearer "]] {
        let answer = try node.ask("GET", path, fields)
        #expect(answer.status == 401)
        #expect(answer.body.isEmpty)
      }
    }
    #expect(try node.ask("GET", "/v1/health", ["authorization: Bearer secret"]).status == 200)
  }

  @Test func anotherEndpointsNameIsMisdirected() throws {
    let node = try LiveState { settings in
      settings.endpointName = "a"
      settings.bearer = SecretDigest(of: Array("secret".utf8))
    }
    let name = "x-corrosion-requested-endpoint-name"
    #expect(try node.ask("GET", "/v1/health", ["\(name): b"]).status == 421)
    #expect(try node.ask("GET", "/v1/health", ["\(name): \u{e9}"]).status == 400)
    #expect(try node.ask("GET", "/v1/health", ["\(name): a"]).status == 401)
    #expect(try node.ask("GET", "/v1/health", ["authorization: Bearer secret"]).status == 200)
  }

  @Test func aWebPageThatReachesThisMachineByAnotherNameIsRefused() throws {
    let node = try LiveState()
    let client = try RawConnection(port: node.port)
    func ask(_ host: String, _ origin: String?) throws -> Int? {
      let line = origin.map { "origin: \($0)\r\n" } ?? ""
      try client.send("GET /v1/health HTTP/1.1\r\nhost: \(host)\r\n\(line)\r\n")
      return try client.readResponse()?.status
    }
    #expect(try ask("evil.example", "http://evil.example") == 403)
    #expect(try ask("localhost:8080", "http://localhost:8080") == 200)
    #expect(try ask("127.0.0.1", "http://127.0.0.1") == 200)
    #expect(try ask("db.internal", nil) == 200)
  }

  @Test func tableStatisticsCountRows() throws {
    let node = try LiveState()
    _ = try node.transact(#"["INSERT INTO t VALUES (1,'a'),(2,'b')"]"#)
    let answer = try node.post("/v1/table_stats", #"{"tables":["t","nope","t; DROP TABLE t"]}"#)
    #expect(answer.status == 200)
    #expect(answer.body == #"{"total_row_count":2,"invalid_tables":["nope","t; DROP TABLE t"]}"#)
    #expect(try node.post("/v1/table_stats", #"{"tables":1}"#).status == 422)
    #expect(try node.post("/v1/table_stats", "{").status == 400)
  }

  @Test func anIdleNodeIsHealthy() throws {
    let node = try LiveState()
    let answer = try node.ask("GET", "/v1/health")
    #expect(answer.status == 200)
    #expect(answer.body == #"{"response":{"gaps":0,"members":0,"p99_lag":0.0,"queue_size":0}}"#)
    #expect(try node.ask("GET", "/v1/health?gaps=0&p99_lag=1&max_queue=0").status == 200)
    #expect(try node.ask("GET", "/v1/health?gaps=-1").status == 503)
    #expect(try node.ask("GET", "/v1/health?gaps=-1&failure_status=500").status == 500)
    #expect(try node.ask("GET", "/v1/health?gaps=x").status == 400)
    #expect(try node.ask("GET", "/v1/health?failure_status=42").status == 400)
  }

  @Test func olderClientsSendTheirSchema() throws {
    let node = try LiveState()
    let answer = try node.post("/v1/migrations", #"["CREATE TABLE u (id TEXT NOT NULL PRIMARY KEY, n INTEGER);"]"#)
    #expect(answer.status == 200)
    #expect(withoutTimes(answer.body).hasPrefix(#"{"results":[],"version":null"#))
    #expect(try node.transact(#"["INSERT INTO u VALUES ('x', 1)"]"#).body.contains(#""version":1"#))
    #expect(try node.post("/v1/migrations", "[]").status == 400)
    let refused = try node.post("/v1/migrations", #"["CREATE TABLE w (id INTEGER);"]"#)
    #expect(refused.status == 500)
    #expect(refused.body.contains("no primary key"))
  }

  @Test func tooManyAtATimeAreRefusedAtOnce() throws {
    let node = try LiveState { settings in
      settings.concurrency = 1
      settings.readers = 1
    }
    let endless = #""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n""#
    // The first has the reader, the second waits for it: the answer of neither has begun when the third comes.
    let first = try node.stream("POST", "/v1/queries?timeout=0", body: endless)
    try first.head()
    let second = try node.stream("POST", "/v1/queries?timeout=0", body: endless)
    var status = 0
    _ = try eventually {
      let answer = try node.post("/v1/queries?timeout=0.01", #""SELECT 1""#)
      status = answer.status
      return answer.status == 503 && answer.body == "max concurrency limit reached"
    }
    #expect(status == 503)
    #expect(try node.transact(#"["INSERT INTO t VALUES (1,'a')"]"#).status == 200)
    withExtendedLifetime((first, second)) {}
  }
}
