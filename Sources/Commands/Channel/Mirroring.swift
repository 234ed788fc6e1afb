internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
internal import JSON
internal import Lite3
internal import Platform
internal import Pools

/// Sends the messages of a pool as requests and keeps track of which were answered.
///
/// Several are on their way at once. What was not answered when a connection ends is sent again on the next one, in order.
final class Mirroring {
  private static let command = "channel send"
  /// How many messages may be unanswered at once, and how many bytes of text.
  private static let windowMessages = 256
  private static let windowBytes = 2 << 20

  private struct Pending {
    let sequence: UInt64
    let bytes: Int
    var isDone: Bool
  }

  private let options: MirrorOptions
  private let headers: [Header]
  private let link: Link
  private let patience: UInt64
  private let session: Session
  private let watch: PoolWatch
  private let runName: String
  /// The last sequence that is wanted; nil goes on for ever.
  private let last: UInt64?

  private var cursor: Cursor
  private var isCaughtUp = false
  /// A message that cannot be read: the end, when what comes before it is delivered.
  private var unreadable: Failure?
  private var pending: [Pending] = []
  private var pendingBytes = 0
  private var delivered: UInt64?
  private var saved: UInt64?
  private var drops: DropNotices
  private var encoder = MirrorText()
  private var backoff = Backoff(maximum: 5_000_000_000)
  /// When the peer last did something for us, on the monotonic clock.
  private var heard = Clock.monotonic()
  private var wasOpen = false

  init(
    _ options: MirrorOptions, _ headers: [Header], on link: Link, _ patience: UInt64, _ session: Session
  ) throws(CommandError) {
    self.options = options
    self.headers = headers
    self.link = link
    self.patience = patience
    self.session = session
    delivered = options.resumed
    saved = options.resumed
    drops = DropNotices(PoolLabel(options.reference), command: Self.command)
    do throws(PoolError) { cursor = try options.pool.makeCursor(from: options.start) } catch {
      throw CommandError(error)
    }
    last = options.follows ? nil : try storing { () throws(PoolError) in try options.pool.bounds() }?.upperBound ?? 0
    watch = try PoolWatch.start(options.pool, link.group)
    runName = String((try? SystemRandom.word()) ?? UInt64(bitPattern: Clock.monotonic()), radix: 16)
  }

  /// Sends until all is delivered, a stop request, or an error that does not pass.
  func run() throws(Interruption) -> ExitCode {
    while true {
      let interruption: Interruption
      do throws(Interruption) {
        try link.open(until: .after(patience))
        wasOpen = true
        try converse()
        try save()
        // Each message is answered: whatever becomes of the bye is no matter.
        try? link.close(until: .after(Patience.atTheEnd))
        return .success
      } catch {
        interruption = error
      }
      try pause(after: interruption)
    }
  }

  // MARK: Connections

  /// Waits for the next attempt, or gives up.
  private func pause(after interruption: Interruption) throws(Interruption) {
    let text: String
    switch interruption {
    case .failed:
      try? save()
      throw interruption
    case .stopped: throw stopped(interruption)
    case .ended(let ending):
      text = ending.sentence
      guard ending.mayPass, mayTryAgain else { throw givingUp(interruption) }
    case .late(let message):
      text = message
      guard mayTryAgain else { throw givingUp(interruption) }
    }
    try save()
    rewind()
    let wait = backoff.next(random: (try? SystemRandom.word()) ?? 0)
    session.tell(
      Notice(
        .reconnect, command: Self.command, message: "connecting again in \(wait / 1_000_000) ms: \(text)",
        subject: .address(link.address.text),
        details: [
          ("wait_ms", .whole(UInt64(wait / 1_000_000))), ("detail", .text(text)), ("delivered_seq", .whole(delivered)),
        ]))
    if let reason = StopRequests.wait(until: .after(nanoseconds: wait)) { throw .stopped(reason) }
  }

  private func givingUp(_ interruption: Interruption) -> Interruption {
    try? save()
    return interruption
  }

  /// A first connection that fails may be a wrong address; one that breaks is worth another attempt for a while.
  private var mayTryAgain: Bool {
    if options.follows, !options.hasTimeout { return true }
    return (options.follows || wasOpen) && Clock.monotonic() - heard < Int64(clamping: patience)
  }

  private func rewind() {
    if let first = pending.first { cursor.next = first.sequence }
    pending = []
    pendingBytes = 0
    isCaughtUp = false
  }

  /// Waits a little for the answers that are on their way, so that the next run need not repeat them.
  private func stopped(_ interruption: Interruption) -> Interruption {
    let deadline = Deadline.after(Patience.atTheEnd / 2)
    do throws(Interruption) {
      while !pending.isEmpty, let message = try link.receiveAnyway(until: deadline) { try take(message) }
      try save()
      try link.close(until: .after(Patience.atTheEnd / 2))
    } catch {
      try? save()
    }
    return interruption
  }

  // MARK: One connection

