internal import Platform
internal import SQLite

/// Everything that belongs to the writer: its connection, the clocks, what is captured, and the books on other sites. One thread at a
/// time has it, so access is not checked at run time.
final class WriterCore {
  let connection: Connection
  let settings: StateStore.Settings
  @exclusivity(unchecked) private(set) var tables: TrackedTables
  let clocks: ClockStore
  let capture: Capture
  let statementGuard: StatementGuard
  let mergeStatements: MergeStatements
  @exclusivity(unchecked) private(set) var observers: [(number: UInt64, body: (CommitRecord) -> Void)] = []
  @exclusivity(unchecked) private var lastObserver: UInt64 = 0
  /// There while there are captures.
  @exclusivity(unchecked) var outbox: Outbox?
  /// Told of each commit that put something into the outbox.
  @exclusivity(unchecked) var outboxWatcher: (() -> Void)?
  /// What is known of each site's transactions, by the site's number. Of this site everything is known.
  @exclusivity(unchecked) var versions: [Int: SiteVersions] = [:]
  /// The same as it was before the open transaction, of the sites that it changed.
  @exclusivity(unchecked) private var versionsBefore: [(site: Int, versions: SiteVersions?)] = []
  private let joinWatch: Statement
  /// Whether the open transaction hears of savepoints.
  @exclusivity(unchecked) private(set) var isWatched = false
  /// Statements of callers, which were looked at when they were prepared: the connection's own were not.
  @exclusivity(unchecked) var userStatements = StatementCache(limit: 256)

  init(_ connection: Connection, _ settings: StateStore.Settings) throws(StateError) {
    self.connection = connection
    self.settings = settings
    if !settings.replaceDeletes {
      try state { () throws(SQLiteError) in try connection.setPragma("recursive_triggers", "OFF") }
    }
    tables = try TrackedTables.load(from: connection)
    clocks = try ClockStore(connection, tables)
    capture = Capture(tables)
    capture.replaceDeletes = settings.replaceDeletes
    statementGuard = StatementGuard()
    mergeStatements = MergeStatements(connection)
    do throws(SQLiteError) {
      try capture.listen(to: connection)
      connection.tellOfChanges(false)
      try statementGuard.stand(before: connection)
      joinWatch = try connection.prepare("DELETE FROM \(Capture.watch)")
    } catch {
      throw StateError(error)
    }
    statementGuard.tables = tables
    versions = try Bookkeeping.load(from: connection, clocks.sites)
    outbox = try newOutbox(try CaptureBook(connection: connection).all().map { $0.definition })
  }

  /// Goes on with another schema; outside of transactions, with the journal folded.
  func use(_ tables: TrackedTables) {
    self.tables = tables
    clocks.use(tables)
    capture.use(tables)
    statementGuard.tables = tables
    mergeStatements.removeAll()
    userStatements.removeAll()
    connection.dropCachedStatements()
    outbox?.use(tables)
  }

  // MARK: Transactions

  /// Opens a transaction that may write.
  func begin() throws(StateError) {
    do throws(SQLiteError) { try connection.begin(.immediate) } catch { throw StateError(error) }
    isWatched = false
  }

  /// Hears of savepoints from now on. What a transaction's first statement does needs no watching as long as it does not fail.
  func watch() throws(StateError) {
    if isWatched { return }
    try state { () throws(SQLiteError) in try joinWatch.run() }
    isWatched = true
  }

  /// Keeps all that `body` does, in the file and here, or nothing of it if it fails.
  func transaction<R>(_ body: () throws(StateError) -> R) throws(StateError) -> R {
    try begin()
    let result: R
    do throws(StateError) {
      result = try body()
    } catch {
      rollBack()
      throw error
    }
    try commit()
    return result
  }

  /// Begins anew, as if nothing had been done, and hears of savepoints.
  func beginAgain() throws(StateError) {
    rollBack()
    try begin()
    try watch()
  }

  /// Keeps everything, in the file and here; undoes it if that fails.
  func commit() throws(StateError) {
    do throws(StateError) {
      try clocks.prepareCommit()
      try state { () throws(SQLiteError) in try connection.commit() }
    } catch {
      rollBack()
      throw error
    }
    clocks.committed()
    capture.removeAll()
    versionsBefore = []
    if let outbox, outbox.hasNews {
      outbox.committed()
      outboxWatcher?()
    }
  }

  /// Undoes everything, in the file and here.
  func rollBack() {
    connection.rollBack()
    clocks.rolledBack()
    capture.removeAll()
    restoreVersions(to: 0)
    outbox?.reset()
  }

  /// Keeps what `body` does inside the open transaction, or nothing of it if it fails.
  func savepoint<R>(_ body: () throws(StateError) -> R) throws(StateError) -> R {
    let (mark, books) = (clocks.mark, versionsBefore.count)
    try watch()
    do throws(StateError) {
      return try connection.savepoint(Self.savepointName, failure: { StateError($0) }, body)
    } catch {
      capture.removeAll()
      if connection.isInTransaction {
        clocks.undo(to: mark)
        restoreVersions(to: books)
      }
      throw error
    }
  }

  static let savepointName = "__weir_part"

  func setVersions(_ new: SiteVersions, of site: Int) {
    versionsBefore.append((site, versions[site]))
    versions[site] = new
  }

  private func restoreVersions(to count: Int) {
    while versionsBefore.count > count, let last = versionsBefore.popLast() { versions[last.site] = last.versions }
  }

  // MARK: Observers

  /// Adds one; its number.
  func add(_ body: @escaping (CommitRecord) -> Void) -> UInt64 {
    lastObserver += 1
    observers.append((lastObserver, body))
    return lastObserver
  }

  func removeObserver(_ number: UInt64) { observers.removeAll { $0.number == number } }

  /// Tells the observers, if there is one and something to tell.
  func tell(_ transactions: [(site: SiteID, version: UInt64)], _ rows: [TouchedRow]) {
    guard !observers.isEmpty, !transactions.isEmpty else { return }
    let record = CommitRecord(tables: tables, transactions: transactions, rows: rows)
    for observer in observers { observer.body(record) }
  }
}
