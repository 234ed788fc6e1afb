internal import Documents
internal import Platform
internal import Pools

/// The pools of a directory by the names that requests have for them. Safe from any thread.
struct NamedPools: Sendable {
  let directory: String
  /// Keeps them open, by their paths.
  let shelf: PoolShelf

  /// Where the pool of this name is.
  ///
  /// - Throws: Usage for what is no plain name.
  func path(_ name: String) throws(PoolError) -> String {
    do throws(PoolError) {
      return try PoolDirectory.path(named: name, in: directory)
    } catch {
      var error = error
      // The commands' hint speaks of paths, which are nobody's business here.
      error.hint = "use a plain name"
      throw error
    }
  }

  /// Runs `body` on the pool of this name, open.
  func use<R>(_ name: String, _ body: (Pool) throws(PoolError) -> R) throws(PoolError) -> R {
    let path = try path(name)
    return try shelf.use(
      path, now: Clock.monotonic(),
      opening: { () throws(PoolError) in
        do throws(PoolError) { return try Pool.open(at: path) } catch {
          var error = error
          if error.kind == .notFound {
            error.hint = "create it with POST /v0/pools, or look what there is with GET /v0/pools"
          }
          throw error
        }
      }, body)
  }

  /// A pool that was made or deleted under this name is not the one that was open.
  func forget(_ name: String) {
    if let path = try? path(name) { shelf.drop(path) }
  }
}
