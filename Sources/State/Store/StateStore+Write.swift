package import Platform
public import SQLite

/// What statements take as parameters.
public enum Parameters: Sendable {
  /// By position: exactly one for each parameter.
  case positional([SQLiteValue])
  /// By name, with the `:`, `@` or `$` that it begins with.
  case named([(name: String, value: SQLiteValue)])
}

/// A write transaction while it is open. Only valid inside the call that brought it.
public final class WriteTransaction {
  private let core: WriterCore
  /// Whether a statement was begun.
  private var isUsed = false

  init(_ core: WriterCore) { self.core = core }

  /// Runs one statement; rows that it gives are an error, as the reference has it.
  ///
  /// - Returns: How many rows the statement itself changed.
  @discardableResult
  public func run(_ sql: String, _ parameters: Parameters = .positional([])) throws(StateError) -> Int {
    try use(sql, parameters) { (statement) throws(SQLiteError) in
      let isWriting = !statement.isReadOnly
      let before = core.connection.totalChanges
      if try statement.step() {
        throw Self.returnedRows
      }
      return isWriting && core.connection.totalChanges != before ? core.connection.changes : 0
    }
  }

  /// All rows that one statement gives.
  public func rows(_ sql: String, _ parameters: Parameters = .positional([])) throws(StateError) -> [[SQLiteValue]] {
    try use(sql, parameters) { (statement) throws(SQLiteError) in
      var rows: [[SQLiteValue]] = []
      while try statement.step() { rows.append(statement.values()) }
      return rows
    }
  }

  /// Runs one statement once for each row of values; how many rows they changed.
  @discardableResult
  public func run(_ sql: String, rows: some Sequence<[SQLiteValue]>) throws(StateError) -> Int {
    var changed = 0
    isUsed = true
    try core.watch()
    try guarded { () throws(SQLiteError) in
      let statement = try core.userStatements.statement(sql, on: core.connection)
      defer { statement.reset() }
      for row in rows {
        core.capture.statementBegins()
        try statement.bind(row)
        let before = core.connection.totalChanges
        if try statement.step() { throw Self.returnedRows }
        if core.connection.totalChanges != before { changed += core.connection.changes }
      }
    }
    return changed
  }

  private static var returnedRows: SQLiteError {
    SQLiteError(.misuse, "the statement returned rows", hint: "use a query for what gives rows")
  }

  private func use<R>(
    _ sql: String, _ parameters: Parameters, _ body: (Statement) throws(SQLiteError) -> R
  ) throws(StateError) -> R {
    let isFirst = !isUsed && !core.isWatched
    if !isFirst { try core.watch() }
    isUsed = true
    do throws(StateError) {
      return try attempt(sql, parameters, body)
    } catch {
      // What a statement that fails leaves behind only the watched know. So it fails once more.
      guard isFirst, core.connection.isInTransaction, !core.capture.changes.isEmpty else { throw error }
      try core.beginAgain()
      return try attempt(sql, parameters, body)
    }
  }

  private func attempt<R>(
    _ sql: String, _ parameters: Parameters, _ body: (Statement) throws(SQLiteError) -> R
  ) throws(StateError) -> R {
    try guarded { () throws(SQLiteError) in
      core.capture.statementBegins()
      let statement = try core.userStatements.statement(sql, on: core.connection)
      try parameters.bind(to: statement)
      defer { statement.reset() }
      return try body(statement)
    }
  }

  /// Captures what `body` changes, and refuses what callers' statements may not do.
  private func guarded<R>(_ body: () throws(SQLiteError) -> R) throws(StateError) -> R {
    core.capture.isOn = true
    core.connection.tellOfChanges(true)
    core.statementGuard.isOn = true
    defer {
      core.capture.isOn = false
      core.connection.tellOfChanges(false)
      core.statementGuard.isOn = false
    }
    do throws(SQLiteError) {
      return try body()
    } catch {
      throw core.statementGuard.takeRefusal() ?? StateError(error)
    }
  }
}

extension Parameters {
  package func bind(to statement: Statement) throws(SQLiteError) {
    switch self {
    case .positional(let values): try statement.bind(values)
    case .named(let pairs):
      for (name, value) in pairs {
        guard let index = statement.parameter(named: name) else {
          throw SQLiteError(
            .range, "the statement has no parameter \(name)", hint: "give the name with its first character")
        }
        try statement.bind(value, index)
      }
    }
  }
}

/// What became of a write transaction.
public struct WriteOutcome: Equatable, Sendable {
  /// Its version, counted by this site; nil if it changed no replicated row.
  public var version: UInt64?
  /// The last place of its changes; 0 if it has none.
  public var lastSeq: UInt64

  /// An outcome with these parts.
  public init(version: UInt64? = nil, lastSeq: UInt64 = 0) {
    self.version = version
    self.lastSeq = lastSeq
  }
}

/// One caller's transaction, to be committed together with those of others.
package struct WriteJob {
  /// The time of its changes, as the node's clock has it.
  package var time: UInt64
  /// When to stop it. A change that is stopped ends the commit around it, and the other jobs are done again.
  package var deadline = Deadline.never
  /// May be called more than once; only the last call counts.
  package var body: (WriteTransaction) throws(StateError) -> Void

  package init(
    time: UInt64, deadline: Deadline = .never, _ body: @escaping (WriteTransaction) throws(StateError) -> Void
  ) {
    self.time = time
    self.deadline = deadline
    self.body = body
  }
}

