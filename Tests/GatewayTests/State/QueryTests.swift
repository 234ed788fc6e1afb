import Platform
import Support
import Testing

/// Section 2.4 of the reference, and its golden exchanges 5 to 8.
@Suite struct QueryRouteTests {
  /// One row at once, and then none for ever.
  private static let slow = """
    "SELECT 1 UNION ALL SELECT * FROM \
    (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n)"
    """

  @Test func rowsComeNumberedBetweenColumnsAndTheEnd() throws {
    let node = try LiveState()
    _ = try node.transact(#"["INSERT INTO t VALUES (1,'a'),(2,NULL)"]"#)
    let answer = try node.post("/v1/queries", #""SELECT id, v FROM t ORDER BY id""#)
    #expect(answer.field("content-type") == nil)
    let lines = answer.body.split(separator: "\n").map(String.init)
    #expect(
      lines.dropLast() == [#"{"columns":["id","v"]}"#, #"{"row":[1,[1,"a"]]}"#, #"{"row":[2,[2,null]]}"#])
    #expect(lines.last?.wholeMatch(of: /\{"eoq":\{"time":[0-9.e-]+\}\}/) != nil)
    #expect(answer.body.hasSuffix("\n"))
  }

  @Test(arguments: [
    (#"["SELECT ?, ?, x'00ff'",[1.5,true]]"#, "[1.5,1,[0,255]]"),
    (#"{"query":"SELECT ?, ?","params":[1,"a"]}"#, #"[1,"a"]"#),
    (#"{"query":"SELECT 1","params":null}"#, "[1]"),
    (#"{"query":"SELECT ?","params":[3],"named_params":{":a":4},"other":[]}"#, "[3]"),
    (#"["SELECT :id, $b, @c",{":id":1,"$b":2,"@c":3}]"#, "[1,2,3]"),
    (
      #"["SELECT typeof(?), typeof(?), typeof(?)",[9223372036854775807,9223372036854775808,-9223372036854775808]]"#,
      #"["integer","real","integer"]"#
    ),
    (#"["SELECT ?, ?",[9223372036854775807,-9223372036854775808]]"#, "[9223372036854775807,-9223372036854775808]"),
    (#"["SELECT typeof(?), length(?)",[[],[]]]"#, #"["blob",0]"#),
    (#"["SELECT hex(?)",[[222, 173]]]"#, #"["DEAD"]"#),
    (#"["SELECT ?, typeof(?2)",[[1, 256],{}]]"#, #"["[1, 256]","text"]"#),
    (
      #"["SELECT ?",[ { "b" : [ 1 , "]" , {} ] , "a" : "\"}" } ]]"#,
      #"["{ \"b\" : [ 1 , \"]\" , {} ] , \"a\" : \"\\\"}\" }"]"#
    ),
    (#"{"named_params":{":x": {"k" : 1}},"query":"SELECT :x"}"#, #"["{\"k\" : 1}"]"#),
    (#"["SELECT ?, ?, ?",["ü\u0000z","'; DROP TABLE t; --","😀"]]"#, #"["ü\u0000z","'; DROP TABLE t; --","😀"]"#),
    (#""SELECT 9e999, -9e999, 1e300, 0.1, 1.0""#, "[null,null,1e+300,0.1,1.0]"),
    (#""SELECT CAST(x'ff41' AS TEXT)""#, #"["\#u{fffd}A"]"#),
  ])
  func valuesGoBothWays(_ body: String, _ cells: String) throws {
    let node = try LiveState()
    #expect(try node.query(body)[1] == "{\"row\":[1,\(cells)]}")
  }

  @Test(arguments: [
    (#""DELETE FROM t""#, "statement is not readonly"), (#""SELECT nope""#, "no such column: nope"),
    (#""BEGIN""#, "the statement gives no rows"), (#""ATTACH 'x' AS y""#, ""), (#""PRAGMA query_only = 0""#, ""),
    (#""PRAGMA journal_mode = DELETE""#, ""), (#""PRAGMA wal_checkpoint""#, ""), (#""VACUUM INTO 'copy'""#, ""),
    (#""SELECT 1; SELECT 2""#, "more than one statement"), (#""""#, "no statement"),
    (#""SELECT * FROM pragma_wal_checkpoint""#, ""),
  ])
  func whatIsNoQueryIsRefused(_ body: String, _ message: String) throws {
    let node = try LiveState()
    let answer = try node.post("/v1/queries", body)
    #expect(answer.status == 400, "\(answer.body)")
    #expect(answer.body.hasPrefix(#"{"error":""#))
    #expect(answer.body.contains(message), "\(answer.body)")
  }

  @Test func whatCannotBeBoundIs500() throws {
    let node = try LiveState()
    for body in [#"["SELECT ?",[]]"#, #"["SELECT ?",[1,2]]"#, #"["SELECT :a",{":b":1}]"#] {
      let answer = try node.post("/v1/queries", body)
      #expect(answer.status == 500)
      #expect(answer.body.hasPrefix(#"{"error":""#))
    }
  }

  @Test func aFailureOnTheWayIsTheLastLine() throws {
    let node = try LiveState()
    _ = try node.transact(#"["INSERT INTO t VALUES (1,'1'),(2,'-9223372036854775808')"]"#)
    let lines = try node.query(#""SELECT abs(CAST(v AS INTEGER)) FROM t ORDER BY id""#)
    #expect(try node.query(#""SELECT load_extension('x')""#).last == #"{"error":"not authorized"}"#)
    #expect(
      lines == [#"{"columns":["abs(CAST(v AS INTEGER))"]}"#, #"{"row":[1,[1]]}"#, #"{"error":"integer overflow"}"#])
  }

  @Test func aQueryThatRunsForEverIsStoppedAtTheDeadline() throws {
    let node = try LiveState()
    let endless = #""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n""#
    let answer = try node.post("/v1/queries?timeout=0.1", endless)
    #expect(answer.status == 200)
    #expect(answer.body.hasSuffix("{\"error\":\"interrupted: the query took longer than its timeout allows\"}\n"))
    for timeout in ["x", "-1", "nan"] {
      #expect(try node.post("/v1/queries?timeout=\(timeout)", #""SELECT 1""#).status == 400)
    }
    #expect(try node.post("/v1/queries?timeout=0", #""SELECT 1""#).status == 200)
  }

  @Test func aValueThatIsTooLargeIsAnErrorAndTheNodeGoesOn() throws {
    let node = try LiveState()
    for sql in ["SELECT zeroblob(900000000)", "SELECT hex(zeroblob(60000000))", "SELECT randomblob(2000000000)"] {
      let lines = try node.query("\"\(sql)\"")
      #expect(lines.count == 2)
      #expect(lines.last == #"{"error":"string or blob too big"}"#)
    }
    #expect(try node.transact(#"["INSERT INTO t VALUES (1, zeroblob(900000000))"]"#).status == 500)
    #expect(try node.transact(#"["INSERT INTO t VALUES (1, 'a')"]"#).status == 200)
  }

  @Test func rowsAreSentWhileTheQueryGoesOn() throws {
    let node = try LiveState()
    let stream = try node.stream("POST", "/v1/queries", body: Self.slow)
    #expect(try stream.lines(2) == [#"{"columns":["1"]}"#, #"{"row":[1,[1]]}"#])
    #expect(!stream.isComplete)
  }

  @Test func moreQueriesThanReadersWaitForTheirTurn() throws {
    let node = try LiveState { $0.readers = 2 }
    let clients = try (0..<5).map { _ in try RawConnection(port: node.port) }
    for client in clients { try client.send(LiveGateway.request("POST", "/v1/queries?timeout=0.3", body: Self.slow)) }
    for client in clients {
      let answer = try #require(try client.readResponse())
      #expect(answer.body.contains("interrupted"))
    }
    #expect(try node.query(#""SELECT 1""#)[1] == #"{"row":[1,[1]]}"#)
  }

  @Test func aClientThatGoesAwayFreesItsReader() throws {
    let node = try LiveState { $0.readers = 1 }
    do {
      let endless = #""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i FROM n""#
      let stream = try node.stream("POST", "/v1/queries?timeout=0", body: endless)
      #expect(try stream.lines(1000).count >= 1000)
    }
    #expect(try node.query(#""SELECT 1""#)[1] == #"{"row":[1,[1]]}"#)
  }

  @Test func aSlowClientGetsAllRows() throws {
    let node = try LiveState()
    let stream = try node.stream(
      "POST", "/v1/queries",
      body: #""WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 200000) SELECT i, i * 2 FROM n""#)
    // Others are served meanwhile.
    #expect(try node.query(#""SELECT 1""#)[1] == #"{"row":[1,[1]]}"#)
    let lines = try stream.lines(200_002)
    #expect(lines.count == 200_002)
    #expect(lines[200_000] == #"{"row":[200000,[200000,400000]]}"#)
  }
}

@Suite struct ExtraFunctionTests {
  @Test func aSeriesOfNumbersIsATable() throws {
    let node = try LiveState()
    #expect(
      try node.query(#"["SELECT sum(value), count(*) FROM generate_series(?, ?, 2)",[1,100]]"#)[1]
        == #"{"row":[1,[2500,50]]}"#)
  }

  @Test(arguments: [
    (#"{}"#, #"{"a":1}"#, "1"), (#"{"a":1}"#, #"{"b":2,"a":1.0}"#, "1"), (#"{"a":2}"#, #"{"a":1}"#, "0"),
    (#"{"a":{"b":"x"}}"#, #"{"a":{"c":0,"b":"x"}}"#, "1"), (#"{"a":[1,2]}"#, #"{"a":[1,2]}"#, "1"),
    (#"{"a":[1]}"#, #"{"a":[1,2]}"#, "0"), (#"{"a":null}"#, #"{}"#, "0"), (#"{"a":1}"#, "[1]", "0"),
  ])
  func anObjectContainsWhatTheSelectorHas(_ selector: String, _ object: String, _ result: String) throws {
    let node = try LiveState()
    let quote = { (text: String) in text.replacing("\"", with: "\\\"") }
    let body = "[\"SELECT corro_json_contains(?, ?)\",[\"\(quote(selector))\",\"\(quote(object))\"]]"
    #expect(try node.query(body)[1] == "{\"row\":[1,[\(result)]]}")
  }

  @Test func whatIsNoJSONIsAnErrorAndNullIsNull() throws {
    let node = try LiveState()
    #expect(try node.query(#""SELECT corro_json_contains('{', '{}')""#).last == #"{"error":"malformed JSON"}"#)
    #expect(try node.query(#""SELECT corro_json_contains(NULL, '{}')""#)[1] == #"{"row":[1,[null]]}"#)
  }
}
