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

  @Test func theLogStaysShortAndEndsUpInTheFile() throws {
    let directory = try TemporaryDirectory()
    let (path, pages) = (directory.file("db"), 600)
    func size(_ name: String) -> UInt64? { try? File.info(name).size }
    do {
      var settings = Database.Settings()
      settings.checkpointPages = pages
      let database = try Database(path, settings)
      let value = SQLiteValue.blob([UInt8](repeating: 7, count: 40_000))
      try database.write { (writer) throws(SQLiteError) in try writer.run("CREATE TABLE t(a)") }
      // 12 MB: several logs, each of them longer than what the thread is woken for.
      for _ in 0..<300 {
        try database.write { (writer) throws(SQLiteError) in try writer.run("INSERT INTO t VALUES (?)", [value]) }
      }
      #expect(size(path + "-wal") ?? .max < UInt64(pages + 30) * 4120)
      #expect(size(path) ?? 0 > 9_000_000)
      // A checkpoint is put off by who reads an older state, and made up for afterwards.
      try database.read { (reader) throws(SQLiteError) in
        try reader.begin(.deferred)
        #expect(try reader.value("SELECT count(*) FROM t") == 300)
        for _ in 0..<200 {
          try database.write { (writer) throws(SQLiteError) in try writer.run("INSERT INTO t VALUES (?)", [value]) }
        }
        #expect(size(path + "-wal") ?? 0 > 7_000_000)
        #expect(try reader.value("SELECT count(*) FROM t") == 300)
      }
      for _ in 0..<2 {
        try database.write { (writer) throws(SQLiteError) in try writer.run("INSERT INTO t VALUES (?)", [value]) }
      }
      #expect(size(path) ?? 0 > 19_000_000)
    }
    #expect(size(path + "-wal") == nil)
    let later = try Database(path)
    #expect(try later.read { (reader) throws(SQLiteError) in try reader.value("SELECT count(*) FROM t") } == 502)
  }
}
