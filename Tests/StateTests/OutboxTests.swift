import Platform
import SQLite
import Support
import Testing

@testable import State

extension Fixture {
  /// A store with a capture of all of its tables, unless told otherwise.
  static func capturing(
    _ schema: String = "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5);",
    tables: [String]? = nil, origin: CaptureDefinition.Origin = .all, site: UInt64 = 1
  ) throws -> Fixture {
    let fixture = try Fixture(schema, site: site)
    try fixture.store.register(.init(pool: "p", directory: "d", tables: tables, origin: origin))
    return fixture
  }

  /// What came after a number.
  func outbox(after number: Int64 = 0) throws -> [OutboxEntry] {
    try store.outbox(after: number, rows: 100, bytes: 1 << 20).entries
  }

  /// Each message in short: the operation, the key, the columns that changed, the row.
  func news(after number: Int64 = 0) throws -> [String] {
    try outbox(after: number).map { entry in
      var text = String(decoding: entry.data, as: UTF8.self)
      for (begin, end) in [("{\"table\":", "op\":\""), (",\"site\":", "Z\"")] {
        guard let from = text.firstRange(of: begin), let to = text.firstRange(of: end) else { continue }
        text.removeSubrange(from.lowerBound..<to.upperBound)
      }
      text.removeAll { "\"{}".contains($0) }
      return text
    }
  }
}

