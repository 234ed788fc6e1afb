import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

/// Queries of every form, each followed while rows change at random: what a client was told has to be what the query gives.
@Suite struct OracleTests {
  static let queries = [
    "SELECT id, v FROM t",
    "SELECT * FROM a",
    "SELECT s FROM a WHERE x > 1",
    "SELECT s, x FROM a ORDER BY 2 DESC, s",
    "SELECT x AS id FROM a WHERE id = 2",
    "SELECT id FROM a WHERE id = 3 AND x IS NOT NULL;",
    "SELECT v FROM t WHERE id IN (1, 2, 3) -- some",
    "SELECT k, n, y FROM b WHERE k = 'k1' AND n = 1.0",
    "SELECT z FROM c WHERE id = 2 OR id = 3",
    "SELECT a.s, b.y FROM a JOIN b ON b.a_id = a.id",
    "SELECT a.s, b.y FROM a, b WHERE b.a_id = a.id AND a.x < 3",
    "SELECT p.s, q.s FROM a p JOIN a q ON p.x = q.x",
    "SELECT p.id, q.id FROM a AS p CROSS JOIN a AS q WHERE p.id < q.id",
    "SELECT a.s, b.y, c.z FROM a JOIN b ON b.a_id = a.id JOIN c ON c.b_k = b.k",
    "SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id",
    "SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id WHERE a.x > 0",
    "SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id WHERE b.k IS NULL",
    "SELECT a.id, b.k FROM a LEFT JOIN b ON b.a_id = a.id WHERE y > 1 OR y IS NULL",
    "SELECT a.id, b.k, c.z FROM a LEFT JOIN b ON b.a_id = a.id LEFT JOIN c ON c.b_k = b.k",
    "SELECT a.id, b.k, c.z FROM a LEFT OUTER JOIN b ON b.a_id = a.id JOIN c ON c.id = a.id",
    "SELECT a.id, b.k FROM b JOIN a ON b.a_id = a.id LEFT JOIN c ON c.b_k = b.k AND c.z > 1 WHERE a.x > 0",
    "SELECT a.id, b.k FROM a RIGHT JOIN b ON b.a_id = a.id",
    "SELECT a.id, b.k FROM a FULL JOIN b ON b.a_id = a.id",
    "SELECT id, x, v FROM a NATURAL JOIN t",
    "SELECT id, x, v FROM a JOIN t USING (id)",
    "SELECT id, x, v FROM a LEFT JOIN t USING (id)",
    "SELECT id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.a_id = a.id)",
    "SELECT id FROM a WHERE id NOT IN (SELECT a_id FROM b WHERE a_id IS NOT NULL)",
    "SELECT id FROM a WHERE x = (SELECT max(x) FROM a)",
    "SELECT id, (SELECT count(*) FROM b WHERE b.a_id = a.id) FROM a",
    "SELECT id FROM a WHERE id IN t_ids",
    "WITH big AS (SELECT * FROM a WHERE x > 1) SELECT big.s, t.v FROM big LEFT JOIN t ON t.id = big.id",
    "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT n, s FROM r LEFT JOIN a ON a.id = n",
    "SELECT s FROM (SELECT s, x FROM a WHERE x > 0) WHERE x < 3",
    "SELECT count(*) FROM a",
    "SELECT count(*), sum(x), max(s) FROM a WHERE x > 0",
    "SELECT x, count(*), group_concat(s) FROM a GROUP BY x HAVING count(*) > 1",
    "SELECT DISTINCT x FROM a",
    "SELECT ALL x FROM a",
    "SELECT id, s FROM a ORDER BY x DESC, id LIMIT 2",
    "SELECT id, s FROM a ORDER BY id LIMIT 2 OFFSET 1",
    "SELECT x FROM a UNION SELECT y FROM b",
    "SELECT x FROM a UNION ALL SELECT y FROM b",
    "SELECT id FROM a EXCEPT SELECT id FROM t",
    "SELECT id, row_number() OVER (ORDER BY x, id) FROM a",
    "SELECT id, sum(x) OVER win FROM a WINDOW win AS (PARTITION BY s)",
    "SELECT * FROM pairs",
    "SELECT pairs.s, t.v FROM pairs JOIN t ON t.id = pairs.id",
    "SELECT id, CASE WHEN x > 1 THEN s ELSE 'low' END FROM a",
    "SELECT upper(s), x + 1, s || '!' FROM a WHERE s LIKE 'a%' OR x BETWEEN 1 AND 2",
    "SELECT id, max(x, 1), min(x, 5) FROM a",
    "SELECT a.\"id\" AS [the id], `x` FROM \"main\".\"a\"",
    "SELECT id, x IS DISTINCT FROM 2 FROM a WHERE s IS NOT DISTINCT FROM 'a'",
    "SELECT value FROM a, json_each('[1,2]') WHERE a.id = value",
    "SELECT id, value FROM a, generate_series(1, a.x)",
    "SELECT value, s FROM generate_series(1, 4) LEFT JOIN a ON a.id = value",
    "SELECT id, julianday('2020-01-01') FROM a",
    "SELECT left.s, right.s FROM a AS left, a AS right WHERE left.id = right.x",
    "SELECT /* FROM x */ s -- WHERE\n FROM /* two */ a -- here\n WHERE /* that */ x > 0 -- end",
    "SELECT rowid, s FROM a",
    "SELECT total(y), b.k FROM b",
    "SELECT a.id, d.w FROM a JOIN d USING (x)",
    "SELECT a.id, d.w FROM a LEFT JOIN d USING (x)",
    "SELECT w FROM a NATURAL JOIN d",
    "SELECT w, g FROM d",
    "SELECT x FROM d WHERE w = 'K1'",
    "SELECT d.x, t.v FROM d JOIN t ON t.id = d.g WHERE d.w = 'k2'",
    "SELECT a.id FROM a WHERE a.id IN (SELECT id FROM pairs)",
    "SELECT id, s FROM a WHERE x >= (SELECT avg(x) FROM 'a')",
    "SELECT id FROM a WHERE (id, x) IN (VALUES (1, 2), (2, 1))",
    "SELECT a.s FROM a WHERE a.id = 2 AND a.x IN (1, 2)",
    "SELECT b.y FROM b JOIN a ON a.id = b.a_id WHERE a.id = 1",
    "SELECT p.s, q.s FROM a p, a q WHERE p.id = 1 AND q.id = 2",
    "SELECT p.s, q.s FROM a p LEFT JOIN a q ON q.x = p.id",
    "SELECT s FROM a WHERE id = '2'",
    "SELECT s FROM a WHERE 2 = id",
    "SELECT s FROM a WHERE id = -2 OR id = 2",
    "SELECT 1 FROM a, t",
    "SELECT count(*) FROM a JOIN t ON 1",
    "SELECT (SELECT count(*) FROM t) FROM a",
    "SELECT a.s FROM a LEFT JOIN t ON t.id = a.id",
    "SELECT 1 FROM a NATURAL JOIN t",
    "SELECT id FROM a WHERE (SELECT 1 FROM t NATURAL JOIN c) IS NOT NULL",
    "SELECT k, CASE n WHEN 1 THEN 'one' END FROM b WHERE y IN (SELECT x FROM d UNION SELECT x FROM a)",
    "SELECT a.id, n.n FROM a, (SELECT count(*) AS n FROM t) n",
    "SELECT s, count(*) FILTER (WHERE x > 1) FROM a GROUP BY s ORDER BY 2",
    "SELECT b.k, b.n, c.id FROM c, b WHERE c.b_k = b.k AND b.k = 'k1' AND b.n = 2",
    "SELECT b.k FROM b WHERE k = 'k1' AND n = 2 AND y IS NULL",
    "SELECT z, b_k FROM c WHERE id = 4 AND id = 5",
    "SELECT p.id, q.k, r.id FROM a p LEFT JOIN b q ON q.a_id = p.id LEFT JOIN a r ON r.x = q.y WHERE p.x IS NOT NULL",
    "SELECT p.s FROM a p LEFT JOIN t ON t.id = p.x WHERE EXISTS (SELECT 1 FROM t q WHERE q.id = p.id)",
  ]

