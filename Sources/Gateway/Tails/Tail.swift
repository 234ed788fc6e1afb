internal import Documents
internal import HTTP
internal import JSON
internal import Lite3
internal import Platform
internal import Pools
internal import Reactor

/// One stream of messages to one client.
///
///     opening --the pool is there--> pumping --caught up--> live --its queue is full--> waiting --drained--> pumping
///
/// Pumping is done by workers, a batch at a time, with a cursor of its own; live it is served by the pool's feed. From any state
/// it is over when its time or its messages are up, when the pool fails, or when the client goes.
final class Tail: ExchangeObserver, @unchecked Sendable {
  private enum State { case opening, pumping, waiting, live, over }

  /// Bytes of text that a pumping tail makes at a time.
  private static let pieceBytes = 64 << 10
  /// Pieces that one turn of a worker makes, before others have theirs.
  private static let piecesPerTurn = 8

  let call: Call
  let poolName: String
  private let format: TailFormat
  private let filter: TagFilter?
  private let gapPolicy: GapPolicy
  private let start: UInt64?
  private let board: TailBoard
  private var timer: LoopTimer?
  private let lock: Lock
  // Guarded by `lock`, but for what only the one pump touches.
  @exclusivity(unchecked) private var state = State.opening
  /// Whether it is to end as soon as it has sent something, or has nothing to send.
  @exclusivity(unchecked) private var timeIsUp = false
  @exclusivity(unchecked) private(set) var next: UInt64 = 1
  @exclusivity(unchecked) private var remaining: UInt64
  /// Whether a first message was seen: before that, without a start, nothing can be missing.
  @exclusivity(unchecked) private var hasPosition: Bool
  @exclusivity(unchecked) private var cursor: Cursor?
  @exclusivity(unchecked) private var lastWrite: Int64 = 0
  /// Where it is among the live ones of its feed; -1 for nowhere. Guarded by the feed's lock.
  @exclusivity(unchecked) var place = -1
  /// Set once by the worker that opens the pool, while the state is `opening`.
  @exclusivity(unchecked) private(set) var feed: TailFeed?
  /// Where the board keeps it. Loop only.
  var boardPlace = -1

  init(
    _ call: Call, _ board: TailBoard, pool: String, _ format: TailFormat, _ query: TailQuery
  ) throws(SystemError) {
    self.call = call
    self.board = board
    poolName = pool
    self.format = format
    filter = query.tags.isEmpty ? nil : TagFilter(query.tags)
    gapPolicy = query.gapPolicy
    start = query.start
    remaining = query.limit ?? .max
    hasPosition = query.start != nil
    lock = try Lock()
    super.init()
    call.exchange.observer = self
  }

  /// Has the tail end after so many milliseconds. Loop only.
  func end(after milliseconds: UInt64, on loop: EventLoop) {
    timer = loop.schedule(after: Int64(clamping: milliseconds) * 1_000_000) { [self] in
      timer = nil
      end()
    }
  }

  // MARK: Workers

  /// Opens the pool, answers, and begins.
  func open(_ desk: Desk) {
    do throws(PoolError) {
      let feed = try board.feed(of: poolName)
      guard take(feed) else { return board.leave(feed) }
      let cursor = try feed.pool.makeCursor(from: start.map { .sequence($0) } ?? .oldest, gapPolicy: .continue)
      next = cursor.next
      self.cursor = consume cursor
    } catch {
      let failure = Failure(error)
      lock.lock()
      let isOver = state == .over
      state = .over
      lock.unlock()
      if !isOver { call.fail(failure) }
      return
    }
    lock.lock()
    guard state == .opening else { return lock.unlock() }
    var head = call.head(200, format.contentType)
    if format == .events { head.add("cache-control", "no-cache, no-transform") }
    if format != .events { head.add("cache-control", "no-store") }
    call.exchange.begin(head)
    if remaining == 0 || call.request.method == .head {
      state = .over
      call.exchange.finish()
      return lock.unlock()
    }
    state = .pumping
    lock.unlock()
    pump(desk)
  }

