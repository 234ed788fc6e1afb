import Platform
import SQLite
import Support
import Testing

@testable import State

/// A store with one table, in a folder of its own.
struct Fixture {
  let directory: TemporaryDirectory
  let store: StateStore

  init(
    _ schema: String = "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5);", site: UInt64 = 1
  ) throws {
    directory = try TemporaryDirectory()
    var settings = StateStore.Settings()
    settings.site = SiteID(high: site, low: site)
    store = try StateStore(directory.file("db"), settings)
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: schema)]), time: 0)
  }

  @discardableResult
  func write(_ sql: String..., time: UInt64 = 1) throws -> WriteOutcome {
    try store.write(time: time) { (transaction) throws(StateError) in
      for one in sql { try transaction.run(one) }
    }.outcome
  }

  func rows(_ sql: String = "SELECT * FROM t ORDER BY a") throws -> [[SQLiteValue]] {
    try store.read { (reader) throws(StateError) in try state { () throws(SQLiteError) in try reader.rows(sql) } }
  }

  /// All that it wrote itself.
  func sets() throws -> [ChangeSet] { try store.changeSets(of: store.site, 1...UInt64(Int64.max)) }
}

@Suite struct WriteTests {
  @Test func aTransactionThatChangesNothingHasNoVersion() throws {
    let fixture = try Fixture()
    #expect(try fixture.write("INSERT INTO t VALUES (1, 'x', 1)") == WriteOutcome(version: 1, lastSeq: 1))
    #expect(try fixture.write("UPDATE t SET b = 'x'").version == nil)
    #expect(try fixture.write("CREATE TABLE plain (a)", "INSERT INTO plain VALUES (1)").version == nil)
    #expect(try fixture.write("UPDATE t SET b = 'y'") == WriteOutcome(version: 2, lastSeq: 0))
  }

  @Test func clocksAreTheSameAfterTheStoreIsOpenedAgain() throws {
    let directory = try TemporaryDirectory()
    var before: Set<Change> = []
    do {
      let store = try StateStore(directory.file("db"))
      try store.apply(
        Schema([Schema.Source(path: "s", text: "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b)")]), time: 0)
      // More than the journal holds, in small transactions and a large one.
      for number in 0..<Int64(1_200) {
        _ = try store.write(time: 1) { (transaction) throws(StateError) in
          try transaction.run("INSERT INTO t VALUES (?, ?)", .positional([.integer(number), .integer(number)]))
        }
      }
      _ = try store.write(time: 2) { (transaction) throws(StateError) in
        try transaction.run("UPDATE t SET b = b + 1 WHERE a % 3 = 0")
      }
      _ = try store.write(time: 3) { (transaction) throws(StateError) in
        try transaction.run("DELETE FROM t WHERE a = 3")
      }
      before = Set(try store.allChanges())
      #expect(before.count == 1_200)
      withExtendedLifetime(store) {}
    }
    let store = try StateStore(directory.file("db"))
    #expect(Set(try store.allChanges()) == before)
    #expect(store.differencesAtOpen.isEmpty)
    #expect(try store.heads() == [store.site: 1_202])
  }

