internal import CommandSupport
internal import Documents
internal import JSON
internal import Platform
internal import Pools

/// Takes input as it arrives, cuts it into records, and hands them to the feeder; tells of records that were left out.
struct IngestReader: ~Copyable {
  enum Ending {
    case end
    case stopped(StopRequests.Reason)
    case failed(SystemError)
  }

  private static let snippetBytes = 200

  private let options: FeedOptions
  private let command: String
  private let pool: PoolLabel
  private let session: Session
  private let recordLimit: Int
  private var feeder: Feeder
  private var cutter: RecordCutter
  private var total: UInt64 = 0
  private var skipped: UInt64 = 0

  var hasSkipped: Bool { skipped > 0 }

  /// - Parameter command: Who tells of records.
  init(
    _ options: FeedOptions, _ feeder: consuming Feeder, _ pool: PoolLabel, _ session: Session, command: String = "feed"
  ) {
    self.options = options
    self.command = command
    self.pool = pool
    self.session = session
    recordLimit = feeder.recordLimit
    self.feeder = feeder
    cutter = RecordCutter(options.format, recordLimit: recordLimit, toleratesUnknown: options.skipsErrors)
  }

  /// Reads until the end, a stop request, or an error. Everything that was taken is stored by then, errors included.
  mutating func run(
    _ next: (_ waits: Bool) -> InputPump.Delivery, recycle: (consuming [UInt8]) -> Void
  ) throws(CommandError) -> Ending {
    let ending: Ending
    do throws(CommandError) {
      ending = try readAll(next, recycle)
    } catch {
      // What came before the broken record is stored, and its receipts are out, before the error is told.
      if case .failed = error { try feeder.flush() }
      throw error
    }
    try feeder.flush()
    if skipped > 0 { tellSummary() }
    return ending
  }

  private mutating func readAll(
    _ next: (_ waits: Bool) -> InputPump.Delivery, _ recycle: (consuming [UInt8]) -> Void
  ) throws(CommandError) -> Ending {
    var isIdle = false
    while true {
      switch cutter.next(isIdle: isIdle) {
      case .record(let line, let isGuess): try take(line: line, isGuess: isGuess)
      case .fault(let fault): try refuse(fault)
      case .end: return .end
      case .needsMore:
        // Nothing more can be done with what is there: store it before waiting for the rest.
        if isIdle { try feeder.flush() }
        switch next(isIdle) {
        case .chunk(let buffer, let count):
          cutter.add(buffer.span.bytes.extracting(first: count))
          recycle(buffer)
          isIdle = false
        case .nothing: isIdle = true
        case .end: cutter.finish()
        case .stopped(let reason):
          tellUnfinished()
          return .stopped(reason)
        case .failed(let error): return .failed(error)
        }
      }
    }
  }

  // MARK: Records

  private mutating func take(line: Int, isGuess: Bool) throws(CommandError) {
    let fault: FeedFault
    do throws(FeedFault) {
      try feeder.add(cutter)
      total += 1
      return
    } catch {
      fault = error
    }
    switch fault {
    case .failed(let error): throw error
    case .refused(let problem) where isGuess && problem.isNotJSON: cutter.reconsider()
    case .refused(let problem):
      total += 1
      try refuse(problem, line: line, snippet: Self.snippet(cutter.lineOfRecord))
      if problem.isNotJSON { cutter.leaveLineOfWord() }
    }
  }

  /// The beginning, cut between two characters.
  static func snippet(_ record: RawSpan) -> String {
    record.withUnsafeBytes { bytes in
      var count = min(bytes.count, snippetBytes)
      if count < bytes.count {
        while count > 0, bytes[count] & 0xC0 == 0x80 { count -= 1 }
      }
      return String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  private mutating func refuse(_ fault: RecordCutter.Fault) throws(CommandError) {
    let problem = RecordProblem.cutting(fault, recordLimit: recordLimit)
    total += 1
    if fault.concernsAllInput { throw .failed(problem.error(line: nil)) }
    try refuse(problem, line: fault.line, snippet: Self.snippet(cutter.restOfLine))
    cutter.skip()
  }

  private mutating func refuse(_ problem: RecordProblem, line: Int, snippet: String) throws(CommandError) {
    let error = problem.error(line: line)
    guard options.skipsErrors else { throw .failed(error) }
    skipped += 1
    session.tell(
      Notice(
        kind: .ingestSkip, command: command, message: "skipped: \(error.message)",
        pool: pool.text,
        details: [
          ("mode", .text(cutter.format?.name ?? "auto")), ("index", .whole(total)), ("line", .whole(UInt64(line))),
          ("error_kind", .text(problem.isTooLarge ? "Oversize" : "Parse")), ("snippet", .text(snippet)),
          ("pool_path", .text(pool.path)),
        ]))
  }

  private func tellSummary() {
    let stored = total - skipped
    session.tell(
      Notice(
        kind: .ingestSummary, command: command, message: "stored \(stored) of \(total) records, skipped \(skipped)",
        pool: pool.text,
        details: [
          ("total", .whole(total)), ("ok", .whole(stored)), ("failed", .whole(skipped)),
          ("pool_path", .text(pool.path)),
        ]))
  }

  /// A stop request in the middle of a record.
  private mutating func tellUnfinished() {
    let snippet = Self.snippet(cutter.restOfLine)
    guard !snippet.utf8.allSatisfy(ValueScanner.isBlank) else { return }
    session.tell(
      Notice(
        kind: .ingestSkip, command: command, message: "asked to stop within a record, which was not stored",
        pool: pool.text,
        details: [
          ("mode", .text(cutter.format?.name ?? "auto")), ("index", .whole(total + 1)), ("error_kind", .text("Parse")),
          ("snippet", .text(snippet)), ("pool_path", .text(pool.path)),
        ]))
  }
}

extension Feeder {
  fileprivate mutating func add(_ cutter: borrowing RecordCutter) throws(FeedFault) {
    try add(cutter.record, readableBeyond: cutter.readableBeyond)
  }
}

extension IngestFormat {
  var name: String {
    switch self {
    case .json: "json"
    case .jsonLines: "jsonl"
    case .sequence: "seq"
    case .events: "sse"
    }
  }
}
