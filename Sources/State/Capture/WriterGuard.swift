internal import SQLite

/// Keeps others from writing to replicated tables.
///
/// Each has an index that never holds a row, since its condition is a function that is always false and that only our own
/// connections have. SQLite compiles the condition into every statement that inserts or deletes a row or updates one of its columns,
/// so any other program fails with "unknown function: __weir_writer()" before it changes anything. Reading does not ask for it.
///
/// An index costs a statement of ours one jump a row, where a trigger would cost a program call and a statement journal. It does not
/// see `DELETE` of a whole table by a program that sets no hooks, nor a program that drops the index: hence `differences`.
enum WriterGuard {
  private static let function = "__weir_writer"

  static func register(on connection: Connection) throws(SQLiteError) {
    try connection.makeFunction(function, arguments: 0, isPure: true) { _ in .value(.integer(0)) }
  }

  /// Makes the index anew, after the columns changed.
  static func install(on connection: Connection, _ table: TrackedTable) throws(SQLiteError) {
    try connection.run("DROP INDEX IF EXISTS \(TrackedTable.guardIndex(table.id))")
    // A table of nothing but its key has no cell to update.
    let names = table.columns.isEmpty ? table.key.map { $0.name } : table.columns.map { $0.name }
    let columns = names.map { SQL.name($0) }.joined(separator: ", ")
    try connection.run(
      "CREATE INDEX \(TrackedTable.guardIndex(table.id)) ON \(SQL.name(table.name)) (\(columns)) WHERE \(function)()")
  }
}
