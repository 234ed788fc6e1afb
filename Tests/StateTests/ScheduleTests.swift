import Platform
import SQLite
import Support
import Testing

@testable import State

@Suite struct ScheduleTests {
  /// How many seeds: 2,000 unless `WEIR_STATE_SCHEDULES` says so.
  private static let count = Process.environment("WEIR_STATE_SCHEDULES").flatMap { UInt64($0) } ?? 2_000

  @Test(arguments: 0..<4)
  func sitesConvergeWhateverTheOrderOfWritesAndDeliveries(part: UInt64) {
    // Making databases takes longer than playing: those of one form of table are used again.
    var sites: [[String]: [MemorySite]] = [:]
    for seed in stride(from: part, to: Self.count, by: 4) {
      let schedule = Schedule(seed: seed)
      guard let fault = fault(of: schedule, &sites) else { continue }
      let smallest = schedule.shrunk { self.fault(of: $0, &sites) != nil }
      Issue.record("seed \(seed): \(self.fault(of: smallest, &sites) ?? fault)\nsmallest schedule: \(smallest)")
      return
    }
  }

  /// Nil if everything came out well.
  private func fault(of schedule: Schedule, _ known: inout [[String]: [MemorySite]]) -> String? {
    do {
      let all =
        try known[schedule.tables] ?? (0..<5).map { try MemorySite($0, schedule.tables, isJournaled: $0 % 2 == 0) }
      known[schedule.tables] = all
      let sites = Array(all[..<schedule.sites])
      for site in sites { try site.empty() }
      for (index, step) in schedule.steps.enumerated() {
        try play(step, sites, time: UInt64(index))
      }
      // To one and from there to all: afterwards everybody has everything.
      for site in sites.dropFirst() { try sites[0].merge(try site.changes()) }
      for site in sites.dropFirst() { try site.merge(try sites[0].changes()) }
      for site in sites { if let fault = try site.fault() { return "after all: \(fault)" } }
      for site in sites.dropFirst() {
        let (rows, others) = (try sites[0].rows(), try site.rows())
        if rows != others { return "rows differ: \(rows) and \(others)" }
        let (clocks, otherClocks) = (try sites[0].comparableChanges(), try site.comparableChanges())
        if clocks != otherClocks { return "clocks differ: \(clocks.symmetricDifference(otherClocks))" }
      }
      return nil
    } catch {
      return "\(error)"
    }
  }

  private func play(_ step: Schedule.Step, _ sites: [MemorySite], time: UInt64) throws {
    switch step {
    case .write(let site, let sql, let isUndone):
      try sites[site].write(sql, isUndone: isUndone, time: time)
    case .send(let from, let to, let of, let since, let shuffle, let dropping):
      let id = sites[of].id
      var random = SplitMix(seed: shuffle)
      var changes = try sites[from].changes().filter { $0.site == id && $0.version >= since }
      changes.shuffle(using: &random)
      changes = changes.enumerated().filter { $0.offset % dropping != dropping - 1 }.map { $0.element }
      if shuffle % 3 == 0 { changes += changes }
      try sites[to].merge(changes)
    }
  }
}

/// A site whose database is in memory.
private struct MemorySite {
  let core: WriterCore
  let id: SiteID
  /// Whether its clocks stay in the journal; otherwise each commit folds it.
  let isJournaled: Bool

  init(_ number: Int, _ tables: [String], isJournaled: Bool) throws {
    self.isJournaled = isJournaled
    let id = SiteID(high: UInt64(0x4141 + number), low: 1)
    self.id = id
    let connection = try Connection("", .memory)
    try connection.setPragma("recursive_triggers", "ON")
    try WriterGuard.register(on: connection)
    _ = try FileLayout.make(on: connection) { () throws(StateError) in id }
    for sql in tables { try connection.run(sql) }
    core = try WriterCore(connection, StateStore.Settings())
    try core.changingSchema { [core] () throws(StateError) in try core.track("t", time: 0) }
  }

  /// Makes it as it was when it was new.
  func empty() throws {
    core.rollBack()
    try core.connection.run(
      """
      BEGIN; DELETE FROM t; DELETE FROM __weir_clock_1; DELETE FROM __weir_version; DELETE FROM __weir_journal;
      DELETE FROM __weir_site WHERE number > 0; UPDATE __weir_site SET version = 0; COMMIT
      """)
    try core.clocks.reload()
    core.versions = [:]
  }

  func write(_ sql: [String], isUndone: Bool, time: UInt64) throws {
    try core.begin()
    let transaction = WriteTransaction(core)
    for text in sql {
      for statement in text.split(separator: ";") {
        // Some statements fail, and leave what they must.
        _ = try? transaction.run(String(statement))
      }
    }
    if isUndone || !core.connection.isInTransaction { return core.rollBack() }
    var touched: [TouchedRow] = []
    _ = try core.flush(time: time, &touched)
    if !isJournaled { try core.clocks.fold() }
    try core.commit()
  }

  func merge(_ changes: [Change]) throws {
    try core.begin()
    _ = try core.merge(changes)
    if !isJournaled { try core.clocks.fold() }
    try core.commit()
  }

  /// By version, then place.
  func changes() throws -> [Change] {
    try ClockView(core.connection, known: core.tables).allChanges().sorted {
      ($0.site, $0.version, $0.seq) < ($1.site, $1.version, $1.seq)
    }
  }

  /// Without the records of living rows, which may stay with different owners.
  func comparableChanges() throws -> Set<Change> {
    Set(try changes().filter { $0.column != Change.row || $0.causalLength % 2 == 0 })
  }

  func rows() throws -> Set<[SQLiteValue]> { Set(try core.connection.rows("SELECT * FROM t")) }

  /// What does not fit together within the site.
  func fault() throws -> String? {
    let differences = try core.differences()
    if !differences.isEmpty { return "\(differences)" }
    let all = Set(try changes())
    let view = try ClockView(core.connection, known: core.tables)
    let bySite = try view.sites.ids.flatMap { try view.changes(of: $0, 0...UInt64(Int64.max)) }
    if Set(bySite) != all { return "read by version: \(all.symmetricDifference(bySite))" }
    let again = try ClockStore(core.connection, core.tables)
    if again.sites.versions != core.clocks.sites.versions { return "versions in memory and in the file differ" }
    return nil
  }
}
