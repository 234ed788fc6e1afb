import Platform
import SQLite
import Support
import Testing

@Suite struct ConnectionTests {
  /// What a hook told.
  private final class Heard {
    var changes: [String] = []
    var savepoints: [String] = []
    var commits = 0
    var rollbacks = 0
  }

  @Test func tellsOfEachChangeWithOldAndNewValues() throws {
    let connection = try Connection("", .memory)
    let heard = Heard()
    connection.onChange { change in
      let old = change.kind == .insert ? nil : change.old(1)?.value
      let new = change.kind == .delete ? nil : change.new(1)?.value
      heard.changes.append(
        "\(String(cString: change.table)) \(change.kind) \(old?.string ?? "-") \(new?.string ?? "-")")
    }
    try connection.run("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT)")
    try connection.run("INSERT INTO t VALUES (1, 'x'); UPDATE t SET b = 'y'; DELETE FROM t")
    #expect(heard.changes == ["t insert - x", "t update x y", "t delete y -"])
  }

  @Test func aValueOfARowThatIsOlderThanItsColumnIsAbsent() throws {
    let connection = try Connection("", .memory)
    let heard = Heard()
    connection.onChange { change in
      for column in 1...2 {
        if let old = change.old(column) { heard.changes.append(old.isAbsent ? "absent" : old.value.string ?? "null") }
      }
    }
    try connection.run("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, NULL)")
    heard.changes = []
    try connection.run("ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'd'; UPDATE t SET b = 'y'")
    #expect(heard.changes == ["null", Library.version < 3_045_000 ? "absent" : "d"])
  }

  @Test func tellsOfSavepointsAndOfStatementsThatAreUndone() throws {
    let connection = try Connection("", .memory)
    let heard = Heard()
    try connection.watchSavepoints("watch") {
      heard.savepoints.append("+\($0)")
    } undone: {
      heard.savepoints.append("-\($0)")
    }
    try connection.run("CREATE TABLE t(a INTEGER PRIMARY KEY, b CHECK (b < 3))")
    try connection.run("BEGIN; DELETE FROM watch; SAVEPOINT s; INSERT INTO t VALUES (1, 1); ROLLBACK TO s; RELEASE s")
    // The statement that asks to hear of them has one of its own.
    #expect(heard.savepoints == ["+0", "+0", "-0"])
    heard.savepoints = []
    #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)") }
    #expect(Set(heard.savepoints) == ["+0", "-0"] && heard.savepoints.last == "-0")
    #expect(connection.isInTransaction)
    heard.savepoints = []
    #expect(throws: SQLiteError.self) { try connection.run("INSERT OR FAIL INTO t VALUES (1, 1), (2, 2), (3, 3)") }
    #expect(!heard.savepoints.contains("-0"))
    #expect(try connection.value("SELECT count(*) FROM t") == 2)
  }

  @Test func tellsOfCommitAndRollback() throws {
    let connection = try Connection("", .memory)
    let heard = Heard()
    connection.onCommit {
      heard.commits += 1
      return heard.commits < 3
    }
    connection.onRollback { heard.rollbacks += 1 }
    try connection.run("CREATE TABLE t(a)")
    try connection.run("BEGIN; INSERT INTO t VALUES (1); ROLLBACK")
    try connection.transaction { () throws(SQLiteError) in try connection.run("INSERT INTO t VALUES (1)") }
    #expect((heard.commits, heard.rollbacks) == (2, 1))
    #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (2)") }
    #expect(try connection.value("SELECT count(*) FROM t") == 1)
  }

  @Test func stopsWhatRunsTooLong() throws {
    let connection = try Connection("", .memory)
    let deadline = Deadline.after(nanoseconds: 1_000_000)
    connection.onProgress(every: 100) { !deadline.hasPassed }
    let error = #expect(throws: SQLiteError.self) {
      try connection.value("WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT sum(x) FROM c")
    }
    #expect(error?.kind == .interrupted)
  }

  @Test func refusesWhatTheAuthorizerRefuses() throws {
    let connection = try Connection("", .memory)
    try connection.onAuthorize { $0.code != AuthorizedAction.attach }
    let error = #expect(throws: SQLiteError.self) { try connection.run("ATTACH ':memory:' AS other") }
    #expect(error?.kind == .notAuthorized)
    #expect(try connection.value("SELECT 1") == 1)
  }

  @Test func callsFunctionsOfTheApplication() throws {
    let connection = try Connection("", .memory)
    try connection.makeFunction("glue", arguments: -1, isPure: true) { values in
      values.contains(.null)
        ? .failure("NULL does not glue") : .value(.text(values.flatMap { Array(($0.string ?? "").utf8) }))
    }
    #expect(try connection.value("SELECT glue('a', 'b', '')") == "ab")
    let error = #expect(throws: SQLiteError.self) { try connection.value("SELECT glue(NULL)") }
    #expect(error?.message == "NULL does not glue")
  }

  @Test func aTransactionThatFailsLeavesNothingAndASavepointTheRest() throws {
    let connection = try Connection("", .memory)
    try connection.run("CREATE TABLE t(a UNIQUE)")
    #expect(throws: SQLiteError.self) {
      try connection.transaction { () throws(SQLiteError) in
        try connection.run("INSERT INTO t VALUES (1)")
        try connection.run("INSERT INTO t VALUES (1)")
      }
    }
    #expect(!connection.isInTransaction)
    try connection.transaction { () throws(SQLiteError) in
      try connection.run("INSERT INTO t VALUES (2)")
      try? connection.savepoint("part", failure: { $0 }) { () throws(SQLiteError) in
        try connection.run("INSERT INTO t VALUES (3)")
        try connection.run("INSERT INTO t VALUES (2)")
      }
    }
    #expect(try connection.rows("SELECT a FROM t") == [[2]])
  }

  @Test func copiesADatabase() throws {
    let directory = try TemporaryDirectory()
    let connection = try Connection("", .memory)
    try connection.run("CREATE TABLE t(a); INSERT INTO t VALUES ('kept')")
    try connection.backUp(to: directory.file("copy"), pagesAtOnce: 1)
    #expect(try Connection(directory.file("copy"), .read).value("SELECT a FROM t") == "kept")
  }

  @Test func saysWhyAFileIsNone() throws {
    let directory = try TemporaryDirectory()
    #expect(throws: SQLiteError.self) { try Connection(directory.file("missing"), .write) }
    try write(Array("this is no database, and long enough to be sure of it".utf8), to: directory.file("text"))
    let error = #expect(throws: SQLiteError.self) {
      try Connection(directory.file("text"), .write).value("SELECT * FROM sqlite_schema")
    }
    #expect(error?.kind == .notADatabase)
    #expect(error?.hint != nil)
  }

  @Test(arguments: [(3_006_023, false), (3_007_000, true), (3_040_001, true), (3_051_002, true), (3_051_003, false)])
  func knowsWhichVersionsHaveTheFaultOfTheLog(version: Int, hasIt: Bool) {
    #expect((Library.walFault(of: version) != nil) == hasIt)
  }
}
