internal import SQLite

/// Listens to the writer and keeps what it changed in replicated tables, until the transaction's clocks are made of it.
///
/// What SQLite undoes is forgotten here at the same time and to the same place: the library tells of every savepoint, also of the
/// ones that it opens around statements, and the length that the buffer had is kept for each.
final class Capture {
  @exclusivity(unchecked) private(set) var changes: [CapturedChange] = []
  /// Off while the state itself writes.
  @exclusivity(unchecked) var isOn = false
  /// Whether REPLACE tells triggers of the rows that it removes, as nodes have it. If not, such a removal is no deletion.
  var replaceDeletes = true

  @exclusivity(unchecked) private var tables: TrackedTables
  /// Lengths of `changes` when savepoints began, by their numbers.
  @exclusivity(unchecked) private var marks: [Int] = []
  @exclusivity(unchecked) private var lastTable = 0
  /// Counts statements, so that a removal by REPLACE is only looked for within one.
  @exclusivity(unchecked) private var statementStart = 0

  init(_ tables: TrackedTables) { self.tables = tables }

  func use(_ tables: TrackedTables) {
    self.tables = tables
    lastTable = 0
  }

  static let watch = "__weir_watch"

  /// Makes the connection tell of changes and savepoints.
  func listen(to connection: Connection) throws(SQLiteError) {
    connection.onChange { [self] change in if isOn { record(change) } }
    try connection.watchSavepoints(Self.watch) { [self] number in
      while marks.count <= number { marks.append(changes.count) }
      marks[number] = changes.count
    } undone: { [self] number in
      if number < marks.count { changes.removeSubrange(min(marks[number], changes.count)...) }
    }
  }

  /// What came since the last call, which is forgotten.
  func take() -> [CapturedChange] {
    defer { removeAll() }
    return changes
  }

  func removeAll() {
    if !changes.isEmpty { changes = [] }
    for index in marks.indices { marks[index] = 0 }
    statementStart = 0
  }

  func statementBegins() { statementStart = changes.count }

  // MARK: What the hook tells

  private func record(_ change: borrowing RowChange) {
    guard change.isInMain, let index = index(of: change.table) else { return }
    let table = tables.tables[index]
    switch change.kind {
    case .insert:
      let key = key(of: table, change, isNew: true)
      if !replaceDeletes { dropRemovalByReplace(index, key, change.depth) }
      append(.insert, index, key, depth: change.depth)
    case .delete:
      append(.delete, index, key(of: table, change, isNew: false), depth: change.depth)
    case .update:
      recordUpdate(of: table, index, change)
    }
  }

  private func append(_ kind: CapturedChange.Kind, _ table: Int, _ key: RowKey, depth: Int) {
    changes.append(
      CapturedChange(kind: kind, table: table, key: key, newKey: nil, columns: ColumnSet(), depth: depth))
  }

  private func recordUpdate(of table: TrackedTable, _ index: Int, _ change: borrowing RowChange) {
    var changed = ColumnSet()
    for (number, column) in table.columns.enumerated() where isOther(column, change) { changed.insert(number) }
    let isMoved = hasOtherKey(table, change)
    if !isMoved && changed.isEmpty { return }
    let old = key(of: table, change, isNew: false)
    let new = isMoved ? key(of: table, change, isNew: true) : nil
    if let new, !replaceDeletes { dropRemovalByReplace(index, new, change.depth) }
    changes.append(
      CapturedChange(
        kind: .update, table: index, key: old, newKey: new, columns: changed, depth: change.depth))
  }

  /// Without recursive triggers a row that REPLACE removes is told of all the same, right before the row that takes its place.
  private func dropRemovalByReplace(_ table: Int, _ key: RowKey, _ depth: Int) {
    guard changes.count > statementStart, let last = changes.last, last.kind == .delete, last.table == table,
      last.key == key, last.depth == depth
    else { return }
    changes.removeLast()
  }

  private func isOther(_ column: TrackedTable.Column, _ change: borrowing RowChange) -> Bool {
    guard let old = change.old(column.place), let new = change.new(column.place) else { return false }
    if old.isAbsent { return !isDefault(new, of: column) }
    return !old.isSame(as: new)
  }

  /// Whether a value is what a row shows that is older than the column.
  private func isDefault(_ value: BorrowedValue, of column: TrackedTable.Column) -> Bool {
    value.value.order(against: column.defaultValue) == .equal
  }

  private func hasOtherKey(_ table: TrackedTable, _ change: borrowing RowChange) -> Bool {
    if table.hasIntegerKey { return change.oldRow != change.newRow }
    for column in table.key {
      guard let old = change.old(column.place), let new = change.new(column.place) else { continue }
      if !old.isSame(as: new) { return true }
    }
    return false
  }

  private func key(of table: TrackedTable, _ change: borrowing RowChange, isNew: Bool) -> RowKey {
    if table.hasIntegerKey { return .integer(isNew ? change.newRow : change.oldRow) }
    var bytes: [UInt8] = [UInt8(truncatingIfNeeded: table.key.count)]
    for column in table.key {
      guard let value = isNew ? change.new(column.place) : change.old(column.place) else {
        bytes.append(5)
        continue
      }
      value.pack(asReal: column.isReal, into: &bytes)
    }
    return .packed(bytes)
  }

  /// The index of a table, which is most often that of the change before.
  private func index(of name: UnsafePointer<CChar>) -> Int? {
    let tables = tables.tables
    if lastTable < tables.count, tables[lastTable].hasName(name) { return lastTable }
    guard let found = tables.firstIndex(where: { $0.hasName(name) }) else { return nil }
    lastTable = found
    return found
  }
}

extension BorrowedValue {
  /// Appends the value to a packed key as a row shows it: a whole number in a column of real numbers is a real number.
  fileprivate func pack(asReal: Bool, into bytes: inout [UInt8]) {
    switch storageClass {
    case .integer where asReal: PackedKey.append(real: real, to: &bytes)
    case .integer: PackedKey.append(integer: integer, to: &bytes)
    case .real: PackedKey.append(real: real, to: &bytes)
    case .text: withBytes { PackedKey.append(text: $0, to: &bytes) }
    case .blob: withBytes { PackedKey.append(blob: $0, to: &bytes) }
    case .null: PackedKey.append(.null, to: &bytes)
    }
  }
}

extension TrackedTable {
  /// Whether a name that ends with NUL is the table's.
  fileprivate func hasName(_ other: UnsafePointer<CChar>) -> Bool {
    var index = 0
    while index < nameBytes.count {
      let byte = UInt8(bitPattern: other[index])
      if byte != nameBytes[index] { return false }
      if byte == 0 { return true }
      index += 1
    }
    return false
  }
}
