import SQLite
import State
import Support
import Testing

@Suite struct ReceiveTests {
  /// The parts of a set, `count` changes each.
  private func parts(_ set: ChangeSet, _ count: Int) -> [ChangeSet] {
    stride(from: 0, to: set.changes.count, by: count).map { start in
      let changes = Array(set.changes[start..<min(start + count, set.changes.count)])
      let last = start + count >= set.changes.count ? set.lastSeq : set.changes[start + count].seq - 1
      let first = start == 0 ? 0 : changes[0].seq
      return ChangeSet(
        site: set.site, version: set.version, seqs: first...last, lastSeq: set.lastSeq, time: set.time, changes: changes
      )
    }
  }

  @Test func aTransactionInPartsBecomesVisibleWithTheLastOne() throws {
    let (from, to) = (try Fixture(site: 1), try Fixture(site: 2))
    try from.write("INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)")
    let parts = parts(try from.sets()[0], 1)
    for (part, outcome) in [(3, Received.partial), (0, .partial), (2, .partial), (0, .known)] {
      #expect(try to.store.receive([parts[part]]) == [outcome])
      #expect(try to.rows().isEmpty)
    }
    #expect(to.store.versions(of: from.store.site).partial[1]?.missing == [1...1])
    #expect(try to.store.receive([parts[1]]) == [.merged(impact: 4)])
    #expect(try to.rows() == from.rows())
    #expect(try Set(to.store.allChanges()) == Set(from.store.allChanges()))
    #expect(try to.rows("SELECT * FROM __weir_held").isEmpty && to.rows("SELECT * FROM __weir_part").isEmpty)
  }

  @Test func versionsThatAreMissingAreKnownAsGapsAlsoAfterOpeningAgain() throws {
    let from = try Fixture(site: 1)
    for number in 1...5 { try from.write("INSERT INTO t (a) VALUES (\(number))") }
    let sets = try from.sets()
    let directory = try TemporaryDirectory()
    do {
      let store = try StateStore(directory.file("db"))
      try store.apply(
        Schema([
          Schema.Source(path: "s", text: "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5)")
        ]), time: 0)
      #expect(try store.receive([sets[1], sets[4], sets[1]]) == [.merged(impact: 2), .merged(impact: 2), .known])
      #expect(store.versions(of: from.store.site).missing.ranges == [1...1, 3...4])
      try store.receiveEmpty(3...3, of: from.store.site)
    }
    let store = try StateStore(directory.file("db"))
    #expect(store.versions(of: from.store.site).missing.ranges == [1...1, 4...4])
    #expect(store.versions(of: from.store.site).head == 5)
    #expect(try store.receive(sets) == [.merged(impact: 2), .known, .known, .merged(impact: 2), .known])
    #expect(store.versions(of: from.store.site).missing.isEmpty)
    #expect(try Set(store.allChanges()) == Set(from.store.allChanges()).filter { $0.version != 3 })
  }

  @Test func whatHasNoTableOrColumnYetWaitsForTheSchema() throws {
    let from = try Fixture(
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, z); CREATE TABLE u (a TEXT NOT NULL PRIMARY KEY)",
      site: 1)
    let to = try Fixture("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT)", site: 2)
    try from.write("INSERT INTO u VALUES ('k')")
    try from.write("INSERT INTO t VALUES (1, 'x', 'z')")
    try from.write("UPDATE t SET b = 'y'")
    let results = try to.store.receive(try from.sets())
    #expect(results == [.setAside(.init(.unknownTable, "")), .setAside(.init(.unknownColumn, "")), .merged(impact: 1)])
    #expect(try to.store.setAside().map { $0.version } == [1, 2])
    let schema =
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, z); CREATE TABLE u (a TEXT NOT NULL PRIMARY KEY)"
    try to.store.apply(Schema([Schema.Source(path: "s", text: schema)]), time: 0)
    #expect(try to.store.setAside().isEmpty)
    #expect(try to.rows() == from.rows() && to.rows("SELECT * FROM u") == [["k"]])
    #expect(try Set(to.store.allChanges()) == Set(from.store.allChanges()))
  }

  @Test func whatBreaksARuleOfItsTableWaitsAndBlocksNobody() throws {
    let from = try Fixture("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b INTEGER)", site: 1)
    let to = try Fixture("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b INTEGER CHECK (b < 10))", site: 2)
    try from.write("INSERT INTO t VALUES (1, 5), (2, 50)")
    try from.write("INSERT INTO t VALUES (3, 3)")
    let results = try to.store.receive(try from.sets())
    #expect(results == [.setAside(.init(.constraint, "")), .merged(impact: 1)])
    #expect(try to.rows() == [[3, 3]])
    let aside = try #require(try to.store.setAside().first)
    #expect(aside.table == "t" && aside.reason.contains("CHECK") && aside.version == 1)
    // Nothing has changed, so it fails again; with a smaller value it does not.
    #expect(try to.store.retrySetAside() == 0)
    #expect(try to.store.setAside().first?.tries == 2)
    #expect(try to.store.differences().isEmpty)
  }

  @Test func whatIsNoChangeSetIsRefused() throws {
    let (from, to) = (try Fixture(site: 1), try Fixture(site: 2))
    try from.write("INSERT INTO t VALUES (1, 'x', 1)")
    var (other, far, dead, key) = (try from.sets()[0], try from.sets()[0], try from.sets()[0], try from.sets()[0])
    other.changes[0].version = 2
    far.changes[1].seq = 9
    dead.changes[0].causalLength = 0
    key.changes[0].key = [1]
    let results = try to.store.receive([other, far, dead, key])
    #expect(
      results.dropLast() == [
        .refused(.init(.malformed, "")), .refused(.init(.malformed, "")), .refused(.init(.malformed, "")),
      ])
    #expect(results.last == .setAside(.init(.malformed, "")))
    #expect(try to.rows().isEmpty)
  }

  @Test(
    arguments: [
      [1.5, 2], [1, "k"], ["7", "k"], [1.0, .null], [" 1e3 ", "k"],
    ] as [[SQLiteValue]])
  func aKeyThatTheTableWouldStoreAsAnotherIsNone(key: [SQLiteValue]) throws {
    let to = try Fixture("CREATE TABLE t (x TEXT NOT NULL, y REAL NOT NULL, z, PRIMARY KEY (y, x)) WITHOUT ROWID")
    let change = Change(
      table: "t", key: PackedKey.pack(key), column: "z", value: 1, columnVersion: 1, version: 1,
      site: SiteID(high: 9, low: 9), causalLength: 1, seq: 0, time: 0)
    #expect(#expect(throws: StateError.self) { try to.store.merge([change]) }?.kind == .malformed)
    var good = change
    good.key = PackedKey.pack(["seven", "k"])
    #expect(try to.store.merge([good]) == 1)
    #expect(try to.store.differences().isEmpty)
  }
}
