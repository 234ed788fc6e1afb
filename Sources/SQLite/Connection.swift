internal import CSQLite

/// One connection to a database. It belongs to one thread at a time; only `interrupt` may be called from any.
package final class Connection: @unchecked Sendable {
  /// What a connection may do.
  package enum Mode: Sendable {
    /// Reads a file that is there, and never checkpoints it.
    case read
    /// Reads and writes a file that is there.
    case write
    /// Reads and writes, and makes the file if it is missing.
    case create
    /// A database of its own in memory; the path is not used.
    case memory
  }

  /// Nil only after `close`.
  @exclusivity(unchecked) private(set) var handle: OpaquePointer?
  /// Where the file is; empty for one in memory.
  package let path: String
  let hooks = Hooks()
  @exclusivity(unchecked) private var statements = StatementCache(limit: 128)
  /// Those that begin and end transactions, by their kind.
  @exclusivity(unchecked) private var ends: [Statement?] = [nil, nil, nil, nil]

  enum End: Int {
    case begin, beginImmediate, commit, rollBack

    fileprivate var sql: String {
      switch self {
      case .begin: "BEGIN"
      case .beginImmediate: "BEGIN IMMEDIATE"
      case .commit: "COMMIT"
      case .rollBack: "ROLLBACK"
      }
    }
  }

  /// Opens the database.
  package init(_ path: String, _ mode: Mode) throws(SQLiteError) {
    self.path = mode == .memory ? "" : path
    let flags =
      switch mode {
      case .read: SQLITE_OPEN_READONLY
      case .write: SQLITE_OPEN_READWRITE
      case .create: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
      case .memory: SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY
      }
    let code = sqlite3_open_v2(
      mode == .memory ? ":memory:" : path, &handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
    if code != SQLITE_OK {
      let error = SQLiteError(code: code, database: handle)
      sqlite3_close_v2(handle)
      handle = nil
      throw error
    }
    // A schema that somebody else wrote must not call what is not meant for it, nor damage the file's own tables.
    _ = csqlite_switch(handle, SQLITE_DBCONFIG_DEFENSIVE, true)
    // What never changes a table has no place in a text with double quotes: "x" is a name and nothing else.
    _ = csqlite_switch(handle, SQLITE_DBCONFIG_DQS_DML, false)
    _ = csqlite_switch(handle, SQLITE_DBCONFIG_DQS_DDL, false)
    // A reader that is the last to close must leave the log to the writer.
    if mode == .read { _ = csqlite_switch(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true) }
  }

  deinit { close() }

  /// Ends the connection. What it had open and uncommitted is undone.
  package func close() {
    statements.removeAll()
    ends = [nil, nil, nil, nil]
    hooks.removeAll(from: handle)
    sqlite3_close_v2(handle)
    handle = nil
  }

  /// Turns a status of the library into an error.
  func check(_ code: Int32, _ sql: @autoclosure () -> String? = nil) throws(SQLiteError) {
    if code & 0xff == SQLITE_OK { return }
    throw SQLiteError(code: code, database: handle, sql: sql())
  }
}

// MARK: Running statements

extension Connection {
  /// A statement that the caller keeps. `sql` must be one statement; what follows it is an error.
  package func prepare(_ sql: String, isKept: Bool = true) throws(SQLiteError) -> Statement {
    try Statement(sql, on: self, isKept: isKept)
  }

  /// The statement from the cache, reset and with nothing bound. It is for one use at a time: asking for the same text
  /// again gives the same statement.
  package func cached(_ sql: String) throws(SQLiteError) -> Statement {
    try statements.statement(sql, on: self)
  }

  /// The statement that begins or ends a transaction.
  func transactionStatement(_ end: End) throws(SQLiteError) -> Statement {
    if let found = ends[end.rawValue] { return found }
    let made = try prepare(end.sql)
    ends[end.rawValue] = made
    return made
  }

  /// Runs all statements of the text and drops their rows.
  package func run(_ sql: String) throws(SQLiteError) {
    var rest = Substring(sql)
    while let next = try Statement(nextOf: &rest, on: self) {
      while try next.step() {}
    }
  }

  /// Runs one statement with these values.
  package func run(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteError) {
    let statement = try cached(sql)
    try statement.bind(values)
    try statement.run()
  }

  /// The first value of the first row; nil if there is no row.
  package func value(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> SQLiteValue? {
    let statement = try cached(sql)
    try statement.bind(values)
    defer { statement.reset() }
    return try statement.step() ? statement.value(at: 0) : nil
  }

  /// All rows.
  package func rows(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteError) -> [[SQLiteValue]] {
    let statement = try cached(sql)
    try statement.bind(values)
    defer { statement.reset() }
    var rows: [[SQLiteValue]] = []
    while try statement.step() { rows.append(statement.values()) }
    return rows
  }

  /// Forgets the statements that were kept: those of a schema that is no more.
  package func dropCachedStatements() { statements.removeAll() }
}

// MARK: What it says about itself

extension Connection {
  /// Whether a transaction is open.
  package var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }
  /// Rows that the last statement itself changed.
  package var changes: Int { Int(sqlite3_changes64(handle)) }
  /// Rows that all statements changed, triggers included.
  package var totalChanges: Int { Int(sqlite3_total_changes64(handle)) }
  /// The row id that was last inserted.
  package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }
  /// Whether the file can only be read.
  package var isReadOnly: Bool { sqlite3_db_readonly(handle, "main") == 1 }

  /// Ends what runs on this connection with `.interrupted`, from any thread. A change that is interrupted takes its whole
  /// transaction with it.
  package func interrupt() { sqlite3_interrupt(handle) }

  /// How long to wait for another connection before `.busy`.
  package func setBusyTimeout(milliseconds: Int32) throws(SQLiteError) {
    try check(sqlite3_busy_timeout(handle, milliseconds))
  }
}

