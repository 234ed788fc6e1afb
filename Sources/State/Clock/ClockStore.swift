internal import SQLite

/// The clocks of all rows, as the one writer sees and changes them.
///
/// A small transaction leaves its clocks in one row of the journal, and here in memory; a large one, and one that finds the journal
/// full, folds the journal into the clock tables and writes its own clocks there. So a small transaction dirties one page more than
/// without clocks, and what is looked for is in memory or in one place of one table.
///
/// Everything in memory follows the transaction: `mark` and `undo` go with a savepoint, `committed` and `rolledBack` with its end.
final class ClockStore {
  /// Clocks in the journal before it is folded.
  static let journalLimit = 1024
  /// Clocks of a transaction that is written to the journal.
  static let smallTransaction = 64

  let connection: Connection
  @exclusivity(unchecked) private(set) var sites = Sites()
  @exclusivity(unchecked) private(set) var tables: TrackedTables

  /// What the journal says, folded or not.
  @exclusivity(unchecked) private var journaled: [RowID: RowClock] = [:]
  /// How many rows the journal has; an entry may raise versions without a clock.
  @exclusivity(unchecked) private var journalRows = 0
  /// What the open transaction wrote and did not put into the tables yet.
  @exclusivity(unchecked) private var pending: [RowID: RowClock] = [:]
  /// The sites whose versions the open transaction raised.
  @exclusivity(unchecked) private var raised: [Int] = []
  /// Whether the open transaction folded the journal, and so writes to the tables.
  @exclusivity(unchecked) private var isFolded = false
  @exclusivity(unchecked) private var hasWrittenJournal = false
  /// By table. Never too small; too large after a rollback, which only costs a look.
  @exclusivity(unchecked) private var largestKeys: [Int: Int64] = [:]
  @exclusivity(unchecked) private var undoLog: [Undo] = []
  @exclusivity(unchecked) private var writer = ClockWriter()
  @exclusivity(unchecked) private var statements: [Int: TableStatements] = [:]
  private let insertVersion: Statement
  private let deleteVersion: Statement
  private let insertJournal: Statement
  private let setSiteVersion: Statement

  private enum Undo {
    case clock(RowID, RowClock?)
    case version(Int, UInt64)
    case site
    case fold(journaled: [RowID: RowClock], pending: [RowID: RowClock])
  }

  private struct TableStatements {
    let get: Statement
    let insert: Statement
    let put: Statement
    /// As many rows as `Births.full` at once.
    let insertMany: Statement
    let insertVersions: Statement
  }

  init(_ connection: Connection, _ tables: TrackedTables) throws(StateError) {
    self.connection = connection
    self.tables = tables
    do throws(SQLiteError) {
      insertVersion = try connection.prepare("INSERT OR IGNORE INTO __weir_version VALUES (?1, ?2, ?3, ?4)")
      deleteVersion = try connection.prepare(
        "DELETE FROM __weir_version WHERE site = ?1 AND version = ?2 AND table_id = ?3 AND key = ?4")
      insertJournal = try connection.prepare("INSERT INTO __weir_journal (changes) VALUES (?1)")
      setSiteVersion = try connection.prepare("UPDATE __weir_site SET version = ?2 WHERE number = ?1")
    } catch {
      throw StateError(error)
    }
    try reload()
  }

  /// Takes in what the file says; outside of transactions.
  func reload() throws(StateError) {
    sites = try Sites.load(from: connection)
    largestKeys = [:]
    (journaled, journalRows) = try JournalEntry.replay(from: connection, onto: &sites)
  }

  /// Goes on with another schema. The journal must be folded: its clocks may be of a table that is no more.
  func use(_ tables: TrackedTables) {
    self.tables = tables
    statements = [:]
    largestKeys = [:]
  }

  // MARK: Looking up and changing

  /// The clock of a row; nil if its key was never seen.
  func clock(of row: RowID) throws(StateError) -> RowClock? {
    if let clock = pending[row] { return clock }
    if !isFolded, let clock = journaled[row] { return clock }
    if case .integer(let key) = row.key, let top = try largestKey(of: row.table), key > top { return nil }
    return try storedClock(of: row)
  }

