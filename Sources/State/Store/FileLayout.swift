internal import SQLite

/// The tables in which the state keeps its books, beside those of the user: `Documentation/state-format.md`, section 5.
package enum FileLayout {
  /// What all names begin with that belong to the state.
  package static let prefix = "__weir_"
  /// Raised when the layout changes so that an older program must not write it.
  static let format: Int64 = 1

  private static let tables = """
    CREATE TABLE __weir_meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
    CREATE TABLE __weir_site (number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, version INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE __weir_table (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, next_column INTEGER NOT NULL DEFAULT 0, retired INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE __weir_column (table_id INTEGER NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, retired INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (table_id, name)) WITHOUT ROWID;
    CREATE TABLE __weir_version (site INTEGER, version INTEGER, table_id INTEGER, key, PRIMARY KEY (site, version, table_id, key)) WITHOUT ROWID;
    CREATE TABLE __weir_journal (id INTEGER PRIMARY KEY, changes BLOB NOT NULL);
    CREATE TABLE __weir_gap (site INTEGER, first INTEGER, last INTEGER NOT NULL, PRIMARY KEY (site, first)) WITHOUT ROWID;
    CREATE TABLE __weir_part (site INTEGER, version INTEGER, first INTEGER, last INTEGER NOT NULL, last_seq INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (site, version, first)) WITHOUT ROWID;
    CREATE TABLE __weir_held (site INTEGER, version INTEGER, seq INTEGER, place INTEGER, table_name TEXT NOT NULL, key BLOB NOT NULL, column_name TEXT NOT NULL, value, column_version INTEGER NOT NULL, causal_length INTEGER NOT NULL, time INTEGER NOT NULL, PRIMARY KEY (site, version, seq, place)) WITHOUT ROWID;
    CREATE TABLE __weir_aside (site INTEGER, version INTEGER, kind INTEGER NOT NULL, reason TEXT NOT NULL, table_name TEXT, tries INTEGER NOT NULL DEFAULT 1, PRIMARY KEY (site, version)) WITHOUT ROWID;
    """

  /// What came later, and is made in a file that was there before.
  private static let laterTables = """
    CREATE TABLE IF NOT EXISTS __weir_outbox (number INTEGER PRIMARY KEY, table_name TEXT NOT NULL, site INTEGER NOT NULL, capture INTEGER, data TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS __weir_capture (id INTEGER PRIMARY KEY AUTOINCREMENT, pool TEXT NOT NULL, directory TEXT NOT NULL, origin TEXT NOT NULL, source TEXT NOT NULL, size INTEGER, done INTEGER NOT NULL, shift INTEGER NOT NULL DEFAULT 0, known INTEGER, UNIQUE (pool, directory));
    CREATE TABLE IF NOT EXISTS __weir_capture_table (capture INTEGER, place INTEGER, name TEXT NOT NULL, PRIMARY KEY (capture, place)) WITHOUT ROWID;
    """

  /// Makes the tables if they are missing; returns whether they were.
  static func make(on connection: Connection, site: () throws(StateError) -> SiteID) throws(StateError) -> Bool {
    let found = try state { () throws(SQLiteError) in
      try connection.value("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = '__weir_meta'")
    }
    guard found == nil else {
      try checkFormat(on: connection)
      try connection.transaction(.immediate, failure: { StateError($0) }) { () throws(StateError) in
        try state { () throws(SQLiteError) in try connection.run(laterTables) }
        try CaptureBook(connection: connection).noteOpening()
      }
      return false
    }
    let id = try site()
    try connection.transaction(.immediate, failure: { StateError($0) }) { () throws(StateError) in
      try state { () throws(SQLiteError) in
        try connection.run(tables)
        try connection.run(laterTables)
        try connection.run("INSERT INTO __weir_meta VALUES ('format', ?), ('schema', 0)", [.integer(format)])
        try connection.run("INSERT INTO __weir_site (number, id) VALUES (0, ?)", [.blob(id.bytes)])
      }
    }
    return true
  }

  private static func checkFormat(on connection: Connection) throws(StateError) {
    let found = try state { () throws(SQLiteError) in
      try connection.value("SELECT value FROM __weir_meta WHERE name = 'format'")
    }
    guard found == .integer(format) else {
      throw StateError(
        .usage, "the database has a layout that this version does not know",
        hint: "use the version that made it, or a newer one",
        path: connection.path)
    }
  }
}
