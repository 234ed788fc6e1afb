import JSON
import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

/// A clock that only goes when it is told to.
final class ManualClock: Sendable {
  private let now = Counter()
  func advance(seconds: Int64) { now.add(seconds * 1_000_000_000) }
  var time: @Sendable () -> Int64 { { [now] in now.value } }
}

/// A number that several threads add to.
final class Counter: @unchecked Sendable {
  private let lock = try? Lock()
  private var number: Int64 = 0

  func add(_ count: Int64) {
    lock?.lock()
    number += count
    lock?.unlock()
  }

  var value: Int64 {
    lock?.lock()
    defer { lock?.unlock() }
    return number
  }
}

@Suite struct StreamTests {
  private func insert(_ numbers: Range<Int>, into fixture: Fixture) throws {
    _ = try fixture.store.write(time: 1) { (transaction) throws(StateError) in
      try transaction.run(
        "INSERT INTO t VALUES (?, ?)", rows: numbers.lazy.map { [.integer(Int64($0)), SQLiteValue("v\($0)")] })
    }
  }

  @Test func aClientThatWaitsIsToldWhenThereIsSomething() throws {
    let fixture = try Fixture()
    let client = try fixture.follow("SELECT v FROM t")
    let told = Counter()
    client.stream.onReady { told.add(1) }
    client.pull()
    #expect(told.value == 0)
    try insert(0..<1, into: fixture)
    #expect(eventually { told.value == 1 })
    // Told once: as long as it does not come, nobody tells it again.
    try insert(1..<2, into: fixture)
    fixture.live.sweep()
    #expect(told.value == 1)
    #expect(client.pull().count == 2)
    try insert(2..<3, into: fixture)
    #expect(eventually { told.value == 2 })
  }

  @Test func aPullEndsSoonAfterItsLimitAndLosesNothing() throws {
    let fixture = try Fixture()
    try insert(0..<2_500, into: fixture)
    let client = try fixture.follow("SELECT id, v FROM t")
    var writer = ByteWriter()
    #expect(client.stream.pull(into: &writer, limit: 500) == .more)
    #expect(writer.count < 2_000)
    client.stream.close()
    let other = try fixture.follow("SELECT id, v FROM t")
    other.pull(limit: 300)
    #expect(try other.state == fixture.rows("SELECT id, v FROM t") && other.lines.count == 2_502)
  }

  @Test func aLargeResultIsThatOfOneMomentAndChangesFollowWithoutAGap() throws {
    let fixture = try Fixture { $0.batchRows = 100 }
    try insert(0..<1_000, into: fixture)
    let first = try fixture.follow("SELECT id, v FROM t")
    first.pull(limit: 1_000, pulls: 2)
    #expect(!first.rows.isEmpty && first.rows.count < 900)
    try fixture.write("DELETE FROM t WHERE id % 2 = 0", "UPDATE t SET v = 'other' WHERE id = 999")
    fixture.live.sweep()
    let second = try fixture.follow("SELECT id, v FROM t")
    second.pull(limit: 1_000)
    first.pull(limit: 1_000)
    #expect(first.lines.filter { $0.hasPrefix("{\"row\"") }.count == 1_000)
    for client in [first, second] {
      #expect(try client.state == fixture.rows("SELECT id, v FROM t"))
      #expect(client.faults.isEmpty && client.lastChange == 501)
    }
  }

  @Test func largeResultsTakeTurns() throws {
    let fixture = try Fixture {
      $0.batchRows = 10
      $0.snapshots = 1
    }
    try insert(0..<100, into: fixture)
    let clients = try (0..<3).map { _ in try fixture.follow("SELECT id FROM t") }
    let told = Counter()
    for client in clients { client.stream.onReady { told.add(1) } }
    for client in clients { client.pull(limit: 100, pulls: 1) }
    #expect(clients.map { $0.rows.isEmpty } == [false, true, true])
    #expect(told.value == 0)
    clients[0].pull()
    #expect(clients[0].rows.count == 100 && told.value == 1)
    clients[1].stream.close()
    clients[2].pull()
    #expect(clients[2].rows.count == 100)
  }

