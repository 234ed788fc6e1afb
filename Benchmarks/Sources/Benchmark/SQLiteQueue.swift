import CPlainSQLite
import Platform

/// A table used as a queue: what many people have instead of a pool. WAL mode, one insert a transaction.
final class SQLiteQueue {
  struct Failure: Error { var code: Int32 }

  private var database: OpaquePointer?
  private var insert: OpaquePointer?
  private var select: OpaquePointer?

  /// - Parameter durable: `synchronous=FULL`, else `OFF`.
  init(_ path: String, durable: Bool) throws {
    try check(sqlite3_open(path, &database))
    try run("PRAGMA journal_mode=WAL; PRAGMA synchronous=\(durable ? "FULL" : "OFF");")
    try run("CREATE TABLE IF NOT EXISTS queue(seq INTEGER PRIMARY KEY, time INTEGER, body BLOB)")
    try check(sqlite3_prepare_v2(database, "INSERT INTO queue(time, body) VALUES(?, ?)", -1, &insert, nil))
    try check(sqlite3_prepare_v2(database, "SELECT body FROM queue WHERE seq=?", -1, &select, nil))
  }

  deinit {
    sqlite3_finalize(insert)
    sqlite3_finalize(select)
    sqlite3_close(database)
  }

  func run(_ sql: String) throws { try check(sqlite3_exec(database, sql, nil, nil, nil)) }

  func append(_ bytes: [UInt8]) throws {
    sqlite3_bind_int64(insert, 1, Int64(Clock.wall()))
    _ = bytes.withUnsafeBytes { sqlite3_bind_blob(insert, 2, $0.baseAddress, Int32($0.count), nil) }
    let code = sqlite3_step(insert)
    sqlite3_reset(insert)
    guard code == SQLITE_DONE else { throw Failure(code: code) }
  }

  /// Bytes of one message.
  func fetch(_ sequence: Int64) -> Int {
    sqlite3_bind_int64(select, 1, sequence)
    defer { sqlite3_reset(select) }
    return sqlite3_step(select) == SQLITE_ROW ? Int(sqlite3_column_bytes(select, 0)) : 0
  }

  /// Bytes of all messages in order.
  func scan() throws -> Int {
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v2(database, "SELECT seq, body FROM queue ORDER BY seq", -1, &statement, nil))
    defer { sqlite3_finalize(statement) }
    var total = 0
    while sqlite3_step(statement) == SQLITE_ROW { total += Int(sqlite3_column_bytes(statement, 1)) }
    return total
  }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw Failure(code: code) }
  }
}
