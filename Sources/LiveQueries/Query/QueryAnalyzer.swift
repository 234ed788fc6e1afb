internal import Platform
internal import SQLite
internal import State

/// Finds out how to follow a query, with a connection of its own that tells what statements read. Safe from any thread.
final class QueryAnalyzer: @unchecked Sendable {
  /// The connection is used, and what it tells is noted, by who holds it.
  private let lock: Lock
  private let connection: Connection
  private var reads = QueryReads()
  /// Whether a table compares any of its columns otherwise than by bytes, by the table's number; of one version of the schema.
  private var collations: [Int: Bool] = [:]
  private var collationsVersion: UInt64?
  /// Which table a page of the file is the root of, itself or of one of its indexes; of one version of SQLite's schema.
  private var pages: [SQLiteValue: String] = [:]
  private var pagesVersion: SQLiteValue?

  init(_ store: StateStore) throws(StateError) {
    lock = try makeLock()
    connection = try store.makeReader()
    do throws(SQLiteError) {
      try connection.onAuthorize { [unowned self] action in
        reads.note(action)
        return action.code != AuthorizedAction.attach && action.code != AuthorizedAction.detach
      }
    } catch {
      throw StateError(error)
    }
  }

  /// The text of a query with its parameters put in.
  ///
  /// - Throws: `.sql`, `.unknownTable` and `.unknownColumn` if the text is no statement that works; `.usage` if it is no query.
  func expand(_ sql: String, _ parameters: Parameters) throws(StateError) -> String {
    lock.lock()
    defer { lock.unlock() }
    let tokens = try checked(sql)
    try readSchema()
    _ = try prepare(sql)
    return try tokens.expanded(parameters)
  }

  private func checked(_ sql: String) throws(StateError) -> SQLTokens {
    guard !sql.utf8.contains(0) else { throw StateError(.sql, "the text of the query has a NUL in it") }
    let tokens = SQLTokens(sql)
    guard tokens.isWord(0, "SELECT") || tokens.isWord(0, "WITH") else {
      throw StateError(.usage, "only a SELECT can be subscribed to", hint: "give one SELECT statement")
    }
    return tokens
  }

  /// How to follow a query whose text has no parameters.
  ///
  /// - Throws: As `expand`; `.usage` if it reads no replicated table, `.unknownTable` if it reads others.
  func plan(_ sql: String, _ tables: TrackedTables) throws(StateError) -> QueryPlan {
    lock.lock()
    defer { lock.unlock() }
    let tokens = try checked(sql)
    try readSchema()
    reads = QueryReads()
    let statement = try prepare(sql)
    var found = reads
    guard statement.isReadOnly, statement.explanation == 0, statement.columnCount > 0, !found.isOther else {
      throw StateError(.usage, "only a SELECT can be subscribed to", hint: "give one SELECT statement")
    }
    found.add(opened: try opened(by: sql))
    var plan = QueryPlan(
      columns: (0..<statement.columnCount).map { statement.columnName($0) }, whole: sql, parts: [],
      interests: try interests(found, tables))
    guard !plan.interests.isEmpty else {
      throw StateError(.usage, "the query reads no replicated table", hint: "select from at least one")
    }
    // SQLite does not tell that it reads what it compares to join by the names of columns; a view may join so.
    let joinsByName = tokens.tokens.indices.contains { tokens.isWord($0, "USING") || tokens.isWord($0, "NATURAL") }
    if joinsByName || !found.inside.isEmpty {
      for number in plan.interests.keys { plan.interests[number]?.columns = nil }
    }
    if found.isRowByRow, let shape = QueryShape(tokens) { try narrow(&plan, shape, tokens, found, tables) }
    return plan
  }

  /// Sees the schema as it is now. SQLite only looks when a statement runs, and what is asked about here is not run.
  private func readSchema() throws(StateError) {
    do throws(SQLiteError) { _ = try connection.value("SELECT 1 FROM sqlite_schema") } catch { throw StateError(error) }
  }

  private func prepare(_ sql: String) throws(StateError) -> Statement {
    do throws(SQLiteError) { return try connection.prepare(sql, isKept: false) } catch { throw StateError(of: error) }
  }

