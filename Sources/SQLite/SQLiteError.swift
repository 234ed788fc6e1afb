internal import CSQLite

/// Why the database did not do what it was asked.
///
/// A statement that fails leaves no change behind, unless it said `OR FAIL`. Some failures end the whole transaction, among
/// them an interrupted change and a full disk: `Connection.isInTransaction` tells.
public struct SQLiteError: Error, Sendable {
  /// The library's primary result codes, as far as callers tell them apart.
  public enum Kind: Int32, Sendable {
    case error = 1
    case `internal`, permission, abort, busy, locked, noMemory, readOnly, interrupted, io, corrupt, notFound, full
    case cannotOpen, protocolError, empty, schemaChanged, tooBig, constraint, mismatch, misuse, noLargeFiles,
      notAuthorized
    case format, range, notADatabase
  }

  /// The primary result code.
  public let kind: Kind
  /// The extended result code, whose low 8 bits are the primary one.
  public let extendedCode: Int32
  /// The library's own sentence.
  public let message: String
  /// What to do about it, where there is something to say.
  public var hint: String?
  /// The statement concerned.
  public var sql: String?
  /// Where in `sql` the fault is, in bytes, if the library knows.
  public var offset: Int?

  package init(
    _ kind: Kind, extendedCode: Int32? = nil, _ message: String, hint: String? = nil, sql: String? = nil,
    offset: Int? = nil
  ) {
    self.kind = kind
    self.extendedCode = extendedCode ?? kind.rawValue
    self.message = message
    self.hint = hint ?? kind.hint
    self.sql = sql
    self.offset = offset
  }

  /// What `database` says about its last call, which ended with `code`.
  init(code: Int32, database: OpaquePointer?, sql: String? = nil) {
    let extended = database.map { sqlite3_extended_errcode($0) } ?? code
    let isAboutThis = extended & 0xff == code & 0xff
    let text = isAboutThis ? database.flatMap { sqlite3_errmsg($0) } : sqlite3_errstr(code)
    let offset = isAboutThis && sql != nil ? database.map { sqlite3_error_offset($0) } ?? -1 : -1
    self.init(
      Kind(rawValue: code & 0xff) ?? .error, extendedCode: isAboutThis ? extended : code,
      text.map { String(cString: $0) } ?? "unknown error", sql: sql, offset: offset < 0 ? nil : Int(offset))
  }
}

extension SQLiteError.Kind {
  fileprivate var hint: String? {
    switch self {
    case .busy, .locked: "another connection holds what is needed: try again"
    case .full: "the disk or the quota is full: free some space"
    case .readOnly: "check who may write to the file and its directory"
    case .cannotOpen: "check the path and who may open it"
    case .corrupt: "restore the file from a backup; check the disk"
    case .notADatabase: "give the path of a SQLite database"
    case .interrupted: "the time allowed for it was over"
    case .io: "check the disk and the file system"
    default: nil
    }
  }
}
