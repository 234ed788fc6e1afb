import Platform
import State
import Support
import Testing

/// Sections 2.5 to 2.7 of the reference, and its golden exchanges 9 to 16.
@Suite struct SubscriptionRouteTests {
  private let query = #""SELECT id, v FROM t""#

  private func filled() throws -> LiveState {
    let node = try LiveState()
    _ = try node.transact(#"["INSERT INTO t VALUES (1,'a'),(2,NULL)"]"#)
    return node
  }

  private func id(_ stream: TailReader) -> String? { stream.field("corro-query-id") }

  @Test func aSubscriptionSendsWhatThereIsAndThenWhatChanges() throws {
    let node = try filled()
    let first = try node.stream("POST", "/v1/subscriptions", body: query)
    let snapshot = try first.lines(4).map(withoutTimes)
    #expect(
      snapshot == [
        #"{"columns":["id","v"]}"#, #"{"row":[1,[1,"a"]]}"#, #"{"row":[2,[2,null]]}"#, #"{"eoq":{"change_id":0}}"#,
      ])
    #expect(first.field("corro-query-hash")?.wholeMatch(of: /[0-9a-f]{16}/) != nil)
    let name = try #require(id(first))
    #expect(name.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
    #expect(!first.isComplete)

    let second = try node.stream("POST", "/v1/subscriptions", body: query)
    #expect(try second.lines(4).map(withoutTimes) == snapshot)
    #expect(id(second) == name)

    _ = try node.transact(#"["UPDATE t SET v='b' WHERE id=1","DELETE FROM t WHERE id=2"]"#)
    for stream in [first, second] {
      let changes = try stream.lines(6).suffix(2)
      #expect(changes.map { $0.contains("\"update\"") || $0.contains("\"delete\"") } == [true, true])
      #expect(changes.first?.hasSuffix(",1]}") == true)
      #expect(changes.last?.hasSuffix(",2]}") == true)
      #expect(changes.contains { $0.hasPrefix(#"{"change":["update",1,[1,"b"],"#) })
      #expect(changes.contains { $0.hasPrefix(#"{"change":["delete",2,[2,null],"#) })
    }

    let resumed = try node.stream("GET", "/v1/subscriptions/\(name)?from=1")
    #expect(try resumed.lines(1).first?.hasSuffix(",2]}") == true)
    _ = try node.transact(#"["INSERT INTO t VALUES (7,'g')"]"#)
    #expect(try resumed.lines(2).last == #"{"change":["insert",3,[7,"g"],3]}"#)

    let again = try node.stream("GET", "/v1/subscriptions/\(name)?from=0")
    #expect(try again.lines(4).map(withoutTimes).last == #"{"eoq":{"change_id":3}}"#)
    let skipped = try node.stream("GET", "/v1/subscriptions/\(name)?skip_rows=true")
    try skipped.head()
    _ = try node.transact(#"["INSERT INTO t VALUES (8,'h')"]"#)
    #expect(try skipped.lines(1) == [#"{"change":["insert",4,[8,"h"],4]}"#])
  }

  @Test func streamsThatCannotBeAreRefused() throws {
    let node = try filled()
    let answer = try node.post("/v1/subscriptions?from=5", #""SELECT id FROM t WHERE id > 1""#)
    #expect(answer.status == 400)
    #expect(answer.body.contains("a `from` query param was supplied, but no existing subscription found"))
    let unknown = try node.ask("GET", "/v1/subscriptions/00000000-0000-4000-8000-000000000000")
    #expect(unknown.status == 404)
    #expect(unknown.field("content-type") == "application/json")
    #expect(
      unknown.body == #"{"error":"could not find subscription with id 00000000-0000-4000-8000-000000000000"}"#)
    #expect(try node.ask("GET", "/v1/subscriptions/x").status == 400)
    #expect(try node.post("/v1/subscriptions?from=x", query).status == 400)
    #expect(try node.post("/v1/subscriptions?skip_rows=maybe", query).status == 400)
    for body in [#""DELETE FROM t""#, #""SELECT nope FROM t""#, #""SELECT 1""#, #""SELECT * FROM nope""#, #""""#] {
      let answer = try node.post("/v1/subscriptions", body)
      #expect(answer.status == 400, "\(body): \(answer.body)")
      #expect(answer.body.hasPrefix(#"{"error":""#))
    }
  }

  @Test func parametersArePartOfTheQuery() throws {
    let node = try filled()
    let one = try node.stream("POST", "/v1/subscriptions", body: #"["SELECT v FROM t WHERE id = ?",[1]]"#)
    let two = try node.stream(
      "POST", "/v1/subscriptions", body: #"["SELECT v FROM t WHERE id = :id",{":id":2,":other":3}]"#)
    #expect(try one.lines(2)[1] == #"{"row":[1,["a"]]}"#)
    #expect(try two.lines(2)[1] == #"{"row":[1,[null]]}"#)
    #expect(id(one) != id(two))
  }

  @Test func updatesOfATableAreNotified() throws {
    let node = try filled()
    let stream = try node.stream("POST", "/v1/updates/t")
    try stream.head()
    _ = try node.transact(#"["INSERT INTO t VALUES (9,'i')"]"#)
    #expect(try stream.lines(1) == [#"{"notify":["update",[9]]}"#])
    _ = try node.transact(#"["DELETE FROM t WHERE id = 9"]"#)
    #expect(try stream.lines(2).last == #"{"notify":["delete",[9]]}"#)
    #expect(stream.field("corro-query-id") != nil)
    let answer = try node.ask("POST", "/v1/updates/nope")
    #expect(answer.status == 400)
    #expect(answer.body == #"{"error":"table not found in schema: nope"}"#)
  }

  @Test func subscriptionsGoOnAfterARestart() throws {
    let directory = try TemporaryDirectory()
    var name = ""
    do {
      let node = try LiveState(in: directory)
      _ = try node.transact(#"["INSERT INTO t VALUES (1,'a')"]"#)
      let stream = try node.stream("POST", "/v1/subscriptions", body: query)
      _ = try stream.lines(3)
      _ = try node.transact(#"["INSERT INTO t VALUES (2,'b')"]"#)
      _ = try stream.lines(4)
      name = try #require(id(stream))
      node.stop()
      #expect(try stream.lines(100).count == 4)
      #expect(stream.isComplete)
    }
    let node = try LiveState(in: directory)
    let stream = try node.stream("GET", "/v1/subscriptions/\(name)?from=1")
    _ = try node.transact(#"["INSERT INTO t VALUES (3,'c')"]"#)
    #expect(try stream.lines(1) == [#"{"change":["insert",3,[3,"c"],2]}"#])
  }

  @Test func aHundredClientsAllGetEveryChange() throws {
    let node = try filled()
    let streams = try (0..<100).map { _ in try node.stream("POST", "/v1/subscriptions", body: query) }
    for stream in streams { _ = try stream.lines(4) }
    for number in 10..<60 { _ = try node.transact("[\"INSERT INTO t VALUES (\(number),'x')\"]") }
    for stream in streams {
      let changes = try stream.lines(54).dropFirst(4)
      #expect(changes.count == 50)
      let ids = changes.compactMap { $0.split(separator: ",").last?.dropLast(2) }.map(String.init)
      #expect(ids == (1...50).map { "\($0)" })
    }
  }
}
