internal import JSON

/// Cuts the input of `feed` into records, as it arrives, without ever waiting for more than a record needs.
///
/// Most input is one value a line, so a line is first offered as a guess: finding its end costs next to nothing. When it turns
/// out not to be a whole value the caller says so (`reconsider`), and the grammar decides where the value ends.
struct RecordCutter: ~Copyable {
  enum Event: Equatable {
    /// A record is in `record`. A guess that is not one JSON value is answered with `reconsider()`, not with an error.
    case record(line: Int, isGuess: Bool)
    /// What is there is no record. Go on with `skip()`, or give up.
    case fault(Fault)
    case needsMore
    case end
  }

  struct Fault: Equatable {
    enum Kind: Equatable {
      case unexpectedByte, unfinished, tooLarge, unknownFormat, later(IngestFormat.Sniffed.StaticName)
    }

    let kind: Kind
    /// Where the record begins and where it went wrong, counted from 1.
    let line: Int
    let faultLine: Int
    /// In bytes, counted from 1; 0 when the place does not matter.
    let column: Int

    /// Nothing of the input can be used.
    var concernsAllInput: Bool {
      switch kind {
      case .later, .unknownFormat: true
      case .unexpectedByte, .unfinished, .tooLarge: false
      }
    }
  }

  /// How long a line may be before it is no longer taken for one value.
  private static let guessLimit = 256 << 10

  /// nil until the input was sniffed.
  private(set) var format: IngestFormat?
  private let recordLimit: Int
  /// Unknown input is cut as JSON, whose records then fail one by one.
  private let toleratesUnknown: Bool

  private var text = InputText()
  private var events = EventJoiner()
  private var isFinished = false
  private var isAtStart = true
  private var recovery: Recovery?

  private var prefersLines = true
  private var scanner = ValueScanner()
  /// Where in the stream the scanner began, and how far it came.
  private var scan = (origin: 0, offset: 0)

  private var recordRange = 0..<0
  private var recordIsEvent = false
  private var placeOfGuess: InputText.Mark?

  /// - Parameters:
  ///   - format: nil sniffs.
  ///   - recordLimit: Bytes that one record may have.
  init(_ format: IngestFormat?, recordLimit: Int, toleratesUnknown: Bool = false) {
    self.format = format
    self.recordLimit = recordLimit
    self.toleratesUnknown = toleratesUnknown
  }

  // MARK: Input

  mutating func add(_ bytes: RawSpan) { text.add(bytes) }

  /// Says that nothing follows.
  mutating func finish() { isFinished = true }

  // MARK: Records

  /// What comes next.
  ///
  /// - Parameter isIdle: No input is ready: a value that is complete is a record even though its line has not ended.
  mutating func next(isIdle: Bool) -> Event {
    recordIsEvent = false
    if let event = begin() { return event }
    if recovery != nil, !recover() { return waitOrEnd }
    switch format {
    case .jsonLines: return nextLine()
    case .sequence: return nextInSequence(isIdle: isIdle)
    case .events: return nextEvent()
    case .json, nil: return nextValue(isIdle: isIdle)
    }
  }

  /// The record that `next` offered, until more is added.
  var record: RawSpan {
    @_lifetime(borrow self)
    get { recordIsEvent ? events.data : text.taken(recordRange) }
  }

  /// How many bytes behind `record` may be read.
  var readableBeyond: Int { recordIsEvent ? events.readableBeyond : text.readableBeyond(recordRange) }

  /// The record that was offered, or all of the line on which it begins if that is more: for messages about it.
  var lineOfRecord: RawSpan {
    @_lifetime(borrow self)
    get { recordIsEvent ? events.data : text.lineOfTaken(recordRange) }
  }

  /// What no record has taken yet, up to the end of its line.
  var restOfLine: RawSpan {
    @_lifetime(borrow self)
    get { text.restOfLine }
  }

  /// The guess that was offered is not one JSON value: offer what the grammar makes of it.
  mutating func reconsider() {
    if let placeOfGuess { text.goBack(to: placeOfGuess) }
    prefersLines = false
  }

  private var waitOrEnd: Event { isFinished ? .end : .needsMore }

