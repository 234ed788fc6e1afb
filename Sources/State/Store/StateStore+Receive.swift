internal import SQLite

/// What became of a change set.
public enum Received: Equatable, Sendable {
  /// It was merged, with so many effects.
  case merged(impact: Int)
  /// Everything in it was known.
  case known
  /// The rest of its transaction is missing.
  case partial
  /// Its transaction is whole and cannot be merged yet: `reason`. It waits in the table of those set aside.
  case setAside(StateError)
  /// It is not what it should be, and was dropped.
  case refused(StateError)

  /// Whether the same became of both, and for the same kind of reason.
  public static func == (a: Received, b: Received) -> Bool {
    switch (a, b) {
    case (.merged(let x), .merged(let y)): x == y
    case (.known, .known), (.partial, .partial): true
    case (.setAside(let x), .setAside(let y)), (.refused(let x), .refused(let y)): x.kind == y.kind
    default: false
    }
  }
}

/// A whole transaction of another site that could not be merged yet.
public struct SetAside: Sendable {
  /// Whose transaction.
  public let site: SiteID
  /// Which one.
  public let version: UInt64
  /// Why.
  public let reason: String
  /// The table concerned, if one is.
  public let table: String?
  /// How often it was tried.
  public let tries: Int
}

extension StateStore {
  /// Takes in what other sites sent, in one commit: each transaction becomes visible whole or not at all, whatever happens to the
  /// others. Parts wait for the rest, and what cannot be merged waits aside.
  public func receive(_ sets: [ChangeSet]) throws(StateError) -> [Received] {
    try database.write { (_) throws(StateError) in
      try core.inCommit { (commit) throws(StateError) in
        if sets.reduce(0, { $0 + $1.changes.count }) > ClockStore.smallTransaction { try core.clocks.fold() }
        var results: [Received] = []
        for set in sets { results.append(try core.receive(set, &commit)) }
        return results
      }
    }
  }

  /// Notes that these versions of a site are empty: nothing of them is left anywhere.
  public func receiveEmpty(_ versions: ClosedRange<UInt64>, of site: SiteID) throws(StateError) {
    guard versions.lowerBound > 0, versions.upperBound <= UInt64(Int64.max) else {
      throw StateError(.malformed, "a range of empty versions that cannot be")
    }
    try database.write { (_) throws(StateError) in
      try core.inCommit { (_) throws(StateError) in
        let number = try core.clocks.number(of: site)
        guard number != 0 else { return }
        var books = core.versions[number] ?? SiteVersions()
        books.know(versions)
        try core.keep(books, of: number)
      }
    }
  }

  /// Tries again to merge what was set aside.
  ///
  /// - Returns: How many transactions could be merged.
  @discardableResult
  public func retrySetAside() throws(StateError) -> Int {
    try database.write { (_) throws(StateError) in try core.retrySetAside() }
  }

  /// What waits aside, and why.
  public func setAside() throws(StateError) -> [SetAside] {
    try read { (reader) throws(StateError) in
      let rows = try state { () throws(SQLiteError) in
        try reader.rows(
          "SELECT s.id, a.version, a.reason, a.table_name, a.tries FROM __weir_aside a JOIN __weir_site s ON s.number = a.site"
            + " ORDER BY a.site, a.version")
      }
      return rows.compactMap { row in
        guard case .blob(let bytes) = row[0], let site = SiteID(bytes) else { return nil }
        return SetAside(
          site: site, version: UInt64(bitPattern: row[1].integer ?? 0), reason: row[2].string ?? "",
          table: row[3].string, tries: Int(row[4].integer ?? 0))
      }
    }
  }

  /// What is known of a site's transactions.
  package func versions(of site: SiteID) -> SiteVersions {
    database.write { _ in
      guard let number = core.clocks.sites.number(of: site) else { return SiteVersions() }
      if number == 0 { return SiteVersions(head: core.clocks.sites.versions[0]) }
      return core.versions[number] ?? SiteVersions(head: core.clocks.sites.versions[number])
    }
  }
}

/// What one commit of received changes brings, for those who follow the tables.
struct ReceivedCommit {
  var transactions: [(site: SiteID, version: UInt64)] = []
  var rows: [TouchedRow] = []
}

extension WriterCore {
  /// Runs `body` in a transaction, and tells of what it merged.
  func inCommit<R>(_ body: (inout ReceivedCommit) throws(StateError) -> R) throws(StateError) -> R {
    var received = ReceivedCommit()
    let result = try transaction { () throws(StateError) in try body(&received) }
    tell(received.transactions, received.rows)
    return result
  }

  func receive(_ set: ChangeSet, _ commit: inout ReceivedCommit) throws(StateError) -> Received {
    if let fault = set.fault { return .refused(fault) }
    let site = try clocks.number(of: set.site)
    if site == 0 { return .known }
    var books = versions[site] ?? SiteVersions(head: clocks.sites.versions[site])
    if books.knows(set.version, seqs: books.partial[set.version] == nil ? nil : set.seqs) { return .known }
    if set.isComplete { return try apply(set.changes, of: site, set, books, &commit) }
    books.received(set.version, set.seqs, lastSeq: set.lastSeq, time: set.time)
    try state { () throws(SQLiteError) in try HeldChanges(connection: connection).insert(set.changes, site: site) }
    guard books.partial[set.version]?.isComplete == true else {
      try keep(books, of: site)
      return .partial
    }
    let held = HeldChanges(connection: connection)
    let changes = try state { () throws(SQLiteError) in
      try held.changes(site: site, id: set.site, version: set.version)
    }
    return try apply(changes, of: site, set, books, &commit)
  }

