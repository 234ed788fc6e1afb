internal import SQLite

/// What merging has to write into one row, gathered so that the row is written once.
struct RowWork {
  let table: TrackedTable
  private let key: [SQLiteValue]
  private let statements: MergeStatements
  /// Values to write, by the index of their columns.
  private var writes: [(index: Int, value: SQLiteValue)] = []
  private var isNeeded = false
  /// Whether the row was made, deleted or revived.
  private(set) var isWhole = false
  private(set) var changed = ColumnSet()

  init(_ table: TrackedTable, _ key: [SQLiteValue], _ statements: MergeStatements) {
    self.table = table
    self.key = key
    self.statements = statements
  }

  mutating func take(_ decision: MergeDecision, column: Int?, _ value: SQLiteValue) throws(StateError) {
    switch decision {
    case .ignore, .takeTombstone, .compareValues: return
    case .delete:
      (writes, isNeeded, isWhole) = ([], false, true)
      try statements.run(statements.delete(table), key, table)
    case .revive: (isNeeded, isWhole) = (true, true)
    case .write(let reviving):
      if reviving { (isNeeded, isWhole) = (true, true) }
      guard let column else { return }
      write(value, to: column)
    }
  }

  private mutating func write(_ value: SQLiteValue, to column: Int) {
    changed.insert(column)
    if let known = writes.firstIndex(where: { $0.index == column }) {
      writes[known].value = value
    } else {
      writes.insert((column, value), at: writes.firstIndex { $0.index > column } ?? writes.count)
    }
  }

  /// What the cell holds, with what is to be written taken as written.
  func value(of column: Int) throws(StateError) -> SQLiteValue {
    if let write = writes.first(where: { $0.index == column }) { return write.value }
    return try statements.value(table, column, key)
  }

  /// Writes the row.
  mutating func finish() throws(StateError) {
    if !writes.isEmpty {
      try statements.upsert(table, writes, key)
    } else if isNeeded {
      try statements.run(statements.insert(table), key, table)
    }
  }
}

/// The statements of merging, prepared once for each table and set of columns.
final class MergeStatements {
  private struct Upsert: Hashable {
    let table: Int
    let columns: [Int]
  }

  private let connection: Connection
  private var upserts: [Upsert: Statement] = [:]
  /// What is looked for first: most rows have the columns of the row before.
  private var last: (key: Upsert, statement: Statement)?
  private var deletes: [Int: Statement] = [:]
  private var inserts: [Int: Statement] = [:]
  private var selects: [Upsert: Statement] = [:]

  init(_ connection: Connection) { self.connection = connection }

  /// Forgets everything: the schema is another one.
  func removeAll() { (upserts, last, deletes, inserts, selects) = ([:], nil, [:], [:], [:]) }

  func upsert(
    _ table: TrackedTable, _ writes: [(index: Int, value: SQLiteValue)], _ key: [SQLiteValue]
  ) throws(StateError) {
    let statement = try upsertStatement(table, writes)
    do throws(SQLiteError) {
      for (index, value) in key.enumerated() { try statement.bind(value, index + 1) }
      for (index, write) in writes.enumerated() { try statement.bind(write.value, key.count + index + 1) }
      try statement.run()
    } catch {
      throw MergeStatements.failure(error, table)
    }
  }

  private func upsertStatement(
    _ table: TrackedTable, _ writes: [(index: Int, value: SQLiteValue)]
  ) throws(StateError) -> Statement {
    if let last, last.key.table == table.id, last.key.columns.elementsEqual(writes.lazy.map { $0.index }) {
      return last.statement
    }
    let key = Upsert(table: table.id, columns: writes.map { $0.index })
    let statement: Statement
    if let found = upserts[key] {
      statement = found
    } else {
      // Peers choose the sets of columns: what they make us keep is bounded.
      if upserts.count >= 1024 { upserts = [:] }
      statement = try state { () throws(SQLiteError) in try connection.prepare(table.upsertSQL(key.columns)) }
      upserts[key] = statement
    }
    last = (key, statement)
    return statement
  }

  func delete(_ table: TrackedTable) throws(StateError) -> Statement {
    if let found = deletes[table.id] { return found }
    let made = try state { () throws(SQLiteError) in try connection.prepare(table.deleteSQL) }
    deletes[table.id] = made
    return made
  }

  func insert(_ table: TrackedTable) throws(StateError) -> Statement {
    if let found = inserts[table.id] { return found }
    let made = try state { () throws(SQLiteError) in try connection.prepare(table.insertSQL) }
    inserts[table.id] = made
    return made
  }

  func value(_ table: TrackedTable, _ column: Int, _ key: [SQLiteValue]) throws(StateError) -> SQLiteValue {
    let place = Upsert(table: table.id, columns: [column])
    do throws(SQLiteError) {
      let statement: Statement
      if let found = selects[place] {
        statement = found
      } else {
        statement = try connection.prepare(table.selectSQL(column: column))
        selects[place] = statement
      }
      try statement.bind(key)
      defer { statement.reset() }
      return try statement.step() ? statement.value(at: 0) : .null
    } catch {
      throw StateError(error)
    }
  }

  func run(_ statement: Statement, _ key: [SQLiteValue], _ table: TrackedTable) throws(StateError) {
    do throws(SQLiteError) {
      try statement.bind(key)
      try statement.run()
    } catch {
      throw MergeStatements.failure(error, table)
    }
  }

  private static func failure(_ error: SQLiteError, _ table: TrackedTable) -> StateError {
    var failure = StateError(error)
    failure.table = table.name
    return failure
  }
}