  private mutating func begin() -> Event? {
    if isAtStart {
      if text.isEmpty { return waitOrEnd }
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let (isMark, mayBecomeMark) = text.withBytes { ($0.starts(with: mark), mark.starts(with: $0)) }
      if mayBecomeMark, !isMark, !isFinished { return .needsMore }
      if isMark { text.takeWithinLine(mark.count) }
      isAtStart = false
    }
    guard format == nil else { return nil }
    text.skipBlanks()
    let atEnd = isFinished
    switch text.withBytes({ IngestFormat.sniff($0, isLast: atEnd) }) {
    case .format(let found): format = found
    case .needsMore: return waitOrEnd
    case .later(let name): return fault(.later(name))
    case .unknown:
      guard toleratesUnknown else { return fault(.unknownFormat) }
      format = .json
    }
    return nil
  }

  private mutating func offer(_ count: Int) -> Event {
    let line = text.line
    recordRange = text.take(count)
    return .record(line: line, isGuess: false)
  }

  private func waitUnlessTooLarge() -> Event { text.count > recordLimit ? fault(.tooLarge) : .needsMore }

  private func fault(_ kind: Fault.Kind, at offset: Int = 0) -> Event {
    let column = kind == .unexpectedByte ? text.column(at: offset) : 0
    return .fault(Fault(kind: kind, line: text.line, faultLine: text.line(at: offset), column: column))
  }

  // MARK: JSON

  private mutating func nextValue(isIdle: Bool) -> Event {
    text.skipBlanks()
    if text.isEmpty { return waitOrEnd }
    if prefersLines {
      // A long line may well be many values: the grammar finds out without waiting for its end.
      let limit = min(Self.guessLimit, recordLimit)
      if let end = text.next(0x0A) ?? (isFinished ? text.count : nil) {
        if end <= limit { return guess(end) }
      } else if !isIdle, text.count <= limit {
        return .needsMore
      }
    }
    return scanValue(upTo: text.count, isLast: isFinished)
  }

  private mutating func guess(_ count: Int) -> Event {
    placeOfGuess = text.mark
    recordRange = text.takeWithinLine(count)
    return .record(line: text.line, isGuess: true)
  }

  private mutating func scanValue(upTo limit: Int, isLast: Bool) -> Event {
    if scan.origin != text.taken {
      scanner = ValueScanner()
      scan = (text.taken, 0)
    }
    switch advanceScanner(upTo: limit, isLast: isLast) {
    case .complete(let end):
      if end > recordLimit { return fault(.tooLarge) }
      let isOneLine = !text.contains(0x0A, in: 0..<end)
      let event = offer(end)
      prefersLines = isOneLine && nothingElseOnLine
      return event
    case .invalid(let offset): return offset > recordLimit ? fault(.tooLarge) : fault(.unexpectedByte, at: offset)
    case .needsMore: return isLast && limit <= recordLimit ? fault(.unfinished) : waitUnlessTooLarge()
    }
  }

  private mutating func advanceScanner(upTo limit: Int, isLast: Bool) -> ValueScanner.Outcome {
    // Taken out, not copied: the scanner owns a list.
    var scanner = ValueScanner()
    swap(&scanner, &self.scanner)
    var offset = scan.offset
    let outcome = text.withBytes {
      scanner.scan(UnsafeRawBufferPointer(rebasing: $0[..<limit]), from: &offset, isLast: isLast)
    }
    swap(&scanner, &self.scanner)
    scan.offset = offset
    return outcome
  }

  /// The line ends here, so the next one may well be one value again.
  private var nothingElseOnLine: Bool {
    text.withBytes { bytes in bytes.first { $0 == 0x0A || !ValueScanner.isBlank($0) } == 0x0A }
  }

  // MARK: Other formats

  private mutating func nextLine() -> Event {
    text.skipBlanks()
    if text.isEmpty { return waitOrEnd }
    guard let end = text.next(0x0A) ?? (isFinished ? text.count : nil) else { return waitUnlessTooLarge() }
    return end > recordLimit ? fault(.tooLarge) : offer(end)
  }

  private mutating func nextInSequence(isIdle: Bool) -> Event {
    while true {
      text.skipBlanks()
      if text.isEmpty { return waitOrEnd }
      guard text[0] == IngestFormat.separator else { break }
      text.takeWithinLine(1)
    }
    if let end = text.next(IngestFormat.separator) ?? (isFinished ? text.count : nil) {
      return scanValue(upTo: end, isLast: true)
    }
    return isIdle || text.count > recordLimit ? scanValue(upTo: text.count, isLast: false) : .needsMore
  }

