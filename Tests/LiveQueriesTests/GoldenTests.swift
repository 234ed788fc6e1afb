import LiveQueries
import Platform
import SQLite
import State
import Support
import Testing

/// The exchanges of the reference, section 2.9, without HTTP.
@Suite struct GoldenTests {
  private func fixture() throws -> Fixture {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t VALUES (1, 'a'), (2, NULL)")
    return fixture
  }

  @Test func aNewSubscriptionGetsColumnsRowsAndTheEndOfTheQuery() throws {
    let fixture = try fixture()
    let client = try fixture.follow("SELECT id, v FROM t")
    #expect(
      timeless(client.pull()) == [
        "{\"columns\":[\"id\",\"v\"]}", "{\"row\":[1,[1,\"a\"]]}", "{\"row\":[2,[2,null]]}",
        "{\"eoq\":{\"change_id\":0}}",
      ])
    #expect(client.pull().isEmpty && !client.isEnded)
    let time = client.lines.last?.split(separator: ":")[2].split(separator: ",")[0]
    #expect(time.flatMap { Double($0) }.map { $0 > 0 && $0 < 60 } == true)
  }

  @Test func theSameTextIsTheSameSubscriptionAndAnotherIsNot() throws {
    let fixture = try fixture()
    let first = try fixture.follow("SELECT id, v FROM t")
    let second = try fixture.follow("SELECT id, v FROM t")
    let skipping = try fixture.follow("SELECT id, v FROM t", skipsRows: true)
    let other = try fixture.follow("SELECT id,  v FROM t")
    #expect(first.stream.id == second.stream.id && first.stream.hash == second.stream.hash)
    #expect(first.stream.id == skipping.stream.id)
    #expect(first.stream.id != other.stream.id && first.stream.hash != other.stream.hash)
    let byValue = try fixture.follow("SELECT id, v FROM t WHERE id = ?", .positional([1]))
    let byName = try fixture.follow("SELECT id, v FROM t WHERE id = :i", .named([(":i", 1), (":none", 5)]))
    #expect(byValue.stream.id == byName.stream.id)
    #expect(fixture.live.list().map { $0.sql }.contains("SELECT id, v FROM t WHERE id = 1"))
    withExtendedLifetime([first, second, skipping, other, byValue, byName]) {
      #expect(fixture.live.counts.subscriptions == 3 && fixture.live.counts.streams == 6)
    }
  }

  @Test func changesComeWithContiguousIdsAndKeepTheNamesOfRows() throws {
    let fixture = try fixture()
    let client = try fixture.follow("SELECT id, v FROM t")
    client.pull()
    try fixture.write("UPDATE t SET v = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 2")
    fixture.live.sweep()
    #expect(
      client.pull() == ["{\"change\":[\"update\",1,[1,\"x\"],1]}", "{\"change\":[\"delete\",2,[2,null],2]}"])
    try fixture.write("INSERT INTO t VALUES (3, 'c')")
    fixture.live.sweep()
    #expect(client.pull() == ["{\"change\":[\"insert\",3,[3,\"c\"],3]}"])
    #expect(client.faults.isEmpty)
  }

  @Test func aClientComesBackAfterTheChangeThatItHas() throws {
    let fixture = try fixture()
    let id = try fixture.follow("SELECT id, v FROM t").stream.id
    try fixture.write("UPDATE t SET v = 'x' WHERE id = 1", "DELETE FROM t WHERE id = 2")
    fixture.live.sweep()
    func come(_ from: UInt64?, skipsRows: Bool = false) throws -> Client? {
      try fixture.live.stream(of: id, LiveStart(from: from, skipsRows: skipsRows)).map { Client($0) }
    }
    let late = try #require(try come(1))
    #expect(late.pull() == ["{\"change\":[\"delete\",2,[2,null],2]}"])
    let anew = try #require(try come(0))
    #expect(
      timeless(anew.pull()) == [
        "{\"columns\":[\"id\",\"v\"]}", "{\"row\":[1,[1,\"x\"]]}", "{\"eoq\":{\"change_id\":2}}",
      ])
    let skipping = try #require(try come(nil, skipsRows: true))
    let future = try #require(try come(50))
    #expect(skipping.pull().isEmpty && future.pull().isEmpty)
    try fixture.write("INSERT INTO t VALUES (9, 'z')")
    fixture.live.sweep()
    for client in [late, anew, skipping, future] {
      #expect(client.pull() == ["{\"change\":[\"insert\",3,[9,\"z\"],3]}"])
    }
  }

  @Test func onlyASubscriptionThatIsThereCanBeResumed() throws {
    let fixture = try fixture()
    for from in [0, 5] as [UInt64] {
      let failure = stateFailure { _ = try fixture.follow("SELECT v FROM t", from: from) }
      #expect(failure?.kind == .usage)
      #expect(failure?.message == "a `from` query param was supplied, but no existing subscription found")
    }
    // A refused one leaves nothing behind.
    #expect(fixture.live.counts.subscriptions == 0)
    _ = try fixture.follow("SELECT v FROM t")
    #expect(
      try fixture.live.stream(of: try #require(LiveID("604101e5-975f-4e67-a074-f50b96c051d5")), LiveStart()) == nil)
    #expect(LiveID("604101e5975f4e67a074f50b96c051d5")?.description == "604101e5-975f-4e67-a074-f50b96c051d5")
    #expect(LiveID("604101e5-975f") == nil && LiveID("x04101e5-975f-4e67-a074-f50b96c051d5") == nil)
  }

  @Test func aTableTellsOfKeysThatAreThereAndOfKeysThatAreNot() throws {
    let fixture = try fixture()
    let client = Client(try fixture.live.updates(of: "t"))
    let second = Client(try fixture.live.updates(of: "t"))
    #expect(client.stream.id == second.stream.id && client.pull().isEmpty)
    try fixture.write("INSERT INTO t VALUES (7, 'n')")
    try fixture.write("DELETE FROM t WHERE id = 7")
    try fixture.write("UPDATE t SET v = 'u' WHERE id = 1", "INSERT INTO a VALUES (1, 1, 'x')")
    fixture.live.sweep()
    #expect(
      client.pull() == [
        "{\"notify\":[\"update\",[7]]}", "{\"notify\":[\"delete\",[7]]}", "{\"notify\":[\"update\",[1]]}",
      ])
    #expect(second.pull() == client.lines)
    let pair = Client(try fixture.live.updates(of: "b"))
    try fixture.write("INSERT INTO b VALUES ('k', 2, 1, 1)")
    fixture.live.sweep()
    #expect(pair.pull() == ["{\"notify\":[\"update\",[\"k\",2.0]]}"])
    let failure = stateFailure { _ = try fixture.live.updates(of: "x") }
    #expect(failure?.kind == .unknownTable && failure?.message == "table not found in schema: x")
  }
}
