import Platform
import SQLite
import State
import Support
import Testing

@Suite struct SchemaTests {
  private func schema(_ text: String) throws -> Schema { try Schema([Schema.Source(path: "a.sql", text: text)]) }

  @Test(arguments: [
    ("CREATE TABLE t (a INTEGER PRIMARY KEY)", "may be NULL"), ("CREATE TABLE t (a)", "no primary key"),
    ("CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL)", "AUTOINCREMENT"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b UNIQUE)", "unique"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b, UNIQUE (b))", "unique"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b NOT NULL)", "NOT NULL without a DEFAULT"),
    (
      "CREATE TABLE u (a INT NOT NULL PRIMARY KEY); CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b REFERENCES u)",
      "foreign key"
    ),
    ("CREATE TEMP TABLE t (a INT NOT NULL PRIMARY KEY)", "temporary"), ("CREATE TABLE t AS SELECT 1 AS a", "SELECT"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b); CREATE UNIQUE INDEX i ON t (b)", "unique"),
    ("CREATE INDEX i ON nowhere (b)", "nowhere"), ("DROP TABLE t", "no such table"),
    ("PRAGMA user_version = 1", "unsupported"),
    ("CREATE VIEW v AS SELECT 1", "unsupported"), ("SELECT 1", "unsupported"),
    ("CREATE TABLE __weir_x (a INT NOT NULL PRIMARY KEY)", "taken"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b); CREATE INDEX i ON t (b); DROP INDEX IF EXISTS i", "both"),
    ("DROP INDEX IF EXISTS i; CREATE TABLE t (a INT NOT NULL PRIMARY KEY, b); CREATE INDEX i ON t (b)", "both"),
    ("CREATE TABLE t (a INT NOT NULL PRIMARY KEY, v AS (1)) WITHOUT ROWID", "VIRTUAL"),
    ("CREATE TABLE t (", "incomplete"),
    ("-- weir retire t", "not understood"),
  ])
  func saysWhatCannotBeAndWhere(text: String, part: String) {
    let lead = "-- a comment\n\n"
    let error = #expect(throws: StateError.self) {
      try schema(lead + text.split(separator: ";").joined(separator: ";\n"))
    }
    #expect(error?.kind == .schema && error?.path == "a.sql")
    #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    #expect((error?.line ?? 0) >= 3)
  }

  @Test func namesTheLineOfTheFault() {
    let text =
      "CREATE TABLE t (\n  a INT NOT NULL PRIMARY KEY\n);\n\n-- next\nCREATE TABLE u (\n  a INT NOT NULL PRIMARY KEY,\n  b c d e f,\n  )"
    #expect(#expect(throws: StateError.self) { try schema(text) }?.line == 9)
    #expect(
      #expect(throws: StateError.self) {
        try schema(text.split(separator: "\n").dropLast(4).joined(separator: "\n") + "\nNONSENSE")
      }?.line == 5)
  }

  @Test(arguments: [
    "CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY NOT NULL, b TEXT DEFAULT 'it''s; fine') STRICT, WITHOUT ROWID",
    "CREATE TABLE \"odd \"\"name\" ([a b] INT NOT NULL PRIMARY KEY, `c` AS (1), d CHECK (d > 0)); CREATE INDEX i ON \"odd \"\"name\" (d) WHERE d > 1",
    "/* c; */ DROP INDEX IF EXISTS nix; CREATE TABLE t (x TEXT, y INT, PRIMARY KEY (y, x)) WITHOUT ROWID;;",
    "",
  ])
  func takesWhatIsAllowed(text: String) throws {
    let directory = try TemporaryDirectory()
    let store = try StateStore(directory.file("db"))
    let schema = try schema(text)
    let report = try store.apply(schema, time: 0)
    #expect(report.isEmpty == text.isEmpty)
    #expect(try store.apply(schema, time: 0).isEmpty, "nothing is left to do")
  }

  @Test func addsColumnsAndChangesIndexes() throws {
    let fixture = try Fixture(
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT); CREATE INDEX i ON t (b); CREATE INDEX j ON t (b, a)")
    try fixture.write("INSERT INTO t VALUES (1, 'x')")
    let report = try fixture.store.apply(
      schema(
        "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, d TEXT NOT NULL DEFAULT 'd, d', g AS (b)); CREATE INDEX i ON t (b, d); CREATE INDEX k ON t (d)"
      ), time: 0)
    #expect(report.columns == ["t.d", "t.g"] && report.indexes == ["i", "k"] && report.droppedIndexes == ["i", "j"])
    #expect(try fixture.rows() == [[1, "x", "d, d", "x"]])
    #expect(
      try fixture.write("UPDATE t SET b = 'y'", "UPDATE t SET d = 'd, d'") == WriteOutcome(version: 2, lastSeq: 0))
    #expect(try fixture.write("UPDATE t SET d = 'e'").version == 3)
    #expect(try fixture.store.differences().isEmpty)
  }

  @Test(arguments: [
    ("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, c INTEGER DEFAULT 5)", "removed"),
    ("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b INTEGER, c INTEGER DEFAULT 5)", "changed"),
    ("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 6)", "changed"),
    ("CREATE TABLE t (a INTEGER NOT NULL, b TEXT, c INTEGER DEFAULT 5, d INT NOT NULL, PRIMARY KEY (a, d))", "key"),
  ])
  func refusesWhatWouldLoseOrChangeAColumn(text: String, part: String) throws {
    let fixture = try Fixture()
    let error = #expect(throws: StateError.self) { try fixture.store.apply(schema(text), time: 0) }
    #expect(error?.message.contains(part) == true && error?.hint != nil)
    #expect(try fixture.write("INSERT INTO t VALUES (1, 'x', 1)").version == 1)
  }

  @Test func takesOverATableWithItsRows() throws {
    let fixture = try Fixture("")
    try fixture.write(
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT)", "INSERT INTO t VALUES (2, 'y'), (1, 'x')")
    #expect(throws: StateError.self) {
      try fixture.store.apply(schema("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b INT)"), time: 0)
    }
    #expect(
      try fixture.store.apply(schema("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT)"), time: 4).tables == [
        "t"
      ])
    let set = try #require(try fixture.sets().first)
    #expect(set.version == 1 && set.time == 4 && set.changes.map { $0.value } == ["x", "y"])
  }

  @Test func whatIsRetiredIsDroppedInASecondStep() throws {
    let text =
      "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER DEFAULT 5); CREATE TABLE u (a TEXT NOT NULL PRIMARY KEY);"
    let (peer, fixture) = (try Fixture(text, site: 1), try Fixture(text, site: 2))
    try fixture.write("INSERT INTO t VALUES (1, 'x', 1)", "INSERT INTO u VALUES ('k')")
    let report = try fixture.store.apply(
      schema(
        "-- weir retired t.b\n-- weir retired u\nCREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, c INTEGER DEFAULT 5)"),
      time: 0)
    #expect(report.retired == ["t.b", "u"])
    #expect(try fixture.store.retired() == ["u", "t.b"])
    #expect(try fixture.rows() == [[1, "x", 1]], "nothing is gone yet")
    #expect(Set(try fixture.store.dropRetired()) == ["t.b", "u"])
    #expect(try fixture.rows() == [[1, 1]])
    #expect(try fixture.sets().flatMap { $0.changes }.map { $0.column } == ["c"])
    // A peer that has not dropped them yet goes on sending.
    try peer.write("INSERT INTO t VALUES (2, 'old', 2)", "INSERT INTO u VALUES ('old')")
    #expect(try fixture.store.receive(try peer.sets()) == [.merged(impact: 1)])
    #expect(try fixture.rows() == [[1, 1], [2, 2]])
    #expect(try fixture.store.differences().isEmpty)
  }

  @Test func whatIsDeclaredAgainIsNotRetiredAnyMore() throws {
    let (text, line) = ("CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT);", "-- weir retired t.b\n")
    let fixture = try Fixture(text)
    try fixture.store.apply(schema(line + text), time: 0)
    #expect(try fixture.store.retired() == ["t.b"])
    #expect(try fixture.store.apply(schema(line + text), time: 0).isEmpty)
    #expect(try fixture.store.apply(schema(text), time: 0).restored == ["t.b"])
    #expect(try fixture.store.dropRetired().isEmpty)
  }

  @Test func readsFilesOfADirectoryByName() throws {
    let directory = try TemporaryDirectory()
    try write(Array("CREATE TABLE b (a INT NOT NULL PRIMARY KEY);".utf8), to: directory.file("2.sql"))
    try write(Array("CREATE TABLE a (a INT NOT NULL PRIMARY KEY);".utf8), to: directory.file("1.sql"))
    try write(Array("not sql".utf8), to: directory.file("notes.txt"))
    let sources = try Schema.sources([directory.path, directory.file("1.sql")])
    #expect(sources.map { Paths.lastPart(of: $0.path) } == ["1.sql", "2.sql", "1.sql"])
    let error = #expect(throws: StateError.self) { try Schema.sources([directory.file("none")]) }
    #expect(error?.path == directory.file("none"))
  }
}
