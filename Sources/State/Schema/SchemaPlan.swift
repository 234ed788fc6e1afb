internal import SQLite

/// What applying a schema did.
public struct SchemaReport: Equatable, Sendable {
  /// Tables that were made, or taken over with the rows that they had.
  public var tables: [String] = []
  /// Columns that were added, as `table.column`.
  public var columns: [String] = []
  /// Indexes that were made, anew among them.
  public var indexes: [String] = []
  /// Indexes that were dropped.
  public var droppedIndexes: [String] = []
  /// What was retired, as `table` or `table.column`.
  public var retired: [String] = []
  /// What was retired and is no longer.
  public var restored: [String] = []
  /// The schema's version, which each change of it raises.
  public var version: UInt64 = 0

  /// Whether nothing had to be done.
  public var isEmpty: Bool { self == SchemaReport(version: version) }

  init(version: UInt64 = 0) { self.version = version }
}

/// One step from the tables that are there to those that a schema wants.
enum SchemaStep: Equatable {
  case make(TableShape)
  case adopt(String)
  case add(table: String, column: String, definition: String)
  case makeIndex(Schema.Index)
  case dropIndex(String)
  case retire(Schema.Retired)
  case restore(Schema.Retired)
}

/// The steps from what is there to what is wanted, or why there are none.
struct SchemaPlan {
  private(set) var steps: [SchemaStep] = []

  /// - Parameters:
  ///   - existing: The shapes of tables of the file, by the names of the schema's tables; nil where there is none.
  ///   - isTracked: Whether a table is replicated already.
  ///   - retired: What is retired already and not dropped.
  ///   - indexes: Of the tables of the file, without the state's own.
  init(
    _ schema: Schema, existing: (String) throws(StateError) -> TableShape?, isTracked: (String) -> Bool,
    retired: [Schema.Retired], indexes: [Schema.Index]
  ) throws(StateError) {
    for one in schema.retired where isTracked(one.table) && !retired.contains(one) { steps.append(.retire(one)) }
    for one in retired where !schema.retired.contains(one) && schema.declares(one) { steps.append(.restore(one)) }
    for table in schema.tables {
      guard let old = try existing(table.name) else {
        steps.append(.make(table))
        continue
      }
      if !isTracked(table.name) {
        try SchemaPlan.check(adopting: old, as: table)
        steps.append(.adopt(table.name))
        continue
      }
      try planColumns(from: old, to: table, schema.retired)
    }
    planIndexes(schema, indexes)
  }

  private static func check(adopting old: TableShape, as new: TableShape) throws(StateError) {
    if let refusal = try old.refusal() { throw refusal }
    guard old.columns == new.columns, old.isWithoutRowID == new.isWithoutRowID, old.isStrict == new.isStrict else {
      throw StateError(
        .schema, "table \(new.name) is there with other columns",
        hint: "make its declaration like the schema's, or move it away",
        table: new.name)
    }
  }

  private mutating func planColumns(
    from old: TableShape, to new: TableShape, _ retired: [Schema.Retired]
  ) throws(StateError) {
    func no(_ message: String, _ hint: String) -> StateError {
      StateError(.schema, message, hint: hint, table: new.name)
    }
    for column in old.columns {
      guard let wanted = new.columns.first(where: { $0.name.isSame(word: column.name) }) else {
        if retired.contains(where: { $0.table.isSame(word: new.name) && $0.column?.isSame(word: column.name) == true })
        {
          continue
        }
        throw no(
          "column \(column.name) of \(new.name) was removed",
          "first retire it: -- weir retired \(new.name).\(column.name)")
      }
      guard wanted.isSame(as: column) else {
        throw no(
          "column \(column.name) of \(new.name) was changed", "add a column with another name, and retire this one")
      }
    }
    let definitions = SQLText(new.sql).definitions
    for column in new.columns where !old.columns.contains(where: { $0.name.isSame(word: column.name) }) {
      if column.keyPlace > 0 {
        throw no("column \(column.name) of \(new.name) was added to the key", "make a new table: a key cannot change")
      }
      guard let definition = definitions.first(where: { $0.name.isSame(word: column.name) }) else {
        throw no("the declaration of column \(column.name) of \(new.name) is not found", "write it in the usual way")
      }
      steps.append(.add(table: new.name, column: column.name, definition: definition.text))
    }
  }

  private mutating func planIndexes(_ schema: Schema, _ old: [Schema.Index]) {
    let concerned = old.filter { index in schema.tables.contains { $0.name.isSame(word: index.table) } }
    for index in concerned where !schema.indexes.contains(index) { steps.append(.dropIndex(index.name)) }
    for index in schema.indexes where !concerned.contains(index) { steps.append(.makeIndex(index)) }
  }
}

extension Schema {
  /// Whether a table or column is among what it declares.
  fileprivate func declares(_ one: Retired) -> Bool {
    tables.contains { table in
      guard table.name.isSame(word: one.table) else { return false }
      guard let column = one.column else { return true }
      return table.columns.contains { $0.name.isSame(word: column) }
    }
  }
}

extension TableShape.Column {
  fileprivate func isSame(as other: TableShape.Column) -> Bool {
    type.isSame(word: other.type) && isNotNull == other.isNotNull && defaultText == other.defaultText
      && keyPlace == other.keyPlace && isGenerated == other.isGenerated && isVirtual == other.isVirtual
  }
}
