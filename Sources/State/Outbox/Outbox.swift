internal import SQLite

/// Writes what captures want of a transaction into the outbox, as part of that transaction. There is one only while there are captures.
///
/// A row that changed more than once is written once, as it is at the end. A row that came and went within the transaction is not
/// written at all.
final class Outbox {
  /// What captures want of one table.
  private struct Wanted {
    let local: Bool
    let remote: Bool
  }

  private let connection: Connection
  private let definitions: [CaptureDefinition]
  /// How many rows there are at most; then the oldest go.
  private let bound: Int64
  private let site: SiteID
  @exclusivity(unchecked) private var tables: TrackedTables
  private var book: CaptureBook { CaptureBook(connection: connection) }
  private let insert: Statement
  /// By table; forgotten with the schema.
  @exclusivity(unchecked) private var selects: [Int: Statement] = [:]
  @exclusivity(unchecked) private var wanted: [Int: Wanted] = [:]
  private var message = OutboxMessage()
  /// The smallest number in the outbox; nil when that has to be looked up.
  @exclusivity(unchecked) private var oldest: Int64?
  /// The number that was given last; nil when that has to be looked up. Too large after a savepoint was undone, which leaves a hole.
  @exclusivity(unchecked) private var newest: Int64?
  /// Whether the open transaction wrote something.
  @exclusivity(unchecked) private(set) var hasNews = false

  init(
    _ connection: Connection, _ definitions: [CaptureDefinition], _ tables: TrackedTables, site: SiteID, bound: Int
  ) throws(StateError) {
    self.connection = connection
    self.definitions = definitions
    self.tables = tables
    self.site = site
    self.bound = Int64(max(1, bound))
    insert = try state { () throws(SQLiteError) in
      try connection.prepare(
        "INSERT INTO __weir_outbox VALUES (?1, ?2, ?3, ?4, ?5)")
    }
  }

  /// Goes on with another schema.
  func use(_ tables: TrackedTables) {
    self.tables = tables
    (selects, wanted) = ([:], [:])
  }

  /// The transaction was committed.
  func committed() { hasNews = false }

  /// The transaction was undone, or rows were taken out.
  func reset() { (oldest, newest, hasNews) = (nil, nil, false) }

  // MARK: What a transaction changed

  /// Writes what this site's transaction changed.
  func append(_ changes: [CapturedChange], by author: RowTransition.Author) throws(StateError) {
    var transitions = RowTransitions()
    for change in changes {
      let table = tables.tables[change.table].id
      let isWhole = change.kind != .update || change.newKey != nil
      transitions.append(
        RowTransition(
          row: RowID(table: table, key: change.key), wasAlive: change.kind != .insert, changed: change.columns,
          isWhole: isWhole, author: author))
      guard let key = change.newKey else { continue }
      transitions.append(
        RowTransition(
          row: RowID(table: table, key: key), wasAlive: false, changed: change.columns, isWhole: true, author: author))
    }
    try append(transitions)
  }

  /// Writes what became of rows.
  func append(_ transitions: RowTransitions) throws(StateError) {
    for transition in transitions.rows {
      guard let table = tables.table(id: transition.row.table), wants(table, isLocal: transition.author.site == site)
      else { continue }
      try append(transition, of: table)
    }
    try dropOldest()
  }

  private func wants(_ table: TrackedTable, isLocal: Bool) -> Bool {
    let found: Wanted
    if let known = wanted[table.id] {
      found = known
    } else {
      found = Wanted(
        local: definitions.contains { $0.wants(table: table.name, isLocal: true) },
        remote: definitions.contains { $0.wants(table: table.name, isLocal: false) })
      wanted[table.id] = found
    }
    return isLocal ? found.local : found.remote
  }

  private func append(_ transition: RowTransition, of table: TrackedTable) throws(StateError) {
    let key = try transition.row.key.values
    let select = try select(table)
    let isAlive = try state { () throws(SQLiteError) in
      try select.bind(key)
      return try select.step()
    }
    defer { select.reset() }
    let operation: OutboxMessage.Operation
    switch (transition.wasAlive, isAlive) {
    case (false, false): return
    case (false, true): operation = .insert
    case (true, true): operation = .update
    case (true, false): operation = .delete
    }
    message.write(
      operation, of: table, key: key, changed: transition.isWhole ? nil : transition.changed,
      row: isAlive ? select : nil, by: transition.author)
    try write(table, isLocal: transition.author.site == site, for: nil)
  }

  private func select(_ table: TrackedTable) throws(StateError) -> Statement {
    if let found = selects[table.id] { return found }
    let made = try state { () throws(SQLiteError) in try connection.prepare(table.selectSQL) }
    selects[table.id] = made
    return made
  }

  /// Writes the message into the outbox, for one capture or for all that want it.
  private func write(_ table: TrackedTable, isLocal: Bool, for capture: Int64?) throws(StateError) {
    let number: Int64
    if let newest { number = newest + 1 } else { number = try book.lastNumber() + 1 }
    try state { () throws(SQLiteError) in
      try insert.bind(integer: number, 1)
      try insert.bind(SQLiteValue(table.name), 2)
      try insert.bind(integer: isLocal ? 0 : 1, 3)
      try insert.bind(capture.map { .integer($0) } ?? .null, 4)
      try message.bind(to: insert, 5)
      try insert.run()
    }
    newest = number
    message.shrink()
    hasNews = true
  }

  // MARK: Bounds

  /// Keeps to the bound, and notes up to where rows were dropped.
  private func dropOldest() throws(StateError) {
    guard hasNews, let last = newest else { return }
    let first: Int64
    if let oldest { first = oldest } else { first = try firstNumber() ?? last }
    oldest = first
    guard last - first >= bound else { return }
    // A few more than needed, so that it is not done for each transaction.
    let cut = last - bound + bound / 64
    try book.drop(through: cut)
    oldest = cut + 1
  }

  private func firstNumber() throws(StateError) -> Int64? {
    try state { () throws(SQLiteError) in try connection.value("SELECT min(number) FROM __weir_outbox")?.integer }
  }

  // MARK: Snapshots

  /// Writes all rows of the tables that a capture wants, for this capture only.
  ///
  /// - Throws: `.usage` if the outbox has no room for them.
  func appendSnapshot(for capture: RegisteredCapture, by author: RowTransition.Author) throws(StateError) {
    var count: Int64 = 0
    for table in tables.tables where capture.definition.tables?.contains(where: { $0.isSame(word: table.name) }) ?? true
    {
      let rows = try state { () throws(SQLiteError) in try connection.prepare(table.snapshotSQL) }
      while try state({ () throws(SQLiteError) in try rows.step() }) {
        count += 1
        if count > bound {
          throw StateError(
            .usage, "the tables have more rows than the outbox takes, which is \(bound)",
            hint: "capture without a snapshot, and read the rows by a query")
        }
        let key = table.key.indices.map { rows.value(at: table.columns.count + $0) }
        message.write(.snapshot, of: table, key: key, changed: nil, row: rows, by: author)
        try write(table, isLocal: true, for: capture.id)
      }
    }
    try dropOldest()
  }
}
