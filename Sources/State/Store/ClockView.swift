internal import SQLite

/// The clocks as one snapshot of the file has them, for reading changes.
struct ClockView {
  let connection: Connection
  let tables: TrackedTables
  let sites: Sites
  /// What the journal says: it counts before the clock tables.
  private let journaled: [RowID: RowClock]

  /// Must be made inside a read transaction, which it is good for.
  ///
  /// - Parameter known: The tables as they most likely are; the snapshot may be of another schema.
  init(_ connection: Connection, known: TrackedTables) throws(StateError) {
    self.connection = connection
    tables = try TrackedTables.asOf(connection, known: known)
    var sites = try Sites.load(from: connection)
    journaled = try JournalEntry.replay(from: connection, onto: &sites).clocks
    self.sites = sites
  }

  /// The current changes of these versions of a site, by version, then place.
  func changes(of id: SiteID, _ range: ClosedRange<UInt64>) throws(StateError) -> [Change] {
    guard let site = sites.number(of: id) else { return [] }
    var changes: [Change] = []
    for row in try rows(of: site, range) {
      guard let clock = try clock(of: row), let table = tables.table(id: row.table) else { continue }
      try append(clock, of: row, table, &changes) { $0.site == site && range.contains($0.version) }
    }
    changes.sort { ($0.version, $0.seq) < ($1.version, $1.seq) }
    return changes
  }

  /// All changes of all sites, in no order.
  func allChanges() throws(StateError) -> [Change] {
    var changes: [Change] = []
    for table in tables.tables {
      try forEachClock(of: table) { (row, clock) throws(StateError) in
        try append(clock, of: row, table, &changes) { _ in true }
      }
    }
    return changes
  }

  /// Every row of a table that something is known of, with its clock.
  func forEachClock(
    of table: TrackedTable, _ body: (RowID, RowClock) throws(StateError) -> Void
  ) throws(StateError) {
    for (row, clock) in journaled where row.table == table.id { try body(row, clock) }
    let statement = try state { () throws(SQLiteError) in try connection.prepare(table.allClocksSQL) }
    defer { statement.reset() }
    while try state({ () throws(SQLiteError) in try statement.step() }) {
      guard let key = RowKey(statement.value(at: 0)) else { continue }
      let row = RowID(table: table.id, key: key)
      if journaled[row] != nil { continue }
      var reader = ClockReader(statement.bytes(at: 1))
      try body(row, try RowClock(from: &reader))
    }
  }

  /// The rows that these versions have a part in.
  private func rows(of site: Int, _ range: ClosedRange<UInt64>) throws(StateError) -> [RowID] {
    var rows: [RowID] = []
    for (row, clock) in journaled {
      var isIn = false
      clock.forEachTransaction { if $0 == site && range.contains($1) { isIn = true } }
      if isIn { rows.append(row) }
    }
    let top = Int64(clamping: range.upperBound)
    let filed = try state { () throws(SQLiteError) in
      let statement = try connection.cached(
        "SELECT DISTINCT table_id, key FROM __weir_version WHERE site = ?1 AND version BETWEEN ?2 AND ?3")
      try statement.bind([.integer(Int64(site)), .integer(Int64(clamping: range.lowerBound)), .integer(top)])
      defer { statement.reset() }
      var filed: [RowID] = []
      while try statement.step() {
        guard let key = RowKey(statement.value(at: 1)) else { continue }
        filed.append(RowID(table: Int(statement.integer(at: 0)), key: key))
      }
      return filed
    }
    for row in filed where journaled[row] == nil { rows.append(row) }
    return rows
  }

  /// The clock of a row; nil if its key was never seen.
  func clock(of row: RowID) throws(StateError) -> RowClock? {
    if let clock = journaled[row] { return clock }
    guard let table = tables.table(id: row.table) else { return nil }
    let statement = try state { () throws(SQLiteError) in
      let statement = try connection.cached(table.getClockSQL)
      try statement.bind(row.key, 1)
      return try statement.step() ? statement : nil
    }
    guard let statement else { return nil }
    defer { statement.reset() }
    var reader = ClockReader(statement.bytes(at: 0))
    return try RowClock(from: &reader)
  }

  /// The changes that a clock stands for, as far as they are wanted.
  private func append(
    _ clock: RowClock, of row: RowID, _ table: TrackedTable, _ changes: inout [Change], where isWanted: (Stamp) -> Bool
  ) throws(StateError) {
    let packed = row.key.packed
    func change(
      _ column: String, _ value: SQLiteValue, _ version: UInt64, _ stamp: Stamp
    ) throws(StateError) -> Change {
      guard sites.ids.indices.contains(stamp.site) else {
        throw StateError(
          .corrupt, "a clock names a site that is not in the books", hint: "restore the database from a backup",
          table: table.name)
      }
      return Change(
        table: table.name, key: packed, column: column, value: value, columnVersion: version, version: stamp.version,
        site: sites.ids[stamp.site], causalLength: clock.causalLength, seq: stamp.seq, time: stamp.time)
    }
    if let own = clock.row, isWanted(own.stamp) {
      changes.append(try change(Change.row, .null, own.causalLength, own.stamp))
    }
    let cells = clock.allCells.filter { isWanted($0.stamp) }
    if cells.isEmpty { return }
    let values = try values(of: row, table)
    for cell in cells {
      guard let index = table.index(ofNumber: cell.column) else { continue }
      changes.append(try change(table.columns[index].name, values?[index] ?? .null, cell.version, cell.stamp))
    }
  }

  private func values(of row: RowID, _ table: TrackedTable) throws(StateError) -> [SQLiteValue]? {
    let key: [SQLiteValue]
    switch row.key {
    case .integer(let number): key = [.integer(number)]
    case .packed(let bytes): key = try PackedKey.unpack(bytes)
    }
    return try state { () throws(SQLiteError) in
      let statement = try connection.cached(table.selectSQL)
      try statement.bind(key)
      defer { statement.reset() }
      return try statement.step() ? statement.values() : nil
    }
  }
}