  @Test func aJournalThatNamesASiteThatIsNotThereIsDamage() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("db")
    do { _ = try StateStore(path) }
    // One version, of site 99, and no clock.
    try Connection(path, .write).run("INSERT INTO __weir_journal (changes) VALUES (?)", [.blob([1, 99, 1, 0])])
    let error = #expect(throws: StateError.self) { try StateStore(path) }
    #expect(error?.kind == .corrupt)
  }

  @Test func oneFileHasOneStore() throws {
    let fixture = try Fixture()
    let error = #expect(throws: StateError.self) { try StateStore(fixture.directory.file("db")) }
    #expect(error?.kind == .busy)
    withExtendedLifetime(fixture.store) {}
  }

  @Test func rowsThatAreCopiedFromATableOfTheSameFormAreCaptured() throws {
    let fixture = try Fixture()
    try fixture.write("CREATE TABLE s (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5)")
    try fixture.write(
      "INSERT INTO s (a) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 200) SELECT x FROM n")
    #expect(try fixture.write("INSERT INTO t SELECT * FROM s") == WriteOutcome(version: 1, lastSeq: 399))
    #expect(try fixture.write("DELETE FROM t") == WriteOutcome(version: 2, lastSeq: 199))
    // Each key is known now, which takes a place more.
    #expect(try fixture.write("INSERT INTO t SELECT * FROM s") == WriteOutcome(version: 3, lastSeq: 599))
    #expect(try fixture.store.differences().isEmpty)
  }

  @Test(arguments: [
    "COMMIT", "BEGIN", "ROLLBACK", "ATTACH ':memory:' AS x", "PRAGMA journal_mode = DELETE", "DELETE FROM __weir_site",
    "UPDATE __weir_meta SET value = 9", "DROP TABLE t", "ALTER TABLE t ADD COLUMN z", "CREATE INDEX i ON t (b)",
    "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END", "DROP INDEX __weir_guard_1", "SAVEPOINT __weir_part",
    "SAVEPOINT __WEIR_Part", "DELETE FROM __WEIR_site",
  ])
  func callersCannotReachAround(sql: String) throws {
    let fixture = try Fixture()
    let error = #expect(throws: StateError.self) { try fixture.write("INSERT INTO t (a) VALUES (1)", sql) }
    #expect(error?.kind == .sql && error?.message.isEmpty == false)
    #expect(try fixture.rows().isEmpty)
    #expect(try fixture.write("INSERT INTO t (a) VALUES (1)").version == 1)
  }

  @Test func aFirstStatementThatFailsHalfwayLeavesWhatSQLiteKeeps() throws {
    let fixture = try Fixture()
    _ = try fixture.store.write(time: 1) { (transaction) throws(StateError) in
      #expect(throws: StateError.self) { try transaction.run("INSERT OR FAIL INTO t (a) VALUES (1), (2), (1), (3)") }
    }
    #expect(try fixture.rows("SELECT a FROM t") == [[1], [2]])
    #expect(try fixture.store.differences().isEmpty)
  }

  @Test func whatRunsForEverIsStoppedAtTheDeadline() throws {
    let fixture = try Fixture()
    let endless = "INSERT INTO t (a) WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    let error = #expect(throws: StateError.self) {
      try fixture.store.write(time: 1, deadline: .after(nanoseconds: 20_000_000)) { (transaction) throws(StateError) in
        try transaction.run(endless)
      }
    }
    #expect(error?.kind == .interrupted)
    #expect(try fixture.write("INSERT INTO t (a) VALUES (1)").version == 1)
  }

  @Test func jobsOfAGroupKeepTheirOwnResults() throws {
    let fixture = try Fixture()
    func job(_ sql: String, deadline: Deadline = .never) -> WriteJob {
      WriteJob(time: 1, deadline: deadline) { (transaction) throws(StateError) in try transaction.run(sql) }
    }
    let endless = "INSERT INTO t (a) WITH RECURSIVE n(x) AS (SELECT 100 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n"
    let results = fixture.store.write([
      job("INSERT INTO t (a) VALUES (1)"), job("INSERT INTO t (a) VALUES (1)"), job("INSERT INTO t (a) VALUES (2)"),
      job(endless, deadline: .after(nanoseconds: 5_000_000)), job("UPDATE t SET b = b"),
      job("DELETE FROM t WHERE a = 1"),
    ])
    #expect(results.map { try? $0.get().version } == [1, nil, 2, nil, nil, 3])
    #expect(results.map { (try? $0.get()) != nil } == [true, false, true, false, true, true])
    #expect(try fixture.rows("SELECT a FROM t") == [[2]])
    #expect(try fixture.store.differences().isEmpty)
    #expect(try fixture.store.heads() == [fixture.store.site: 3])
  }

  @Test func anObserverHearsOfEachCommitAndItsColumns() throws {
    let fixture = try Fixture()
    var heard: [String] = []
    fixture.store.onCommit { record in
      for row in record.rows {
        heard.append(
          "\(record.transactions[0].version) \(record.table(of: row)?.name ?? "") \(record.key(of: row)) \(record.columns(of: row))"
        )
      }
    }
    try fixture.write("INSERT INTO t VALUES (1, 'x', 1)")
    try fixture.write("UPDATE t SET c = 2")
    #expect(heard == [#"1 t [1, 9, 1] ["b", "c"]"#, #"2 t [1, 9, 1] ["c"]"#])
  }
}

@Suite struct ForeignWriterTests {
  @Test(arguments: [
    "INSERT INTO t (a) VALUES (9)", "UPDATE t SET b = 'z'", "UPDATE t SET a = 9", "DELETE FROM t WHERE a = 1",
    "REPLACE INTO t (a) VALUES (1)",
  ])
  func anotherProgramCannotWrite(sql: String) throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t (a) VALUES (1)")
    let foreign = try Connection(fixture.directory.file("db"), .write)
    let error = #expect(throws: SQLiteError.self) { try foreign.run(sql) }
    #expect(error?.message.contains("__weir_writer") == true)
    #expect(try foreign.value("SELECT count(*) FROM t WHERE b IS NULL AND c = 5") == 1)
    withExtendedLifetime(fixture.store) {}
  }

  @Test func whatAnotherProgramDidAllTheSameIsFoundAndAdopted() throws {
    let fixture = try Fixture()
    try fixture.write("INSERT INTO t (a) VALUES (1), (2)")
    do {
      let foreign = try Connection(fixture.directory.file("db"), .write)
      try foreign.run("DROP INDEX __weir_guard_1; DELETE FROM t WHERE a = 1; INSERT INTO t VALUES (7, 'seven', 7)")
    }
    let found = try fixture.store.differences()
    #expect(found.map { $0.kind } == [.untracked, .missing])
    #expect(try fixture.store.adoptDifferences(time: 5) == 2)
    #expect(try fixture.store.differences().isEmpty)
    let set = try #require(try fixture.sets().last)
    #expect(set.changes.map { $0.column } == ["b", "c", Change.row] && set.changes[0].value == "seven")
  }
}
