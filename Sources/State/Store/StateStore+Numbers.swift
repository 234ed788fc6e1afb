package import Platform
internal import SQLite

/// How much of other sites' transactions is missing or waits.
public struct StateBooks: Equatable, Sendable {
  /// Versions that are known to exist and are missing.
  public var gaps: UInt64
  /// Versions that came in part.
  public var partial: UInt64
  /// Versions that are whole and cannot be merged yet.
  public var aside: UInt64
}

extension StateStore {
  /// What the books say now.
  package func numbers(until deadline: Deadline) throws(StateError) -> StateBooks {
    try read(until: deadline) { (reader) throws(StateError) in
      try state { () throws(SQLiteError) in
        func number(_ sql: String) throws(SQLiteError) -> UInt64 {
          UInt64(max(0, try reader.value(sql)?.integer ?? 0))
        }
        return StateBooks(
          gaps: try number("SELECT coalesce(sum(last - first + 1), 0) FROM __weir_gap"),
          partial: try number("SELECT count(*) FROM (SELECT DISTINCT site, version FROM __weir_part)"),
          aside: try number("SELECT count(*) FROM __weir_aside"))
      }
    }
  }

  /// Bytes of the file; 0 if it cannot be asked.
  package var fileBytes: UInt64 { Self.bytes(of: database.path) }
  /// Bytes of the write-ahead log.
  package var logBytes: UInt64 { Self.bytes(of: database.path + "-wal") }

  private static func bytes(of path: String) -> UInt64 { (try? File.info(path))?.size ?? 0 }

  /// Gives free pages at the end of the file back to the system, so many at most.
  ///
  /// - Returns: How many pages are free now.
  package func vacuum(pages: Int) throws(StateError) -> Int {
    try database.write { (connection) throws(StateError) in
      try state { () throws(SQLiteError) in
        try connection.run("PRAGMA incremental_vacuum(\(pages))")
        return Int(try connection.value("PRAGMA freelist_count")?.integer ?? 0)
      }
    }
  }

  /// How many pages of the file are free.
  package func freePages() throws(StateError) -> Int {
    try read { (reader) throws(StateError) in
      try state { () throws(SQLiteError) in Int(try reader.value("PRAGMA freelist_count")?.integer ?? 0) }
    }
  }

  /// What is known of each site's transactions; of this site, everything.
  package func allVersions() -> [(site: SiteID, versions: SiteVersions)] {
    database.write { _ in
      core.clocks.sites.ids.enumerated().map { number, id in
        let head = core.clocks.sites.versions[number]
        return (id, number == 0 ? SiteVersions(head: head) : core.versions[number] ?? SiteVersions(head: head))
      }
    }
  }

  /// The sites of which memory and file do not say the same; none unless something is very wrong.
  package func sitesWhoseBooksDiffer() throws(StateError) -> [SiteID] {
    try database.write { (connection) throws(StateError) in
      let stored = try Bookkeeping.load(from: connection, core.clocks.sites)
      return core.clocks.sites.ids.enumerated().compactMap { number, id in
        let head = core.clocks.sites.versions[number]
        let known = core.versions[number] ?? SiteVersions(head: head)
        return number == 0 || known == stored[number] ?? SiteVersions(head: head) ? nil : id
      }
    }
  }
}
