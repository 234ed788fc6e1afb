internal import SQLite
internal import State

/// Brings the kept result of one query up to date with one snapshot of the tables.
struct Evaluation: ~Copyable {
  private let plan: QueryPlan
  /// Of the tables, in a transaction.
  private let reader: Connection
  private var results: ResultReader
  private(set) var writer: ResultWriter
  private let batch: Int

  init(_ plan: QueryPlan, reader: Connection, writer: consuming ResultWriter, batch: Int) {
    self.plan = plan
    self.reader = reader
    results = ResultReader(plan)
    self.writer = writer
    self.batch = batch
  }

  // MARK: Single rows

  /// Asks again for what the changed rows of a table are a part of.
  mutating func follow(_ table: TouchedTable, _ interest: QueryPlan.Interest, places: [Int]) throws(SQLiteError) {
    for (key, change) in table.rows where interest.concerns(change) {
      for place in places {
        if plan.parts[place].isOptional {
          try followOptional(place, key.packed)
        } else {
          try followKey(place, key.packed)
        }
      }
    }
  }

  /// The rows that have a key as one of their parts.
  private mutating func followKey(_ place: Int, _ key: [UInt8]) throws(SQLiteError) {
    var old: [SQLiteValue: StoredRow] = [:]
    for row in try kept(place, key) { old[row.key] = row }
    let statement = try ask(place, key)
    defer { statement.reset() }
    while try statement.step() {
      let row = try results.row(of: statement)
      var known = old.removeValue(forKey: row.key)
      // Where a table's keys are equal without being the same, others come than were asked for.
      if known == nil { known = try writer.stored.rows(key: row.key).first }
      if let known {
        if known.cells != row.cells { try writer.update(known, to: row) }
      } else {
        try writer.insert(row)
      }
    }
    for row in old.values.sorted(by: { $0.id < $1.id }) { try writer.delete(row) }
  }

  /// An optional part may take the place of a missing one, or leave it: so what it was joined with, and is now, is asked for again.
  private mutating func followOptional(_ place: Int, _ key: [UInt8]) throws(SQLiteError) {
    var firsts: [[UInt8]] = []
    var seen: Set<[UInt8]> = []
    func note(_ parts: [[UInt8]]) {
      if let first = parts.first, seen.insert(first).inserted { firsts.append(first) }
    }
    for row in try kept(place, key) { note(PartKeys.split(row.key, count: plan.parts.count)) }
    let statement = try ask(place, key)
    while try statement.step() { note(try results.row(of: statement).parts) }
    for first in firsts { try followKey(0, first) }
  }

  private func kept(_ place: Int, _ key: [UInt8]) throws(SQLiteError) -> [StoredRow] {
    plan.parts.count == 1
      ? try writer.stored.rows(key: .blob(key)) : try writer.stored.rows(part: place, key: key)
  }

  private func ask(_ place: Int, _ key: [UInt8]) throws(SQLiteError) -> Statement {
    let part = plan.parts[place]
    let statement = try reader.cached(part.asked)
    guard let values = try? PackedKey.unpack(key) else { throw SQLiteError(.internal, "a key cannot be read") }
    try statement.bind(values + part.values)
    return statement
  }

  // MARK: The whole result

  /// Asks for everything, and compares.
  mutating func compareEverything() throws(SQLiteError) {
    var seen = RowMarks()
    var added: [ResultRow] = []
    let statement = try reader.cached(plan.whole)
    defer { statement.reset() }
    while try statement.step() {
      let row = try results.row(of: statement)
      let unseen = try writer.stored.rows(key: row.key).filter { !seen.contains($0.id) }
      if let known = unseen.first(where: { plan.hasKeys || $0.cells == row.cells }) {
        seen.insert(known.id)
        if known.cells != row.cells { try writer.update(known, to: row) }
      } else if !plan.hasKeys, added.count < batch {
        added.append(row)
      } else {
        seen.insert(writer.nextRow)
        try writer.insert(row)
      }
    }
    try replaceUnseen(seen, with: added)
  }

  /// Lets rows that came take the place of rows that went, those with the same first cell first; deletes and inserts the others.
  private mutating func replaceUnseen(_ seen: RowMarks, with added: [ResultRow]) throws(SQLiteError) {
    var added = Replacements(added)
    let last = writer.nextRow
    var waiting: [StoredRow] = []
    var place: Int64 = 0
    while true {
      let rows = try writer.stored.rows(after: place, limit: batch)
      guard let end = rows.last?.id else { break }
      for row in rows where row.id < last && !seen.contains(row.id) {
        if let better = added.take(like: row.cells) {
          try writer.update(row, to: better)
        } else if waiting.count < batch {
          waiting.append(row)
        } else {
          try writer.delete(row)
        }
      }
      place = end
    }
    for row in waiting {
      if let other = added.takeAny() { try writer.update(row, to: other) } else { try writer.delete(row) }
    }
    while let row = added.takeAny() { try writer.insert(row) }
  }
}

/// Rows that came, by the bytes of their first cell.
private struct Replacements {
  private var rows: [ResultRow?]
  private var byFirst: [ArraySlice<UInt8>: [Int]] = [:]
  private var next = 0

  init(_ rows: [ResultRow]) {
    self.rows = rows
    for index in rows.indices.reversed() { byFirst[Self.first(rows[index].cells), default: []].append(index) }
  }

  private static func first(_ cells: [UInt8]) -> ArraySlice<UInt8> {
    // A comma inside of a text only makes the comparison shorter.
    cells.prefix { $0 != UInt8(ascii: ",") }
  }

  /// One that begins with the same cell.
  mutating func take(like cells: [UInt8]) -> ResultRow? {
    while let index = byFirst[Self.first(cells)]?.popLast() {
      if let row = rows[index] {
        rows[index] = nil
        return row
      }
    }
    return nil
  }

  mutating func takeAny() -> ResultRow? {
    while next < rows.count {
      defer { next += 1 }
      if let row = rows[next] {
        rows[next] = nil
        return row
      }
    }
    return nil
  }
}

/// Which rows were seen: a bit for each id.
struct RowMarks {
  private var words: [Int64: UInt64] = [:]

  func contains(_ id: Int64) -> Bool { (words[id >> 6] ?? 0) >> UInt64(id & 63) & 1 == 1 }
  mutating func insert(_ id: Int64) { words[id >> 6, default: 0] |= 1 << UInt64(id & 63) }
}
