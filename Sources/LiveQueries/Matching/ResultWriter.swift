internal import JSON
internal import SQLite
internal import State

/// Writes what became of a result, gives each change its id, and makes the lines that tell of it.
struct ResultWriter: ~Copyable {
  let stored: StoredResult
  private let partCount: Int
  /// How many lines are made; streams read the others from the file.
  private let lineLimit: Int
  private(set) var nextRow: Int64
  private(set) var lastChange: UInt64
  private(set) var lines: [LiveLine] = []
  private var writer = ByteWriter(capacity: 1_024)

  init(_ stored: StoredResult, partCount: Int, nextRow: Int64, lastChange: UInt64, lineLimit: Int) {
    self.stored = stored
    self.partCount = partCount
    self.nextRow = nextRow
    self.lastChange = lastChange
    self.lineLimit = lineLimit
  }

  /// Puts in a row that is no change: of the first result.
  mutating func fill(_ row: ResultRow) throws(SQLiteError) {
    try stored.insert(row, id: nextRow)
    nextRow += 1
  }

  mutating func insert(_ row: ResultRow) throws(SQLiteError) {
    try stored.insert(row, id: nextRow)
    try tell(.insert, nextRow, row.cells)
    nextRow += 1
  }

  mutating func update(_ old: StoredRow, to row: ResultRow) throws(SQLiteError) {
    if old.key == row.key {
      try stored.update(id: old.id, cells: row.cells)
    } else {
      try stored.update(id: old.id, key: row.key, cells: row.cells)
    }
    try tell(.update, old.id, row.cells)
  }

  mutating func delete(_ old: StoredRow) throws(SQLiteError) {
    try stored.delete(id: old.id, parts: PartKeys.split(old.key, count: partCount))
    try tell(.delete, old.id, old.cells)
  }

  /// Notes how far the ids have come.
  func finish() throws(SQLiteError) { try stored.setProgress(nextRow: nextRow, lastChange: lastChange) }

  private mutating func tell(_ kind: ChangeKind, _ row: Int64, _ cells: [UInt8]) throws(SQLiteError) {
    lastChange += 1
    try stored.log(kind, change: lastChange, row: row, cells: cells)
    guard lines.count < lineLimit else { return }
    writer.removeAll()
    LiveLines.change(kind, row: row, cells: cells.span.bytes, change: lastChange, into: &writer)
    lines.append(LiveLine(change: lastChange, bytes: writer.bytes))
  }
}
