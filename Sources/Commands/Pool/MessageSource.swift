internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// Where followed messages come from, in order, each once.
protocol MessageSource: ~Copyable {
  /// The sequence that comes next.
  var next: UInt64 { get }
  /// How errors name the pool: a file, or an address.
  var path: String { get }

  /// Passes messages that are there to `body`, which must not block; it returns false to stop.
  mutating func forEach(_ body: (RawSpan, UInt64, UInt64) -> Bool) throws(CommandError) -> SourceBatch
  /// Sleeps until there may be more, a stop request, or the deadline.
  mutating func wait(until deadline: Deadline) throws(CommandError)
}

/// What one call of `forEach` did.
struct SourceBatch {
  /// Sequences that are gone without having been read; before the messages of this batch.
  var gap: ClosedRange<UInt64>?
  /// Whether nothing newer was there.
  var caughtUp: Bool
  /// What became of the connection, where there is one.
  var changes: [RemoteStream.Change] = []
}

/// A pool of this machine.
struct LocalSource: ~Copyable, MessageSource {
  private static let shortestPause: Int64 = 1_000_000
  private static let longestPause: Int64 = 50_000_000

  private var cursor: Cursor
  private let usesWakeups: Bool
  private var pause = shortestPause

  /// - Parameter usesWakeups: False looks now and then instead of being woken.
  init(_ cursor: consuming Cursor, usesWakeups: Bool) {
    self.cursor = cursor
    self.usesWakeups = usesWakeups
  }

  var next: UInt64 { cursor.next }
  var path: String { cursor.pool.path }

  mutating func forEach(_ body: (RawSpan, UInt64, UInt64) -> Bool) throws(CommandError) -> SourceBatch {
    do throws(PoolError) {
      let batch = try cursor.forEach { frame in body(frame.payload, frame.sequence, frame.time) }
      if batch.count > 0 { pause = Self.shortestPause }
      return SourceBatch(gap: batch.gap, caughtUp: batch.caughtUp)
    } catch {
      throw CommandError(error)
    }
  }

  mutating func wait(until deadline: Deadline) throws(CommandError) {
    guard !usesWakeups else {
      do throws(PoolError) { _ = try cursor.wait(until: deadline) } catch { throw CommandError(error) }
      return
    }
    _ = StopRequests.wait(until: .earlier(deadline, .after(nanoseconds: pause)))
    pause = min(pause * 2, Self.longestPause)
  }
}

/// A pool of another machine.
struct RemoteSource: ~Copyable, MessageSource {
  private let stream: RemoteStream
  private(set) var next: UInt64
  let path: String

  /// Begins to receive. A stop request ends its waits from here on.
  init(_ access: RemoteAccess, _ selection: RemoteAccess.Selection) throws(CommandError) {
    let stream = try remotely { () throws(Failure) in try access.follow(selection) }
    try Stopping.onRequest { _ in stream.wake() }
    self.stream = stream
    next = selection.start
    path = access.text
  }

  mutating func forEach(_ body: (RawSpan, UInt64, UInt64) -> Bool) throws(CommandError) -> SourceBatch {
    var next = next
    let batch: RemoteStream.Batch
    do throws(Failure) {
      batch = try stream.forEach { document, sequence, time in
        next = sequence &+ 1
        return body(document, sequence, time)
      }
    } catch {
      throw .failed(error)
    }
    self.next = next
    return SourceBatch(gap: batch.gap, caughtUp: batch.caughtUp, changes: batch.changes)
  }

  mutating func wait(until deadline: Deadline) throws(CommandError) {
    if StopRequests.requested == nil { stream.wait(deadline) }
  }
}
