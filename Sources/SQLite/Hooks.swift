internal import CSQLite

/// What the library calls on behalf of a connection.
///
/// The library keeps the address of a connection's `Hooks` as the context of each call. That is safe because the connection
/// owns both and takes every hook away before it closes the handle; and because hooks are called by the connection's own
/// thread, in the middle of one of its calls.
final class Hooks {
  @exclusivity(unchecked) var willChange: ((borrowing RowChange) -> Void)?
  @exclusivity(unchecked) var didUpdate: ((_ table: UnsafePointer<CChar>, _ row: Int64) -> Void)?
  @exclusivity(unchecked) var willCommit: (() -> Bool)?
  @exclusivity(unchecked) var didRollBack: (() -> Void)?
  @exclusivity(unchecked) var logDidGrow: ((_ pages: Int) -> Bool)?
  @exclusivity(unchecked) var authorize: ((AuthorizedAction) -> Bool)?
  @exclusivity(unchecked) var progress: (() -> Bool)?
  @exclusivity(unchecked) var savepointBegan: ((Int) -> Void)?
  @exclusivity(unchecked) var savepointUndone: ((Int) -> Void)?
  /// The value that stands for a column that a short row does not have.
  @exclusivity(unchecked) var missingValue: OpaquePointer?

  var context: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }

  static func from(_ context: UnsafeMutableRawPointer?) -> Hooks? {
    context.map { Unmanaged<Hooks>.fromOpaque($0).takeUnretainedValue() }
  }

  func removeAll(from handle: OpaquePointer?) {
    guard let handle else { return }
    sqlite3_preupdate_hook(handle, nil, nil)
    sqlite3_update_hook(handle, nil, nil)
    sqlite3_commit_hook(handle, nil, nil)
    sqlite3_rollback_hook(handle, nil, nil)
    sqlite3_wal_hook(handle, nil, nil)
    sqlite3_set_authorizer(handle, nil, nil)
    sqlite3_progress_handler(handle, 0, nil, nil)
  }
}

/// What a statement would do, as the library's authorizer puts it.
package struct AuthorizedAction {
  /// One of the library's action codes.
  package let code: Int32
  /// What the action names: a table, a column, a savepoint; the library's manual has the table.
  package let first: String?
  package let second: String?
  package let database: String?
  /// The innermost trigger or view that wants it.
  package let source: String?
}

extension AuthorizedAction {
  package static let transaction = SQLITE_TRANSACTION
  package static let savepoint = SQLITE_SAVEPOINT
  package static let attach = SQLITE_ATTACH
  package static let detach = SQLITE_DETACH
  package static let pragma = SQLITE_PRAGMA
  package static let insert = SQLITE_INSERT
  package static let update = SQLITE_UPDATE
  package static let delete = SQLITE_DELETE
  package static let read = SQLITE_READ
  package static let select = SQLITE_SELECT
  package static let function = SQLITE_FUNCTION
  package static let recursive = SQLITE_RECURSIVE
  package static let createTable = SQLITE_CREATE_TABLE
  package static let createTemporaryTable = SQLITE_CREATE_TEMP_TABLE
  package static let createView = SQLITE_CREATE_VIEW
  package static let createTrigger = SQLITE_CREATE_TRIGGER
  package static let createTemporaryTrigger = SQLITE_CREATE_TEMP_TRIGGER
  package static let dropTrigger = SQLITE_DROP_TRIGGER
  package static let alterTable = SQLITE_ALTER_TABLE
  package static let dropTable = SQLITE_DROP_TABLE
  package static let createIndex = SQLITE_CREATE_INDEX
  package static let dropIndex = SQLITE_DROP_INDEX
}

extension Connection {
  /// Calls `body` before each change of a row. It must not use the connection. Nil takes it away.
  ///
  /// Statements must be prepared while a body is set: without one, `DELETE` of a whole table is compiled so that it tells nothing.
  package func onChange(_ body: ((borrowing RowChange) -> Void)?) {
    hooks.willChange = body
    hooks.missingValue = csqlite_missing_value(handle)
    tellOfChanges(body != nil)
  }