  /// No key in a table of clocks is larger; nil if its keys are no integers.
  private func largestKey(of table: Int) throws(StateError) -> Int64? {
    if let known = largestKeys[table] { return known }
    guard let tracked = tables.table(id: table), tracked.hasIntegerKey else { return nil }
    let found = try state { () throws(SQLiteError) in
      try connection.value("SELECT max(key) FROM \(tracked.clockTable)")?.integer
    }
    largestKeys[table] = found ?? .min
    return found ?? .min
  }

  private func noteStored(_ row: RowID) {
    guard case .integer(let key) = row.key, let top = largestKeys[row.table], key > top else { return }
    largestKeys[row.table] = key
  }

  private func storedClock(of row: RowID) throws(StateError) -> RowClock? {
    let get = try statements(of: row.table).get
    do throws(SQLiteError) {
      try get.bind(row.key, 1)
      guard try get.step() else { return nil }
    } catch {
      throw StateError(error)
    }
    defer { get.reset() }
    var reader = ClockReader(get.bytes(at: 0))
    return try RowClock(from: &reader)
  }

  /// Records a row's clock. `old` is what `clock(of:)` says now.
  func set(_ clock: RowClock, of row: RowID, old: RowClock?) throws(StateError) {
    if isFolded {
      try store(clock, of: row, old: old)
    } else {
      undoLog.append(.clock(row, pending.updateValue(clock, forKey: row)))
    }
  }

  /// Records the clocks of rows whose keys were never seen, while the transaction writes to the tables; false, and nothing is done,
  /// if one of them was. All are of one table and were born at this site.
  func insertBirths(_ births: Births) throws(StateError) -> Bool {
    guard births.rows.count == Births.full else { return false }
    let statements = try statements(of: births.table)
    var bytes: [[UInt8]] = []
    bytes.reserveCapacity(Births.full)
    for clock in births.clocks { bytes.append(encoded(clock)) }
    do throws(SQLiteError) {
      for (index, key) in births.rows.enumerated() {
        try statements.insertMany.bind(key, 2 * index + 1)
        let clock = bytes[index]
        try statements.insertMany.bind(blob: clock.span.bytes, 2 * index + 2)
      }
      try statements.insertMany.run()
      for key in births.rows { noteStored(RowID(table: births.table, key: key)) }
      if connection.changes < Births.full {
        try removeBirths(births, bytes)
        return false
      }
      for (index, key) in births.rows.enumerated() {
        let version = births.clocks[index].birth?.stamp.version ?? 0
        try statements.insertVersions.bind(integer: Int64(bitPattern: version), 2 * index + 1)
        try statements.insertVersions.bind(key, 2 * index + 2)
      }
      try statements.insertVersions.run()
    } catch {
      throw StateError(error)
    }
    return true
  }

  /// Takes out what was inserted: a key that was known before has another clock.
  private func removeBirths(_ births: Births, _ bytes: [[UInt8]]) throws(SQLiteError) {
    let remove = try connection.cached(
      "DELETE FROM \(TrackedTable.clockTable(births.table)) WHERE key = ?1 AND clock = ?2")
    for (index, key) in births.rows.enumerated() {
      let clock = bytes[index]
      try remove.bind(key, 1)
      try remove.bind(blob: clock.span.bytes, 2)
      try remove.run()
    }
  }

  /// Records the clock of a row whose key was never seen; false, and nothing is done, if it was.
  func insert(_ clock: RowClock, of row: RowID) throws(StateError) -> Bool {
    guard isFolded else {
      if try self.clock(of: row) != nil { return false }
      try set(clock, of: row, old: nil)
      return true
    }
    return try insertStored(clock, of: row)
  }

  private func insertStored(_ clock: RowClock, of row: RowID) throws(StateError) -> Bool {
    try run(try statements(of: row.table).insert, clock, of: row)
    if connection.changes == 0 { return false }
    try index(clock, of: row, old: nil)
    return true
  }

