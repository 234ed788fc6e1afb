import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

@Suite struct RestartTests {
  static let queries = [
    "SELECT id, v FROM t", "SELECT count(*), max(v) FROM t", "SELECT a.s, b.y FROM a LEFT JOIN b ON b.a_id = a.id",
  ]

  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.write(
      "INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO a VALUES (1, 1, 'x'), (2, 2, 'y')",
      "INSERT INTO b VALUES ('k', 1, 1, 5)")
    return fixture
  }

  private func follow(_ fixture: Fixture) throws -> [Client] {
    let clients = try Self.queries.map { try fixture.follow($0) }
    for client in clients { client.pull() }
    return clients
  }

  /// The clients with what they have, come back.
  private func comeBack(_ clients: [Client], to fixture: Fixture) throws -> [Client] {
    try clients.map { client in
      let stream = try #require(try fixture.live.stream(of: client.stream.id, LiveStart(from: client.lastChange)))
      return Client(stream, lastChange: client.lastChange)
    }
  }

  private func write(_ fixture: Fixture) throws {
    try fixture.write("UPDATE t SET v = 'c' WHERE id = 1", "INSERT INTO t VALUES (3, 'd')")
    try fixture.write("DELETE FROM b", "INSERT INTO b VALUES ('k', 2, 2, 6)")
  }

  @Test func afterACleanStopIdsGoOnAndNothingIsReadAgain() throws {
    let fixture = try fixture()
    let before = try follow(fixture)
    try write(fixture)
    fixture.live.stop()
    // What was pending was told before the end.
    for client in before { client.pull() }
    #expect(before.allSatisfy { $0.isEnded && $0.faults.isEmpty } && before[0].lastChange == 2)
    try fixture.openAgain()
    fixture.live.sweep()
    #expect(fixture.live.counts.rounds == 0)
    let after = try comeBack(before.map { $0 }, to: fixture)
    try fixture.write("INSERT INTO t VALUES (4, 'e')", "DELETE FROM a WHERE id = 1")
    fixture.live.sweep()
    for (client, sql) in zip(after, Self.queries) {
      client.pull()
      let whole = try fixture.follow(sql)
      whole.pull()
      #expect(client.faults.filter { !$0.contains("not there") && !$0.contains("which is") }.isEmpty)
      #expect(whole.stream.id == client.stream.id && whole.lastChange == client.lastChange)
      #expect(try whole.state == fixture.rows(sql))
    }
    #expect(after[0].lines == ["{\"change\":[\"insert\",4,[4,\"e\"],3]}"])
  }

  @Test func whatWasWrittenMeanwhileIsToldAfterwards() throws {
    let fixture = try fixture()
    let before = try follow(fixture)
    fixture.live.stop()
    try write(fixture)
    try fixture.openAgain()
    fixture.live.sweep()
    for (old, sql) in zip(before, Self.queries) {
      let late = try #require(try fixture.live.stream(of: old.stream.id, LiveStart(from: 0)))
      let client = Client(late)
      client.pull()
      #expect(try client.state == fixture.rows(sql))
      let changes = Client(try #require(try fixture.live.stream(of: old.stream.id, LiveStart(from: 1))), lastChange: 1)
      changes.pull()
      #expect(changes.lastChange == client.lastChange && client.lastChange ?? 0 > 0)
    }
    #expect(fixture.log.all.isEmpty)
  }

  /// What a process leaves behind that is killed: the files as they are.
  @Test func afterAKillEachQueryIsEvaluatedOnceAndNothingIsLost() throws {
    let fixture = try fixture()
    let before = try follow(fixture)
    try write(fixture)
    fixture.live.sweep()
    for client in before { client.pull() }
    let kept = TemporaryCopy(of: fixture.settings.directory)
    // Never seen by those who take over.
    try fixture.write("UPDATE t SET v = 'late' WHERE id = 2", "DELETE FROM a WHERE id = 2")
    fixture.live.stop()
    try kept.putBack()
    try fixture.openAgain()
    fixture.live.sweep()
    for (old, sql) in zip(before, Self.queries) {
      let client = try #require(try comeBack([old], to: fixture).first)
      client.pull()
      let whole = try fixture.follow(sql)
      whole.pull()
      #expect(try whole.state == fixture.rows(sql))
      #expect(client.lastChange == whole.lastChange && client.lastChange ?? 0 > old.lastChange ?? 0)
    }
  }

  @Test func aSubscriptionThatTheSchemaNoLongerAllowsIsNotTakenUp() throws {
    let fixture = try fixture()
    let id = try follow(fixture)[2].stream.id
    let other = fixture.live.list()[0].id
    fixture.live.stop()
    try Fixture.load(Fixture.schema.replacingTable("b"), into: fixture.store)
    _ = try fixture.store.dropRetired()
    try fixture.openAgain()
    #expect(try fixture.live.stream(of: id, LiveStart()) == nil)
    #expect(try fixture.live.stream(of: other, LiveStart()) != nil)
    #expect(fixture.log.all.contains { $0.contains("not taken up again") })
  }

  @Test(arguments: ["no database at all, but long enough to be looked at", ""])
  func aDamagedFileIsSetAside(content: String) throws {
    let fixture = try fixture()
    let id = try follow(fixture)[0].stream.id
    fixture.live.stop()
    let path = Paths.join(fixture.settings.directory, "live.sqlite")
    for end in ["-wal", "-shm"] { try? Paths.remove(path + end) }
    if content.isEmpty {
      try Support.patch(path, at: 0, [UInt8](repeating: 0x5a, count: 4_096))
    } else {
      try Support.write(Array(content.utf8), to: path)
    }
    try fixture.openAgain()
    #expect(try fixture.live.stream(of: id, LiveStart()) == nil)
    #expect(fixture.log.all.contains { $0.contains("damaged") })
    #expect(try Paths.list(fixture.settings.directory).contains { $0.hasPrefix("live.sqlite.damaged-") })
    let client = try fixture.follow("SELECT id, v FROM t")
    client.pull()
    #expect(client.rows.count == 2)
  }

  @Test func nothingIsServedAfterTheStop() throws {
    let fixture = try fixture()
    fixture.live.stop()
    fixture.live.stop()
    #expect(stateFailure { _ = try fixture.follow("SELECT v FROM t") }?.kind == .busy)
    #expect(stateFailure { _ = try fixture.live.updates(of: "t") }?.kind == .busy)
  }
}

extension String {
  /// A schema that retires a table.
  fileprivate func replacingTable(_ name: String) -> String {
    split(separator: "\n").filter { !$0.hasPrefix("CREATE TABLE \(name) ") }.joined(separator: "\n")
      + "\n-- weir retired \(name)\n"
  }
}

/// The files of a directory as they were at one time.
private struct TemporaryCopy {
  private let directory: String
  private var files: [(name: String, bytes: [UInt8])] = []

  init(of directory: String) {
    self.directory = directory
    for name in (try? Paths.list(directory)) ?? [] {
      if let bytes = try? contents(Paths.join(directory, name)) { files.append((name, bytes)) }
    }
  }

  func putBack() throws {
    for name in try Paths.list(directory) { try Paths.remove(Paths.join(directory, name)) }
    for (name, bytes) in files where !name.hasSuffix("-shm") {
      try Support.write(bytes, to: Paths.join(directory, name))
    }
  }
}
