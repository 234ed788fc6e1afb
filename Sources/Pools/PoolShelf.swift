internal import Platform

/// Pools that stay open between calls, since opening one takes longer than most of what is asked of it. Safe from any thread.
///
/// A bounded number stays open: the one that nobody asked for longest goes first, and every one after a while, because a pool
/// that was deleted keeps its disk space as long as somebody has it open. Keys are the callers', such as paths.
public final class PoolShelf: @unchecked Sendable {
  private struct Place {
    var key: String
    var pool: Pool
    /// Nanoseconds of the clock that never goes back.
    var usedAt: Int64
  }

  /// How often a pool is opened that is replaced again and again.
  private static let mostAttempts = 3

  private let capacity: Int
  private let keptTime: Int64
  private let lock: Lock
  /// Guarded by `lock`.
  @exclusivity(unchecked) private var places: [Place] = []

  /// - Parameters:
  ///   - capacity: how many stay open; at least 1.
  ///   - keptTime: how long one stays open that nobody asks for, in nanoseconds.
  /// - Throws: `.io` when the system has no memory.
  public init(capacity: Int, keptTime: Int64) throws(PoolError) {
    self.capacity = max(1, capacity)
    self.keptTime = keptTime
    do throws(SystemError) { lock = try Lock() } catch {
      throw PoolError(error, "failed to make a lock", path: "")
    }
  }

  /// How many are open.
  public var count: Int {
    lock.lock()
    defer { lock.unlock() }
    return places.count
  }

  /// Runs `body` on the pool with this key, which is opened by `open` if it is not.
  ///
  /// A file that was deleted or replaced since is found out before anything is done, and opened anew.
  public func use<R>(
    _ key: String, now: Int64, opening open: () throws(PoolError) -> Pool, _ body: (Pool) throws(PoolError) -> R
  ) throws(PoolError) -> R {
    var attempts = 0
    while true {
      let found = find(key, now: now)
      let pool = if let found { found } else { keep(try open(), as: key, now: now) }
      do throws(PoolError) {
        return try body(pool)
      } catch {
        // Of a message that is not there the sequence is known; else the file is not.
        guard error.kind == .notFound, error.sequence == nil else { throw error }
        // There may be a newer one by now.
        drop(key) { $0 === pool }
        attempts += 1
        if attempts == Self.mostAttempts { throw error }
      }
    }
  }

  /// The pool that is open under this key.
  public func find(_ key: String, now: Int64) -> Pool? {
    lock.lock()
    defer { lock.unlock() }
    guard let index = index(of: key) else { return nil }
    places[index].usedAt = now
    return places[index].pool
  }

  /// Keeps a pool open, instead of another with this key.
  public func put(_ pool: Pool, as key: String, now: Int64) {
    drop(key)
    _ = keep(pool, as: key, now: now)
  }

  /// Lets go of a pool.
  public func drop(_ key: String) { drop(key) { _ in true } }

  /// Closes what nobody asked for in a while.
  public func tidy(now: Int64) {
    var kept: [Place] = []
    lock.lock()
    for place in places where now - place.usedAt <= keptTime { kept.append(place) }
    swap(&kept, &places)
    lock.unlock()
    _ = consume kept
  }

  /// Keeps a pool that was just opened, unless somebody else was faster: then theirs is the one that is used.
  private func keep(_ pool: Pool, as key: String, now: Int64) -> Pool {
    var gone: Place?
    lock.lock()
    if let index = index(of: key) {
      defer { lock.unlock() }
      places[index].usedAt = now
      return places[index].pool
    }
    if places.count >= capacity, let oldest = places.indices.min(by: { places[$0].usedAt < places[$1].usedAt }) {
      gone = places.remove(at: oldest)
    }
    places.append(Place(key: key, pool: pool, usedAt: now))
    lock.unlock()
    // Closing takes a while, and nobody has to wait for it.
    _ = consume gone
    return pool
  }

  private func drop(_ key: String, where isMeant: (Pool) -> Bool) {
    lock.lock()
    let gone = index(of: key).flatMap { isMeant(places[$0].pool) ? places.remove(at: $0) : nil }
    lock.unlock()
    _ = consume gone
  }

  private func index(of key: String) -> Int? {
    let wanted = key.utf8
    return places.firstIndex { $0.key.utf8.count == wanted.count && $0.key.utf8.elementsEqual(wanted) }
  }
}