  // MARK: Sites and versions

  /// The number of a site, which gets one if it has none.
  func number(of id: SiteID) throws(StateError) -> Int {
    if let number = sites.number(of: id) { return number }
    let number = sites.ids.count
    try state { () throws(SQLiteError) in
      try connection.run(
        "INSERT INTO __weir_site (number, id) VALUES (?, ?)", [.integer(Int64(number)), .blob(id.bytes)])
    }
    sites.append(id, version: 0)
    undoLog.append(.site)
    return number
  }

  /// The version after the last one of this site.
  var nextVersion: UInt64 { sites.versions[0] + 1 }

  /// A version of a site was seen.
  func raise(_ site: Int, to version: UInt64) {
    let old = sites.versions[site]
    guard version > old else { return }
    undoLog.append(.version(site, old))
    sites.setVersion(version, of: site)
    if !raised.contains(site) { raised.append(site) }
  }

  // MARK: Transactions

  /// Where a savepoint begins.
  var mark: Int { undoLog.count }

  /// Takes back in memory what was done since; the file is for the savepoint.
  func undo(to mark: Int) {
    while undoLog.count > mark, let last = undoLog.popLast() {
      switch last {
      case .clock(let row, let clock): pending[row] = clock
      case .version(let site, let version): sites.setVersion(version, of: site)
      case .site: sites.removeLast()
      case .fold(let journaled, let pending):
        (self.journaled, self.pending, isFolded) = (journaled, pending, false)
      }
    }
  }

  /// Must be called before the transaction is committed: writes what is only in memory.
  func prepareCommit() throws(StateError) {
    let isFull = journaled.count + pending.count > Self.journalLimit || journalRows >= Self.journalLimit
    if pending.count > Self.smallTransaction || isFull { try fold() }
    if isFolded {
      for site in raised { try storeVersion(of: site) }
    } else if !pending.isEmpty || !raised.isEmpty {
      try writeJournal()
    }
  }

  func committed() {
    if isFolded { (journaled, journalRows) = ([:], 0) }
    if hasWrittenJournal { journalRows += 1 }
    if journaled.isEmpty { swap(&journaled, &pending) } else { for (row, clock) in pending { journaled[row] = clock } }
    reset()
  }

  func rolledBack() {
    undo(to: 0)
    reset()
  }

  private func reset() {
    pending.removeAll(keepingCapacity: true)
    raised.removeAll(keepingCapacity: true)
    undoLog.removeAll(keepingCapacity: true)
    isFolded = false
    hasWrittenJournal = false
  }

  private func writeJournal() throws(StateError) {
    var entry = JournalEntry()
    for site in raised { entry.versions.append((site, sites.versions[site])) }
    for (row, clock) in pending { entry.clocks.append((row, clock)) }
    writer.removeAll()
    entry.encode(into: &writer)
    let bytes = writer.bytes
    do throws(SQLiteError) {
      try insertJournal.run(borrowing: bytes.span.bytes, as: 1)
    } catch {
      throw StateError(error)
    }
    hasWrittenJournal = true
  }

  /// Moves the journal, and what the open transaction did so far, into the tables; what follows is written there at once.
  func fold() throws(StateError) {
    guard !isFolded else { return }
    let before = (journaled, pending)
    try storeAll(before.0.filter { pending[$0.key] == nil && tables.table(id: $0.key.table) != nil })
    try storeAll(before.1)
    undoLog.append(.fold(journaled: before.0, pending: before.1))
    pending = [:]
    isFolded = true
    if journalRows > 0 {
      for site in sites.versions.indices { try storeVersion(of: site) }
      try state { () throws(SQLiteError) in try connection.run("DELETE FROM __weir_journal WHERE id > 0") }
    }
  }

