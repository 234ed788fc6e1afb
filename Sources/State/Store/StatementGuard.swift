internal import SQLite

/// Looks at what statements of callers would do: they may not end the transaction around them, touch the state's own books, or
/// change what a replicated table is.
final class StatementGuard {
  /// On while a caller's statement is prepared or runs; the state's own are not asked.
  @exclusivity(unchecked) var isOn = false
  @exclusivity(unchecked) var tables: TrackedTables?
  /// Why the last statement was refused.
  @exclusivity(unchecked) private(set) var refusal: StateError?

  func stand(before connection: Connection) throws(SQLiteError) {
    try connection.onAuthorize { [self] action in
      guard isOn, let found = refusal(of: action) else { return true }
      refusal = found
      return false
    }
  }

  /// The refusal that made a statement fail, if that was it.
  func takeRefusal() -> StateError? {
    defer { refusal = nil }
    return refusal
  }

  private func refusal(of action: AuthorizedAction) -> StateError? {
    switch action.code {
    case AuthorizedAction.transaction:
      return no(
        "a transaction cannot be begun or ended by a statement", "all statements of a request are one transaction")
    case AuthorizedAction.savepoint:
      return isOurs(action.second) ? no("the savepoint's name is taken", "choose another name") : nil
    case AuthorizedAction.attach, AuthorizedAction.detach:
      return no("other databases cannot be attached", "copy what you need")
    case AuthorizedAction.pragma:
      return isHarmless(pragma: action) ? nil : no("the pragma \(action.first ?? "") cannot be used here", nil)
    case AuthorizedAction.insert, AuthorizedAction.update, AuthorizedAction.delete:
      return isOurs(action.first) ? no("\(action.first ?? "") belongs to the state", "only read it") : nil
    case AuthorizedAction.createTrigger:
      return isTracked(action.second)
        ? no(
          "a replicated table cannot have triggers",
          "what a trigger writes while changes are merged would not replicate")
        : nil
    case AuthorizedAction.alterTable, AuthorizedAction.createIndex, AuthorizedAction.dropIndex:
      return isTracked(action.second)
        ? no("a replicated table is changed by its schema only", "change the schema's file, and load it") : nil
    case AuthorizedAction.dropTable:
      return isTracked(action.first) || isOurs(action.first)
        ? no("a replicated table is changed by its schema only", "retire it in the schema first") : nil
    default:
      return nil
    }
  }

  private func no(_ message: String, _ hint: String?) -> StateError { StateError(.sql, message, hint: hint) }

  private func isOurs(_ name: String?) -> Bool {
    guard let name else { return false }
    // SQLite's own catalogue is written by any CREATE; it guards that itself.
    return FileLayout.isBook(name)
  }

  private func isTracked(_ name: String?) -> Bool {
    guard let name, let tables else { return false }
    return tables.tables.contains { $0.name.utf8.elementsEqual(name.utf8) }
  }

  private func isHarmless(pragma action: AuthorizedAction) -> Bool {
    guard let name = action.first else { return false }
    return TellingPragmas.contains(name) || action.second == nil && name.utf8.elementsEqual("data_version".utf8)
  }
}

/// Looks at what queries would do on a reader, which cannot write as it is: they may not reach for other files, nor change how the
/// reader works for those who have it next.
enum ReaderGuard {
  static func stand(before connection: Connection) throws(SQLiteError) {
    try connection.onAuthorize { action in
      switch action.code {
      case AuthorizedAction.attach, AuthorizedAction.detach: false
      case AuthorizedAction.pragma: isAllowed(pragma: action)
      default: true
      }
    }
  }

  /// Those that tell, and those that could change something as long as they are only asked.
  private static func isAllowed(pragma action: AuthorizedAction) -> Bool {
    guard let name = action.first else { return false }
    if TellingPragmas.contains(name) { return true }
    let asked = [
      "application_id", "auto_vacuum", "data_version", "encoding", "freelist_count", "journal_mode", "page_count",
      "page_size", "schema_version", "user_version", "integrity_check", "quick_check", "database_list",
    ]
    return action.second == nil && asked.contains { $0.utf8.elementsEqual(name.utf8) }
  }
}

/// Pragmas that only tell, whatever they are given.
private enum TellingPragmas {
  private static let names = [
    "table_info", "table_xinfo", "table_list", "index_list", "index_info", "index_xinfo", "foreign_key_list",
    "function_list", "collation_list", "compile_options",
  ]

  static func contains(_ name: String) -> Bool { names.contains { $0.utf8.elementsEqual(name.utf8) } }
}
