/// Which transaction wrote something: whose, which, where in it, and when. Sites are numbered by `Sites`; 0 is this one.
package struct Stamp: Equatable, Sendable {
  package var site: Int
  package var version: UInt64
  package var seq: UInt64
  package var time: UInt64
}

/// What is known of one row's history: how often it was made and deleted, and who wrote each of its columns last.
///
/// A row that was inserted once has one birth record for all of its columns: column version 1, and places in the transaction
/// that count on from the birth's. Columns that were written since have records of their own, which count before the birth.
package struct RowClock: Equatable, Sendable {
  /// The record of the row itself.
  package struct Row: Equatable, Sendable {
    /// Odd while the row is alive, even when it was deleted.
    package var causalLength: UInt64
    package var stamp: Stamp
  }

  /// The record of columns that were written once, together.
  package struct Birth: Equatable, Sendable {
    /// Their numbers as bits.
    package var columns: UInt64
    /// Of the column with the smallest number; the others count on from its place.
    package var stamp: Stamp
  }

  /// The record of one column.
  package struct Cell: Equatable, Sendable {
    package var column: Int
    package var version: UInt64
    package var stamp: Stamp
  }

  package var row: Row?
  package var birth: Birth?
  /// By column number.
  package var cells: [Cell] = []

  /// A row that nothing is known of.
  package init() {}

  /// Columns with a larger number have no part in a birth record.
  package static let birthColumns = 64

  /// 0 for a row that nothing is known of.
  package var causalLength: UInt64 { row?.causalLength ?? (hasColumns ? 1 : 0) }
  /// Whether the row is there.
  package var isAlive: Bool { causalLength % 2 == 1 }

  /// Whether it is that of a row that was inserted once and not touched since.
  var isBirth: Bool { row == nil && birth != nil && cells.isEmpty }
  var isLocalBirth: Bool { isBirth && birth?.stamp.site == 0 }

  private var hasColumns: Bool { birth != nil || !cells.isEmpty }

  /// The record of a column, if there is one.
  package func cell(_ column: Int) -> Cell? {
    if let index = index(of: column) { return cells[index] }
    guard let birth, column < Self.birthColumns, birth.columns >> UInt64(column) & 1 == 1 else { return nil }
    var stamp = birth.stamp
    stamp.seq += UInt64((birth.columns & (1 << UInt64(column) - 1)).nonzeroBitCount)
    return Cell(column: column, version: 1, stamp: stamp)
  }

  /// Records a column's last writing.
  package mutating func set(_ cell: Cell) {
    if let index = index(of: cell.column) {
      cells[index] = cell
    } else {
      cells.insert(cell, at: cells.firstIndex { $0.column > cell.column } ?? cells.count)
    }
    if let birth, ownedColumns(birth) == 0 { self.birth = nil }
  }

  /// Forgets all columns.
  package mutating func removeColumns() {
    birth = nil
    cells = []
  }

  /// Forgets one column.
  package mutating func removeColumn(_ column: Int) {
    guard cell(column) != nil else { return }
    spellOut()
    cells.removeAll { $0.column == column }
  }

  /// Sets the version of every column to 0: what is left of a row that was revived.
  package mutating func zeroColumns() {
    spellOut()
    for index in cells.indices { cells[index].version = 0 }
  }

  /// The records of all columns, by number.
  package var allCells: [Cell] {
    guard birth != nil else { return cells }
    var copy = self
    copy.spellOut()
    return copy.cells
  }

  /// Turns the birth record into records of the columns.
  private mutating func spellOut() {
    guard let birth else { return }
    for column in 0..<Self.birthColumns where ownedColumns(birth) >> UInt64(column) & 1 == 1 {
      guard let own = cell(column) else { continue }
      cells.insert(own, at: cells.firstIndex { $0.column > column } ?? cells.count)
    }
    self.birth = nil
  }

  /// The columns that the birth record still speaks for.
  private func ownedColumns(_ birth: Birth) -> UInt64 {
    cells.reduce(birth.columns) { $1.column < Self.birthColumns ? $0 & ~(1 << UInt64($1.column)) : $0 }
  }

  private func index(of column: Int) -> Int? { cells.firstIndex { $0.column == column } }

  /// Puts columns that look as if they were born together into a birth record.
  package mutating func gather() {
    guard birth == nil, cells.count > 1, let first = cells.first, first.version == 1 else { return }
    var columns: UInt64 = 0
    for (offset, cell) in cells.enumerated() {
      var expected = first.stamp
      expected.seq += UInt64(offset)
      guard cell.version == 1, cell.column < Self.birthColumns, cell.stamp == expected else { return }
      columns |= 1 << UInt64(cell.column)
    }
    birth = Birth(columns: columns, stamp: first.stamp)
    cells = []
  }

  /// The transactions that have a part in it, each once.
  var transactions: [(site: Int, version: UInt64)] {
    var found: [(site: Int, version: UInt64)] = []
    forEachTransaction { site, version in
      if !found.contains(where: { $0 == (site, version) }) { found.append((site, version)) }
    }
    return found
  }

  /// The same, each once or more.
  func forEachTransaction(_ body: (Int, UInt64) -> Void) {
    if let stamp = row?.stamp { body(stamp.site, stamp.version) }
    // What is dropped from the birth when its last column is written anew, so a birth always has a part.
    if let stamp = birth?.stamp { body(stamp.site, stamp.version) }
    for cell in cells { body(cell.stamp.site, cell.stamp.version) }
  }
}