  /// False when the client has gone meanwhile.
  private func take(_ feed: TailFeed) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard state == .opening else { return false }
    self.feed = feed
    return true
  }

  /// Sends what was missed, until nothing is left of it, the client cannot take more, or it is time for others.
  func pump(_ desk: Desk) {
    for _ in 0..<Self.piecesPerTurn {
      guard pumpOnce(desk) else { return desk.tidy() }
    }
    desk.tidy()
    if !call.gateway.work(ignoringLimit: true, { [self] desk in pump(desk) }) { end() }
  }

  /// False when this pump is over.
  private func pumpOnce(_ desk: Desk) -> Bool {
    let (first, limit, isPumping) = position()
    guard isPumping else { return false }
    desk.text.removeAll()
    var count: UInt64 = 0
    var fault: FeedBatch.Fault?
    let batch: Cursor.Batch?
    do throws(PoolError) {
      cursor?.next = first
      batch = try cursor?.forEach { frame in
        do throws(Lite3Error) {
          if let filter, try !filter.passes(frame.payload) { return true }
          try format.append(
            frame.payload, sequence: frame.sequence, time: frame.time, &desk.writer, to: &desk.text)
        } catch {
          fault = FeedBatch.Fault(error: error, sequence: frame.sequence)
          return false
        }
        count += 1
        return count < limit && desk.text.count < Self.pieceBytes
      }
    } catch {
      fail(Failure(error))
      return false
    }
    guard let batch, let reached = cursor?.next else { return false }
    lock.lock()
    defer { lock.unlock() }
    guard state == .pumping else { return false }
    if let gap = batch.gap, hasPosition, gapPolicy == .error { return end(with: Self.gap(gap, pool: poolName)) }
    if batch.count > 0 { hasPosition = true }
    if count > 0 {
      switch call.exchange.write(desk.text.withUnsafeBytes { StreamPiece($0) }) {
      case .taken: lastWrite = Clock.monotonic()
      case .full:
        state = .waiting
        return false
      case .closed:
        state = .over
        return false
      }
    }
    next = reached
    remaining -= min(remaining, count)
    if let fault { return end(with: unreadable(fault)) }
    // A slice that was too short to be opened in time still brings what there is, so that its client gets on.
    if remaining == 0 || timeIsUp { return finish() }
    guard batch.caughtUp else { return true }
    // From here on the feed serves it, if nothing came in between.
    guard feed?.join(self, next: next) == true else { return true }
    state = .live
    return false
  }

  private func position() -> (UInt64, UInt64, Bool) {
    lock.lock()
    defer { lock.unlock() }
    return (next, remaining, state == .pumping)
  }

  // MARK: The feed's thread

  /// Sends what the feed has read.
  func deliver(_ batch: FeedBatch, gap: ClosedRange<UInt64>?) {
    lock.lock()
    let isOut = !take(batch, gap)
    lock.unlock()
    if isOut { feed?.leave(self) }
  }

  /// False when it is live no more.
  private func take(_ batch: FeedBatch, _ gap: ClosedRange<UInt64>?) -> Bool {
    guard state == .live else { return false }
    if let gap, gap.upperBound >= next, gapPolicy == .error, hasPosition {
      return end(with: Self.gap(max(next, gap.lowerBound)...gap.upperBound, pool: poolName))
    }
    do throws(FeedBatch.Fault) {
      let (piece, count, last) = try batch.piece(format, from: next, filter, limit: remaining)
      if last > 0 { hasPosition = true }
      if let piece {
        switch call.exchange.write(piece) {
        case .taken: lastWrite = Clock.monotonic()
        case .full:
          state = .waiting
          return false
        case .closed:
          state = .over
          return false
        }
      }
      if last > 0 { next = last &+ 1 }
      remaining -= min(remaining, count)
      if remaining == 0 { return finish() }
      return true
    } catch {
      return end(with: unreadable(error))
    }
  }

  // MARK: Any thread

  /// Ends it because of an error, which the stream says where it can.
  func fail(_ failure: Failure) {
    lock.lock()
    if state != .over { _ = end(with: failure) }
    lock.unlock()
  }

  /// Ends it.
  func end() {
    lock.lock()
    switch state {
    case .opening, .pumping: timeIsUp = true
    case .waiting, .live: _ = finish()
    case .over: break
    }
    lock.unlock()
  }

  /// Shows that the stream is alive, where the format has something for that and nothing was sent for a while.
  func keepAlive(_ now: Int64, after silence: Int64) {
    guard format == .events else { return }
    lock.lock()
    if state == .live, now - lastWrite > silence {
      lastWrite = now
      _ = Self.beat.withUnsafeBytes { call.exchange.write(StreamPiece($0)) }
    }
    lock.unlock()
  }

  private static let beat = Array(":\n\n".utf8)

  /// Messages that it is behind, if it has begun.
  func lag(newest: UInt64) -> UInt64 {
    lock.lock()
    defer { lock.unlock() }
    return state == .over || state == .opening || next > newest ? 0 : newest - next + 1
  }

  /// With the lock held. Always false.
  private func finish() -> Bool {
    state = .over
    call.exchange.finish()
    return false
  }

  /// With the lock held. Always false.
  private func end(with failure: Failure) -> Bool {
    state = .over
    let json = failure.envelope.line(.compact)
    let envelope = json.output.withUnsafeBytes { Array($0) }
    // A client that cannot even take this is told by the end of the connection.
    guard let text = format.end(with: envelope),
      case .taken = text.withUnsafeBytes({ call.exchange.write(StreamPiece($0)) })
    else {
      call.exchange.abort()
      return false
    }
    call.exchange.finish()
    return false
  }

  private static func gap(_ gap: ClosedRange<UInt64>, pool: String) -> Failure {
    Failure(
      .retentionGap,
      "messages \(gap.lowerBound)-\(gap.upperBound) are no longer retained; the next available message is "
        + "\(gap.upperBound &+ 1)",
      hint: "Read faster, make a larger pool, or go on with gap_policy=continue.", sequence: gap.lowerBound)
  }

  private func unreadable(_ fault: FeedBatch.Fault) -> Failure {
    MessageText.unreadable(fault.error, sequence: fault.sequence, path: feed?.pool.path ?? poolName)
  }

  // MARK: The loop

  override func drained() {
    lock.lock()
    let goesOn = state == .waiting
    if goesOn { state = .pumping }
    lock.unlock()
    if goesOn, !call.gateway.work(ignoringLimit: true, { [self] desk in pump(desk) }) { end() }
  }

  override func ended() {
    lock.lock()
    state = .over
    let feed = self.feed
    lock.unlock()
    if let timer { call.gateway.loop.cancel(timer) }
    timer = nil
    feed?.leave(self)
    if let feed { board.leave(feed) }
    board.remove(self)
  }
}
