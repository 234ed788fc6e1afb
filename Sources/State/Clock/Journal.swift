internal import SQLite

/// One small transaction as the journal keeps it until it is folded into the clock tables: the versions that it raised, and the
/// clocks as it left them.
struct JournalEntry {
  var versions: [(site: Int, version: UInt64)] = []
  var clocks: [(RowID, RowClock)] = []

  func encode(into writer: inout ClockWriter) {
    writer.append(UInt64(versions.count))
    for (site, version) in versions {
      writer.append(UInt64(site))
      writer.append(version)
    }
    writer.append(UInt64(clocks.count))
    for (row, clock) in clocks {
      writer.append(UInt64(row.table) << 1 | (row.key.isPacked ? 1 : 0))
      switch row.key {
      case .integer(let number): writer.append(UInt64(bitPattern: number << 1 ^ number >> 63))
      case .packed(let bytes): writer.append(run: bytes)
      }
      clock.encode(into: &writer)
    }
  }

  init() {}

  init(from reader: inout ClockReader) throws(StateError) {
    for _ in 0..<(try reader.count()) { versions.append((try reader.count(), try reader.number())) }
    for _ in 0..<(try reader.count()) {
      let head = try reader.count()
      let key: RowKey
      if head & 1 == 1 {
        key = .packed(try reader.run())
      } else {
        let folded = try reader.number()
        key = .integer(Int64(bitPattern: folded >> 1) ^ -Int64(bitPattern: folded & 1))
      }
      clocks.append((RowID(table: head >> 1, key: key), try RowClock(from: &reader)))
    }
  }

  /// Takes in what was not folded yet: raises the versions of sites, and returns the clocks as the last entries left them.
  ///
  /// - Returns: Also how many entries there are; one may raise versions without a clock.
  static func replay(
    from connection: Connection, onto sites: inout Sites
  ) throws(StateError) -> (clocks: [RowID: RowClock], count: Int) {
    let entries = try load(from: connection)
    var clocks: [RowID: RowClock] = [:]
    for entry in entries {
      for (site, version) in entry.versions {
        guard site < sites.versions.count else { throw damaged }
        sites.setVersion(max(version, sites.versions[site]), of: site)
      }
      for (row, clock) in entry.clocks { clocks[row] = clock }
    }
    return (clocks, entries.count)
  }

  private static var damaged: StateError {
    StateError(.corrupt, "the journal is damaged", hint: "restore the database from a backup")
  }

  /// Oldest first.
  private static func load(from connection: Connection) throws(StateError) -> [JournalEntry] {
    let blobs = try state { () throws(SQLiteError) in
      try connection.rows("SELECT changes FROM __weir_journal ORDER BY id")
    }
    var entries: [JournalEntry] = []
    for row in blobs {
      guard case .blob(let bytes) = row[0] else { throw damaged }
      var reader = ClockReader(bytes.span.bytes)
      entries.append(try JournalEntry(from: &reader))
    }
    return entries
  }
}

extension RowKey {
  var isPacked: Bool {
    if case .packed = self { return true }
    return false
  }
}