  static let views = [
    "CREATE VIEW t_ids AS SELECT id FROM t",
    "CREATE VIEW pairs AS SELECT a.id, a.s, b.k FROM a JOIN b ON b.a_id = a.id",
  ]

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func whatAClientWasToldIsWhatTheQueryGives(seed: UInt64) throws {
    let fixture = try Fixture { $0.batchRows = seed % 2 == 0 ? 3 : 1_000 }
    try fixture.write(Self.views)
    var random = SplitMix(seed: seed)
    for _ in 0..<5 { try fixture.write(RandomWrites.transaction(&random)) }
    let clients = try Self.queries.map { ($0, try fixture.follow($0)) }
    for (_, client) in clients { client.pull() }
    for round in 0..<40 {
      var writes: [String] = []
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let transaction = RandomWrites.transaction(&random)
        writes += transaction
        try fixture.write(transaction)
      }
      fixture.live.sweep()
      for (sql, client) in clients {
        client.pull()
        let wanted = try fixture.rows(sql)
        #expect(client.state == wanted, "seed \(seed), round \(round): \(sql) after \(writes)")
        #expect(client.faults.isEmpty && !client.isEnded, "seed \(seed), round \(round): \(sql) after \(writes)")
        if client.state != wanted || !client.faults.isEmpty { return }
      }
    }
    for (sql, client) in clients {
      // Whoever comes later is told the same.
      let late = try fixture.follow(sql)
      late.pull()
      #expect(late.rows == client.rows && late.lastChange == client.lastChange, "\(sql)")
    }
  }
}

