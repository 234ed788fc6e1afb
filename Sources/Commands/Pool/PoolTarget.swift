internal import CommandSupport
internal import Documents
internal import Pools

/// Where messages are appended.
enum PoolTarget {
  case local(Pool)
  /// With what the server said of it.
  case remote(RemoteAccess, PoolGeometry)

  /// How errors name it: a file, or the address.
  var path: String {
    switch self {
    case .local(let pool): pool.path
    case .remote(let access, _): access.text
    }
  }

  var geometry: PoolGeometry {
    switch self {
    case .local(let pool): pool.geometry
    case .remote(_, let geometry): geometry
    }
  }

  /// Whether several messages can be appended in one step.
  var takesBatches: Bool {
    if case .local = self { return true }
    return false
  }

  /// Appends one message; what it was given. A server tells the time by its own clock.
  func append(
    _ document: RawSpan, time: UInt64, _ durability: Durability
  ) throws(Failure) -> RemoteAccess.Receipt {
    switch self {
    case .local(let pool):
      do throws(PoolError) {
        return RemoteAccess.Receipt(
          sequence: try pool.append(document, time: time, durability: durability), time: time)
      } catch {
        throw Failure(error)
      }
    case .remote(let access, _): return try access.append(document, durability)
    }
  }

  /// Appends several messages and returns the sequence of the first. Only where `takesBatches`.
  func append(_ batch: borrowing MessageBatch, _ durability: Durability) throws(Failure) -> UInt64 {
    guard case .local(let pool) = self else { throw Failure(.internal, "a server takes one message at a time") }
    do throws(PoolError) {
      return try pool.append(batch, durability: durability).lowerBound
    } catch {
      throw Failure(error)
    }
  }

  /// The newest sequence that is there now; 0 for none.
  func newest() throws(Failure) -> UInt64 {
    switch self {
    case .local(let pool):
      do throws(PoolError) { return try pool.bounds()?.upperBound ?? 0 } catch { throw Failure(error) }
    case .remote(let access, _): return try access.info().info.bounds?.upperBound ?? 0
    }
  }

  /// The pool at `place`.
  ///
  /// - Parameters:
  ///   - createSize: Make it of this size if it is missing; nil for an error.
  ///   - missing: What to do when it is missing.
  static func open(
    _ place: PoolPlace, createSize: UInt64?, missing: @autoclosure () -> String
  ) throws(CommandError) -> PoolTarget {
    switch place {
    case .local(let reference):
      if let createSize { return .local(try reference.openOrCreate(size: createSize)) }
      return .local(try reference.open(missing: missing()))
    case .remote(let access):
      if let createSize { return .remote(access, try access.openOrCreate(size: createSize).info.geometry) }
      return .remote(access, try access.open(missing: missing()).info.geometry)
    }
  }
}
