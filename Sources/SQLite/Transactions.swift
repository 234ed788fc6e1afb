/// When a transaction takes the write lock.
package enum TransactionKind: Sendable {
  /// With its first change; until then it reads one snapshot.
  case deferred
  /// At once.
  case immediate
}

extension Connection {
  /// Opens a transaction.
  package func begin(_ kind: TransactionKind) throws(SQLiteError) {
    try transactionStatement(kind == .deferred ? .begin : .beginImmediate).run()
  }

  /// Keeps what the transaction did. If that fails the transaction is undone.
  package func commit() throws(SQLiteError) {
    do throws(SQLiteError) {
      try transactionStatement(.commit).run()
    } catch {
      rollBack()
      throw error
    }
  }

  /// Undoes the transaction, if one is open: some failures have done so already.
  package func rollBack() {
    // A rollback cannot fail in a way that leaves the transaction open.
    if isInTransaction { try? transactionStatement(.rollBack).run() }
  }

  /// Keeps what `body` does, or nothing of it if it fails.
  package func transaction<R, E: Error>(
    _ kind: TransactionKind = .immediate, failure: (SQLiteError) -> E, _ body: () throws(E) -> R
  ) throws(E) -> R {
    do throws(SQLiteError) { try begin(kind) } catch { throw failure(error) }
    let result: R
    do throws(E) {
      result = try body()
    } catch {
      rollBack()
      throw error
    }
    do throws(SQLiteError) { try commit() } catch { throw failure(error) }
    return result
  }

  /// The same inside a transaction: a failure undoes what `body` did, and the transaction goes on.
  package func savepoint<R, E: Error>(
    _ name: String, failure: (SQLiteError) -> E, _ body: () throws(E) -> R
  ) throws(E) -> R {
    do throws(SQLiteError) { try cached("SAVEPOINT \(SQL.name(name))").run() } catch { throw failure(error) }
    let result: R
    do throws(E) {
      result = try body()
    } catch {
      try? undo(savepoint: name)
      throw error
    }
    do throws(SQLiteError) { try cached("RELEASE \(SQL.name(name))").run() } catch { throw failure(error) }
    return result
  }

  private func undo(savepoint name: String) throws(SQLiteError) {
    guard isInTransaction else { return }
    try cached("ROLLBACK TO \(SQL.name(name))").run()
    try cached("RELEASE \(SQL.name(name))").run()
  }
}

extension Connection {
  /// `transaction` for a body whose failures are the database's own.
  package func transaction<R>(
    _ kind: TransactionKind = .immediate, _ body: () throws(SQLiteError) -> R
  ) throws(SQLiteError) -> R {
    try transaction(kind, failure: { $0 }, body)
  }
}
