import Platform
import State
import Support
import Testing

/// Section 2.3 of the reference, and its golden exchanges 1 to 4.
@Suite struct TransactionRouteTests {
  /// A transaction that never comes to its end by itself.
  private static let endless = """
    ["INSERT INTO t SELECT 1, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n)"]
    """

  @Test func aTransactionAnswersWithAResultForEachStatement() throws {
    let node = try LiveState()
    let body = #"""
      [["INSERT INTO t VALUES (?,?)",[1,"a"]],
       {"query":"INSERT INTO t VALUES (:i,:v)","named_params":{":i":2,":v":null}}]
      """#
    let answer = try node.post("/v1/transactions", body)
    #expect(answer.status == 200)
    #expect(answer.field("content-type") == "application/json")
    let actor = node.gateway.store.site.bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    #expect(
      withoutTimes(answer.body)
        == #"{"results":[{"rows_affected":1},{"rows_affected":1}],"version":1,"actor_id":"\#(actor)"}"#)
    #expect(answer.body.contains(/"rows_affected":1,"time":[0-9.e-]+\}/))
  }

  @Test func aChangeThatChangesNothingHasNoVersion() throws {
    let node = try LiveState()
    _ = try node.transact(#"["INSERT INTO t VALUES (1,'a')"]"#)
    let answer = try node.transact(#"["UPDATE t SET v='a' WHERE id=1"]"#)
    #expect(answer.status == 200)
    #expect(answer.body.hasPrefix(#"{"results":[{"rows_affected":1}],"version":null,"#))
  }

  @Test func oneStatementThatFailsUndoesAll() throws {
    let node = try LiveState()
    let answer = try node.transact(#"["INSERT INTO t VALUES (3,'c')","INSERT INTO nope VALUES (1)"]"#)
    #expect(answer.status == 500)
    #expect(
      answer.body.hasPrefix(
        #"{"results":[{"error":"rusqlite: no such table: nope (actor_id: None, version: None)"}],"version":null,"#))
    #expect(try node.query(#""SELECT count(*) FROM t""#)[1] == #"{"row":[1,[0]]}"#)
  }

  @Test func noStatementIsRefused() throws {
    let node = try LiveState()
    let answer = try node.post("/v1/transactions", "[]")
    #expect(answer.status == 400)
    #expect(
      answer.body.hasPrefix(
        #"{"results":[{"error":"at least 1 statement is required"}],"time":0.0,"version":null,"actor_id":""#))
  }

  @Test func aStatementThatReturnsRowsFails() throws {
    let node = try LiveState()
    for sql in ["SELECT 1", "INSERT INTO t VALUES (1,'a') RETURNING id"] {
      #expect(try node.transact("[\"\(sql)\"]").status == 500)
    }
    #expect(try node.query(#""SELECT count(*) FROM t""#)[1] == #"{"row":[1,[0]]}"#)
  }

  @Test(arguments: [
    #"["INSERT INTO t VALUES (1)"]"#, #"[["INSERT INTO t VALUES (?,?)",[1]]]"#,
    #"[["INSERT INTO t VALUES (?,?)",[1,2,3]]]"#, #"[["INSERT INTO t VALUES (:a,:b)",{":a":1,":b":2,":c":3}]]"#,
    #"["COMMIT"]"#, #"["BEGIN"]"#, #"["ATTACH 'x' AS y"]"#, #"["PRAGMA journal_mode = DELETE"]"#,
    #"["DELETE FROM __weir_site"]"#, #"["DROP TABLE t"]"#, #"["INSERT INTO t VALUES (1,'a'); DELETE FROM t"]"#,
    #"[""]"#, #"["SELEKT"]"#, #"["VACUUM"]"#, #"["VACUUM INTO 'x'"]"#,
  ])
  func whatCannotBeDoneIsAnErrorAndNothingElse(_ body: String) throws {
    let node = try LiveState()
    let answer = try node.transact(body)
    #expect(answer.status == 500, "\(answer.body)")
    #expect(answer.body.hasPrefix(#"{"results":[{"error":"rusqlite: "#), "\(answer.body)")
    #expect(try node.query(#""SELECT count(*) FROM t""#)[1] == #"{"row":[1,[0]]}"#)
  }

  @Test func aStatementThatRunsForEverIsStoppedAtTheDeadlineAndOthersGoOn() throws {
    let node = try LiveState()
    let client = try RawConnection(port: node.port)
    try client.send(LiveGateway.request("POST", "/v1/transactions?timeout=0.2", body: Self.endless))
    #expect(try node.transact(#"["INSERT INTO t VALUES (2,'b')"]"#).status == 200)
    let answer = try #require(try client.readResponse())
    #expect(answer.status == 500)
    #expect(answer.body.contains("interrupted"))
    #expect(try node.query(#""SELECT id FROM t""#).dropLast().last == #"{"row":[1,[2]]}"#)
  }

  @Test func aTransactionThatWaitsTooLongIsToldSoWhileAnotherGoesOn() throws {
    let node = try LiveState()
    let busy = try RawConnection(port: node.port)
    try busy.send(LiveGateway.request("POST", "/v1/transactions?timeout=3", body: Self.endless))
    // Until it is the one that runs, nothing else is too late.
    var answer: RawResponse?
    #expect(
      try eventually {
        answer = try node.ask("POST", "/v1/transactions?timeout=0.02", body: #"["DELETE FROM t"]"#)
        return answer?.status == 500
      })
    #expect(answer?.body.contains("interrupted") == true)
    #expect(try busy.readResponse()?.status == 500)
  }

  @Test func concurrentTransactionsEachKeepTheirOwnResult() throws {
    let node = try LiveState()
    let clients = try (0..<16).map { _ in try RawConnection(port: node.port) }
    for round in 0..<20 {
      for (number, client) in clients.enumerated() {
        let key = round * 16 + number
        // Every fourth fails: its key is there.
        let id = number % 4 == 3 ? 0 : key + 1
        let isFirst = round == 0 && number == 3
        let insert = isFirst ? "INSERT INTO t VALUES (0,'x')" : "INSERT INTO t VALUES (\(id),'\(key)')"
        try client.send(LiveGateway.request("POST", "/v1/transactions", body: "[\"\(insert)\"]"))
      }
      for (number, client) in clients.enumerated() {
        let answer = try #require(try client.readResponse())
        let isExpectedToFail = number % 4 == 3 && !(round == 0 && number == 3)
        #expect(answer.status == (isExpectedToFail && round > 0 ? 500 : answer.status))
        if number % 4 != 3 { #expect(answer.status == 200, "\(answer.body)") }
      }
    }
    #expect(try node.query(#""SELECT count(*) FROM t WHERE id > 0""#)[1] == #"{"row":[1,[240]]}"#)
  }

  @Test(arguments: [
    ("{", 400), ("", 400), ("[1]", 422), ("{}", 422), ("\"x\"", 422), ("[[\"SELECT 1\"]]", 422),
    ("[[\"SELECT ?\", null]]", 422), ("[{\"query\":1}]", 422), ("[{\"query\":\"x\",\"params\":{}}]", 422),
    ("null", 422),
    ("[[\"a\",[],[]]]", 422), ("[\"\\ud800\"]", 400),
  ])
  func bodiesOfAnotherShapeAreRefused(_ body: String, _ status: Int) throws {
    let node = try LiveState()
    #expect(try node.post("/v1/transactions", body).status == status)
  }

  @Test func theContentTypeMustBeJSON() throws {
    let node = try LiveState()
    let client = try RawConnection(port: node.port)
    try client.send("POST /v1/transactions HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n[]")
    #expect(try client.readResponse()?.status == 415)
    try client.send(
      "POST /v1/transactions HTTP/1.1\r\nhost: a\r\ncontent-type: application/vnd.x+json; charset=utf-8\r\n"
        + "content-length: 2\r\n\r\n[]")
    #expect(try client.readResponse()?.status == 400)
    try client.send(
      "POST /v1/transactions HTTP/1.1\r\nhost: a\r\ncontent-type: text/plain\r\ncontent-length: 2\r\n\r\n[]")
    #expect(try client.readResponse()?.status == 415)
  }
}
