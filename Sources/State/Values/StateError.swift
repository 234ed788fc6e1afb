package import SQLite

/// Why the state did not do what it was asked. The state is unchanged unless `message` says otherwise.
public struct StateError: Error, Sendable {
  /// Stable across versions.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// The request cannot be served as it was put.
    case usage = 1
    /// A statement of the caller's is wrong, or fails on what the tables hold.
    case sql
    /// A schema's text asks for what replicated tables cannot have.
    case schema
    /// No such table among the replicated ones.
    case unknownTable
    /// The table has no such column.
    case unknownColumn
    /// What a change would make of a row breaks a rule of its table.
    case constraint
    /// Bytes from outside are not what they should be.
    case malformed
    /// Somebody else wrote to the tables.
    case foreignWriter
    /// Somebody holds what is needed.
    case busy
    /// The time allowed was over.
    case interrupted
    /// The disk or the quota is full.
    case full
    /// The file cannot be written.
    case readOnly
    /// The file fails a check.
    case corrupt
    /// The system failed.
    case io
  }

  /// What kind of failure.
  public let kind: Kind
  /// What is wrong: one sentence, without a full stop.
  public let message: String
  /// What to do about it, if anything can be done.
  public var hint: String?
  /// The table concerned.
  public var table: String?
  /// The file of a schema, or of the database.
  public var path: String?
  /// The line in that file, from 1.
  public var line: Int?
  /// The extended result code of SQLite, where it was SQLite that failed.
  public var sqliteCode: Int32?

  /// An error with these parts.
  public init(
    _ kind: Kind, _ message: String, hint: String? = nil, table: String? = nil, path: String? = nil, line: Int? = nil
  ) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.table = table
    self.path = path
    self.line = line
  }

  /// The same failure as callers of the state see it.
  package init(_ error: SQLiteError) {
    let kind: Kind =
      switch error.kind {
      case .constraint: .constraint
      case .busy, .locked: .busy
      case .interrupted: .interrupted
      case .full: .full
      case .readOnly, .permission: .readOnly
      case .corrupt, .notADatabase, .format: .corrupt
      case .io, .noMemory, .cannotOpen, .protocolError, .noLargeFiles: .io
      default: .sql
      }
    self.init(kind, error.message, hint: error.hint)
    sqliteCode = error.extendedCode
  }
}

/// Does `body`, and says its failure in the state's terms.
@inline(__always)
func state<R>(_ body: () throws(SQLiteError) -> R) throws(StateError) -> R {
  do throws(SQLiteError) { return try body() } catch { throw StateError(error) }
}
