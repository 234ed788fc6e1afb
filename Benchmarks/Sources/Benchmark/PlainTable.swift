import CPlainSQLite
import Platform

/// The table of `StateBenchmarks` in SQLite as it is, with the pragmas of a node and statements prepared once.
final class PlainTable {
  struct Failure: Error { var message: String }

  private var database: OpaquePointer?
  private var insert: OpaquePointer?
  private var begin: OpaquePointer?
  private var commit: OpaquePointer?

  init(_ path: String, _ schema: String) throws {
    try check(sqlite3_open(path, &database))
    try run(
      "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY;"
        + "PRAGMA cache_size=-65536; PRAGMA recursive_triggers=ON; PRAGMA wal_autocheckpoint=4000; \(schema)")
    try check(sqlite3_prepare_v2(database, StateBenchmarks.insert, -1, &insert, nil))
    try check(sqlite3_prepare_v2(database, "BEGIN IMMEDIATE", -1, &begin, nil))
    try check(sqlite3_prepare_v2(database, "COMMIT", -1, &commit, nil))
  }

  deinit {
    for statement in [insert, begin, commit] { sqlite3_finalize(statement) }
    sqlite3_close(database)
  }

  /// Inserts rows from `first` on in one transaction.
  func insert(_ numbers: Range<Int>) throws {
    try step(begin)
    for number in numbers {
      sqlite3_bind_int64(insert, 1, Int64(number))
      _ = StateBenchmarks.text.withUnsafeBytes { bytes in
        sqlite3_bind_text(insert, 2, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), nil)
      }
      sqlite3_bind_int64(insert, 3, Int64(number &* 7))
      _ = StateBenchmarks.text.withUnsafeBytes { bytes in
        sqlite3_bind_text(insert, 4, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count), nil)
      }
      sqlite3_bind_double(insert, 5, Double(number) + 0.5)
      try step(insert)
    }
    try step(commit)
  }

  func run(_ sql: String) throws { try check(sqlite3_exec(database, sql, nil, nil, nil)) }

  private func step(_ statement: OpaquePointer?) throws {
    let code = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard code == SQLITE_DONE else { throw Failure(message: String(cString: sqlite3_errmsg(database))) }
  }

  private func check(_ code: Int32) throws {
    guard code == SQLITE_OK else { throw Failure(message: String(cString: sqlite3_errmsg(database))) }
  }
}
