internal import CSQLite

/// A prepared statement. It belongs to its connection's thread.
package final class Statement {
  /// Its text.
  package let sql: String
  private let handle: OpaquePointer
  /// Of the connection, which owns its cached statements: so it is no reference. The library keeps the handle until the last
  /// statement of a closed connection is gone.
  private let database: OpaquePointer?

  init(_ sql: String, on connection: Connection, isKept: Bool) throws(SQLiteError) {
    var rest = Substring(sql)
    guard let made = try Statement.prepare(&rest, whole: sql, on: connection, isKept: isKept) else {
      throw SQLiteError(.misuse, "there is no statement in the text", sql: sql)
    }
    handle = made
    self.sql = sql
    database = connection.handle
    guard try Statement.isBlank(rest, whole: sql, on: connection) else {
      throw SQLiteError(
        .misuse, "more than one statement in a text", hint: "give each statement by itself", sql: sql,
        offset: sql.utf8.count - rest.utf8.count)
    }
  }

  /// The first statement of `text`, which is taken from it; nil if only blanks and comments are left.
  package init?(nextOf text: inout Substring, on connection: Connection) throws(SQLiteError) {
    let whole = String(text)
    guard let made = try Statement.prepare(&text, whole: whole, on: connection, isKept: false) else { return nil }
    handle = made
    sql = String(whole.utf8.prefix(whole.utf8.count - text.utf8.count)) ?? whole
    database = connection.handle
  }

  deinit { sqlite3_finalize(handle) }

  private static func isBlank(_ text: Substring, whole: String, on connection: Connection) throws(SQLiteError) -> Bool {
    if text.utf8.allSatisfy({ $0 <= 0x20 || $0 == UInt8(ascii: ";") }) { return true }
    var rest = text
    guard let second = try prepare(&rest, whole: whole, on: connection, isKept: false) else { return true }
    sqlite3_finalize(second)
    return false
  }

  /// Compiles what comes first in `text`, and takes it from there.
  private static func prepare(
    _ text: inout Substring, whole: String, on connection: Connection, isKept: Bool
  ) throws(SQLiteError) -> OpaquePointer? {
    while !text.isEmpty {
      var copy = text
      var made: OpaquePointer?
      var used = 0
      let code = copy.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { characters in
          var tail: UnsafePointer<CChar>?
          let code = sqlite3_prepare_v3(
            connection.handle, characters.baseAddress, Int32(clamping: characters.count),
            isKept ? UInt32(SQLITE_PREPARE_PERSISTENT) : 0, &made, &tail)
          if let tail, let start = characters.baseAddress { used = tail - start }
          return code
        }
      }
      if code != SQLITE_OK {
        var error = SQLiteError(code: code, database: connection.handle, sql: whole)
        error.offset = error.offset.map { $0 + whole.utf8.count - text.utf8.count }
        throw error
      }
      text = text[text.utf8.index(text.startIndex, offsetBy: used)...]
      if let made { return made }
    }
    return nil
  }
}

// MARK: Running

extension Statement {
  /// Goes to the next row; false at the end, where the statement is ready to be run again.
  package func step() throws(SQLiteError) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE:
      sqlite3_reset(handle)
      return false
    case let code:
      let error = SQLiteError(code: code, database: database, sql: sql)
      sqlite3_reset(handle)
      throw error
    }
  }

  /// Runs it to its end; its rows are dropped.
  package func run() throws(SQLiteError) { while try step() {} }

  /// Gives up the rows that are left; the bindings stay.
  package func reset() { sqlite3_reset(handle) }

  /// Binds NULL everywhere.
  package func clearBindings() { sqlite3_clear_bindings(handle) }

  /// Whether it cannot change the database. `BEGIN` and its like change nothing by themselves.
  package var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

  /// 0 for a statement, 1 for `EXPLAIN`, 2 for `EXPLAIN QUERY PLAN`.
  package var explanation: Int { Int(sqlite3_stmt_isexplain(handle)) }

  /// The text with the values that are bound now in the place of its parameters.
  package var expandedSQL: String? {
    guard let text = sqlite3_expanded_sql(handle) else { return nil }
    defer { sqlite3_free(text) }
    return String(cString: text)
  }
}

// MARK: Parameters, counted from 1