/// What a connection refuses because it is too large. The raw value is the library's.
package enum ConnectionLimit: Int32, Sendable {
  case length = 0
  case sqlLength, columns, expressionDepth, compoundSelect, programSteps, functionArguments, attached, patternLength
  case variableNumber, triggerDepth, workerThreads
}

/// What a connection can be told to do or to refuse. The raw value is the library's.
package enum ConnectionSwitch: Int32, Sendable {
  case foreignKeys = 1002
  case triggers = 1003
  case defensive = 1010
  case trustedSchema = 1017
}

extension Connection {
  /// Sets a limit and returns the one before.
  @discardableResult
  package func setLimit(_ limit: ConnectionLimit, _ value: Int32) -> Int32 {
    sqlite3_limit(handle, limit.rawValue, value)
  }

  /// Turns a switch on or off.
  package func set(_ option: ConnectionSwitch, _ isOn: Bool) throws(SQLiteError) {
    try check(csqlite_switch(handle, option.rawValue, isOn))
  }

  /// What `PRAGMA name` says.
  package func pragma(_ name: String) throws(SQLiteError) -> SQLiteValue? { try value("PRAGMA \(name)") }

  /// Sets a pragma; the answer, if there is one, is dropped.
  package func setPragma(_ name: String, _ value: String) throws(SQLiteError) { try run("PRAGMA \(name) = \(value)") }
}

/// How much of the log a checkpoint moves.
package enum CheckpointMode: Int32, Sendable {
  case passive = 0
  case full, restart, truncate
}

extension Connection {
  /// Moves the log into the file. Only the one writer of a file may do so: see `Library.walFault`.
  /// - Returns: Pages in the log, and those of them that are in the file now.
  @discardableResult
  package func checkpoint(_ mode: CheckpointMode) throws(SQLiteError) -> (logged: Int, moved: Int) {
    var logged: Int32 = 0
    var moved: Int32 = 0
    try check(sqlite3_wal_checkpoint_v2(handle, nil, mode.rawValue, &logged, &moved))
    return (Int(logged), Int(moved))
  }

  /// Copies the whole database into a file or over one, as of one moment; others may read and write meanwhile.
  package func backUp(to path: String, pagesAtOnce: Int32 = 1024) throws(SQLiteError) {
    let target = try Connection(path, .create)
    guard let copy = sqlite3_backup_init(target.handle, "main", handle, "main") else {
      throw SQLiteError(code: sqlite3_errcode(target.handle), database: target.handle)
    }
    var code = SQLITE_OK
    while code == SQLITE_OK { code = sqlite3_backup_step(copy, pagesAtOnce) }
    let ended = sqlite3_backup_finish(copy)
    try target.check(code == SQLITE_DONE ? ended : code)
  }
}
