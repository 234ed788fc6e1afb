import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

/// Which queries are asked for single rows, and which queries cannot be followed.
@Suite struct PlanTests {
  @Test(arguments: [
    ("SELECT v FROM t", ["t"]),
    ("SELECT v FROM t WHERE id > 1 ORDER BY v;", ["t"]),
    ("SELECT a.s, b.y FROM a, b WHERE b.a_id = a.id", ["a", "b"]),
    ("SELECT p.s, q.s FROM a p JOIN a AS q ON p.x = q.x", ["a"]),
    ("SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id WHERE a.x > lower('1')", ["a", "b"]),
    ("SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id WHERE b.k IS NULL", ["a"]),
    ("SELECT a.id FROM a LEFT JOIN b ON b.a_id = a.id WHERE x > 1", ["a"]),
    ("SELECT a.id FROM a LEFT JOIN b ON b.a_id = a.id JOIN c ON c.b_k = b.k", ["a", "c"]),
    ("SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)", ["a"]),
    ("SELECT id FROM a WHERE x = (SELECT x FROM a LIMIT 1)", []),
    ("SELECT id FROM a WHERE x IN (SELECT x FROM 'a')", []),
    ("SELECT count(*) FROM a", []),
    ("SELECT DISTINCT x FROM a", []),
    ("SELECT x FROM a LIMIT 1", []),
    ("SELECT x FROM a UNION ALL SELECT y FROM b", []),
    ("SELECT id FROM a WHERE x < unixepoch()", []),
  ])
  func singleRowsAreAskedForWhereTheResultIsMadeRowByRow(sql: String, narrowed: [String]) throws {
    let fixture = try Fixture()
    _ = try fixture.follow(sql)
    let info = try #require(fixture.live.list().first)
    let byRow = info.statements.filter { $0.value.contains("= ?1") }.keys.sorted()
    #expect(byRow == narrowed, "\(info.statements)")
  }

  @Test(arguments: [
    ("DELETE FROM t", StateError.Kind.usage),
    ("VALUES (1)", .usage),
    ("EXPLAIN SELECT * FROM t", .usage),
    ("PRAGMA table_info(t)", .usage),
    ("WITH x AS (SELECT 1) DELETE FROM t", .usage),
    ("SELECT 1", .usage),
    ("SELECT * FROM json_each('[1]')", .usage),
    ("SELECT * FROM generate_series(1, 3)", .usage),
    ("", .usage),
    ("SELECT * FROM t; SELECT * FROM a", .sql),
    ("SELECT FROM t", .sql),
    ("SELECT * FROM t WHERE id = ?", .sql),
    ("SELECT * FROM nope", .unknownTable),
    ("SELECT * FROM plain", .unknownTable),
    ("SELECT * FROM t JOIN sqlite_schema", .unknownTable),
    ("SELECT * FROM __weir_site, t", .unknownTable),
    ("SELECT name FROM pragma_table_info('t'), t", .unknownTable),
    ("SELECT nope FROM t", .unknownColumn),
    ("SELECT \"nope\" FROM t", .unknownColumn),
  ])
  func whatCannotBeFollowedIsRefused(sql: String, kind: StateError.Kind) throws {
    let fixture = try Fixture()
    try fixture.write("CREATE TABLE plain (id INTEGER PRIMARY KEY)")
    let failure = stateFailure { _ = try fixture.follow(sql) }
    #expect(failure?.kind == kind, "\(failure.debugDescription)")
    #expect(failure?.message.isEmpty == false)
    #expect(fixture.live.counts.subscriptions == 0)
  }

  @Test func aTableThatIsNotReplicatedIsNamed() throws {
    let fixture = try Fixture()
    #expect(stateFailure { _ = try fixture.follow("SELECT * FROM nope") }?.message == "table not found in schema: nope")
    #expect(stateFailure { _ = try fixture.follow("SELECT nope FROM t") }?.message == "no such column: nope")
  }

  @Test(
    arguments: [
      .null, .integer(5), .integer(-5), .integer(.min), .integer(.max), .real(0.1), .real(0.1 + 0.2), .real(-1e300),
      .real(.leastNonzeroMagnitude), .real(1), .real(.infinity), .real(-.infinity), "it's", "ä\"\\", "",
      .text([0x61, 0, 0x62]), .text([0xff, 0xfe]),
      .blob([]), .blob([0, 1, 255, 39]),
    ] as [SQLiteValue])
  func parametersBecomeTextThatGivesTheSameValue(value: SQLiteValue) throws {
    let fixture = try Fixture("CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v)")
    _ = try fixture.store.write(time: 1) { (transaction) throws(StateError) in
      try transaction.run("INSERT INTO t VALUES (1, ?)", .positional([value]))
    }
    for sql in ["SELECT id FROM t WHERE v IS ?", "SELECT id FROM t WHERE v IS?AND 1", "SELECT id FROM t WHERE v IS :a"]
    {
      let parameters: Parameters = sql.hasSuffix("a") ? .named([(":a", value)]) : .positional([value])
      let client = try fixture.follow(sql, parameters)
      client.pull()
      #expect(client.rows == [1: "[1]"], "\(sql)")
    }
    let text = try fixture.follow("SELECT typeof(v), v IS ? FROM t", .positional([value]))
    text.pull()
    #expect(text.rows[1]?.hasSuffix(",1]") == true)
  }

  @Test func parametersAreCountedAsSQLiteCountsThem() throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t VALUES (1, 'a')")
    func rows(_ sql: String, _ parameters: Parameters) throws -> [String] {
      let client = try fixture.follow(sql, parameters)
      client.pull()
      return client.state
    }
    #expect(try rows("SELECT ?2, ?, ?1, :x FROM t", .positional([1, 2, 3, 4])) == ["[2,3,1,4]"])
    #expect(
      try rows("SELECT :a, :b, :a, '?', \"v\", [v] FROM t -- ?", .named([(":b", 2), (":a", 1)])) == [
        "[1,2,1,\"?\",\"a\",\"a\"]"
      ])
    #expect(try rows("SELECT 7-?, $x::y(z) FROM t", .named([("$x::y(z)", -3)])) == ["[null,-3]"])
    #expect(try rows("SELECT 7-?1, 7--?\n FROM t", .positional([-3])) == ["[10,7]"])
    #expect(stateFailure { _ = try rows("SELECT ? FROM t", .positional([1, 2])) }?.kind == .sql)
  }

  @Test func randomRealsSurviveAsText() throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t VALUES (1, 'a')")
    var random = SplitMix(seed: 9)
    for _ in 0..<100 {
      let number = Double(bitPattern: random.next())
      guard number.isFinite else { continue }
      let client = try fixture.follow("SELECT ? FROM t", .positional([.real(number)]))
      client.pull()
      let shown = client.rows[1].flatMap { Double($0.dropFirst().dropLast()) }
      #expect(shown == number)
    }
  }
}
