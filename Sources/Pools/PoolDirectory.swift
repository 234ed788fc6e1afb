internal import Platform

/// One pool file of a directory.
public struct PoolListing: Sendable {
  /// What is known of a pool that could be opened.
  public struct Summary: Sendable {
    /// The first and the last sequence retained; nil for none.
    public var bounds: ClosedRange<UInt64>?
    /// Bytes of the file.
    public var fileSize: UInt64
  }
  /// The file's name without its ending.
  public var name: String
  /// The file.
  public var path: String
  /// When it was changed, in nanoseconds since 1970-01-01 UTC; nil if the system does not say.
  public var modified: Int64?
  /// The pool, or why it cannot be opened.
  public var summary: Result<Summary, PoolError>
}

/// Where pools are found by name.
public enum PoolDirectory {
  /// `WEIR_POOL_DIR`, else `.weir/pools` in the user's own directory.
  ///
  /// - Throws: `.usage` when neither is known.
  public static func defaultPath() throws(PoolError) -> String {
    if let directory = Process.environment("WEIR_POOL_DIR"), !directory.isEmpty { return directory }
    do throws(SystemError) {
      return Paths.join(Paths.join(try Paths.homeDirectory(), ".weir"), "pools")
    } catch {
      throw PoolError(
        .usage, "no pool directory: the home directory is unknown", hint: "set WEIR_POOL_DIR, or give --dir")
    }
  }

  /// The path that a reference stands for: a path if it has a separator, else a name in `directory`.
  ///
  /// - Throws: `.usage` for an empty reference, one with NUL, or with a drive prefix.
  public static func resolve(_ reference: String, in directory: String) throws(PoolError) -> String {
    try isPath(reference) ? reference : file(reference, in: directory)
  }

  /// The file of the pool of this plain name.
  ///
  /// - Throws: `.usage` for what is no plain name.
  public static func path(named name: String, in directory: String) throws(PoolError) -> String {
    try requireName(name)
    return file(name, in: directory)
  }

  private static func file(_ name: String, in directory: String) -> String {
    let ending = PoolLimits.fileExtension
    let hasEnding = name.utf8.suffix(ending.utf8.count).elementsEqual(ending.utf8)
    return Paths.join(directory, hasEnding ? name : name + ending)
  }

  /// Whether a reference is a path, and not a name.
  private static func isPath(_ reference: String) throws(PoolError) -> Bool {
    var (isPath, hasNUL) = (false, false)
    for byte in reference.utf8 {
      if Paths.isSeparator(byte) { isPath = true }
      if byte == 0 { hasNUL = true }
    }
    let start = reference.utf8.prefix(2)
    let hasDrive =
      start.count == 2 && start.last == UInt8(ascii: ":") && start.first.map { ($0 | 0x20).isLowercaseLetter } == true
    guard !reference.isEmpty, !hasNUL, isPath || !hasDrive else {
      throw PoolError(
        .usage, "pool name must be nonempty and must not contain NUL or a path prefix",
        hint: "use a plain name, or a path with a separator")
    }
    return isPath
  }

  /// Refuses what is not a plain name; for places where a path would be a hole.
  ///
  /// - Throws: `.usage`.
  public static func requireName(_ name: String) throws(PoolError) {
    guard !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) else {
      throw PoolError(.usage, "pool name must not contain path separators", hint: "use a plain name")
    }
    _ = try isPath(name)
  }

  /// The pools of a directory in ascending order of their names' bytes; none if the directory does not exist. A pool that
  /// cannot be opened is listed with the reason.
  ///
  /// - Throws: `.permission`, `.io`.
  public static func list(_ directory: String) throws(PoolError) -> [PoolListing] {
    try files(in: directory).map { file in
      PoolListing(
        name: file.name, path: file.path, modified: (try? File.info(file.path))?.modified, summary: summary(file.path))
    }
  }

  /// The names and files of a directory's pools, in the order of `list`; none of them was opened.
  ///
  /// - Throws: As `list`.
  package static func files(in directory: String) throws(PoolError) -> [(name: String, path: String)] {
    let names: [String]
    do throws(SystemError) {
      names = try Paths.list(directory)
    } catch {
      if error.kind == .notFound { return [] }
      throw PoolError(error, "failed to list pool directory", path: directory)
    }
    let ending = Array(PoolLimits.fileExtension.utf8)
    var files: [(name: String, path: String)] = []
    for name in names where name.utf8.count > ending.count && name.utf8.suffix(ending.count).elementsEqual(ending) {
      let bare = String(decoding: name.utf8.dropLast(ending.count), as: UTF8.self)
      files.append((bare, Paths.join(directory, name)))
    }
    files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    return files
  }

  private static func summary(_ path: String) -> Result<PoolListing.Summary, PoolError> {
    do throws(PoolError) {
      let pool = try Pool.open(at: path)
      return .success(PoolListing.Summary(bounds: try pool.bounds(), fileSize: pool.geometry.fileSize))
    } catch {
      return .failure(error)
    }
  }
}

extension UInt8 {
  fileprivate var isLowercaseLetter: Bool { self >= UInt8(ascii: "a") && self <= UInt8(ascii: "z") }
}
