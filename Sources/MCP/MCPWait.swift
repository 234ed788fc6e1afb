package import Documents
public import Platform
internal import Pools

/// A call of `plasmite_wait` that has no result yet. One thread at a time; another than the server's may have it.
public final class MCPWait {
  /// The file of the pool that is waited for.
  public let path: String
  /// When the wait is over.
  public let deadline: Deadline
  private let id: RequestID
  private let pool: String
  private var reading: ReadingAhead
  private var failure: PoolError?

  init(_ id: RequestID, pool: String, _ reading: consuming ReadingAhead, deadline: Deadline) {
    self.id = id
    self.pool = pool
    path = reading.pool.path
    self.reading = reading
    self.deadline = deadline
  }

  /// The first sequence that was not looked at yet.
  public var next: UInt64 { reading.after == .max ? .max : reading.after + 1 }

  /// The response, once there are messages that are wanted, or the deadline has passed, or the pool cannot be read any more; nil
  /// while it is to be waited.
  ///
  /// To be called when there may be news, and at the deadline. It waits for nothing but the lock of the pool.
  ///
  /// - Parameter now: nanoseconds of the clock that never goes back.
  public func attempt(now: Int64) -> [UInt8]? {
    do throws(PoolError) {
      if let failure { throw failure }
      let found = try reading.read()
      if found.messages.isEmpty, now < deadline.nanoseconds { return nil }
      return response(found)
    } catch {
      return refuse(Failure(error))
    }
  }

  /// The response as if the deadline had passed: for a server that ends.
  public func giveUp() -> [UInt8] { attempt(now: .max) ?? refuse(Failure(.busy, "the server is shutting down")) }

  /// The response of a wait that cannot be served.
  package func refuse(_ failure: Failure) -> [UInt8] { Response.failure(id, .wait, .failed(failure)) }

  /// Sleeps until `attempt` may have something, at the latest until the deadline, or until the process is asked to stop.
  public func awaitNews() {
    do throws(PoolError) {
      try reading.awaitNews(until: deadline)
    } catch {
      failure = error
    }
  }

  private func response(_ found: Reading) -> [UInt8] {
    let isEmpty = found.messages.isEmpty
    let text =
      isEmpty
      ? "No new messages arrived in `\(pool)` before the timeout."
      : "Received \(found.messages.count) message(s) from `\(pool)`."
    return Response.tool(id, text: text) { found.write(into: &$0, timedOut: isEmpty) }
  }
}