@Suite struct OutboxTests {
  @Test(
    arguments: [
      (["INSERT INTO t VALUES (2, 'y', 2)"], ["insert,key:a:2,row:b:y,c:2"]),
      (["UPDATE t SET b = 'y'"], ["update,key:a:1,changed:[b],row:b:y,c:1"]),
      (["UPDATE t SET b = 'y'", "UPDATE t SET c = 2"], ["update,key:a:1,changed:[b,c],row:b:y,c:2"]),
      (["UPDATE t SET b = 'x'"], []),
      (["DELETE FROM t"], ["delete,key:a:1"]),
      (["REPLACE INTO t (a) VALUES (1)"], ["update,key:a:1,changed:[b,c],row:b:null,c:5"]),
      (
        ["INSERT INTO t (a, c) VALUES (1, 7) ON CONFLICT DO UPDATE SET c = 7"],
        ["update,key:a:1,changed:[c],row:b:x,c:7"]
      ),
      (["UPDATE t SET a = 3"], ["delete,key:a:1", "insert,key:a:3,row:b:x,c:1"]),
      (["UPDATE t SET a = 3", "UPDATE t SET a = 1"], ["update,key:a:1,changed:[b,c],row:b:x,c:1"]),
      (["INSERT INTO t (a) VALUES (2)", "DELETE FROM t WHERE a = 2"], []),
      (["DELETE FROM t", "INSERT INTO t (a) VALUES (1)"], ["update,key:a:1,changed:[b,c],row:b:null,c:5"]),
      (
        ["INSERT INTO t (a) VALUES (5), (4)", "UPDATE t SET c = 9 WHERE a <= 4"],
        ["insert,key:a:5,row:b:null,c:5", "insert,key:a:4,row:b:null,c:9", "update,key:a:1,changed:[c],row:b:x,c:9"]
      ),
      (
        ["SAVEPOINT s", "DELETE FROM t", "ROLLBACK TO s", "UPDATE t SET c = 0"],
        ["update,key:a:1,changed:[c],row:b:x,c:0"]
      ),
    ])
  func aTransactionLeavesOneMessageForEachRow(sql: [String], news: [String]) throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t VALUES (1, 'x', 1)")
    try fixture.store.register(.init(pool: "p", directory: "d"))
    _ = try fixture.store.write(time: 1) { (transaction) throws(StateError) in
      for one in sql { try transaction.run(one) }
    }
    #expect(try fixture.news() == news)
  }

  @Test func aMessageSaysWhoWroteWhatAndWhen() throws {
    let fixture = try Fixture.capturing(
      #"CREATE TABLE "a b" (x TEXT NOT NULL, y REAL NOT NULL, "q""" BLOB, PRIMARY KEY (y, x));"#)
    try fixture.write(#"INSERT INTO "a b" VALUES ('k', 2, x'01ff')"#, time: 1_700_000_000 << 32 | 1 << 31)
    let entry = try #require(try fixture.outbox().first)
    #expect(entry.table == "a b" && entry.isLocal && entry.capture == nil)
    #expect(
      String(decoding: entry.data, as: UTF8.self)
        == #"{"table":"a b","op":"insert","key":{"y":2.0,"x":"k"},"site":"00000000-0000-0001-0000-000000000001","version":1,"#
        + #""time":"2023-11-14T22:13:20.5Z","row":{"q\"":[1,255]}}"#)
  }

  @Test(arguments: [0, 1, 999_999_999, 1_700_000_000_123_456_789, 4_294_967_295_999_999_999] as [UInt64])
  func timesComeBackAsTheyWere(wall: UInt64) {
    #expect(HybridClock.wall(time: HybridClock.time(wall: wall)) == wall)
  }

  @Test func withoutCapturesNothingIsWritten() throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t VALUES (1, 'x', 1)")
    #expect(try fixture.store.lastOutboxNumber() == 0 && fixture.store.captures().isEmpty)
    try fixture.store.register(.init(pool: "p", directory: "d"))
    try fixture.write("UPDATE t SET c = 2")
    #expect(try fixture.store.outboxSize() == 1)
    #expect(try fixture.store.removeCapture(pool: "p", directory: "d"))
    try fixture.write("UPDATE t SET c = 3")
    #expect(try fixture.store.outboxSize() == 0 && fixture.store.lastOutboxNumber() == 1)
    #expect(try !fixture.store.removeCapture(pool: "p", directory: "d"))
  }

  @Test func aJobThatFailsLeavesNothingAndTheOthersOfItsGroupDo() throws {
    let fixture = try Fixture.capturing()
    func job(_ sql: String, deadline: Deadline = .never) -> WriteJob {
      WriteJob(time: 1, deadline: deadline) { (transaction) throws(StateError) in try transaction.run(sql) }
    }
    let endless = "INSERT INTO t (a) WITH RECURSIVE n(x) AS (SELECT 100 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    _ = fixture.store.write([
      job("INSERT INTO t VALUES (1, 'x', 1)"), job("INSERT OR FAIL INTO t (a) VALUES (2), (1)"),
      job(endless, deadline: .after(nanoseconds: 5_000_000)), job("DELETE FROM t WHERE a = 1"),
    ])
    #expect(try fixture.news() == ["insert,key:a:1,row:b:x,c:1", "delete,key:a:1"])
    #expect(try fixture.outbox().map { $0.number } == [1, 2])
  }

  @Test func whatOthersWroteIsCapturedWhenItBecomesVisible() throws {
    let (from, to) = (try Fixture(site: 7), try Fixture.capturing())
    try from.write("INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)", time: 5 << 32)
    try from.write("UPDATE t SET b = 'z' WHERE a = 1")
    try from.write("DELETE FROM t WHERE a = 2")
    try from.write("INSERT INTO t (a) VALUES (2)")
    let sets = try from.sets()
    #expect(try to.store.receive([sets[0]]) == [.merged(impact: 1)])
    // What is left of the first transaction is one cell: the second overwrote the other.
    #expect(try to.news() == ["insert,key:a:1,row:b:null,c:1"])
    let data = String(decoding: try to.outbox()[0].data, as: UTF8.self)
    #expect(
      data.contains(#""site":"00000000-0000-0007-0000-000000000007","version":1,"time":"1970-01-01T00:00:05Z""#))
    #expect(try to.outbox()[0].isLocal == false)
    _ = try to.store.receive(sets)
    #expect(try to.news(after: 1) == ["update,key:a:1,changed:[b],row:b:z,c:1", "insert,key:a:2,row:b:null,c:5"])
    try from.write("DELETE FROM t WHERE a = 1")
    _ = try to.store.receive(try from.sets())
    #expect(try to.news(after: 3) == ["delete,key:a:1"])
    try from.write("INSERT INTO t VALUES (1, 'again', 0)")
    _ = try to.store.receive(try from.sets())
    #expect(try to.news(after: 4) == ["insert,key:a:1,row:b:again,c:0"])
  }

  @Test func ofChangesThatLoseThereIsNoMessage() throws {
    let (from, to) = (try Fixture(site: 7), try Fixture.capturing())
    try from.write("INSERT INTO t VALUES (1, 'a', 1)")
    try to.write("INSERT INTO t VALUES (1, 'b', 2)")
    _ = try to.store.receive(try from.sets())
    #expect(try to.news() == ["insert,key:a:1,row:b:b,c:2"])
    let broken = try Fixture.capturing(
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT CHECK (b <> 'a'), c INTEGER)")
    #expect(try broken.store.receive(try from.sets()) == [.setAside(.init(.constraint, ""))])
    #expect(try broken.outbox().isEmpty)
  }

  @Test(
    arguments: [
      (nil, .all, ["t", "u", "t"]), (nil, .local, ["t", "u"]), (nil, .remote, ["t"]), (["T"], .all, ["t", "t"]),
      (["u"], .remote, []), (["u", "nowhere"], .all, ["u"]),
    ] as [([String]?, CaptureDefinition.Origin, [String])])
  func onlyWhatIsWantedIsKept(tables: [String]?, origin: CaptureDefinition.Origin, found: [String]) throws {
    let schema =
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b); CREATE TABLE u (a INTEGER PRIMARY KEY NOT NULL, b)"
    let (from, to) = (try Fixture(schema, site: 7), try Fixture.capturing(schema, tables: tables, origin: origin))
    try from.write("INSERT INTO t VALUES (9, 9)")
    try to.write("INSERT INTO t VALUES (1, 1)", "INSERT INTO u VALUES (1, 1)")
    _ = try to.store.receive(try from.sets())
    #expect(try to.outbox().map { $0.table } == found)
    let capture = try #require(try to.store.captures().first)
    #expect(try to.outbox().allSatisfy { capture.wants($0) })
  }

  @Test func rowsOfATableThatIsTakenOverCountAsInserted() throws {
    let fixture = try Fixture.capturing()
    try fixture.write("CREATE TABLE u (k TEXT NOT NULL PRIMARY KEY, v)", "INSERT INTO u VALUES ('x', 1)")
    try fixture.store.track(["u"], time: 1)
    #expect(try fixture.news() == ["insert,key:k:x,row:v:1"])
    try fixture.store.alter("u", ["ALTER TABLE u ADD COLUMN w DEFAULT 8"], .addColumns)
    try fixture.write("UPDATE u SET v = 2")
    #expect(try fixture.news(after: 1) == ["update,key:k:x,changed:[v],row:v:2,w:8"])
  }

  @Test func aFullOutboxDropsTheOldestAndSaysSo() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    var settings = StateStore.Settings()
    settings.outboxRows = 10
    let store = try StateStore(directory.file("db"), settings)
    try store.apply(
      Schema([Schema.Source(path: "s", text: "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL)")]), time: 0)
    try store.register(.init(pool: "p", directory: "d"))
    func insert(_ keys: Range<Int>) throws {
      _ = try store.write(time: 1) { (transaction) throws(StateError) in
        for key in keys { try transaction.run("INSERT INTO t VALUES (\(key))") }
      }
    }
    try insert(0..<10)
    #expect(try store.outbox(after: 0, rows: 100, bytes: 1 << 20).dropped == 0)
    try insert(10..<13)
    var batch = try store.outbox(after: 0, rows: 100, bytes: 1 << 20)
    #expect(batch.dropped == 3 && batch.entries.map { $0.number } == Array(4...13))
    try insert(100..<150)
    batch = try store.outbox(after: 0, rows: 100, bytes: 1 << 20)
    #expect(batch.dropped == 53 && batch.entries.map { $0.number } == Array(54...63))
    #expect(throws: StateError.self) { try store.register(.init(pool: "q", directory: "d"), snapshot: true) }
    #expect(try store.captures().count == 1)
  }

  @Test func aWatcherHearsOfWhatIsThereAndObserversOfEachCommit() throws {
    let fixture = try Fixture.capturing(tables: ["t"])
    var (calls, first, second) = (0, 0, 0)
    fixture.store.onOutbox { calls += 1 }
    let one = fixture.store.onCommit { _ in first += 1 }
    fixture.store.onCommit { _ in second += 1 }
    try fixture.write("INSERT INTO t (a) VALUES (1)")
    try fixture.write("UPDATE t SET b = b")
    fixture.store.remove(one)
    try fixture.write("DELETE FROM t")
    #expect(calls == 2 && first == 1 && second == 2)
    fixture.store.onOutbox(nil)
    try fixture.write("INSERT INTO t (a) VALUES (1)")
    #expect(calls == 2)
  }
}
