internal import Platform

extension Pool {
  /// Makes a new pool and opens it. Missing parent directories are made too; the disk space is reserved.
  ///
  /// The file appears under its name whole: another process never sees it half made.
  ///
  /// - Parameters:
  ///   - path: The new file.
  ///   - size: Bytes of the whole file, at least 4097.
  ///   - indexCapacity: Slots of the index; nil chooses, 0 makes none.
  /// - Throws: `.usage` for sizes that cannot be, `.alreadyExists`, `.permission`, `.io` (also for a full disk); no file is
  ///   left behind then.
  public static func create(
    at path: String, size: UInt64 = PoolLimits.defaultFileSize, indexCapacity: UInt32? = nil
  ) throws(PoolError) -> Pool {
    let geometry = try PoolGeometry(fileSize: size, indexCapacity: indexCapacity)
    if exists(path) { throw alreadyExists(path) }
    let parent = Paths.parent(of: path)
    if let parent {
      try attempt("failed to create pool directory", parent) { () throws(SystemError) in
        try Paths.makeDirectories(parent)
      }
    }
    let draft = path + ".\(Process.id).\(Clock.monotonic()).new"
    do throws(SystemError) {
      let file = try File(draft, [.read, .write, .create, .exclusive])
      try file.setSize(size)
      do throws(SystemError) { try file.reserve(size) } catch { if error.kind != .unsupported { throw error } }
      try file.write(PoolHeader.new(geometry), at: 0)
      try file.sync()
    } catch {
      try? Paths.remove(draft)
      throw PoolError(error, "failed to create pool", path: path)
    }
    do throws(SystemError) {
      try Paths.publish(draft, as: path)
    } catch {
      try? Paths.remove(draft)
      if error.kind == .exists { throw alreadyExists(path) }
      throw PoolError(error, "failed to create pool", path: path)
    }
    if let parent { try? Paths.syncDirectory(parent) }
    return try open(at: path)
  }

  /// Opens a pool for reading and appending. What a writer left that died is put right.
  ///
  /// - Throws: `.notFound`, `.permission` (reading needs the right to write too), `.usage` for another version of the format,
  ///   `.corrupt`, `.io`.
  public static func open(at path: String) throws(PoolError) -> Pool {
    let pool = try openUnchecked(at: path)
    _ = try pool.bounds()
    return pool
  }

  /// Opens a pool whose fixed header is sound, whatever its frames look like.
  static func openUnchecked(at path: String) throws(PoolError) -> Pool {
    let file = try openFile(path)
    let info = try attempt("failed to open pool", path) { () throws(SystemError) in try file.info() }
    guard info.kind == .file else {
      throw PoolError(SystemError(info.kind == .directory ? .isDirectory : .invalid), "not a pool file", path: path)
    }
    guard info.size <= PoolLimits.fileBytes else { throw PoolError(.usage, "pool file is too large", path: path) }
    guard info.size >= UInt64(Layout.headerBytes) else {
      throw PoolError(
        .corrupt, "file is too short to be a pool", hint: "it was cut off, or is not a pool", path: path,
        causes: ["\(info.size) bytes, and the header alone has \(Layout.headerBytes)"])
    }
    let geometry = try readGeometry(file, size: info.size, path: path)
    return try Pool(file, path: path, info: info, geometry: geometry)
  }

  private static func openFile(_ path: String) throws(PoolError) -> File {
    do throws(SystemError) {
      return try File(path, [.read, .write])
    } catch {
      throw PoolError(error, error.kind == .notFound ? "not found" : "failed to open pool", path: path)
    }
  }

  /// Reads the header by a mapping of its own: on Windows a lock may keep `read` out, and never a mapping.
  private static func readGeometry(
    _ file: borrowing File, size: UInt64, path: String
  ) throws(PoolError) -> PoolGeometry {
    let header = try attempt("failed to map pool", path) { () throws(SystemError) -> Mapping in
      try Mapping(file, count: Layout.headerBytes, writable: false)
    }
    return try PoolHeader(header.base).geometry(fileSize: size, path: path)
  }

  /// Removes the file. Processes that have it open keep the dead file, and learn of it at their next operation.
  ///
  /// - Throws: `.notFound`, `.permission`, `.io`, `.busy` on a Windows file system that cannot remove a file in use.
  public static func delete(at path: String) throws(PoolError) {
    let semaphore = UpstreamSemaphore.name(path)
    do throws(SystemError) {
      try Paths.remove(path)
      NamedSemaphore.unlink(semaphore)
    } catch {
      if error.kind == .notFound { throw PoolError(.notFound, "pool not found", path: path) }
      throw PoolError(error, "failed to delete pool", path: path)
    }
  }

  private static func exists(_ path: String) -> Bool { (try? File.info(path)) != nil }

  private static func alreadyExists(_ path: String) -> PoolError {
    PoolError(.alreadyExists, "pool already exists", hint: "choose another name, or delete the pool first", path: path)
  }
}
