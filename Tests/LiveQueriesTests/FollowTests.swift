import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

/// What brings changes beside writes of this node, and many of everything.
@Suite struct FollowTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func whatOtherNodesWroteIsToldAsWell(seed: UInt64) throws {
    let (here, there) = (try Fixture(site: 1), try Fixture(site: 2))
    var random = SplitMix(seed: seed)
    let queries = [
      "SELECT id, v FROM t", "SELECT a.id, b.k, b.y FROM a LEFT JOIN b ON b.a_id = a.id", "SELECT sum(x) FROM a",
      "SELECT s FROM a WHERE id = 2", "SELECT w, x FROM d",
    ]
    let clients = try queries.map { ($0, try here.follow($0)) }
    let table = Client(try here.live.updates(of: "a"))
    var sent: UInt64 = 0
    for round in 0..<30 {
      try there.write(RandomWrites.transaction(&random))
      if Bool.random(using: &random) { try here.write(RandomWrites.transaction(&random)) }
      let sets = try there.store.changeSets(of: there.store.site, sent + 1...UInt64(Int64.max))
      sent = sets.map { $0.version }.max() ?? sent
      _ = try here.store.receive(sets.shuffled(using: &random))
      if round % 3 == 0 { _ = try there.store.receive(try here.store.changeSets(of: here.store.site, 1...1_000)) }
      here.live.sweep()
      for (sql, client) in clients {
        client.pull()
        #expect(try client.state == here.rows(sql), "seed \(seed), round \(round): \(sql)")
        #expect(client.faults.isEmpty, "seed \(seed), round \(round): \(sql)")
        if !client.faults.isEmpty { return }
      }
    }
    // The last notice of each row says whether it is there.
    var alive: [String: Bool] = [:]
    for line in table.pull() {
      let key = String(line.dropFirst(20).dropLast(2))
      alive[key] = line.hasPrefix("{\"notify\":[\"update\"")
    }
    #expect(try alive.filter { $0.value }.keys.sorted() == here.rows("SELECT id FROM a"))
  }

  @Test func aQueryGoesOnAfterASchemaThatDoesNotConcernIt() throws {
    let fixture = try Fixture()
    let client = try fixture.follow("SELECT id, v FROM t")
    let count = try fixture.follow("SELECT count(*) FROM t")
    client.pull()
    count.pull()
    try Fixture.load(Fixture.schema + "CREATE TABLE e (id INTEGER NOT NULL PRIMARY KEY);", into: fixture.store)
    fixture.live.schemaChanged()
    try fixture.write("INSERT INTO t VALUES (1, 'x')", "INSERT INTO e VALUES (1)")
    fixture.live.sweep()
    #expect(client.pull() == ["{\"change\":[\"insert\",1,[1,\"x\"],1]}"])
    #expect(count.pull() == ["{\"change\":[\"update\",1,[1],1]}"])
    let new = try fixture.follow("SELECT id FROM e")
    new.pull()
    #expect(new.rows.count == 1)
  }

  @Test func aQueryWhoseColumnsTheSchemaChangesEndsWithAnError() throws {
    let fixture = try Fixture()
    let all = try fixture.follow("SELECT * FROM t")
    let named = try fixture.follow("SELECT v FROM t")
    for client in [all, named] { client.pull() }
    try Fixture.load(
      Fixture.schema.split(separator: "\n").map { $0.hasPrefix("CREATE TABLE t ") ? Self.wider : String($0) }
        .joined(separator: "\n"), into: fixture.store)
    try fixture.write("INSERT INTO t VALUES (1, 'x', 'w')")
    fixture.live.schemaChanged()
    fixture.live.sweep()
    #expect(all.pull().last?.hasPrefix("{\"error\":\"the schema gave the query other columns") == true && all.isEnded)
    #expect(named.pull() == ["{\"change\":[\"insert\",1,[\"x\"],1]}"])
    let again = try fixture.follow("SELECT * FROM t")
    again.pull()
    #expect(again.state == ["[1,\"x\",\"w\"]"] && again.stream.id != all.stream.id)
  }

  private static let wider = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT, w TEXT);"

  @Test func oneOfTenThousandSubscriptionsIsTold() throws {
    let fixture = try Fixture()
    try fixture.write(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO a SELECT i, i, 's' FROM n"
    )
    let clients = try (1...10_000).map {
      try fixture.follow("SELECT x, s FROM a WHERE id = ?", .positional([.integer($0)]))
    }
    for client in clients { client.pull() }
    #expect(clients.allSatisfy { $0.rows.count == 1 } && fixture.live.counts.subscriptions == 10_000)
    try fixture.write("UPDATE a SET s = 'new' WHERE id IN (17, 9000)")
    fixture.live.sweep()
    for (index, client) in clients.enumerated() {
      let isConcerned = index == 16 || index == 8_999
      #expect(client.pull().count == (isConcerned ? 1 : 0))
    }
    #expect(clients[16].state == ["[17,\"new\"]"] && fixture.live.counts.events == 2)
    // More rows at once than may wait: every row counts as changed, and still only what did is told.
    try fixture.write("UPDATE a SET x = x + 1 WHERE id > 9990", "DELETE FROM a WHERE id = 5")
    fixture.live.sweep()
    for client in clients { client.pull() }
    #expect(fixture.live.counts.events == 13 && clients[4].rows.isEmpty && clients.allSatisfy { $0.faults.isEmpty })
  }

  @Test func moreChangesThanMayWaitAreNotLost() throws {
    let fixture = try Fixture { $0.pendingRows = 5 }
    let queries = ["SELECT id, x FROM a", "SELECT s FROM a WHERE id = 3", "SELECT sum(x) FROM a"]
    let clients = try queries.map { ($0, try fixture.follow($0)) }
    var random = SplitMix(seed: 3)
    for _ in 0..<20 {
      try fixture.write(
        (0..<12).map { _ in
          "REPLACE INTO a VALUES (\(Int.random(in: 1...20, using: &random)), \(Int.random(in: 1...20, using: &random)), 's')"
        })
      try fixture.write("DELETE FROM a WHERE id = \(Int.random(in: 1...20, using: &random))")
      fixture.live.sweep()
      for (sql, client) in clients {
        client.pull()
        #expect(try client.state == fixture.rows(sql) && client.faults.isEmpty, "\(sql)")
      }
    }
  }

  @Test func comingAndGoingUnderLoadLeavesNoGap() throws {
    let fixture = try Fixture { $0.batchRows = 50 }
    let queries = [
      "SELECT id, x FROM a", "SELECT count(*) FROM a", "SELECT id FROM a WHERE id = 3",
      "SELECT id, x FROM a WHERE x > 5",
    ]
    let isOver = Counter()
    let faults = Log()
    let live = fixture.live
    let threads = try (0..<3).map { number in
      Joined(
        try Thread {
          var random = SplitMix(seed: UInt64(number))
          var last: [String: (id: LiveID, change: UInt64)] = [:]
          while isOver.value == 0 {
            let sql = queries[Int.random(in: 0..<queries.count, using: &random)]
            do {
              let known = last[sql].flatMap { one in
                try? live.stream(of: one.id, LiveStart(from: max(1, one.change))).map { ($0, one.change) }
              }
              let client: Client
              if let (stream, change) = known, change > 0, Bool.random(using: &random) {
                client = Client(stream, lastChange: change)
              } else {
                known?.0.close()
                client = Client(try live.subscribe(sql, .positional([]), LiveStart(), until: .never))
              }
              for _ in 0..<Int.random(in: 1...20, using: &random) {
                client.pull()
                Thread.yield()
              }
              for fault in client.faults where fault.hasPrefix("change") { faults.add("\(sql): \(fault)") }
              if client.isEnded { faults.add("\(sql): \(client.lines.last ?? "ended")") }
              last[sql] = client.lastChange.map { (client.stream.id, $0) }
            } catch {
              faults.add("\(error)")
            }
          }
        })
    }
    var random = SplitMix(seed: 77)
    for _ in 0..<400 {
      try fixture.write(
        "REPLACE INTO a VALUES (\(Int.random(in: 1...200, using: &random)), \(Int.random(in: 1...9, using: &random)), 's')",
        "DELETE FROM a WHERE id = \(Int.random(in: 1...200, using: &random))")
    }
    isOver.add(1)
    for thread in threads { thread.join() }
    #expect(faults.all.isEmpty, "\(faults.all.prefix(5))")
    for sql in queries {
      let client = try fixture.follow(sql)
      fixture.live.sweep()
      client.pull()
      #expect(try client.state == fixture.rows(sql) && client.faults.isEmpty)
    }
  }
}
