internal import SQLite

/// A table as SQLite's catalogue describes it.
struct TableShape: Equatable {
  struct Column: Equatable {
    let name: String
    let type: String
    let isNotNull: Bool
    /// The text of the default, as it was declared.
    let defaultText: String?
    /// Its place in the primary key from 1; 0 if it is not part of it.
    let keyPlace: Int
    /// Whether it is computed and not stored.
    let isVirtual: Bool
    /// Whether it is computed.
    let isGenerated: Bool
  }

  let name: String
  /// The text of its declaration.
  let sql: String
  let columns: [Column]
  let isWithoutRowID: Bool
  let isStrict: Bool
  /// Whether the row id is the key.
  let hasIntegerKey: Bool
  let hasForeignKey: Bool
  /// Whether there is a unique index beside that of the key.
  let hasOtherUnique: Bool

  /// By their place in the primary key.
  var key: [Column] { columns.filter { $0.keyPlace > 0 }.sorted { $0.keyPlace < $1.keyPlace } }
  /// What is replicated.
  var tracked: [Column] { columns.filter { $0.keyPlace == 0 && !$0.isGenerated } }

  /// Nil if there is no such table.
  init?(_ name: String, on connection: Connection) throws(StateError) {
    do throws(SQLiteError) {
      let found = try connection.rows(
        "SELECT s.sql, l.wr, l.strict FROM sqlite_schema s JOIN pragma_table_list l ON l.schema = 'main' AND l.name = s.name"
          + " WHERE s.type = 'table' AND s.name = ?", [SQLiteValue(name)])
      guard let first = found.first else { return nil }
      self.name = name
      sql = first[0].string ?? ""
      isWithoutRowID = first[1] == 1
      isStrict = first[2] == 1
      columns = try connection.rows(
        "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid",
        [SQLiteValue(name)]
      ).map { row in
        Column(
          name: row[0].string ?? "", type: row[1].string ?? "", isNotNull: row[2] == 1, defaultText: row[3].string,
          keyPlace: Int(row[4].integer ?? 0), isVirtual: row[5] == 2, isGenerated: row[5] == 2 || row[5] == 3)
      }
      let indexes = try connection.rows(
        "SELECT origin, \"unique\" FROM pragma_index_list(?)", [SQLiteValue(name)])
      hasIntegerKey = !isWithoutRowID && !indexes.contains { $0[0] == "pk" }
      hasOtherUnique = indexes.contains { $0[1] == 1 && $0[0] != "pk" }
      hasForeignKey = try connection.value("SELECT 1 FROM pragma_foreign_key_list(?)", [SQLiteValue(name)]) != nil
    } catch {
      throw StateError(error)
    }
  }

  /// Why it cannot be replicated; nil if it can.
  func refusal() throws(StateError) -> StateError? {
    func no(_ message: String, _ hint: String) -> StateError { StateError(.schema, message, hint: hint, table: name) }
    if FileLayout.isTaken(name) {
      return no("names that begin with \(FileLayout.prefix) are taken", "choose another name")
    }
    if key.isEmpty { return no("table \(name) has no primary key", "declare one: it names the same row on every node") }
    if key.count > PackedKey.largestCount {
      return no("the primary key of \(name) has too many columns", "use 255 or fewer")
    }
    if !isStrict, !isWithoutRowID, let column = key.first(where: { !$0.isNotNull }) {
      return no("the key column \(column.name) of \(name) may be NULL", "declare it NOT NULL")
    }
    if hasForeignKey {
      return no("table \(name) has a foreign key", "leave it out: rows arrive in any order, so it cannot be kept")
    }
    if hasOtherUnique {
      return no(
        "table \(name) has a unique constraint or index beside its key",
        "leave it out: two nodes may write the same value at once; make what must be unique the key")
    }
    if let column = tracked.first(where: { $0.isNotNull && $0.defaultText == nil }) {
      return no(
        "column \(column.name) of \(name) is NOT NULL without a DEFAULT", "give it a DEFAULT: columns arrive one by one"
      )
    }
    if isWithoutRowID, columns.contains(where: { $0.isVirtual }) {
      return no(
        "table \(name) is WITHOUT ROWID and has a VIRTUAL generated column",
        "make the column STORED, or leave out WITHOUT ROWID")
    }
    if try usesAutoincrement() {
      return no("table \(name) uses AUTOINCREMENT", "leave it out: two nodes would give the same number")
    }
    return nil
  }

  private func usesAutoincrement() throws(StateError) -> Bool {
    // The word may also stand in a comment or a name: SQLite knows.
    guard hasIntegerKey, sql.utf8.contains(word: "AUTOINCREMENT") else { return false }
    return try state { () throws(SQLiteError) in
      let copy = try Connection("", .memory)
      try copy.run(sql)
      return try copy.value("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_sequence'") != nil
    }
  }
}

extension FileLayout {
  /// Whether a name belongs to the state. ASCII case does not count, as in SQLite.
  static func isBook(_ name: String) -> Bool { begins(name, prefix) }

  /// Whether a name of a table belongs to the state or to SQLite.
  static func isTaken(_ name: String) -> Bool { isBook(name) || begins(name, "sqlite_") }

  private static func begins(_ name: String, _ prefix: String) -> Bool {
    name.utf8.count >= prefix.utf8.count
      && zip(name.utf8, prefix.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $1 >= 0x61) }
  }
}

extension TableShape.Column {
  /// SQLite's rule: what the declared type contains.
  func affinity(isStrict: Bool) -> Affinity {
    func has(_ word: StaticString) -> Bool { type.utf8.contains(word: word) }
    if has("INT") { return .numeric }
    if has("CHAR") || has("CLOB") || has("TEXT") { return .text }
    if has("BLOB") || type.isEmpty || isStrict && has("ANY") { return .blob }
    return has("REAL") || has("FLOA") || has("DOUB") ? .real : .numeric
  }
}

extension String.UTF8View {
  /// Whether the word stands somewhere in the text, in capitals or not.
  fileprivate func contains(word: StaticString) -> Bool {
    let upper = map { $0 >= 0x61 && $0 <= 0x7a ? $0 - 0x20 : $0 }
    let wanted = word.withUTF8Buffer { Array($0) }
    guard upper.count >= wanted.count else { return false }
    return (0...upper.count - wanted.count).contains { upper[$0...].starts(with: wanted) }
  }
}
