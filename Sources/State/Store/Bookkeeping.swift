internal import SQLite

/// What the file says about the transactions of other sites that are missing or came in part.
enum Bookkeeping {
  static func load(from connection: Connection, _ sites: Sites) throws(StateError) -> [Int: SiteVersions] {
    let (gaps, parts) = try state { () throws(SQLiteError) in
      (
        try connection.rows("SELECT site, first, last FROM __weir_gap"),
        try connection.rows("SELECT site, version, first, last, last_seq, time FROM __weir_part")
      )
    }
    var missing: [Int: RangeSet64] = [:]
    for row in gaps {
      let numbers = row.map { UInt64(bitPattern: $0.integer ?? 0) }
      guard numbers[1] <= numbers[2] else { throw damaged }
      missing[Int(numbers[0]), default: RangeSet64()].insert(numbers[1]...numbers[2])
    }
    var partial: [Int: [UInt64: SiteVersions.Partial]] = [:]
    for row in parts {
      let numbers = row.map { UInt64(bitPattern: $0.integer ?? 0) }
      guard numbers[2] <= numbers[3] else { throw damaged }
      partial[Int(numbers[0]), default: [:]][numbers[1], default: .init(lastSeq: numbers[4], time: numbers[5])].seqs
        .insert(numbers[2]...numbers[3])
    }
    var versions: [Int: SiteVersions] = [:]
    for (site, head) in sites.versions.enumerated() {
      let gapHead = missing[site]?.ranges.last?.upperBound ?? 0
      let partHead = partial[site]?.keys.max() ?? 0
      versions[site] = SiteVersions(
        head: max(head, gapHead, partHead), missing: missing[site] ?? RangeSet64(), partial: partial[site] ?? [:])
    }
    return versions
  }

  private static var damaged: StateError {
    StateError(.corrupt, "the books on missing versions are damaged", hint: "restore the database from a backup")
  }

  /// Writes the difference of two states of one site's books.
  static func store(
    _ new: SiteVersions, over old: SiteVersions, of site: Int, on connection: Connection
  ) throws(SQLiteError) {
    let number = SQLiteValue.integer(Int64(site))
    for range in old.missing.ranges where !new.missing.ranges.contains(range) {
      try connection.run("DELETE FROM __weir_gap WHERE site = ? AND first = ?", [number, value(range.lowerBound)])
    }
    for range in new.missing.ranges where !old.missing.ranges.contains(range) {
      try connection.run(
        "INSERT OR REPLACE INTO __weir_gap VALUES (?, ?, ?)",
        [number, value(range.lowerBound), value(range.upperBound)])
    }
    for (version, partial) in old.partial where new.partial[version] != partial {
      try connection.run("DELETE FROM __weir_part WHERE site = ? AND version = ?", [number, value(version)])
    }
    for (version, partial) in new.partial where old.partial[version] != partial {
      for range in partial.seqs.ranges {
        try connection.run(
          "INSERT INTO __weir_part VALUES (?, ?, ?, ?, ?, ?)",
          [
            number, value(version), value(range.lowerBound), value(range.upperBound), value(partial.lastSeq),
            value(partial.time),
          ])
      }
    }
  }

  static func value(_ number: UInt64) -> SQLiteValue { .integer(Int64(bitPattern: number)) }
}

/// Changes that wait: for the rest of their transaction, for a schema, or for a row that they would break.
struct HeldChanges {
  let connection: Connection

  func insert(_ changes: [Change], site: Int) throws(SQLiteError) {
    let statement = try connection.cached(
      "INSERT OR IGNORE INTO __weir_held VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
    // Places are not unique in a transaction, and a range may come twice: the cell itself tells changes apart.
    for change in changes {
      let known = try connection.value(
        "SELECT 1 FROM __weir_held WHERE site = ? AND version = ? AND seq = ? AND table_name = ? AND key = ? AND column_name = ?",
        [
          .integer(Int64(site)), Bookkeeping.value(change.version), Bookkeeping.value(change.seq),
          SQLiteValue(change.table), .blob(change.key), SQLiteValue(change.column),
        ])
      if known != nil { continue }
      let place = try connection.value(
        "SELECT count(*) FROM __weir_held WHERE site = ? AND version = ? AND seq = ?",
        [.integer(Int64(site)), Bookkeeping.value(change.version), Bookkeeping.value(change.seq)])
      try statement.bind([
        .integer(Int64(site)), Bookkeeping.value(change.version), Bookkeeping.value(change.seq), place ?? 0,
        SQLiteValue(change.table), .blob(change.key), SQLiteValue(change.column), change.value,
        Bookkeeping.value(change.columnVersion), Bookkeeping.value(change.causalLength), Bookkeeping.value(change.time),
      ])
      try statement.run()
    }
  }

  func remove(site: Int, version: UInt64) throws(SQLiteError) {
    try connection.run(
      "DELETE FROM __weir_held WHERE site = ? AND version = ?", [.integer(Int64(site)), Bookkeeping.value(version)])
  }

  /// In order of their places.
  func changes(site: Int, id: SiteID, version: UInt64) throws(SQLiteError) -> [Change] {
    let rows = try connection.rows(
      "SELECT table_name, key, column_name, value, column_version, causal_length, seq, time FROM __weir_held"
        + " WHERE site = ? AND version = ? ORDER BY seq, place", [.integer(Int64(site)), Bookkeeping.value(version)])
    return rows.map { row in
      func number(_ index: Int) -> UInt64 { UInt64(bitPattern: row[index].integer ?? 0) }
      var key: [UInt8] = []
      if case .blob(let bytes) = row[1] { key = bytes }
      return Change(
        table: row[0].string ?? "", key: key, column: row[2].string ?? "", value: row[3], columnVersion: number(4),
        version: version, site: id, causalLength: number(5), seq: number(6), time: number(7))
    }
  }
}
