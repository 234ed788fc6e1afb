package import Platform
package import SQLite

/// A database whose tables are ready to replicate: what is written here gets clocks, and what other sites wrote is merged.
///
/// One thread at a time writes; any number read. Safe from any thread.
public final class StateStore: @unchecked Sendable {
  /// How the store works.
  public struct Settings: Sendable {
    /// The id of a database that is made now; a random one if nil.
    public var site: SiteID?
    /// Whether of two equal values of one version the one of the larger site counts. All nodes must have it alike.
    public var equalValuesMerge = true
    /// Whether REPLACE counts as a deletion of what it replaces. All nodes have it so; only tests do not.
    public var replaceDeletes = true
    /// Whether rows and clocks are compared when the store is opened, which reads all of both.
    public var checksRowsAtOpen = true
    /// How many readers there are at most.
    public var readers = 8
    /// How many changes may wait to be put into pools; when there are more, the oldest go, and their pools get a message that says so.
    public var outboxRows = 1_000_000
    /// Pages in the log after which a commit moves them into the file.
    public var checkpointPages = 4_000
    /// Cache of the writer, in KiB.
    public var cacheKiB = 65_536

    /// The usual ones.
    public init() {}
  }

  /// Bytes of a value, and of a row: no statement makes larger ones, by mistake or on purpose.
  package static let largestValue: Int32 = 64 << 20

  let database: Database
  let settings: Settings
  /// What belongs to the writer: only used inside `database.write`.
  let core: WriterCore
  private let published: Lock
  private var publishedTables: TrackedTables
  /// Held as long as the store is open: two stores on one file would each give the same versions.
  private let claim: StoreClaim
  /// What was found when the store was opened; empty if rows and clocks agree.
  public let differencesAtOpen: [RowDifference]

  /// Opens the database, making it if it is missing.
  ///
  /// - Throws: `.busy` if another process has it open; `.usage` if a newer version made it; `.corrupt` and `.io`.
  public init(_ path: String, _ settings: Settings = Settings()) throws(StateError) {
    self.settings = settings
    claim = try StoreClaim(path)
    var options = Database.Settings()
    options.readers = settings.readers
    options.checkpointPages = settings.checkpointPages
    options.cacheKiB = settings.cacheKiB
    let database: Database
    do throws(SQLiteError) {
      database = try Database(path, options) { (connection) throws(SQLiteError) in
        try WriterGuard.register(on: connection)
        try ContainsFunction.register(on: connection)
        try connection.makeSeries()
        connection.setLimit(.length, StateStore.largestValue)
        if connection.isReadOnly { try ReaderGuard.stand(before: connection) }
      }
    } catch {
      throw StateError(error)
    }
    self.database = database
    do throws(SystemError) { published = try Lock() } catch { throw StateError(.io, error.message) }
    core = try database.write { (connection) throws(StateError) in
      _ = try FileLayout.make(on: connection) { () throws(StateError) in
        if let site = settings.site { return site }
        do throws(SystemError) { return try SiteID.random() } catch { throw StateError(.io, error.message) }
      }
      return try WriterCore(connection, settings)
    }
    publishedTables = core.tables
    differencesAtOpen = try database.write { [core] (_) throws(StateError) in
      settings.checksRowsAtOpen ? try core.differences() : []
    }
  }

  /// The id of this site.
  public var site: SiteID { database.write { _ in core.clocks.sites.local } }

  /// The replicated tables as they are now.
  package var tables: TrackedTables {
    published.lock()
    defer { published.unlock() }
    return publishedTables
  }

  /// Moves the log into the file.
  public func checkpoint() throws(StateError) {
    try database.write { (connection) throws(StateError) in
      _ = try state { () throws(SQLiteError) in try connection.checkpoint(.truncate) }
    }
  }

  /// Readers of the older schema go.
  func publish(_ tables: TrackedTables) {
    published.lock()
    publishedTables = tables
    published.unlock()
    database.renewReaders()
  }

  /// Calls `body` after each commit that changed replicated rows, in the order of the commits, while the writer waits, until it is
  /// taken away. Several may follow, and are called in the order in which they came.
  @discardableResult
  package func onCommit(_ body: @escaping (CommitRecord) -> Void) -> CommitObserver {
    database.write { _ in CommitObserver(number: core.add(body)) }
  }

  /// Takes away what `onCommit` added: when this returns it is not called any more.
  package func remove(_ observer: CommitObserver) { database.write { _ in core.removeObserver(observer.number) } }

  /// Lends a reader for as long as the value is kept, for queries that go on.
  ///
  /// - Throws: `.busy` if none came free by the deadline.
  package func lendReader(until deadline: Deadline) throws(StateError) -> LentReader {
    try state { () throws(SQLiteError) in try database.lend(until: deadline) }
  }

  /// Lends a reader of one snapshot at a time, for queries.
  package func read<R>(
    until deadline: Deadline = .never, _ body: (Connection) throws(StateError) -> R
  ) throws(StateError) -> R {
    try database.read(until: deadline, failure: { StateError($0) }, body)
  }
}

/// What names a body that was given to `StateStore.onCommit`.
package struct CommitObserver: Sendable {
  let number: UInt64
}

/// One commit, for those who follow the tables.
package struct CommitRecord {
  /// The replicated tables as they were.
  package let tables: TrackedTables
  /// The transactions that it brought, of this site or others.
  package var transactions: [(site: SiteID, version: UInt64)]
  /// Each row that changed, once or more.
  package var rows: [TouchedRow]
}

extension CommitRecord {
  /// The table of a row.
  package func table(of row: TouchedRow) -> TrackedTable? { tables.table(id: row.table) }

  /// The row's key in the form that is exchanged.
  package func key(of row: TouchedRow) -> [UInt8] { row.key.packed }

  /// The names of the columns that got other values; all of them if the row was made, deleted or revived.
  package func columns(of row: TouchedRow) -> [String] {
    guard let table = table(of: row) else { return [] }
    if row.kind == .whole { return table.columns.map { $0.name } }
    return table.columns.indices.filter { row.changed.contains($0) }.map { table.columns[$0].name }
  }
}

/// The lock on the file beside the database that says who has it open. Held by the open file, so that it ends with the process.
struct StoreClaim: ~Copyable, Sendable {
  /// How long somebody else is waited for, in nanoseconds.
  private static let patience: Int64 = 1_000_000_000

  private let file: File

  init(_ path: String) throws(StateError) {
    let opened: File
    do throws(SystemError) {
      opened = try File(path + "-weir", [.read, .write, .create])
    } catch {
      throw StateError(
        error.kind == .permission ? .readOnly : .io, "the lock file cannot be made: \(error.message)",
        hint: "check who may write to the directory", path: path)
    }
    do throws(SystemError) {
      // Who had it may be about to end, or a process that is being started may not have let go of its files yet.
      try opened.lock(.exclusive, until: .after(nanoseconds: Self.patience))
    } catch {
      throw StateError(.busy, "another process has the database open", hint: "end it first, or use its API", path: path)
    }
    file = opened
  }
}
