internal import Platform
internal import SQLite
internal import State

/// The file that keeps what clients hold: each subscription's result, with the names of its rows, and its last changes.
///
/// One file for all of them, written by the matcher in one transaction a round and by those who make subscriptions; readers are lent to
/// streams. It is not the truth: what is damaged is set aside, and made anew.
final class LiveFile: Sendable {
  let database: Database
  var path: String { database.path }

  private static let format: Int64 = 1
  private static let tables = """
    CREATE TABLE live_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE live_query (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, sql TEXT NOT NULL, whole TEXT NOT NULL, columns TEXT NOT NULL, is_ready INTEGER NOT NULL, next_row INTEGER NOT NULL, last_change INTEGER NOT NULL);
    CREATE TABLE live_row (query INTEGER, id INTEGER, key NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (query, id)) WITHOUT ROWID;
    CREATE INDEX live_row_key ON live_row (query, key);
    CREATE TABLE live_part (query INTEGER, place INTEGER, key BLOB, row INTEGER, PRIMARY KEY (query, place, key, row)) WITHOUT ROWID;
    CREATE TABLE live_change (query INTEGER, id INTEGER, kind INTEGER NOT NULL, row INTEGER NOT NULL, cells BLOB NOT NULL, PRIMARY KEY (query, id)) WITHOUT ROWID;
    """

  /// Opens the file in a directory, which is made if it is missing.
  init(_ directory: String, readers: Int, log: (String) -> Void) throws(StateError) {
    do throws(SystemError) { try Paths.makeDirectories(directory, privately: true) } catch {
      throw StateError(.io, "the directory of live queries cannot be made: \(error.message)", path: directory)
    }
    let path = Paths.join(directory, "live.sqlite")
    do throws(StateError) {
      database = try Self.open(path, readers)
    } catch {
      guard error.kind == .corrupt || error.kind == .usage else { throw error }
      let aside = try Self.setAside(path)
      log("the file of live queries could not be used and is now \(aside): \(error.message); clients subscribe anew")
      database = try Self.open(path, readers)
    }
  }

  private static func open(_ path: String, _ readers: Int) throws(StateError) -> Database {
    do throws(SQLiteError) {
      var settings = Database.Settings()
      settings.readers = readers
      settings.cacheKiB = 16_384
      let database = try Database(path, settings)
      let isKnown = try database.write { (connection) throws(SQLiteError) in try prepare(connection) }
      guard isKnown else { throw SQLiteError(.format, "another version made it") }
      return database
    } catch {
      throw StateError(error)
    }
  }

  /// Makes the tables in an empty file; whether they are the ones that are known.
  private static func prepare(_ connection: Connection) throws(SQLiteError) -> Bool {
    if try connection.value("SELECT 1 FROM sqlite_schema") == nil {
      try connection.transaction { () throws(SQLiteError) in
        try connection.run(tables)
        try connection.run("INSERT INTO live_meta VALUES ('format', ?)", [.integer(format)])
      }
    }
    guard try connection.value("SELECT 1 FROM sqlite_schema WHERE name = 'live_meta'") != nil else { return false }
    return try connection.value("SELECT value FROM live_meta WHERE name = 'format'") == .integer(format)
  }

  /// Gives the file and its log other names, and returns that of the file.
  private static func setAside(_ path: String) throws(StateError) -> String {
    let aside = "\(path).damaged-\(Clock.wall() / 1_000_000_000)"
    do throws(SystemError) {
      try Paths.replace(path, as: aside)
      for end in ["-wal", "-shm"] {
        do throws(SystemError) { try Paths.replace(path + end, as: aside + end) } catch {
          guard error.kind == .notFound else { throw error }
        }
      }
    } catch {
      throw StateError(.io, "a damaged file cannot be set aside: \(error.message)", path: path)
    }
    return aside
  }

  // MARK: What the results were made of

  /// The mark that `keep` left, if it was the last thing that happened to the file. Takes it away.
  func takeContentMark() throws(StateError) -> [UInt8]? {
    try write { (connection) throws(SQLiteError) in
      let found = try connection.value("SELECT value FROM live_meta WHERE name = 'content'")
      try connection.run("DELETE FROM live_meta WHERE name = 'content'")
      guard case .blob(let mark) = found else { return nil }
      return mark
    }
  }

  /// Notes that all results are those of the content that the mark names.
  func keep(contentMark mark: [UInt8]) throws(StateError) {
    try write { (connection) throws(SQLiteError) in
      try connection.run("INSERT OR REPLACE INTO live_meta VALUES ('content', ?)", [.blob(mark)])
      _ = try connection.checkpoint(.truncate)
    }
  }

  /// Lends the writer, for what is no transaction yet.
  func write<R>(_ body: (Connection) throws(SQLiteError) -> R) throws(StateError) -> R {
    do throws(SQLiteError) { return try database.write(body) } catch { throw StateError(error) }
  }

  /// Keeps all that `body` writes, or nothing of it if it fails.
  func transaction<R>(_ body: (Connection) throws(StateError) -> R) throws(StateError) -> R {
    try database.write { (connection) throws(StateError) in
      try connection.transaction(.immediate, failure: { StateError($0) }) { () throws(StateError) in
        try body(connection)
      }
    }
  }
}
