/// What becomes of changes of replicated tables: which of them are put into which pool.
public struct CaptureDefinition: Equatable, Sendable {
  /// Whose changes are wanted.
  public enum Origin: String, Sendable, CaseIterable {
    /// Everybody's.
    case all
    /// Those of this site.
    case local
    /// Those of other sites.
    case remote
  }

  /// Who asked for it.
  public enum Source: String, Sendable, CaseIterable {
    /// The configuration, which may also take it away.
    case config
    /// A command.
    case command
  }

  /// The name of the pool, or its path. No two captures have the same pool of the same directory.
  public var pool: String
  /// Where the pool is found by its name.
  public var directory: String
  /// The tables whose changes are wanted, whether they are there or not; nil for all.
  public var tables: [String]?
  /// Whose changes are wanted.
  public var origin: Origin
  /// Who asked for it.
  public var source: Source
  /// Bytes of the pool's file, if it has to be made; nil for the usual size.
  public var size: UInt64?

  /// A capture with these parts.
  public init(
    pool: String, directory: String, tables: [String]? = nil, origin: Origin = .all, source: Source = .command,
    size: UInt64? = nil
  ) {
    self.pool = pool
    self.directory = directory
    self.tables = tables
    self.origin = origin
    self.source = source
    self.size = size
  }
}

extension CaptureDefinition {
  /// Whether changes of a table are wanted. Capitals do not matter, as in SQL.
  package func wants(table name: String, isLocal: Bool) -> Bool {
    switch origin {
    case .local where !isLocal, .remote where isLocal: return false
    default: return tables?.contains { $0.isSame(word: name) } ?? true
    }
  }

  /// What is wrong with it by itself.
  var fault: StateError? {
    func no(_ message: String, _ hint: String) -> StateError { StateError(.usage, message, hint: hint) }
    if pool.utf8.isEmpty { return no("a capture needs the name of a pool", "give one") }
    if tables?.isEmpty == true { return no("a capture of no tables", "name some, or leave the list out for all") }
    if let name = tables?.first(where: { FileLayout.isTaken($0) }) {
      return no("the table \(name) is not a replicated one", "name tables of the schema")
    }
    return nil
  }
}

/// A capture that the database knows of, and how far it is.
public struct RegisteredCapture: Equatable, Sendable {
  /// Its number, which no other capture of this database ever has.
  public let id: Int64
  /// What is wanted.
  public internal(set) var definition: CaptureDefinition
  /// The last row of the outbox that is in the pool, or is not wanted there.
  public internal(set) var done: Int64
  /// What the number of a row gains on its way into the pool: `Documentation/state-format.md`, section 7.
  package internal(set) var shift: Int64
  /// Until the pool was looked at: the last row that certainly is the one with the same number there, if that is there.
  package internal(set) var known: Int64?
}