  /// Merges a whole transaction, or sets it aside.
  private func apply(
    _ changes: [Change], of site: Int, _ set: ChangeSet, _ books: SiteVersions, _ commit: inout ReceivedCommit
  ) throws(StateError) -> Received {
    var books = books
    do throws(StateError) {
      let merger = try savepoint { () throws(StateError) in try merge(changes) }
      books.know(set.version...set.version)
      try forget(site, set.version, wasHeld: versions[site]?.partial[set.version] != nil)
      try keep(books, of: site)
      commit.transactions.append((set.site, set.version))
      commit.rows += merger.touched
      return .merged(impact: merger.impact)
    } catch {
      guard error.concernsOnlyItsChanges, connection.isInTransaction else { throw error }
      books.received(set.version, 0...max(set.lastSeq, set.seqs.upperBound), lastSeq: set.lastSeq, time: set.time)
      try setAside(changes, of: site, set.version, error)
      try keep(books, of: site)
      return .setAside(error)
    }
  }

  private func setAside(
    _ changes: [Change], of site: Int, _ version: UInt64, _ reason: StateError
  ) throws(StateError) {
    try state { () throws(SQLiteError) in
      try HeldChanges(connection: connection).insert(changes, site: site)
      try connection.run(
        "INSERT INTO __weir_aside (site, version, kind, reason, table_name) VALUES (?, ?, ?, ?, ?)"
          + " ON CONFLICT DO UPDATE SET tries = tries + 1, kind = excluded.kind, reason = excluded.reason",
        [
          .integer(Int64(site)), Bookkeeping.value(version), .integer(Int64(reason.kind.rawValue)),
          SQLiteValue(reason.message), reason.table.map { SQLiteValue($0) } ?? .null,
        ])
    }
  }

  private func forget(_ site: Int, _ version: UInt64, wasHeld: Bool) throws(StateError) {
    guard wasHeld else { return }
    try state { () throws(SQLiteError) in
      try HeldChanges(connection: connection).remove(site: site, version: version)
      try connection.run(
        "DELETE FROM __weir_aside WHERE site = ? AND version = ?",
        [.integer(Int64(site)), Bookkeeping.value(version)])
    }
  }

  /// Makes these the books of a site, in memory and in the file.
  func keep(_ books: SiteVersions, of site: Int) throws(StateError) {
    let old = versions[site] ?? SiteVersions(head: clocks.sites.versions[site])
    if old == books { return }
    if old.missing != books.missing || old.partial != books.partial {
      try state { () throws(SQLiteError) in
        try Bookkeeping.store(books, over: old, of: site, on: connection)
      }
    }
    // A version of which only a part came is none that was applied; the part's own row remembers it.
    let applied = books.partial.isEmpty ? books.head : books.highestApplied
    clocks.raise(site, to: applied)
    setVersions(books, of: site)
  }

  func retrySetAside() throws(StateError) -> Int {
    let rows = try state { () throws(SQLiteError) in
      try connection.rows("SELECT site, version FROM __weir_aside ORDER BY site, version")
    }
    var merged = 0
    for row in rows {
      let (site, version) = (Int(row[0].integer ?? 0), UInt64(bitPattern: row[1].integer ?? 0))
      guard site < clocks.sites.ids.count, let books = versions[site], let partial = books.partial[version] else {
        continue
      }
      let id = clocks.sites.ids[site]
      let result = try inCommit { (commit) throws(StateError) in
        let changes = try state { () throws(SQLiteError) in
          try HeldChanges(connection: connection).changes(site: site, id: id, version: version)
        }
        let set = ChangeSet(
          site: id, version: version, seqs: 0...partial.lastSeq, lastSeq: partial.lastSeq, time: partial.time,
          changes: changes)
        return try apply(changes, of: site, set, books, &commit)
      }
      if case .merged = result { merged += 1 }
    }
    return merged
  }
}

extension SiteVersions {
  /// The highest version that is known whole.
  var highestApplied: UInt64 {
    var version = head
    while version > 0 {
      if let gap = missing.range(of: version) {
        version = gap.lowerBound - 1
      } else if partial[version] != nil {
        version -= 1
      } else {
        break
      }
    }
    return version
  }
}

extension ChangeSet {
  /// What is wrong with it by itself.
  var fault: StateError? {
    guard let largest = UInt64(exactly: Int64.max), (1...largest).contains(version), lastSeq <= largest,
      seqs.upperBound <= largest
    else { return StateError(.malformed, "a change set has a version or place that cannot be") }
    for change in changes {
      guard change.site == site, change.version == version, seqs.contains(change.seq) else {
        return StateError(.malformed, "a change set has a change that is not of it", table: change.table)
      }
      if let fault = change.fault { return fault }
    }
    return nil
  }
}

extension Change {
  /// What is wrong with its numbers by themselves: the file has them with a sign, and a row that was never made is none.
  var fault: StateError? {
    let largest = UInt64(Int64.max)
    guard (1...largest).contains(version), seq <= largest, (1...largest).contains(causalLength),
      columnVersion <= largest
    else { return StateError(.malformed, "a change has a version, place or length that cannot be", table: table) }
    return nil
  }
}

extension StateError {
  /// Whether others' changes are not concerned: the disk is not full, and nobody stopped it.
  var concernsOnlyItsChanges: Bool {
    switch kind {
    case .unknownTable, .unknownColumn, .constraint, .malformed, .sql: true
    default: false
    }
  }
}
