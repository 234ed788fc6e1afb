internal import SQLite

/// A row that a transaction changed, as those see it who follow the tables.
public struct TouchedRow: Sendable {
  /// What happened to it.
  public enum Kind: Sendable {
    /// It was made, deleted, moved or revived: all of its columns count as changed.
    case whole
    /// Columns got other values.
    case columns
  }

  /// The number of its table.
  let table: Int
  let key: RowKey
  let changed: ColumnSet
  /// What happened to it.
  public let kind: Kind
  /// Whether it is there afterwards.
  public let isAlive: Bool
}

/// Merges changes of other sites: clocks decide, rows and clocks are written in runs of changes of one row.
struct Merger {
  private let connection: Connection
  private let clocks: ClockStore
  private let tables: TrackedTables
  private let statements: MergeStatements
  private let equalValuesMerge: Bool
  /// How many effects there were.
  private(set) var impact = 0
  private(set) var touched: [TouchedRow] = []
  /// What became of each row; nil if nobody wants to know.
  var transitions: RowTransitions?

  init(_ clocks: ClockStore, _ statements: MergeStatements, equalValuesMerge: Bool) {
    connection = clocks.connection
    self.clocks = clocks
    tables = clocks.tables
    self.statements = statements
    self.equalValuesMerge = equalValuesMerge
  }

  /// Merges changes in their order. If it fails, some are done: the caller undoes them.
  mutating func merge(_ changes: [Change]) throws(StateError) {
    if changes.count > ClockStore.smallTransaction { try clocks.fold() }
    var start = 0
    while start < changes.count {
      var end = start + 1
      while end < changes.count, changes[end].isOfSameRow(as: changes[start]) { end += 1 }
      try mergeRow(changes[start..<end])
      start = end
    }
  }

  private mutating func mergeRow(_ changes: ArraySlice<Change>) throws(StateError) {
    let name = changes[changes.startIndex].table
    guard let table = tables.table(named: name) else {
      guard tables.retired.contains(where: { $0.utf8.elementsEqual(name.utf8) }) else { throw .unknownTable(name) }
      return try skip(changes)
    }
    let (key, values) = try table.rowKey(changes[changes.startIndex].key)
    try check(values, as: table)
    let row = RowID(table: table.id, key: key)
    let old = try clocks.clock(of: row)
    var clock = old ?? RowClock()
    var work = RowWork(table, values, statements)
    for change in changes {
      guard let incoming = try incoming(change, table) else { continue }
      let decision = try decide(incoming, change.value, clock, &work)
      MergeRules.apply(decision, of: incoming, to: &clock)
      impact += decision.impact
      try work.take(decision, column: incoming.column.flatMap { table.index(ofNumber: $0) }, change.value)
    }
    try work.finish()
    noteTransition(of: row, from: old, work, changes)
    if clock != (old ?? RowClock()) { try clocks.set(clock, of: row, old: old) }
    if work.isWhole || !work.changed.isEmpty {
      touched.append(
        TouchedRow(
          table: table.id, key: key, changed: work.changed, kind: work.isWhole || old == nil ? .whole : .columns,
          isAlive: clock.isAlive))
    }
  }

  private mutating func noteTransition(
    of row: RowID, from old: RowClock?, _ work: RowWork, _ changes: ArraySlice<Change>
  ) {
    guard transitions != nil, work.isWhole || !work.changed.isEmpty, let last = changes.last else { return }
    transitions?.append(
      RowTransition(
        row: row, wasAlive: old?.isAlive ?? false, changed: work.changed, isWhole: work.isWhole,
        author: .init(site: last.site, version: last.version, time: last.time)))
  }

  /// Text that a column of numbers would store as a number is no key: the row would be another than the clock's.
  private func check(_ key: [SQLiteValue], as table: TrackedTable) throws(StateError) {
    for (column, value) in zip(table.key, key) {
      guard case .text = value, column.affinity == .numeric || column.affinity == .real else { continue }
      let isNumber = try state { () throws(SQLiteError) in
        try connection.value("SELECT CAST(?1 AS NUMERIC) = ?1", [value])
      }
      if isNumber == 1 {
        throw StateError(.malformed, "a key that the table would store as another", table: table.name)
      }
    }
  }

  private func decide(
    _ change: IncomingClock, _ value: SQLiteValue, _ clock: RowClock, _ work: inout RowWork
  ) throws(StateError) -> MergeDecision {
    let sites = clocks.sites
    let decision = MergeRules.decide(
      change, against: clock, equalValuesMerge: equalValuesMerge, isLarger: { sites.isLarger($0, than: $1) })
    guard case .compareValues(let local) = decision, let column = change.column,
      let index = work.table.index(ofNumber: column)
    else { return decision }
    return MergeRules.decide(
      change, values: value.order(against: try work.value(of: index)), local: local,
      equalValuesMerge: equalValuesMerge, isLarger: { sites.isLarger($0, than: $1) })
  }

  /// The change in numbers, once its version is noted; nil if it is of a column that is no more.
  private func incoming(_ change: Change, _ table: TrackedTable) throws(StateError) -> IncomingClock? {
    let site = try note(change)
    var column: Int?
    if !change.isOfRow {
      guard let index = table.index(of: change.column) else {
        guard table.retired.contains(where: { $0.utf8.elementsEqual(change.column.utf8) }) else {
          throw .unknownColumn(change.column, of: table.name)
        }
        return nil
      }
      column = table.columns[index].number
    }
    return IncomingClock(
      column: column, columnVersion: change.columnVersion, causalLength: change.causalLength,
      stamp: Stamp(site: site, version: change.version, seq: change.seq, time: change.time))
  }

  private func skip(_ changes: ArraySlice<Change>) throws(StateError) {
    for change in changes { _ = try note(change) }
  }

  /// Notes that a version of a site was seen; the site's number.
  private func note(_ change: Change) throws(StateError) -> Int {
    let site = try clocks.number(of: change.site)
    if site == 0, change.version > clocks.sites.versions[0] {
      throw StateError(
        .malformed, "a change is said to be of this site, which never made it",
        hint: "another node has the same site id, or this one was restored from a backup: give one of them a new id",
        table: change.table)
    }
    clocks.raise(site, to: change.version)
    return site
  }
}

extension Change {
  /// Whether it is of the row itself.
  var isOfRow: Bool { column.utf8.elementsEqual(Change.row.utf8) }

  func isOfSameRow(as other: Change) -> Bool {
    key == other.key && table.utf8.elementsEqual(other.table.utf8)
  }
}

extension StateError {
  static func unknownTable(_ name: String) -> StateError {
    StateError(.unknownTable, "no replicated table is called \(name)", hint: "load the schema that has it", table: name)
  }

  static func unknownColumn(_ name: String, of table: String) -> StateError {
    StateError(
      .unknownColumn, "table \(table) has no replicated column \(name)", hint: "load the schema that has it",
      table: table)
  }
}
