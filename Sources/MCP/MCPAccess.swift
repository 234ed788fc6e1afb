internal import Documents
internal import Pools

/// What a client may do: at all, and with pools by their names.
public struct MCPAccess: Sendable {
  /// What can be done with a pool.
  public enum Mode: Sendable {
    /// Looking at it and at its messages.
    case read
    /// Making it, deleting it, appending to it.
    case write
  }

  /// Whether the tools and resources that only look are there.
  public let canRead: Bool
  /// Whether the tools that change something are there.
  public let canWrite: Bool
  private let permits: (@Sendable (_ pool: String, Mode) -> Bool)?

  /// Access to what all of this allows.
  ///
  /// - Parameters:
  ///   - canRead: whether anything may be looked at.
  ///   - canWrite: whether anything may be changed.
  ///   - permits: asked for each pool, by its name without the ending of its file; nil permits all. What is not permitted is
  ///     refused whether or not the pool exists, and is not listed. Where a file system does not tell letters of both cases
  ///     apart, neither should this.
  public init(
    canRead: Bool = true, canWrite: Bool = true, permits: (@Sendable (_ pool: String, Mode) -> Bool)? = nil
  ) {
    self.canRead = canRead
    self.canWrite = canWrite
    self.permits = permits
  }

  /// All there is.
  public static let everything = MCPAccess()

  func allows(_ mode: Mode) -> Bool {
    switch mode {
    case .read: canRead
    case .write: canWrite
    }
  }

  func allows(_ mode: Mode, pool: String) -> Bool {
    guard allows(mode) else { return false }
    guard let permits else { return true }
    // Two names stand for the same file.
    let bytes = Array(pool.utf8)
    let ending = Array(PoolLimits.fileExtension.utf8)
    guard bytes.count > ending.count, bytes.suffix(ending.count).elementsEqual(ending) else {
      return permits(pool, mode)
    }
    return permits(String(decoding: bytes.dropLast(ending.count), as: UTF8.self), mode)
  }

  /// Refuses what the client may not do at all.
  func require(_ mode: Mode) throws(Failure) {
    if allows(mode) { return }
    throw Failure(
      .permission, "forbidden: access mode disallows \(mode == .read ? "read" : "write") operations",
      hint: "The tools that may be used are listed by tools/list.")
  }

  /// Refuses what the client may not do with this pool.
  func require(_ mode: Mode, pool: String) throws(Failure) {
    try require(mode)
    if allows(mode, pool: pool) { return }
    throw Failure(
      .permission, "forbidden: this access may not \(mode == .read ? "read" : "write") the pool",
      hint: "Use a pool that the access was given for, or ask for another access.")
  }
}
