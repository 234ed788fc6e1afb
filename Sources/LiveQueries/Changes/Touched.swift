internal import State

/// Which columns of a row changed.
struct TouchedColumns: Equatable, Sendable {
  var columns: ColumnSet
  /// Whether the row was made, deleted, moved or revived.
  var isWhole: Bool

  mutating func formUnion(_ other: TouchedColumns) {
    columns.formUnion(other.columns)
    isWhole = isWhole || other.isWhole
  }
}

/// Rows of one table that changed, each once, in the order in which they first did. At most a given number; beyond it any row of
/// the table may have changed.
struct TouchedTable: Sendable {
  private(set) var rows: [(key: RowKey, change: TouchedColumns)] = []
  private var places: [RowKey: Int] = [:]
  /// Whether any row may have changed.
  private(set) var isEverything = false
  /// What changed in any of the rows.
  private(set) var union = TouchedColumns(columns: ColumnSet(), isWhole: false)

  mutating func add(_ key: RowKey, _ change: TouchedColumns, limit: Int) {
    if isEverything { return }
    union.formUnion(change)
    if let place = places[key] {
      rows[place].change.formUnion(change)
      return
    }
    guard rows.count < limit else { return becomeEverything() }
    places[key] = rows.count
    rows.append((key, change))
  }

  mutating func becomeEverything() {
    isEverything = true
    (rows, places) = ([], [:])
  }

  mutating func add(_ other: TouchedTable, limit: Int) {
    if other.isEverything { becomeEverything() }
    for (key, change) in other.rows { add(key, change, limit: limit) }
  }

  /// What changed in the row of a key; nil if it did not change.
  func change(of key: RowKey) -> TouchedColumns? { places[key].map { rows[$0].change } }
}

/// What changed, by the number of the table.
struct Touched: Sendable {
  var tables: [Int: TouchedTable] = [:]
  /// Whether everything of everything may have changed.
  var isEverything = false

  static var everything: Touched {
    var touched = Touched()
    touched.isEverything = true
    return touched
  }

  var isEmpty: Bool { tables.isEmpty && !isEverything }

  mutating func add(_ other: Touched, limit: Int) {
    isEverything = isEverything || other.isEverything
    for (number, table) in other.tables { tables[number, default: TouchedTable()].add(table, limit: limit) }
  }
}