  private mutating func nextEvent() -> Event {
    while true {
      guard let end = text.next(0x0A) ?? (isFinished && !text.isEmpty ? text.count : nil) else {
        if !isFinished { return text.count > recordLimit ? tooLargeEvent(line: text.line) : .needsMore }
        return events.finish() ? offerEvent() : .end
      }
      let line = text.line
      if end > recordLimit { return tooLargeEvent(line: line) }
      let range = text.takeWithinLine(end)
      let isEnd = events.take(range, of: text, line: line)
      _ = text.dropLine()
      if !isEnd, events.size > recordLimit { return tooLargeEvent(line: line) }
      if isEnd { return offerEvent() }
    }
  }

  private mutating func tooLargeEvent(line: Int) -> Event {
    let line = events.size > 0 ? events.line : line
    events.drop()
    return .fault(Fault(kind: .tooLarge, line: line, faultLine: text.line, column: 0))
  }

  private mutating func offerEvent() -> Event {
    recordIsEvent = true
    return .record(line: events.line, isGuess: false)
  }

  // MARK: Going on after a fault

  private enum Recovery {
    /// Drop everything up to the end of the line.
    case restOfLine
    /// The same, and then drop lines until one begins as the broken record did: with as much white space and a brace.
    case similarLine(indent: Int)
    /// At the beginning of a line, which may be such a one.
    case comparison(indent: Int)
    /// Drop everything up to the next record separator.
    case separator
    /// Drop lines up to an empty one; at the beginning of a line, or within one.
    case event(isWithinLine: Bool)
  }

  /// Leaves the faulty record behind.
  mutating func skip() {
    switch format {
    case .sequence: recovery = .separator
    case .events: recovery = .event(isWithinLine: text.indent != 0)
    case .jsonLines: recovery = .restOfLine
    case .json, nil:
      recovery = text.beginsContainer ? .similarLine(indent: text.indent ?? 0) : .restOfLine
      prefersLines = true
    }
  }

  /// The record that was offered is no JSON at all: if it is a mere word, so is the rest of its line.
  mutating func leaveLineOfWord() {
    let first = record.withUnsafeBytes { $0.first }
    guard format == .json, first != UInt8(ascii: "{"), first != UInt8(ascii: "[") else { return }
    recovery = .restOfLine
    prefersLines = true
  }

  /// Drops what belongs to the broken record; false if its end has not come yet.
  private mutating func recover() -> Bool {
    while let step = recovery {
      switch step {
      case .restOfLine:
        guard text.dropLine() else { return false }
        recovery = nil
      case .similarLine(let indent):
        guard text.dropLine() else { return false }
        recovery = .comparison(indent: indent)
      case .comparison(let indent):
        guard let isSimilar = lineBeginsRecord(indent: indent) else { return false }
        recovery = isSimilar ? nil : .similarLine(indent: indent)
      case .separator:
        let end = text.next(IngestFormat.separator)
        text.take(end ?? text.count)
        guard end != nil else { return false }
        recovery = nil
      case .event(isWithinLine: true):
        guard text.dropLine() else { return false }
        recovery = .event(isWithinLine: false)
      case .event(isWithinLine: false):
        guard let isEmpty = lineIsEmpty else { return false }
        recovery = .event(isWithinLine: true)
        if isEmpty { recovery = .restOfLine }
      }
    }
    return true
  }

  /// Whether the line that begins here has nothing on it; nil if that cannot be told yet.
  private var lineIsEmpty: Bool? {
    text.withBytes { bytes in
      switch bytes.first {
      case 0x0A: true
      case 0x0D: bytes.count > 1 ? bytes[1] == 0x0A : nil
      case nil: nil
      default: false
      }
    }
  }

  /// Whether the line that begins here begins like a record; nil if that cannot be told yet.
  private func lineBeginsRecord(indent: Int) -> Bool? {
    text.withBytes { bytes in
      guard let start = bytes.firstIndex(where: { $0 != 0x20 && $0 != 0x09 }) else { return nil }
      return start == indent && (bytes[start] == UInt8(ascii: "{") || bytes[start] == UInt8(ascii: "["))
    }
  }
}
