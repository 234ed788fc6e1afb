internal import Documents
internal import Lite3
internal import Platform
internal import Pools

/// Reads from a place on, in order: the first messages that are wanted.
struct ReadingAhead: ~Copyable {
  private var cursor: Cursor
  private var collector: Collector
  /// The last sequence that was looked at, or where the reading begins.
  private(set) var after: UInt64
  private var fellBehind = false

  /// - Parameter after: the sequence behind which to begin; nil for what comes from now on.
  init(_ pool: Pool, after: UInt64?, _ selection: Selection) throws(PoolError) {
    // Behind the last sequence there can be, nothing comes.
    let start = after.map { Cursor.Start.sequence($0 == .max ? $0 : $0 + 1) } ?? .live
    let cursor = try pool.makeCursor(from: start)
    self.after = after ?? cursor.next &- 1
    self.cursor = cursor
    collector = Collector(selection)
  }

  /// The pool that is read.
  var pool: Pool { cursor.pool }

  /// What there is up to what was newest at the beginning of this call; later calls go on from there.
  mutating func read() throws(PoolError) -> Reading {
    let newest = try pool.bounds()?.upperBound ?? 0
    collector.begin()
    while after < newest, !collector.isFull {
      let batch = try Self.readBatch(&cursor, &collector)
      if batch.gap != nil { fellBehind = true }
      // Nothing was there in spite of the numbers: the pool was emptied meanwhile.
      if batch.count == 0 { break }
      after = cursor.next &- 1
    }
    return Reading(
      messages: collector.messages, lastReturned: collector.last, nextAfter: after, fellBehind: fellBehind,
      bounds: try pool.bounds())
  }

  private static func readBatch(
    _ cursor: inout Cursor, _ collector: inout Collector
  ) throws(PoolError) -> Cursor.Batch {
    let batch = try cursor.forEach { frame in collector.add(frame) }
    if let (error, sequence) = collector.failure {
      throw MessageTexts.unreadable(error, sequence: sequence, path: cursor.pool.path)
    }
    return batch
  }

  /// Sleeps until there may be more, or the deadline, or until the process is asked to stop.
  ///
  /// - Throws: `.notFound` if the pool was deleted or replaced.
  borrowing func awaitNews(until deadline: Deadline) throws(PoolError) {
    if after == .max {
      _ = StopRequests.wait(until: deadline)
    } else {
      _ = try cursor.wait(until: deadline)
    }
  }
}

/// Picks what is wanted out of frames, until it has enough.
private struct Collector: ~Copyable {
  private let selection: Selection
  private var texts = MessageTexts()
  private var bytes = 0

  private(set) var messages: [[UInt8]] = []
  /// The sequence of the last message.
  private(set) var last: UInt64?
  /// The message that could not be read; nothing behind it was looked at.
  private(set) var failure: (error: Lite3Error, sequence: UInt64)?

  init(_ selection: Selection) { self.selection = selection }

  /// Forgets what was collected.
  mutating func begin() {
    (messages, last, failure, bytes) = ([], nil, nil, 0)
  }

  var isFull: Bool { messages.count >= selection.count || bytes >= MCPLimits.resultBytes }

  /// Whether more is wanted.
  mutating func add(_ frame: borrowing Frame) -> Bool {
    do throws(Lite3Error) {
      guard try selection.wants(frame) else { return true }
      let text = try texts.text(frame.payload, sequence: frame.sequence, time: frame.time)
      bytes += text.count
      messages.append(text)
      last = frame.sequence
    } catch {
      failure = (error, frame.sequence)
      return false
    }
    return !isFull
  }
}
