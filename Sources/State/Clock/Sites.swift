internal import SQLite

/// The sites that were heard of, by the numbers that clocks name them with, and the last version of each.
struct Sites {
  private(set) var ids: [SiteID] = []
  private(set) var versions: [UInt64] = []
  private var numbers: [SiteID: Int] = [:]

  var local: SiteID { ids[0] }

  mutating func append(_ id: SiteID, version: UInt64) {
    numbers[id] = ids.count
    ids.append(id)
    versions.append(version)
  }

  mutating func removeLast() {
    if let id = ids.popLast() { numbers[id] = nil }
    versions.removeLast()
  }

  func number(of id: SiteID) -> Int? { numbers[id] }
  mutating func setVersion(_ version: UInt64, of site: Int) { versions[site] = version }

  /// Whether the first site is larger than the second, by their bytes.
  func isLarger(_ a: Int, than b: Int) -> Bool { ids[b] < ids[a] }

  /// What the file says.
  static func load(from connection: Connection) throws(StateError) -> Sites {
    var sites = Sites()
    let rows = try state { () throws(SQLiteError) in
      try connection.rows("SELECT id, version, number FROM __weir_site ORDER BY number")
    }
    for row in rows {
      guard case .blob(let bytes) = row[0], let id = SiteID(bytes), let version = row[1].integer,
        row[2] == .integer(Int64(sites.ids.count))
      else { throw StateError(.corrupt, "the table of sites is damaged", hint: "restore the database from a backup") }
      sites.append(id, version: UInt64(bitPattern: version))
    }
    guard !sites.ids.isEmpty else {
      throw StateError(.corrupt, "the table of sites is empty", hint: "restore the database from a backup")
    }
    return sites
  }
}