  /// Sends and takes answers until all is delivered.
  private func converse() throws(Interruption) {
    while true {
      try fill()
      if isCaughtUp, pending.isEmpty {
        if let unreadable { throw .failed(.failed(unreadable)) }
        if !options.follows { return }
        watch.arm(cursor.next)
      }
      guard let message = try next() else {
        _ = try? link.group.closeAtOnce(link.channel)
        throw .late("the peer did not answer in time")
      }
      try take(message)
    }
  }

  private func next() throws(Interruption) -> Message? {
    if let ready = try link.receive(until: .now) { return ready }
    try save()
    if pending.isEmpty { return try link.receive(until: .never) }
    let (limit, overflows) = heard.addingReportingOverflow(Int64(clamping: patience))
    return try link.receive(until: overflows ? .never : Deadline(nanoseconds: limit))
  }

  private func take(_ message: consuming Message) throws(Interruption) {
    let arrival = Arrival(message)
    if case .update = arrival {
      if let error = watch.failure { throw .failed(CommandError(error)) }
      isCaughtUp = false
    }
    guard message.channel == link.channel else { return }
    switch arrival {
    case .regular: if message.opCode == .response { try answered(message) }
    case .bye: link.answerBye(message)
    case .closed(let ending): throw .ended(ending)
    default: return
    }
  }

  private func answered(_ message: borrowing Message) throws(Interruption) {
    heard = Clock.monotonic()
    let id = message.id
    guard let index = pending.firstIndex(where: { $0.sequence == id }) else { return }
    let fault = message.text(MirrorHeader.error)
    guard fault.utf8.isEmpty else {
      throw .failed(
        .failed(
          Failure(
            .io, "the peer could not store a message", hint: "See what the other side says; then run this again.",
            address: link.address.text, sequence: id, causes: [fault])))
    }
    if message.hasMore { return }
    backoff.reset()
    pending[index].isDone = true
    advance()
  }

  private func advance() {
    var done = 0
    while done < pending.count, pending[done].isDone {
      delivered = pending[done].sequence
      pendingBytes -= pending[done].bytes
      done += 1
    }
    pending.removeFirst(done)
  }

  private func save() throws(Interruption) {
    guard let path = options.resumeFile, let delivered, delivered != saved else { return }
    do throws(CommandError) { try SmallFile.write("\(delivered)", to: path) } catch { throw .failed(error) }
    saved = delivered
  }

  // MARK: Sending

  /// Sends what the window allows.
  private func fill() throws(Interruption) {
    while !isCaughtUp, pending.count < Self.windowMessages, pendingBytes < Self.windowBytes {
      if let last, cursor.next > last || cursor.next == 0 {
        isCaughtUp = true
        return
      }
      if pending.isEmpty { heard = Clock.monotonic() }
      try readBatch()
      for index in 0..<encoder.count { try post(index) }
      advance()
    }
  }

  private func readBatch() throws(Interruption) {
    encoder.removeAll()
    let limit = min(64, Self.windowMessages - pending.count)
    let (last, since) = (last, options.since)
    do throws(PoolError) {
      let batch = try cursor.forEach(limit: limit) { frame in
        if let last, frame.sequence > last { return false }
        do throws(Lite3Error) {
          try encoder.add(frame, isWanted: frame.time >= since)
          return encoder.byteCount < Self.windowBytes / 4
        } catch {
          unreadable = Failure(
            .corrupt, error.message.text, hint: "Try `weir doctor` on the pool, and --from-seq to go on behind it.",
            path: options.pool.path, sequence: frame.sequence)
          return false
        }
      }
      isCaughtUp = batch.caughtUp || unreadable != nil
      if let gap = batch.gap { drops.add(gap) }
    } catch {
      throw .failed(CommandError(error))
    }
    if let notice = drops.take(now: Clock.monotonic()) { session.tell(notice) }
  }

  private func post(_ index: Int) throws(Interruption) {
    let entry = encoder.entry(index)
    pending.append(Pending(sequence: entry.sequence, bytes: entry.text.count, isDone: !entry.isWanted))
    pendingBytes += entry.text.count
    guard entry.isWanted else { return }
    var poster = BodyPoster(link.engine, link.group, channel: link.channel, opCode: .request, headers)
    poster.begin(id: entry.sequence)
    do throws(ChannelError) {
      try encoder.post(entry, by: &poster, labels(entry), until: .after(patience))
    } catch {
      // A channel that is gone says why in its final notice, which comes next.
      if error.kind == .closed { return }
      if error.kind == .timedOut { throw .late("the peer does not take what is sent") }
      throw link.failed(error)
    }
  }

  private func labels(_ entry: MirrorText.Entry) -> [Header] {
    var labels = [
      Header(MirrorHeader.pool, Self.oneLine(options.reference.text)), Header(MirrorHeader.run, runName),
      Header(MirrorHeader.sequence, "\(entry.sequence)"), Header(MirrorHeader.time, timestamp(entry.time)),
    ]
    if let tags = entry.tags { labels.append(Header(MirrorHeader.tags, tags)) }
    return labels
  }

  private static func oneLine(_ text: String) -> String {
    String(decoding: text.utf8.map { $0 < 0x20 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
  }
}
