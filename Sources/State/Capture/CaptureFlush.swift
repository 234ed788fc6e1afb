/// Makes clocks of what was captured, before a transaction is committed.
struct CaptureFlush {
  let clocks: ClockStore
  let tables: TrackedTables
  private(set) var stamps: LocalStamps
  /// New rows that are not written yet.
  private var births: Births?
  /// The places as they were before the first of those.
  private var stampsBefore: LocalStamps

  init(clocks: ClockStore, time: UInt64) {
    self.clocks = clocks
    tables = clocks.tables
    stamps = LocalStamps(version: clocks.nextVersion, time: time)
    stampsBefore = stamps
  }

  /// Writes the clocks; afterwards `stamps` says how many places were used.
  mutating func write(_ changes: [CapturedChange]) throws(StateError) {
    let isLarge = changes.count > ClockStore.smallTransaction
    if isLarge { try clocks.fold() }
    for change in changes {
      let table = tables.tables[change.table]
      if change.kind == .insert, isLarge, table.tracked.asBirth != nil {
        try gather(change.key, table)
        continue
      }
      try writeBirths()
      switch change.kind {
      case .insert: try insert(change.key, table)
      case .delete: try delete(RowID(table: table.id, key: change.key))
      case .update: try update(change, table)
      }
    }
    try writeBirths()
    clocks.raise(0, to: stamps.version)
  }

  /// Takes the row for new, until the tables say otherwise.
  private mutating func gather(_ key: RowKey, _ table: TrackedTable) throws(StateError) {
    if let births, births.table != table.id || births.rows.count == Births.full { try writeBirths() }
    if births == nil {
      births = Births(table: table.id)
      stampsBefore = stamps
    }
    births?.append(key, LocalRules.inserted(nil, columns: table.tracked, &stamps))
  }

  private mutating func writeBirths() throws(StateError) {
    guard let births else { return }
    self.births = nil
    if try clocks.insertBirths(births) { return }
    // One of the keys was known, which takes a place more than a new one: each by itself.
    stamps = stampsBefore
    guard let table = tables.table(id: births.table) else { return }
    for key in births.rows { try insert(key, table) }
  }

  private mutating func insert(_ key: RowKey, _ table: TrackedTable) throws(StateError) {
    let row = RowID(table: table.id, key: key)
    var ahead = stamps
    let fresh = LocalRules.inserted(nil, columns: table.tracked, &ahead)
    if try clocks.insert(fresh, of: row) {
      stamps = ahead
      return
    }
    let known = try clocks.clock(of: row)
    try clocks.set(LocalRules.inserted(known, columns: table.tracked, &stamps), of: row, old: known)
  }

  private mutating func delete(_ row: RowID) throws(StateError) {
    let known = try clocks.clock(of: row)
    try clocks.set(LocalRules.deleted(known, &stamps), of: row, old: known)
  }

  private mutating func update(_ change: CapturedChange, _ table: TrackedTable) throws(StateError) {
    var row = RowID(table: table.id, key: change.key)
    if let newKey = change.newKey {
      let target = RowID(table: table.id, key: newKey)
      let (old, new) = (try clocks.clock(of: row), try clocks.clock(of: target))
      let moved = LocalRules.moved(from: old, to: new, columns: table.tracked, &stamps)
      try clocks.set(moved.from, of: row, old: old)
      try clocks.set(moved.to, of: target, old: new)
      row = target
    }
    var changed: [Int] = []
    for (index, column) in table.columns.enumerated() where change.columns.contains(index) {
      changed.append(column.number)
    }
    if changed.isEmpty { return }
    let known = try clocks.clock(of: row)
    try clocks.set(LocalRules.updated(known, changed, &stamps), of: row, old: known)
  }
}
