public import JSON
internal import Platform
internal import SQLite
internal import State

/// What one client gets of a subscription or of a table, line by line.
///
/// What it was told of waits in its inbox; what has no room there it reads from the file, where every change stays for a while. So a
/// client that keeps up loses nothing however much one transaction changes, and one that does not is cut off with an error line.
public final class LiveStream: @unchecked Sendable {
  /// Of the subscription, or of those who follow the table.
  public let id: LiveID
  /// Of the subscription's text, or of the table's name.
  public let hash: UInt64

  /// Nil for a table.
  private let source: StreamSource?
  private let onClose: @Sendable (LiveStream) -> Void
  private let inbox: StreamInbox
  /// Guards what follows: held by who pulls, and by who takes an abandoned snapshot away.
  private let reading: Lock
  private var phase: Phase
  /// The next change that the client needs.
  private var next: UInt64

  private enum Phase {
    /// The result is to be sent; nothing of it was.
    case start(queryNanoseconds: Int64)
    case snapshot(Snapshot)
    case changes
    case ended
  }

  /// A stream of a subscription.
  ///
  /// - Parameters:
  ///   - from: The last change that the client has; nil if it is to get the whole result.
  ///   - published: The last change of the subscription. Whatever comes later is told to the stream.
  ///   - queryNanoseconds: How long evaluating the query took, if that was done for this stream.
  init(
    _ source: StreamSource, id: LiveID, hash: UInt64, from: UInt64?, published: UInt64, queryNanoseconds: Int64,
    onClose: @escaping @Sendable (LiveStream) -> Void
  ) throws(StateError) {
    (self.id, self.hash, self.source, self.onClose) = (id, hash, source, onClose)
    next = (from ?? published) + 1
    phase = from == nil ? .start(queryNanoseconds: queryNanoseconds) : .changes
    inbox = try StreamInbox(published: published, limit: source.settings.bufferedEvents, isRefilled: true)
    reading = try makeLock()
  }

  /// A stream of a table's notices, after as many as there were.
  init(
    id: LiveID, hash: UInt64, limit: Int, from count: UInt64, onClose: @escaping @Sendable (LiveStream) -> Void
  ) throws(StateError) {
    (self.id, self.hash, self.onClose) = (id, hash, onClose)
    source = nil
    next = count + 1
    phase = .changes
    inbox = try StreamInbox(published: count, limit: limit, isRefilled: false)
    reading = try makeLock()
  }

  // MARK: The client's side

  /// Calls `body`, from any thread, when there is something to pull after a pull that said `.empty`. It must be quick, and must not pull.
  public func onReady(_ body: @escaping @Sendable () -> Void) { inbox.onReady(body) }

  /// Writes whole lines until there are about `limit` bytes more. Also with `.ended` there may be some.
  public func pull(into writer: inout ByteWriter, limit: Int) -> LivePull {
    reading.lock()
    defer { reading.unlock() }
    let end = writer.count + max(1, limit)
    while writer.count < end {
      switch phase {
      case .start(let nanoseconds): beginSnapshot(&writer, nanoseconds)
      case .snapshot(let snapshot): go(on: snapshot, &writer, end)
      case .changes:
        if let outcome = pullChanges(&writer, end) { return outcome }
      case .ended: return .ended
      }
      if isWaitingForTurn { return .empty }
    }
    if case .ended = phase { return .ended }
    return .more
  }

  /// Ends the stream. Nothing more is told to it.
  public func close() {
    inbox.close()
    onClose(self)
    dropSnapshot()
  }

  private func dropSnapshot() {
    // Whoever pulls now sees that it is over.
    guard reading.tryLock() else { return }
    phase = .ended
    reading.unlock()
    source?.turns.leave(self)
  }

  // MARK: The result

  /// Whether somebody else's result has to be sent first.
  private var isWaitingForTurn = false

  private func beginSnapshot(_ writer: inout ByteWriter, _ nanoseconds: Int64) {
    guard let source, !inbox.isOver else { return end(&writer) }
    let before = writer.count
    do throws(StateError) {
      if !isWaitingForTurn {
        writer.append(source.columnsLine.span.bytes)
        if let last = try Snapshot.small(source, &writer, queryNanoseconds: nanoseconds) { return becomeLive(last) }
        writer.truncate(to: before)
      }
      inbox.expectWake()
      isWaitingForTurn = !source.turns.take(self)
      if isWaitingForTurn { return }
      let snapshot: Snapshot
      do throws(StateError) { snapshot = try Snapshot(source, queryNanoseconds: nanoseconds) } catch {
        source.turns.giveBack()
        throw error
      }
      writer.append(source.columnsLine.span.bytes)
      phase = .snapshot(snapshot)
    } catch {
      writer.truncate(to: before)
      fail(&writer, error.message)
    }
  }

  private func go(on snapshot: Snapshot, _ writer: inout ByteWriter, _ end: Int) {
    guard !inbox.isOver else { return self.end(&writer) }
    do throws(StateError) {
      if let last = try snapshot.write(into: &writer, until: end) { becomeLive(last) }
    } catch {
      fail(&writer, error.message)
    }
  }

  private func becomeLive(_ last: UInt64) {
    next = last + 1
    phase = .changes
  }

  // MARK: Changes

  /// Nil if it may go on.
  private func pullChanges(_ writer: inout ByteWriter, _ end: Int) -> LivePull? {
    switch inbox.take(next) {
    case .lines(let lines):
      for line in lines { writer.append(line.bytes.span.bytes) }
      next += UInt64(lines.count)
      return nil
    case .inFile:
      readChanges(&writer)
      return nil
    case .nothing:
      return .empty
    case .over:
      self.end(&writer)
      return .ended
    }
  }

  private func readChanges(_ writer: inout ByteWriter) {
    guard let source else { return end(&writer) }
    do throws(StateError) {
      let first = next
      next = try source.readChanges(from: first, into: &writer)
      // Those of a subscription that is no more are gone, and its inbox says why.
      if next == first { inbox.isOver ? end(&writer) : fail(&writer, "the subscription is no more: subscribe again") }
    } catch {
      fail(&writer, error.message)
    }
  }

  private func end(_ writer: inout ByteWriter) {
    if let line = inbox.lastLine { writer.append(line.span.bytes) }
    phase = .ended
  }

  private func fail(_ writer: inout ByteWriter, _ message: String) {
    writer.append(LiveLines.error(message).span.bytes)
    inbox.close()
    phase = .ended
  }

  // MARK: The other side

  /// Puts lines in, the last of which has the id `last`. Whether the client was cut off.
  func publish(_ lines: [LiveLine], last: UInt64) -> Bool { inbox.add(lines, last: last) }

  /// Ends it, with an error line or without, once all that was put in before is taken.
  func finish(_ line: [UInt8]?) { inbox.finish(line) }

  /// Lets who waits for something pull again.
  func wake() { inbox.wake() }

  /// Ends it if sending its result takes too long.
  func expire(now: Int64) {
    guard reading.tryLock() else { return }
    var isSlow = false
    if case .snapshot(let snapshot) = phase { isSlow = snapshot.isSlow(now) }
    if isSlow {
      phase = .changes
      inbox.cut(LiveLines.error("taking the result took too long: subscribe again, and read faster"))
    }
    reading.unlock()
  }
}