  /// The tables that SQLite opens for a query.
  private func opened(by sql: String) throws(StateError) -> Set<String> {
    do throws(SQLiteError) {
      let version = try connection.pragma("schema_version")
      if version != pagesVersion {
        let rows = try connection.rows("SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0")
        pages = Dictionary(rows.map { ($0[0], $0[1].string ?? "") }, uniquingKeysWith: { first, _ in first })
        pagesVersion = version
      }
      let program = try connection.prepare("EXPLAIN \(sql)", isKept: false)
      var names: Set<String> = []
      while try program.step() {
        guard program.string(at: 1).utf8.elementsEqual("OpenRead".utf8), program.integer(at: 4) == 0 else { continue }
        if let name = pages[program.value(at: 3)] { names.insert(name) }
      }
      return names
    } catch {
      throw StateError(error)
    }
  }

  /// The tables that a query reads, each to be answered by asking for everything.
  private func interests(_ reads: QueryReads, _ tables: TrackedTables) throws(StateError) -> [Int: QueryPlan.Interest] {
    var interests: [Int: QueryPlan.Interest] = [:]
    for (name, columns) in reads.tables {
      guard let table = tables.table(called: name) else {
        if try isNoTable(name, reads: columns) { continue }
        throw .notInSchema(name)
      }
      interests[table.number] = QueryPlan.Interest(
        name: table.name, reaction: .everything, columns: columnSet(columns, of: table))
    }
    return interests
  }

  /// Whether what a query reads needs no watching: a view, whose tables are told of as well, a function that gives rows, or a common
  /// table expression of which no column is read, which SQLite tells of as if it were a table.
  private func isNoTable(_ name: String, reads columns: Set<String>) throws(StateError) -> Bool {
    if ["json_each", "json_tree", "generate_series"].contains(where: { $0.isSameName(name) }) { return true }
    if ["sqlite_", "pragma_"].contains(where: { name.utf8.starts(with: $0.utf8) }) { return false }
    do throws(SQLiteError) {
      let type = try connection.value(
        "SELECT type FROM sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE",
        [SQLiteValue(name)])
      return type == "view" || type == nil && columns == [""]
    } catch {
      throw StateError(error)
    }
  }

  /// The columns as their places; nil if one of them is computed of others.
  private func columnSet(_ names: Set<String>, of table: TrackedTable) -> ColumnSet? {
    var set = ColumnSet()
    for name in names where !name.isEmpty {
      if let place = table.place(of: name) {
        set.insert(place)
      } else if !table.isKey(name) {
        return nil
      }
    }
    return set
  }
}

// MARK: Queries of which single rows can be asked for

