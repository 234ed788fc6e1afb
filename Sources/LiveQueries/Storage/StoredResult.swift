internal import SQLite
internal import State

/// A row of a query's result, as it is now.
struct ResultRow {
  /// What names it: the keys of what was joined, else the hash of its cells.
  var key: SQLiteValue
  /// The key of each table that was joined, empty where an optional one is missing; no parts if there is only one.
  var parts: [[UInt8]]
  /// Its cells as a JSON array.
  var cells: [UInt8]
}

/// A row of a result, as it was kept.
struct StoredRow {
  var id: Int64
  var key: SQLiteValue
  var cells: [UInt8]
}

/// What happened to a row. The raw value is that in the file.
enum ChangeKind: Int64, Sendable {
  case insert, update, delete
}

/// The kept result of one query, through the connection that writes it.
struct StoredResult {
  let connection: Connection
  let query: Int64

  private var number: SQLiteValue { .integer(query) }

  /// The rows with a key.
  func rows(key: SQLiteValue) throws(SQLiteError) -> [StoredRow] {
    try rows("SELECT id, key, cells FROM live_row WHERE query = ?1 AND key = ?2", [number, key])
  }

  /// The rows with a key of one of the tables that are joined.
  func rows(part place: Int, key: [UInt8]) throws(SQLiteError) -> [StoredRow] {
    try rows(
      "SELECT r.id, r.key, r.cells FROM live_part p JOIN live_row r ON r.query = p.query AND r.id = p.row"
        + " WHERE p.query = ?1 AND p.place = ?2 AND p.key = ?3", [number, .integer(Int64(place)), .blob(key)])
  }

  private func rows(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) -> [StoredRow] {
    let statement = try connection.cached(sql)
    try statement.bind(values)
    defer { statement.reset() }
    var found: [StoredRow] = []
    while try statement.step() {
      found.append(StoredRow(id: statement.integer(at: 0), key: statement.value(at: 1), cells: statement.blob(at: 2)))
    }
    return found
  }

  /// Rows after an id, in the order of their ids, at most `limit`.
  func rows(after id: Int64, limit: Int) throws(SQLiteError) -> [StoredRow] {
    try rows(
      "SELECT id, key, cells FROM live_row WHERE query = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
      [number, .integer(id), .integer(Int64(limit))])
  }

  func insert(_ row: ResultRow, id: Int64) throws(SQLiteError) {
    try connection.run(
      "INSERT INTO live_row VALUES (?1, ?2, ?3, ?4)", [number, .integer(id), row.key, .blob(row.cells)])
    for (place, key) in row.parts.enumerated() where !key.isEmpty {
      try connection.run(
        "INSERT INTO live_part VALUES (?1, ?2, ?3, ?4)", [number, .integer(Int64(place)), .blob(key), .integer(id)])
    }
  }

  /// Gives a row other cells.
  func update(id: Int64, cells: [UInt8]) throws(SQLiteError) {
    try connection.run(
      "UPDATE live_row SET cells = ?3 WHERE query = ?1 AND id = ?2", [number, .integer(id), .blob(cells)])
  }

  /// Gives a row other cells and another name.
  func update(id: Int64, key: SQLiteValue, cells: [UInt8]) throws(SQLiteError) {
    try connection.run(
      "UPDATE live_row SET cells = ?3, key = ?4 WHERE query = ?1 AND id = ?2",
      [number, .integer(id), .blob(cells), key])
  }

  func delete(id: Int64, parts: [[UInt8]]) throws(SQLiteError) {
    try connection.run("DELETE FROM live_row WHERE query = ?1 AND id = ?2", [number, .integer(id)])
    for (place, key) in parts.enumerated() where !key.isEmpty {
      try connection.run(
        "DELETE FROM live_part WHERE query = ?1 AND place = ?2 AND key = ?3 AND row = ?4",
        [number, .integer(Int64(place)), .blob(key), .integer(id)])
    }
  }

  func log(_ kind: ChangeKind, change: UInt64, row: Int64, cells: [UInt8]) throws(SQLiteError) {
    try connection.run(
      "INSERT INTO live_change VALUES (?1, ?2, ?3, ?4, ?5)",
      [number, .integer(Int64(change)), .integer(kind.rawValue), .integer(row), .blob(cells)])
  }

  // MARK: The query itself

  func make(id: LiveID, sql: String, plan: QueryPlan) throws(SQLiteError) {
    try connection.run(
      "INSERT INTO live_query VALUES (?1, ?2, ?3, ?4, ?5, 0, 1, 0)",
      [
        number, .blob(id.bytes), SQLiteValue(sql), SQLiteValue(plan.whole), .text(LiveLines.columns(plan.columns)),
      ])
  }

  /// Notes how far the ids have come. A query is only taken up again by a later process when that was noted.
  func setProgress(nextRow: Int64, lastChange: UInt64) throws(SQLiteError) {
    try connection.run(
      "UPDATE live_query SET is_ready = 1, next_row = ?2, last_change = ?3 WHERE number = ?1",
      [number, .integer(nextRow), .integer(Int64(lastChange))])
  }

  /// Drops all changes but the newest.
  func purge(keeping count: UInt64) throws(SQLiteError) {
    try connection.run(
      "DELETE FROM live_change WHERE query = ?1 AND id <= (SELECT last_change FROM live_query WHERE number = ?1) - ?2",
      [number, .integer(Int64(count))])
  }

  /// Drops everything of the query.
  func remove() throws(SQLiteError) {
    for table in ["live_row", "live_part", "live_change"] {
      try connection.run("DELETE FROM \(table) WHERE query = ?1", [number])
    }
    try connection.run("DELETE FROM live_query WHERE number = ?1", [number])
  }
}

extension Statement {
  /// The bytes of a text or blob, copied.
  func blob(at index: Int) -> [UInt8] { bytes(at: index).withUnsafeBytes { Array($0) } }
}
