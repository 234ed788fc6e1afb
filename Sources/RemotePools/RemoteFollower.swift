package import Documents
package import Platform

/// Follows a pool of another machine for as long as it takes, over connections that come and go.
///
/// A thread of its own keeps a request for messages open, and opens the next one where the last one ended: each message is
/// received once, in order. What came waits, bounded, until somebody takes it; then the server has to wait. A connection that
/// breaks, or a server that is down, busy or failing, is tried again with pauses that grow from 50 ms to 5 s; a server that refuses,
/// or whose answers make no sense, ends it with an error.
///
/// One thread takes; any thread may `wake` and `cancel`.
package final class RemoteFollower: @unchecked Sendable {
  /// What to follow.
  package struct Selection: Sendable {
    /// The first sequence wanted.
    package var start: UInt64
    /// The last one; nil for no end. Then messages that are gone are an error, and a server that is down is not waited for
    /// for ever.
    package var last: UInt64?
    /// The newest sequence that is known to have been there, so that another pool of the same name is not taken for this one.
    package var newest: UInt64

    package init(from start: UInt64, through last: UInt64? = nil, newest: UInt64 = 0) {
      self.start = max(1, start)
      self.last = last
      self.newest = newest
    }
  }

  /// What one call of `forEach` did.
  package struct Batch {
    /// Sequences that are gone without having been received; before the messages of this batch.
    package var gap: ClosedRange<UInt64>?
    /// Whether nothing more was there.
    package var caughtUp = false
    /// What became of the connection meanwhile.
    package var changes: [Change] = []
  }

  package enum Change: Sendable {
    /// It is lost, and tried again; why.
    case lost(Failure)
    /// It is there again.
    case regained
  }

  /// The sequence that comes next.
  package private(set) var next: UInt64
  private let selection: Selection
  private let address: String
  private let link: FollowerLink
  private let thread: Thread
  private var queue = MessageQueue()

  /// Begins to receive. The pool is this follower's from here on: nobody else asks it anything.
  package init(_ pool: RemotePool, _ selection: Selection) throws(Failure) {
    self.selection = selection
    next = selection.start
    address = pool.reference.text
    do throws(SystemError) {
      let link = try FollowerLink(pool, selection)
      thread = try Thread { link.run() }
      self.link = link
    } catch {
      throw Failure(.internal, "failed to start receiving", address: pool.reference.text, causes: [error.message])
    }
  }

  deinit { link.cancel() }

  /// Passes messages that have come on to `body` in order. `body` returns false to stop after the one it was given.
  ///
  /// - Throws: RetentionGap for messages of a bounded selection that are gone, with the first missing sequence; whatever ended
  ///   the following, once all that came before was passed on.
  package func forEach(
    _ body: (_ document: RawSpan, _ sequence: UInt64, _ time: UInt64) -> Bool
  ) throws(Failure) -> Batch {
    var batch = Batch()
    if queue.isEmpty {
      queue.removeAll()
      batch.changes = link.exchange(&queue)
      if queue.isEmpty {
        if let failure = link.failure { throw failure }
        batch.caughtUp = true
        return batch
      }
    }
    while let entry = queue.first {
      if entry.sequence > next {
        let gap = next...entry.sequence - 1
        if let last = selection.last, next <= last {
          throw gone(next...min(last, gap.upperBound), oldest: entry.sequence)
        }
        // The messages behind it belong to the next batch, so that each loss is told in its place.
        if batch.gap != nil { return batch }
        batch.gap = gap
      }
      queue.takeFirst()
      next = entry.sequence &+ 1
      if !queue.withDocument(of: entry, { body($0, entry.sequence, entry.time) }) { return batch }
    }
    return batch
  }

  /// Sleeps until there is something to take, an end, a change of the connection, `wake`, or the deadline.
  package func wait(until deadline: Deadline) {
    if queue.isEmpty { link.wait(until: deadline) }
  }

  /// Ends the current or the next `wait`.
  package func wake() { link.wake() }

  /// Receives no more.
  package func cancel() { link.cancel() }

  private func gone(_ gap: ClosedRange<UInt64>, oldest: UInt64) -> Failure {
    Failure(
      .retentionGap, "messages \(gap.lowerBound) to \(gap.upperBound) are no longer retained",
      hint: "read faster, make a larger pool, or start at \(oldest)", address: address, sequence: gap.lowerBound)
  }
}