extension Statement {
  /// The largest number of a parameter.
  package var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }

  /// The number of a named parameter, whose name begins with `:`, `@` or `$`; nil if there is none.
  package func parameter(named name: String) -> Int? {
    let found = sqlite3_bind_parameter_index(handle, name)
    return found == 0 ? nil : Int(found)
  }

  /// The name of a parameter; nil if it has none.
  package func parameterName(_ index: Int) -> String? {
    sqlite3_bind_parameter_name(handle, Int32(index)).map { String(cString: $0) }
  }

  package func bindNull(_ index: Int) throws(SQLiteError) { try check(sqlite3_bind_null(handle, Int32(index))) }

  package func bind(integer value: Int64, _ index: Int) throws(SQLiteError) {
    try check(sqlite3_bind_int64(handle, Int32(index), value))
  }

  package func bind(real value: Double, _ index: Int) throws(SQLiteError) {
    try check(sqlite3_bind_double(handle, Int32(index), value))
  }

  /// Binds a copy of the text.
  package func bind(text: RawSpan, _ index: Int) throws(SQLiteError) {
    try check(
      text.withUnsafeBytes {
        csqlite_bind_text(handle, Int32(index), $0.baseAddress, UInt64($0.count), false)
      })
  }

  /// Binds a copy of the blob.
  package func bind(blob: RawSpan, _ index: Int) throws(SQLiteError) {
    try check(
      blob.withUnsafeBytes {
        csqlite_bind_blob(handle, Int32(index), $0.baseAddress, UInt64($0.count), false)
      })
  }

  /// Binds a copy of the value.
  package func bind(_ value: SQLiteValue, _ index: Int) throws(SQLiteError) {
    switch value {
    case .null: try bindNull(index)
    case .integer(let number): try bind(integer: number, index)
    case .real(let number): try bind(real: number, index)
    case .text(let bytes): try bind(text: bytes.span.bytes, index)
    case .blob(let bytes): try bind(blob: bytes.span.bytes, index)
    }
  }

  /// Binds all values by position. `.range` if there are more or fewer than parameters.
  package func bind(_ values: [SQLiteValue]) throws(SQLiteError) {
    guard values.count == parameterCount else {
      throw SQLiteError(
        .range, "\(values.count) values for \(parameterCount) parameters", hint: "give one value for each parameter",
        sql: sql)
    }
    for (index, value) in values.enumerated() { try bind(value, index + 1) }
  }

  /// Runs the statement with `blob` bound where it lies, without a copy; it is unbound afterwards.
  package func run(borrowing blob: RawSpan, as index: Int) throws(SQLiteError) {
    let code = blob.withUnsafeBytes { bytes in
      let bound = csqlite_bind_blob(handle, Int32(index), bytes.baseAddress, UInt64(bytes.count), true)
      if bound != SQLITE_OK { return bound }
      var code = sqlite3_step(handle)
      while code == SQLITE_ROW { code = sqlite3_step(handle) }
      return code
    }
    defer {
      sqlite3_reset(handle)
      sqlite3_bind_null(handle, Int32(index))
    }
    if code != SQLITE_DONE { throw SQLiteError(code: code, database: database, sql: sql) }
  }

  private func check(_ code: Int32) throws(SQLiteError) {
    if code != SQLITE_OK { throw SQLiteError(code: code, database: database, sql: sql) }
  }
}

// MARK: Columns of the current row, counted from 0

extension Statement {
  /// How many columns its rows have; 0 if it gives no rows.
  package var columnCount: Int { Int(sqlite3_column_count(handle)) }

  package func columnName(_ index: Int) -> String {
    sqlite3_column_name(handle, Int32(index)).map { String(cString: $0) } ?? ""
  }

  /// The type that the column was declared with; nil for an expression.
  package func declaredType(_ index: Int) -> String? {
    sqlite3_column_decltype(handle, Int32(index)).map { String(cString: $0) }
  }

  package func storageClass(at index: Int) -> SQLiteClass {
    SQLiteClass(rawValue: sqlite3_column_type(handle, Int32(index))) ?? .null
  }

  package func isNull(at index: Int) -> Bool { sqlite3_column_type(handle, Int32(index)) == SQLITE_NULL }

  package func integer(at index: Int) -> Int64 { sqlite3_column_int64(handle, Int32(index)) }

  package func real(at index: Int) -> Double { sqlite3_column_double(handle, Int32(index)) }

  /// The bytes of a text or blob where they lie: until the next step, and until the column is asked for in another class.
  @_lifetime(borrow self)
  package func bytes(at index: Int) -> RawSpan {
    // The library keeps them until the statement is stepped, reset or finalized, which the borrow cannot see: hence the rule.
    let column = Int32(index)
    let isText = sqlite3_column_type(handle, column) == SQLITE_TEXT
    let start = isText ? UnsafeRawPointer(sqlite3_column_text(handle, column)) : sqlite3_column_blob(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    let bytes = UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count)
    return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
  }

  private func copiedBytes(at index: Int) -> [UInt8] { bytes(at: index).withUnsafeBytes { Array($0) } }

  /// The value, copied.
  package func value(at index: Int) -> SQLiteValue {
    switch storageClass(at: index) {
    case .integer: .integer(integer(at: index))
    case .real: .real(real(at: index))
    case .text: .text(copiedBytes(at: index))
    case .blob: .blob(copiedBytes(at: index))
    case .null: .null
    }
  }

  /// The text as a string; empty for NULL.
  package func string(at index: Int) -> String { String(decoding: copiedBytes(at: index), as: UTF8.self) }

  /// All values of the row, copied.
  package func values() -> [SQLiteValue] { (0..<columnCount).map { value(at: $0) } }
}