extension QueryAnalyzer {
  /// Lets the plan name rows by the keys of what is joined, if SQLite takes the queries that this needs.
  private func narrow(
    _ plan: inout QueryPlan, _ shape: QueryShape, _ tokens: SQLTokens, _ reads: QueryReads, _ tables: TrackedTables
  ) throws(StateError) {
    var joined: [TrackedTable] = []
    for source in shape.sources {
      guard let table = tables.table(called: source.table) else { return }
      joined.append(table)
    }
    let keys = zip(shape.sources, joined).map { source, table in
      table.keyColumns.map { "\(SQL.name(source.name)).\(SQL.name($0))" }
    }
    let added = keys.flatMap { $0 }
    var candidate = plan
    candidate.whole = shape.whole(added)
    for (place, table) in joined.enumerated() {
      let isKey = keys[place].enumerated().map { "\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
      let narrowed = shape.narrowed(added, also: isKey)
      let shared = shape.shared(added, also: isKey, from: keys[place].count + 1)
      // Where only a literal will do, such as in a type's name, SQLite refuses a parameter.
      let isShared = isSound(shared.sql, candidate, addedCount: added.count, checksNames: false)
      candidate.parts.append(
        QueryPlan.Part(
          table: table.number, keyCount: keys[place].count, narrowed: narrowed, asked: isShared ? shared.sql : narrowed,
          values: isShared ? shared.values : [], isOptional: shape.sources[place].isOptional))
    }
    for sql in [candidate.whole] + candidate.parts.map({ $0.narrowed }) {
      guard isSound(sql, candidate, addedCount: added.count) else { return }
    }
    plan = candidate
    let places = Dictionary(grouping: joined.indices) { joined[$0].number }
    for (number, places) in places {
      let table = joined[places[0]]
      let isOnlyJoined = !reads.inside.contains(table.name.inSmallLetters) && !tokens.isNested(table.name)
      let isFollowed = places.allSatisfy {
        !shape.sources[$0].isOptional || shape.ignoresOptional && !shape.dropsOptional
      }
      guard isOnlyJoined, isFollowed, !reads.isChanging else { continue }
      plan.interests[number]?.reaction = .parts(places)
      plan.interests[number]?.keys = try onlyKeys(of: table, at: places, shape, tables)
    }
  }

  /// Whether SQLite takes a statement, and it gives what it should.
  private func isSound(_ sql: String, _ plan: QueryPlan, addedCount: Int, checksNames: Bool = true) -> Bool {
    guard let statement = try? connection.prepare(sql, isKept: false),
      statement.columnCount == plan.columns.count + addedCount
    else { return false }
    return !checksNames
      || plan.columns.enumerated().allSatisfy { statement.columnName($0).utf8.elementsEqual($1.utf8) }
  }

  /// The keys that the condition leaves to a table; nil if there may be others.
  private func onlyKeys(
    of table: TrackedTable, at places: [Int], _ shape: QueryShape, _ tables: TrackedTables
  ) throws(StateError) -> [RowKey]? {
    let equalities = shape.equalities
    if equalities.isEmpty { return nil }
    var keys: [RowKey] = []
    for place in places {
      let source = shape.sources[place]
      let values = table.keyColumns.compactMap { name in
        equalities.first { one in
          one.column.isSameName(name)
            && (one.source.map { $0.isSameName(source.name) } ?? (shape.sources.count == 1))
        }?.value
      }
      guard !source.isOptional, let key = table.fileKey(values), try !hasCollation(table, tables.version) else {
        return nil
      }
      keys.append(key)
    }
    return keys
  }

  private func hasCollation(_ table: TrackedTable, _ version: UInt64) throws(StateError) -> Bool {
    if collationsVersion != version { (collations, collationsVersion) = ([:], version) }
    if let known = collations[table.number] { return known }
    do throws(SQLiteError) {
      let sql = try connection.value("SELECT sql FROM sqlite_schema WHERE name = ?", [SQLiteValue(table.name)])
      let tokens = SQLTokens(sql?.string ?? "COLLATE")
      let has = tokens.tokens.indices.contains { tokens.isWord($0, "COLLATE") }
      collations[table.number] = has
      return has
    } catch {
      throw StateError(error)
    }
  }
}

extension SQLTokens {
  /// Whether a table may be read otherwise than by the outer FROM: its name stands inside of parentheses or after IN, and is no
  /// qualifier.
  fileprivate func isNested(_ table: String) -> Bool {
    tokens.indices.contains { index in
      // SQLite also takes a text for a name where it expects one.
      let text = tokens[index].kind == .text ? String(decoding: unquoted(tokens[index].range), as: UTF8.self) : nil
      guard (name(index) ?? text)?.isSameName(table) == true, !isMark(index + 1, ".") else { return false }
      return tokens[index].depth > 0 || isWord(index - 1, "IN") || isMark(index - 1, ".") && isWord(index - 3, "IN")
    }
  }
}

extension StateError {
  /// The failure of a statement, with the kinds that a query may fail with.
  init(of error: SQLiteError) {
    let missing = "no such table: "
    if error.message.utf8.starts(with: missing.utf8) {
      let name = String(decoding: error.message.utf8.dropFirst(missing.utf8.count), as: UTF8.self)
      self = .notInSchema(name)
    } else if error.message.utf8.starts(with: "no such column: ".utf8) {
      self.init(.unknownColumn, error.message, hint: error.hint)
    } else {
      self.init(error)
    }
  }

  static func notInSchema(_ table: String) -> StateError {
    StateError(
      .unknownTable, "table not found in schema: \(table)", hint: "load the schema that has it", table: table)
  }
}

func makeLock() throws(StateError) -> Lock {
  do throws(SystemError) { return try Lock() } catch { throw StateError(.io, error.message) }
}
