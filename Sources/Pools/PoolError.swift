package import Platform

/// Why a pool operation did not happen. The pool is unchanged unless `message` says otherwise.
public struct PoolError: Error, Sendable {
  /// Stable across versions. The raw value is the command's exit code and the number of the C interface.
  public enum Kind: UInt8, Sendable, CaseIterable {
    /// A fault of this library or of the machine's clock.
    case `internal` = 1
    /// The request cannot be served as it was put: sizes, names, message too large, unsupported format version.
    case usage
    /// No such pool, no such message, or the path names another file now.
    case notFound
    /// The name is taken.
    case alreadyExists
    /// Somebody holds what is needed.
    case busy
    /// The system refuses this user.
    case permission
    /// The file fails a check.
    case corrupt
    /// The system failed.
    case io
    /// Messages that were asked for are gone.
    case retentionGap
  }

  /// What kind of failure.
  public var kind: Kind
  /// What is wrong: one sentence, lower case, no full stop.
  public var message: String
  /// What to do about it.
  public var hint: String?
  /// The file concerned.
  public var path: String?
  /// The sequence number concerned; for `retentionGap` the first one missing.
  public var sequence: UInt64?
  /// Where the damage was found, in bytes from the start of the ring.
  public var offset: UInt64?
  /// What lay beneath, outermost first.
  public var causes: [String]

  /// An error with these parts.
  public init(
    _ kind: Kind, _ message: String, hint: String? = nil, path: String? = nil, sequence: UInt64? = nil,
    offset: UInt64? = nil, causes: [String] = []
  ) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.path = path
    self.sequence = sequence
    self.offset = offset
    self.causes = causes
  }

  /// A failure of the system while doing `message` to the file at `path`.
  package init(_ error: SystemError, _ message: String, path: String?) {
    self.init(.io, message, path: path, causes: [error.message])
    switch error.kind {
    case .notFound:
      kind = .notFound
    case .exists:
      kind = .alreadyExists
    case .busy, .timedOut:
      kind = .busy
      hint = "try again when the other process is done"
    case .permission:
      kind = .permission
      hint = "check who owns the file and its directory; a pool is opened for reading and writing even to read it"
    case .noSpace:
      hint = "the disk or the quota is full: free some space, or make a smaller pool"
    case .isDirectory:
      hint = "this is a directory where a pool file should be: give the path of a file"
    case .notDirectory:
      hint = "a part of the path is a file: check --dir and the name"
    case .nameTooLong, .invalid:
      kind = .usage
      hint = "choose a shorter name without special characters"
    case .limit:
      hint = "raise the limit of open files, or close some"
    default:
      hint = "check the disk and the file system"
    }
  }
}

/// Does `body`, and says what it was for when the system refuses.
@inline(__always)
func attempt<R: ~Copyable>(
  _ purpose: StaticString, _ path: String?, _ body: () throws(SystemError) -> R
) throws(PoolError) -> R {
  do throws(SystemError) {
    return try body()
  } catch {
    throw PoolError(error, purpose.text, path: path)
  }
}