/// Transactions over the tables of the fixture, with few keys, so that they meet.
enum RandomWrites {
  static func transaction(_ random: inout SplitMix) -> [String] {
    (0..<Int.random(in: 1...3, using: &random)).map { _ in statement(&random) }
  }

  private static func statement(_ random: inout SplitMix) -> String {
    let id = Int.random(in: 1...5, using: &random)
    let number = ["NULL", "0", "1", "2", "3"][Int.random(in: 0..<5, using: &random)]
    let text = ["NULL", "'a'", "'b'", "'a,b'", "'ä\"'"][Int.random(in: 0..<5, using: &random)]
    let key = "'k\(Int.random(in: 1...2, using: &random))'"
    let part = Int.random(in: 1...3, using: &random)
    return switch Int.random(in: 0..<22, using: &random) {
    case 0, 1: "INSERT OR IGNORE INTO t VALUES (\(id), \(text))"
    case 2: "DELETE FROM t WHERE id = \(id)"
    case 3, 4: "INSERT INTO a VALUES (\(id), \(number), \(text)) ON CONFLICT DO UPDATE SET x = excluded.x"
    case 5: "REPLACE INTO a VALUES (\(id), \(number), \(text))"
    case 6: "UPDATE a SET s = \(text) WHERE id = \(id)"
    case 7: "UPDATE a SET x = \(number) WHERE x > 1"
    case 8: "DELETE FROM a WHERE id = \(id)"
    case 9: "UPDATE OR REPLACE a SET id = \(id) WHERE id = \(id % 5 + 1)"
    case 10, 11: "REPLACE INTO b VALUES (\(key), \(part), \(id), \(number))"
    case 12: "UPDATE b SET a_id = \(id) WHERE k = \(key)"
    case 13: "DELETE FROM b WHERE n = \(part)"
    case 14: "UPDATE OR REPLACE b SET k = \(key) WHERE n = \(part)"
    case 15: "REPLACE INTO c VALUES (\(id), \(key), \(number))"
    case 16: "DELETE FROM c WHERE id = \(id)"
    case 17, 18: "REPLACE INTO d VALUES (\(key), \(number))"
    case 19: "UPDATE d SET w = 'K' || substr(w, 2), x = \(number) WHERE w = \(key)"
    case 20: "DELETE FROM d WHERE w = \(key)"
    default: "UPDATE c SET z = \(number), b_k = \(key)"
    }
  }
}
