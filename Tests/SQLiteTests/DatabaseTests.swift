import Platform
import SQLite
import Support
import Testing

@Suite struct DatabaseTests {
  @Test func aReaderSeesOneSnapshotWhileTheWriterGoesOn() throws {
    let directory = try TemporaryDirectory()
    let database = try Database(directory.file("db"))
    try database.write { (writer) throws(SQLiteError) in
      try writer.run("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
    }
    try database.read { (reader) throws(SQLiteError) in
      try reader.begin(.deferred)
      let before = try reader.value("SELECT count(*) FROM t")
      try database.write { (writer) throws(SQLiteError) in try writer.run("INSERT INTO t VALUES (2)") }
      #expect(try reader.value("SELECT count(*) FROM t") == before)
    }
    try database.read { (reader) throws(SQLiteError) in
      #expect(!reader.isInTransaction)
      #expect(try reader.value("SELECT count(*) FROM t") == 2)
    }
  }

  @Test func aReaderNeitherWritesNorCheckpoints() throws {
    let directory = try TemporaryDirectory()
    let database = try Database(directory.file("db"))
    try database.write { (writer) throws(SQLiteError) in try writer.run("CREATE TABLE t(a)") }
    try database.read { (reader) throws(SQLiteError) in
      #expect(throws: SQLiteError.self) { try reader.run("INSERT INTO t VALUES (1)") }
      #expect(throws: SQLiteError.self) { try reader.checkpoint(.truncate) }
    }
  }

  @Test func whoFindsAllReadersLentIsToldSoAtTheDeadline() throws {
    let directory = try TemporaryDirectory()
    var settings = Database.Settings()
    settings.readers = 1
    let database = try Database(directory.file("db"), settings)
    try database.read { (_) throws(SQLiteError) in
      let error = #expect(throws: SQLiteError.self) {
        try database.read(until: .after(nanoseconds: 1_000_000)) { (_) throws(SQLiteError) in }
      }
      #expect(error?.kind == .busy)
    }
    try database.read { (reader) throws(SQLiteError) in #expect(try reader.value("SELECT 1") == 1) }
  }
}