extension StateStore {
  /// One transaction: all that `body` does, or nothing if it fails.
  ///
  /// - Parameter time: The time of its changes, as the node's clock has it.
  public func write<R>(
    time: UInt64, _ body: (WriteTransaction) throws(StateError) -> R
  ) throws(StateError) -> (result: R, outcome: WriteOutcome) {
    try write(time: time, deadline: .never, body)
  }

  /// The same, stopped with `.interrupted` at the deadline.
  package func write<R>(
    time: UInt64, deadline: Deadline, _ body: (WriteTransaction) throws(StateError) -> R
  ) throws(StateError) -> (result: R, outcome: WriteOutcome) {
    try database.write { (_) throws(StateError) in
      var touched: [TouchedRow] = []
      let (result, outcome) = try core.transaction { () throws(StateError) in
        let result = try core.limited(by: deadline) { () throws(StateError) in try body(WriteTransaction(core)) }
        return (result, try core.flush(time: time, &touched))
      }
      core.tell(core.local(outcome), touched)
      return (result, outcome)
    }
  }

  /// Commits the transactions of several callers at once; each is kept or fails by itself, in this order.
  package func write(_ jobs: [WriteJob]) -> [Result<WriteOutcome, StateError>] {
    database.write { _ in core.commitGroup(jobs) }
  }
}

extension WriterCore {
  /// Stops what SQLite does in `body` at the deadline.
  func limited<R>(by deadline: Deadline, _ body: () throws(StateError) -> R) throws(StateError) -> R {
    if deadline == .never { return try body() }
    connection.onProgress { !deadline.hasPassed }
    defer { connection.onProgress(nil) }
    return try body()
  }

  /// Makes clocks of what was captured.
  func flush(time: UInt64, _ touched: inout [TouchedRow]) throws(StateError) -> WriteOutcome {
    let changes = capture.take()
    if changes.isEmpty { return WriteOutcome() }
    let stamps = try makeClocks(of: changes, time: time)
    if !observers.isEmpty { for change in changes { note(change, &touched) } }
    return WriteOutcome(version: stamps.version, lastSeq: max(1, stamps.seq) - 1)
  }

  /// Makes clocks of changes of this site, as one version, and puts into the outbox what captures want of them.
  func makeClocks(of changes: [CapturedChange], time: UInt64) throws(StateError) -> LocalStamps {
    var flush = CaptureFlush(clocks: clocks, time: time)
    try flush.write(changes)
    if let outbox {
      let author = RowTransition.Author(site: clocks.sites.local, version: flush.stamps.version, time: time)
      try outbox.append(changes, by: author)
    }
    return flush.stamps
  }

  private func note(_ change: CapturedChange, _ touched: inout [TouchedRow]) {
    let table = tables.tables[change.table].id
    let isWhole = change.kind != .update || change.newKey != nil
    touched.append(
      TouchedRow(
        table: table, key: change.key, changed: change.columns, kind: isWhole ? .whole : .columns,
        isAlive: change.kind != .delete && change.newKey == nil))
    if let key = change.newKey {
      touched.append(TouchedRow(table: table, key: key, changed: change.columns, kind: .whole, isAlive: true))
    }
  }

  func local(_ outcome: WriteOutcome) -> [(site: SiteID, version: UInt64)] {
    outcome.version.map { [(clocks.sites.local, $0)] } ?? []
  }

  func commitGroup(_ jobs: [WriteJob]) -> [Result<WriteOutcome, StateError>] {
    var results: [Result<WriteOutcome, StateError>?] = jobs.map { _ in nil }
    var left = Array(jobs.indices)
    while !left.isEmpty {
      let round = commitRound(jobs, left)
      for (index, result) in round { results[index] = result }
      // Those without a result were undone with a job that took the whole transaction with it.
      left = left.filter { results[$0] == nil }
    }
    return results.map { $0 ?? .success(WriteOutcome()) }
  }

  /// Runs jobs in one transaction and commits it. If a job ends the transaction, only that job has a result.
  private func commitRound(_ jobs: [WriteJob], _ indices: [Int]) -> [(Int, Result<WriteOutcome, StateError>)] {
    var results: [(Int, Result<WriteOutcome, StateError>)] = []
    var touched: [TouchedRow] = []
    var transactions: [(site: SiteID, version: UInt64)] = []
    do throws(StateError) { try begin() } catch { return indices.map { ($0, .failure(error)) } }
    for index in indices {
      do throws(StateError) {
        let outcome = try run(jobs[index], isAlone: indices.count == 1, &touched)
        transactions += local(outcome)
        results.append((index, .success(outcome)))
      } catch {
        if !connection.isInTransaction || indices.count == 1 {
          rollBack()
          return results.filter { $0.1.isFailure } + [(index, .failure(error))]
        }
        results.append((index, .failure(error)))
      }
    }
    do throws(StateError) { try commit() } catch {
      return results.map { $0.1.isFailure ? $0 : ($0.0, .failure(error)) }
    }
    tell(transactions, touched)
    return results
  }

  private func run(_ job: WriteJob, isAlone: Bool, _ touched: inout [TouchedRow]) throws(StateError) -> WriteOutcome {
    var rows: [TouchedRow] = []
    func work() throws(StateError) -> WriteOutcome {
      try limited(by: job.deadline) { () throws(StateError) in try job.body(WriteTransaction(self)) }
      return try flush(time: job.time, &rows)
    }
    let outcome = isAlone ? try work() : try savepoint(work)
    touched += rows
    return outcome
  }
}

extension Result {
  fileprivate var isFailure: Bool {
    if case .failure = self { return true }
    return false
  }
}
