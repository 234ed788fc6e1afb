internal import Documents
internal import Pools

/// The pools of a directory that a client may see.
struct FoundPools {
  struct Pool {
    let name: String
    let fileSize: UInt64
    let report: Report
  }

  var good: [Pool] = []
  /// Those that cannot be read: name, path and error of each.
  var bad: [Report] = []
}

extension MCPServer {
  /// The file of a pool, if the client may use it.
  func path(of name: String, _ mode: MCPAccess.Mode, _ access: MCPAccess) throws(Failure) -> String {
    let path = try storing { () throws(PoolError) in
      try PoolDirectory.path(named: name, in: directory)
    } explaining: {
      $0.hint = "give a plain name, as plasmite_pool_list shows them"
    }
    try access.require(mode, pool: name)
    return path
  }

  /// All pools that the client may read, in ascending order of their names' bytes.
  func pools(_ asked: borrowing Asked) throws(Failure) -> FoundPools {
    let files = try storing { () throws(PoolError) in
      try PoolDirectory.files(in: directory)
    } explaining: { _ in
    }
    var found = FoundPools()
    for (name, path) in files where asked.access.allows(.read, pool: name) {
      do throws(PoolError) {
        // Pools that are only listed would drive those out that are worked with.
        let kept = shelf.find(path, now: asked.now.monotonic)
        let pool = if let kept { kept } else { try Pool.open(at: path) }
        let info = try pool.info()
        found.good.append(
          FoundPools.Pool(
            name: name, fileSize: info.geometry.fileSize,
            report: info.report(name: name, path: path, now: asked.now.wall)))
      } catch {
        shelf.drop(path)
        found.bad.append(
          .object([("name", .text(name)), ("path", .text(path)), ("error", Failure(error).report)]))
      }
    }
    return found
  }

  /// Runs `body` on a pool that has to be there.
  func reading<Value>(
    _ name: String, _ path: String, _ asked: borrowing Asked, _ body: (Pool) throws(PoolError) -> Value
  ) throws(Failure) -> Value {
    let now = asked.now.monotonic
    return try storing { () throws(PoolError) in
      try withPool(path, now: now, body)
    } explaining: {
      Self.explainMissing(&$0, name)
    }
  }

  static func explainMissing(_ error: inout PoolError, _ name: String) {
    if error.kind == .notFound, error.hint == nil {
      error.hint = "there is no pool `\(repeated(name))`: plasmite_pool_list tells which there are"
    }
  }

  /// Runs `body` on a pool that is kept open from an earlier call, or is opened.
  ///
  /// - Parameter creating: makes the pool, of the default size, if it is missing.
  func withPool<Value>(
    _ path: String, creating: Bool = false, now: Int64, _ body: (Pool) throws(PoolError) -> Value
  ) throws(PoolError) -> Value {
    try shelf.use(
      path, now: now, opening: { () throws(PoolError) in try creating ? openOrCreate(path) : Pool.open(at: path) }, body
    )
  }

  private func openOrCreate(_ path: String) throws(PoolError) -> Pool {
    do throws(PoolError) { return try Pool.open(at: path) } catch {
      if error.kind != .notFound { throw error }
    }
    // Somebody else may make it at the same time; whoever comes second opens it.
    do throws(PoolError) { return try Pool.create(at: path) } catch {
      if error.kind != .alreadyExists { throw error }
    }
    return try Pool.open(at: path)
  }

  /// Runs `body`, and carries its error on; `explaining` may change it.
  func storing<Value>(
    _ body: () throws(PoolError) -> Value, explaining: (inout PoolError) -> Void
  ) throws(Failure) -> Value {
    do throws(PoolError) {
      return try body()
    } catch {
      var error = error
      explaining(&error)
      throw Failure(error)
    }
  }
}