  /// Writes clocks into the tables, those of new rows by the batch and in the order of their keys.
  private func storeAll(_ clocks: [RowID: RowClock]) throws(StateError) {
    var newRows: [(row: RowID, clock: RowClock)] = []
    for (row, clock) in clocks {
      if clock.isLocalBirth { newRows.append((row, clock)) } else { try storeOrInsert(clock, of: row) }
    }
    newRows.sort { $0.row < $1.row }
    var start = 0
    while start < newRows.count {
      let batch = newRows[start..<min(start + Births.full, newRows.count)]
      start += batch.count
      guard let first = batch.first else { continue }
      var births = Births(table: first.row.table)
      for (row, clock) in batch where row.table == first.row.table { births.append(row.key, clock) }
      if try insertBirths(births) { continue }
      for (row, clock) in batch { try storeOrInsert(clock, of: row) }
    }
  }

  /// Most clocks of small transactions are those of new rows.
  private func storeOrInsert(_ clock: RowClock, of row: RowID) throws(StateError) {
    if clock.isBirth, try insertStored(clock, of: row) { return }
    try store(clock, of: row, old: try storedClock(of: row))
  }

  private func storeVersion(of site: Int) throws(StateError) {
    do throws(SQLiteError) {
      try setSiteVersion.bind(integer: Int64(site), 1)
      try setSiteVersion.bind(integer: Int64(bitPattern: sites.versions[site]), 2)
      try setSiteVersion.run()
    } catch {
      throw StateError(error)
    }
  }

  // MARK: The tables

  private func statements(of table: Int) throws(StateError) -> TableStatements {
    if let found = statements[table] { return found }
    guard let known = tables.table(id: table) else {
      throw StateError(.corrupt, "a clock is filed under a table that is not there")
    }
    let made = try state { () throws(SQLiteError) in
      TableStatements(
        get: try connection.prepare(known.getClockSQL), insert: try connection.prepare(known.insertClockSQL),
        put: try connection.prepare(known.putClockSQL),
        insertMany: try connection.prepare(known.insertManyClocksSQL(Births.full)),
        insertVersions: try connection.prepare(known.insertVersionsSQL(Births.full)))
    }
    statements[table] = made
    return made
  }

  private func encoded(_ clock: RowClock) -> [UInt8] {
    writer.removeAll()
    clock.encode(into: &writer)
    return writer.bytes
  }

  private func store(_ clock: RowClock, of row: RowID, old: RowClock?) throws(StateError) {
    try run(try statements(of: row.table).put, clock, of: row)
    try index(clock, of: row, old: old)
  }

  /// Runs a statement that writes a row's clock.
  private func run(_ statement: Statement, _ clock: RowClock, of row: RowID) throws(StateError) {
    let bytes = encoded(clock)
    do throws(SQLiteError) {
      try statement.bind(row.key, 1)
      try statement.run(borrowing: bytes.span.bytes, as: 2)
    } catch {
      throw StateError(error)
    }
  }

  /// Files the row under the transactions that have a part in it, and no others.
  private func index(_ clock: RowClock, of row: RowID, old: RowClock?) throws(StateError) {
    noteStored(row)
    let now = clock.transactions
    let before = old?.transactions ?? []
    do throws(SQLiteError) {
      for one in before where !now.contains(where: { $0 == one }) { try file(deleteVersion, one, row) }
      for one in now where !before.contains(where: { $0 == one }) { try file(insertVersion, one, row) }
    } catch {
      throw StateError(error)
    }
  }

  private func file(_ statement: Statement, _ transaction: (Int, UInt64), _ row: RowID) throws(SQLiteError) {
    try statement.bind(integer: Int64(transaction.0), 1)
    try statement.bind(integer: Int64(bitPattern: transaction.1), 2)
    try statement.bind(integer: Int64(row.table), 3)
    try statement.bind(row.key, 4)
    try statement.run()
  }
}

extension Statement {
  func bind(_ key: RowKey, _ index: Int) throws(SQLiteError) {
    switch key {
    case .integer(let number): try bind(integer: number, index)
    case .packed(let bytes): try bind(blob: bytes.span.bytes, index)
    }
  }
}
