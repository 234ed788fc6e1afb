internal import Platform
internal import SQLite
internal import State

extension LiveQueries {
  /// A subscription that has no result yet. From now on what changes is kept for it.
  func make(_ number: Int64, _ sql: String) throws(StateError) -> Subscription {
    let plan = try analyzer.plan(sql, store.tables)
    let made = Subscription(
      number: number, id: try makeID(), sql: sql, plan: plan, phase: .building, source: source(number, plan),
      now: settings.clock())
    intake.beginReading(plan.interests.keys)
    return made
  }

  private func source(_ number: Int64, _ plan: QueryPlan) -> StreamSource {
    StreamSource(
      file: file, turns: turns, settings: settings, query: number, columnsLine: LiveLines.columns(plan.columns))
  }

  /// Makes the first result, and returns how many nanoseconds that took.
  func build(_ subscription: Subscription, until deadline: Deadline) throws(StateError) -> Int64 {
    let start = Clock.monotonic()
    do throws(StateError) {
      let schema = store.tables.version
      let nextRow = try fill(subscription, until: deadline)
      let backlog = try registry.built(subscription, nextRow: nextRow)
      let isOtherSchema = store.tables.version != schema
      if !backlog.isEmpty || isOtherSchema {
        intake.add {
          if !backlog.isEmpty { $0.catchUps.append((subscription, backlog)) }
          if isOtherSchema { $0.schemaChanged = true }
        }
      }
    } catch {
      registry.failed(subscription, error)
      intake.endReading(subscription.plan.interests.keys)
      try? file.transaction { (connection) throws(StateError) in
        do throws(SQLiteError) {
          try StoredResult(connection: connection, query: subscription.number).remove()
        } catch {
          throw StateError(error)
        }
      }
      throw error
    }
    return Clock.monotonic() - start
  }

  /// Evaluates the query and keeps its rows, a batch in a transaction; the id of the next row.
  private func fill(_ subscription: Subscription, until deadline: Deadline) throws(StateError) -> Int64 {
    let plan = subscription.plan
    return try store.read(until: deadline) { (reader) throws(StateError) in
      do throws(SQLiteError) {
        reader.onProgress { [registry] in !deadline.hasPassed && !registry.isOver }
        try reader.begin(.deferred)
        let statement = try reader.prepare(plan.whole, isKept: false)
        var results = ResultReader(plan)
        var nextRow: Int64 = 1
        var isLast = false
        while !isLast {
          var rows: [ResultRow] = []
          while rows.count < settings.batchRows, !isLast {
            if try statement.step() { rows.append(try results.row(of: statement)) } else { isLast = true }
          }
          nextRow = try keep(rows, of: subscription, nextRow, isLast: isLast)
        }
        return nextRow
      } catch {
        throw StateError(of: error)
      }
    }
  }

  private func keep(
    _ rows: [ResultRow], of subscription: Subscription, _ nextRow: Int64, isLast: Bool
  ) throws(SQLiteError) -> Int64 {
    try file.database.write { (connection) throws(SQLiteError) in
      try connection.transaction { () throws(SQLiteError) in
        let stored = StoredResult(connection: connection, query: subscription.number)
        if nextRow == 1 { try stored.make(id: subscription.id, sql: subscription.sql, plan: subscription.plan) }
        var writer = ResultWriter(
          stored, partCount: subscription.plan.parts.count, nextRow: nextRow, lastChange: 0, lineLimit: 0)
        for row in rows { try writer.fill(row) }
        if isLast { try writer.finish() }
        return writer.nextRow
      }
    }
  }

  // MARK: What was kept

  /// Takes up the subscriptions of an earlier process. If anything was committed that they do not know, or it did not end well, each is
  /// evaluated once and compared.
  func takeUp() throws(StateError) {
    let mark = try file.takeContentMark()
    var kept: [Subscription] = []
    for row in try keptQueries() {
      if let subscription = restored(row) {
        registry.takeUp(subscription)
        intake.beginReading(subscription.plan.interests.keys)
        kept.append(subscription)
      } else {
        registry.reserve(number: row[0].integer ?? 0)
      }
    }
    following = store.onCommit { [intake] in intake.add($0) }
    // Read after the store began to tell of commits, so that none falls in between.
    if mark == nil || mark != store.contentMark {
      intake.add { work in for one in kept { work.catchUps.append((one, .everything)) } }
    }
  }

  private func keptQueries() throws(StateError) -> [[SQLiteValue]] {
    try file.write { (connection) throws(SQLiteError) in
      let rows = try connection.rows(
        "SELECT number, id, sql, whole, columns, is_ready, next_row, last_change FROM live_query ORDER BY number")
      return rows
    }
  }

  /// A subscription as it was kept; nil, and removed from the file, if it cannot be followed any more.
  private func restored(_ row: [SQLiteValue]) -> Subscription? {
    let number = row[0].integer ?? 0
    do throws(StateError) {
      guard case .blob(let bytes) = row[1], let id = LiveID(bytes), let sql = row[2].string, row[5] == 1,
        let nextRow = row[6].integer, let lastChange = row[7].integer
      else { throw StateError(.corrupt, "it was not finished") }
      let plan = try analyzer.plan(sql, store.tables)
      guard row[3] == SQLiteValue(plan.whole), row[4] == .text(LiveLines.columns(plan.columns)) else {
        throw StateError(.schema, "the schema gave it another meaning")
      }
      let one = Subscription(
        number: number, id: id, sql: sql, plan: plan, phase: .ready, source: source(number, plan),
        now: settings.clock())
      one.nextRow = nextRow
      one.lastChange = UInt64(bitPattern: lastChange)
      return one
    } catch {
      settings.log("a live query is not taken up again: \(error.message)")
      try? file.write { (connection) throws(SQLiteError) in
        try connection.transaction { () throws(SQLiteError) in
          try StoredResult(connection: connection, query: number).remove()
        }
      }
      return nil
    }
  }
}