  @Test func aResultThatIsTakenTooSlowlyEndsWithAnError() throws {
    let clock = ManualClock()
    let fixture = try Fixture {
      $0.batchRows = 10
      $0.snapshotSeconds = 60
      $0.clock = clock.time
    }
    try insert(0..<100, into: fixture)
    let client = try fixture.follow("SELECT id FROM t")
    client.pull(limit: 100, pulls: 1)
    clock.advance(seconds: 61)
    fixture.live.sweep()
    #expect(client.pull().last?.hasPrefix("{\"error\":\"taking the result took too long") == true && client.isEnded)
  }

  @Test func tenThousandChangesArriveIntactAndAClientThatTakesNoneIsCutOff() throws {
    let fixture = try Fixture { $0.bufferedEvents = 1_000 }
    let good = try fixture.follow("SELECT id, v FROM t")
    let lazy = try fixture.follow("SELECT id, v FROM t")
    good.pull()
    lazy.pull()
    for round in 0..<20 {
      try insert(round * 200..<round * 200 + 200, into: fixture)
      fixture.live.sweep()
      if round == 4 { #expect(lazy.stream.id == good.stream.id) }
      good.pull()
    }
    #expect(good.rows.count == 4_000 && good.faults.isEmpty && good.lastChange == 4_000)
    let told = lazy.pull()
    #expect(told.count == 1 && told[0].hasPrefix("{\"error\":\"the client lagged behind too far") && lazy.isEnded)
    #expect(fixture.live.counts.cutOff == 1)
    // It comes back with what it has.
    let again = Client(
      try #require(try fixture.live.stream(of: lazy.stream.id, LiveStart(from: 0))), lastChange: nil)
    again.pull()
    #expect(again.rows == good.rows && again.lastChange == 4_000)
  }

  @Test func aClientThatKeepsUpIsNotCutOffByOneLargeTransaction() throws {
    let fixture = try Fixture { $0.bufferedEvents = 100 }
    let client = try fixture.follow("SELECT id, v FROM t")
    client.pull()
    try insert(0..<5_000, into: fixture)
    fixture.live.sweep()
    client.pull()
    #expect(client.rows.count == 5_000 && client.faults.isEmpty && client.lastChange == 5_000)
    try insert(5_000..<5_001, into: fixture)
    fixture.live.sweep()
    #expect(client.pull() == ["{\"change\":[\"insert\",5001,[5000,\"v5000\"],5001]}"])
  }

  @Test func olderChangesAreDroppedAndAskingForThemIsAnError() throws {
    let clock = ManualClock()
    let fixture = try Fixture {
      $0.clock = clock.time
      $0.retainedChanges = 50
    }
    let client = try fixture.follow("SELECT id, v FROM t")
    for number in 0..<120 { try insert(number..<number + 1, into: fixture) }
    fixture.live.sweep()
    func come(_ from: UInt64) throws -> [String] {
      Client(try #require(try fixture.live.stream(of: client.stream.id, LiveStart(from: from)))).pull()
    }
    #expect(try come(10).count == 110)
    clock.advance(seconds: 301)
    fixture.live.sweep()
    #expect(try come(69) == ["{\"error\":\"subscription already deleted older changes, min change id: 71\"}"])
    #expect(try come(70).count == 50)
    #expect(try come(120).isEmpty)
    let ended = Client(try #require(try fixture.live.stream(of: client.stream.id, LiveStart(from: 1))))
    ended.pull()
    #expect(ended.isEnded)
  }

  @Test func aSubscriptionWithoutListenersGoesAfterAWhile() throws {
    let clock = ManualClock()
    let fixture = try Fixture { $0.clock = clock.time }
    try insert(0..<10, into: fixture)
    let kept = try fixture.follow("SELECT id FROM t")
    let id = try fixture.follow("SELECT v FROM t").stream.id
    clock.advance(seconds: 599)
    fixture.live.sweep()
    withExtendedLifetime(kept) { #expect(fixture.live.counts.subscriptions == 2) }
    clock.advance(seconds: 2)
    let left = withExtendedLifetime(kept) {
      fixture.live.sweep()
      return fixture.live.list().map { $0.id }
    }
    #expect(left == [kept.stream.id])
    #expect(try fixture.live.stream(of: id, LiveStart()) == nil)
    let anew = try fixture.follow("SELECT v FROM t")
    anew.pull()
    #expect(anew.stream.id != id && anew.rows.count == 10)
  }

  @Test func aFollowerOfATableThatTakesNothingIsCutOff() throws {
    let fixture = try Fixture { $0.bufferedEvents = 10 }
    let client = Client(try fixture.live.updates(of: "t"))
    try insert(0..<11, into: fixture)
    fixture.live.sweep()
    #expect(client.pull().last?.hasPrefix("{\"error\":\"the client lagged") == true && client.isEnded)
    let other = Client(try fixture.live.updates(of: "t"))
    try insert(11..<20, into: fixture)
    fixture.live.sweep()
    #expect(other.pull().count == 9)
  }

  @Test func aQueryThatFailsOnWhatTheTablesHoldEndsWithAnError() throws {
    let fixture = try Fixture()
    let client = try fixture.follow("SELECT json_extract(v, '$.a') FROM t")
    let other = try fixture.follow("SELECT v FROM t")
    client.pull()
    other.pull()
    try fixture.write("INSERT INTO t VALUES (1, '{\"a\":1}')")
    fixture.live.sweep()
    #expect(client.pull() == ["{\"change\":[\"insert\",1,[1],1]}"])
    try fixture.write("INSERT INTO t VALUES (2, 'no json')")
    fixture.live.sweep()
    #expect(client.pull() == ["{\"error\":\"malformed JSON\"}"] && client.isEnded)
    other.pull()
    #expect(other.rows.count == 2 && other.faults.isEmpty && fixture.live.counts.subscriptions == 1)
    #expect(stateFailure { _ = try fixture.follow("SELECT json_extract(v, '$.a') FROM t") }?.kind == .sql)
  }

  @Test func aFirstEvaluationStopsAtItsDeadline() throws {
    let fixture = try Fixture()
    try insert(0..<1, into: fixture)
    let endless = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r, t"
    let failure = stateFailure {
      _ = try fixture.live.subscribe(
        endless, .positional([]), LiveStart(), until: .after(nanoseconds: 50_000_000))
    }
    #expect(failure?.kind == .interrupted, "\(failure.debugDescription)")
    #expect(fixture.live.counts.subscriptions == 0)
  }

  @Test func whatIsKnownOfASubscriptionIsListed() throws {
    let fixture = try Fixture()
    let client = try fixture.follow("SELECT v FROM t WHERE id > 0")
    let other = try fixture.follow("SELECT count(*) FROM a")
    client.pull()
    try insert(0..<3, into: fixture)
    fixture.live.sweep()
    let list = fixture.live.list()
    #expect(list.map { $0.id } == [client.stream.id, other.stream.id])
    #expect(list[0].sql == "SELECT v FROM t WHERE id > 0" && list[0].hash == client.stream.hash)
    #expect(list[0].lastChange == 2 && list[0].streams == 1 && list[0].cost > 0 && list[1].cost == 0)
    #expect(
      list[0].statements == [
        "t": "SELECT v, \"t\".\"id\" FROM t WHERE (id > 0) AND \"t\".\"id\" = ?1"
      ])
    #expect(list[1].statements == ["a": "SELECT count(*) FROM a"])
    #expect(try File.info(list[0].path).size > 0)
    let counts = withExtendedLifetime([client, other]) { fixture.live.counts }
    #expect(counts.subscriptions == 2 && counts.streams == 2 && counts.events == 2 && counts.rounds == 1)
    client.stream.close()
    withExtendedLifetime(other) { #expect(fixture.live.counts.streams == 1) }
  }

  @Test func stoppingWhileClientsComeEndsThemAll() throws {
    let fixture = try Fixture()
    try insert(0..<100, into: fixture)
    let live = fixture.live
    let came = Counter()
    let threads = try (0..<2).map { number in
      Joined(
        try Thread {
          for turn in 0..<10_000 {
            guard
              let stream = try? live.subscribe(
                "SELECT v FROM t WHERE id > ?", .positional([.integer(Int64(turn % 50))]), LiveStart(), until: .never)
            else { return }
            let client = Client(stream)
            client.pull()
            came.add(1)
            if turn == 9_999 { came.add(-1_000_000) }
          }
        })
    }
    #expect(eventually { came.value > 20 })
    live.stop()
    for thread in threads { thread.join() }
    #expect(came.value > 0)
    #expect(live.counts.streams == 0)
  }
}
