internal import Documents
internal import Platform
internal import Pools

/// The pools that were used lately, open. Safe from any thread.
///
/// A bounded number stays open; the one that was not asked for longest is let go. A pool that was deleted or replaced is opened
/// anew.
final class PoolShelf: @unchecked Sendable {
  private struct Place {
    var name: [UInt8]
    var pool: Pool
    var used: UInt64
  }

  private static let capacity = 256

  let directory: String
  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var places: [Place] = []
  @exclusivity(unchecked) private var clock: UInt64 = 0

  init(_ directory: String) throws(SystemError) {
    self.directory = directory
    lock = try Lock()
  }

  /// Where the pool of this name is.
  ///
  /// - Throws: Usage for what is no plain name.
  func path(_ name: String) throws(PoolError) -> String {
    do throws(PoolError) {
      try PoolDirectory.requireName(name)
      return try PoolDirectory.resolve(name, in: directory)
    } catch {
      var error = error
      // The commands' hint speaks of paths, which are nobody's business here.
      error.hint = "use a plain name"
      throw error
    }
  }

  /// Runs `body` on the pool of this name, open.
  func use<R>(_ name: String, _ body: (Pool) throws(PoolError) -> R) throws(PoolError) -> R {
    if let pool = find(name) {
      do throws(PoolError) {
        return try body(pool)
      } catch {
        // Of a message that is not there the sequence is known; else the file is gone, and there may be a new one.
        guard error.kind == .notFound, error.sequence == nil else { throw error }
        forget(name)
      }
    }
    return try body(open(name))
  }

  /// The pool of this name, opened if it is not.
  func open(_ name: String) throws(PoolError) -> Pool {
    if let pool = find(name) { return pool }
    do throws(PoolError) {
      let pool = try Pool.open(at: path(name))
      keep(name, pool)
      return pool
    } catch {
      var error = error
      if error.kind == .notFound {
        error.hint = "create it with POST /v0/pools, or look what there is with GET /v0/pools"
      }
      throw error
    }
  }

  /// A pool that was made or deleted under this name is not the one that was open.
  func forget(_ name: String) {
    let bytes = Array(name.utf8)
    lock.lock()
    let gone = places.firstIndex { $0.name == bytes }.map { places.remove(at: $0) }
    lock.unlock()
    _ = gone
  }

  private func find(_ name: String) -> Pool? {
    lock.lock()
    defer { lock.unlock() }
    clock += 1
    for index in places.indices where places[index].name.elementsEqual(name.utf8) {
      places[index].used = clock
      return places[index].pool
    }
    return nil
  }

  private func keep(_ name: String, _ pool: Pool) {
    var gone: Place?
    lock.lock()
    if places.count >= Self.capacity, let oldest = places.indices.min(by: { places[$0].used < places[$1].used }) {
      gone = places.remove(at: oldest)
    }
    places.append(Place(name: Array(name.utf8), pool: pool, used: clock))
    lock.unlock()
    _ = gone
  }
}