  /// Stops calling the body of `onChange` for a while, which spares what is written meanwhile the library's work for it.
  package func tellOfChanges(_ isWanted: Bool) {
    guard isWanted else {
      sqlite3_preupdate_hook(handle, nil, nil)
      return
    }
    sqlite3_preupdate_hook(
      handle,
      { context, database, operation, schema, table, oldRow, newRow in
        guard let hooks = Hooks.from(context), let body = hooks.willChange, let database, let schema, let table,
          let kind = RowChange.Kind(rawValue: operation)
        else { return }
        body(
          RowChange(
            kind: kind, table: table, oldRow: oldRow, newRow: newRow, schema: schema, database: database,
            missing: hooks.missingValue))
      }, hooks.context)
  }

  /// Calls `body` after each change of a row of a table that has row ids. Nil takes it away.
  package func onUpdate(_ body: ((_ table: UnsafePointer<CChar>, _ row: Int64) -> Void)?) {
    hooks.didUpdate = body
    sqlite3_update_hook(
      handle,
      body == nil
        ? nil
        : { context, _, _, table, row in
          if let body = Hooks.from(context)?.didUpdate, let table { body(table, row) }
        }, hooks.context)
  }

  /// Calls `body` when a transaction is about to be committed; false makes it a rollback. Nil takes it away.
  package func onCommit(_ body: (() -> Bool)?) {
    hooks.willCommit = body
    sqlite3_commit_hook(
      handle, body == nil ? nil : { context in Hooks.from(context)?.willCommit?() ?? true ? 0 : 1 }, hooks.context)
  }

  /// Calls `body` when a transaction was undone, by a statement or by itself. Nil takes it away.
  package func onRollback(_ body: (() -> Void)?) {
    hooks.didRollBack = body
    sqlite3_rollback_hook(handle, body == nil ? nil : { context in Hooks.from(context)?.didRollBack?() }, hooks.context)
  }

  /// Asks `body` after each commit into the log, with the pages that are in it, whether to move them into the file now. Takes the
  /// place of the library's own count.
  package func onLogGrowth(_ body: @escaping (_ pages: Int) -> Bool) {
    hooks.logDidGrow = body
    sqlite3_wal_hook(
      handle,
      { context, database, schema, pages in
        guard let body = Hooks.from(context)?.logDidGrow, body(Int(pages)) else { return SQLITE_OK }
        // Whatever keeps it from that now, the next commit tries again.
        _ = sqlite3_wal_checkpoint_v2(database, schema, CheckpointMode.passive.rawValue, nil, nil)
        return SQLITE_OK
      }, hooks.context)
  }

  /// Asks `body` about each thing that a statement would do, when it is prepared. Nil takes it away.
  package func onAuthorize(_ body: ((AuthorizedAction) -> Bool)?) throws(SQLiteError) {
    hooks.authorize = body
    try check(
      sqlite3_set_authorizer(
        handle,
        body == nil
          ? nil
          : { context, code, first, second, database, source in
            let action = AuthorizedAction(
              code: code, first: first.map { String(cString: $0) }, second: second.map { String(cString: $0) },
              database: database.map { String(cString: $0) }, source: source.map { String(cString: $0) })
            return Hooks.from(context)?.authorize?(action) ?? true ? SQLITE_OK : SQLITE_DENY
          }, hooks.context))
  }

  /// Asks `body` every `steps` steps of the library's machine whether to go on; false ends the statement with `.interrupted`.
  /// Nil takes it away.
  package func onProgress(every steps: Int32 = 4096, _ body: (() -> Bool)?) {
    hooks.progress = body
    sqlite3_progress_handler(
      handle, body == nil ? 0 : steps,
      body == nil ? nil : { context in Hooks.from(context)?.progress?() ?? true ? 0 : 1 },
      hooks.context)
  }

  /// Makes a virtual table of that name that has no rows. From a `DELETE` from it until the end of the transaction, the bodies
  /// hear of each savepoint, those around statements included.
  package func watchSavepoints(
    _ name: String, began: @escaping (Int) -> Void, undone: @escaping (Int) -> Void
  ) throws(SQLiteError) {
    hooks.savepointBegan = began
    hooks.savepointUndone = undone
    var watcher = csqlite_savepoints(
      context: hooks.context, began: { context, number in Hooks.from(context)?.savepointBegan?(Int(number)) },
      undone: { context, number in Hooks.from(context)?.savepointUndone?(Int(number)) })
    try check(csqlite_watch_savepoints(handle, name, &watcher))
  }
}
