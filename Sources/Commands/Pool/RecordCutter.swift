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

  private var buffer = ByteWriter(capacity: 256 << 10)
  private var spare = ByteWriter(capacity: 64)
  private var isFinished = false
  private var isAtStart = true

  /// The first byte that no record has taken, and its line.
  private var position = 0
  private var line = 1
  /// No line end lies between `position` and here.
  private var searched = 0
  private var prefersLines = true
  private var scanner = ValueScanner()
  private var scanned = 0
  private var recovery: Recovery?

  /// The record that was offered last. `nil` end: it lies in `joined`.
  private var recordRange = 0..<0
  private var recordIsJoined = false
  private var joined = ByteWriter(capacity: 64)
  private var eventLine = 0

  /// White space between the line's beginning and `position`; nil when something else stands there.
  private var indent: Int? = 0
  /// Bytes of the line at the beginning of the buffer that are no longer in it.
  private var droppedColumns = 0

  private enum Recovery {
    /// Drop everything up to the end of the line.
    case restOfLine
    /// The same, and then drop lines until one begins as the broken record did: with as much white space and a brace.
    case similarLine(indent: Int)
    /// At the beginning of a line, which may be such a one.
    case comparison(indent: Int)
    /// Drop everything up to the next record separator.
    case separator
    /// Drop lines up to an empty one.
    case event
  }

  /// - Parameters:
  ///   - format: nil sniffs.
  ///   - recordLimit: Bytes that one record may have.
  init(_ format: IngestFormat?, recordLimit: Int, toleratesUnknown: Bool = false) {
    self.format = format
    self.recordLimit = recordLimit
    self.toleratesUnknown = toleratesUnknown
  }

  // MARK: Input

  mutating func add(_ bytes: RawSpan) {
    if position > 0, position >= buffer.count / 2 { compact() }
    buffer.append(bytes)
  }

  /// Says that nothing follows.
  mutating func finish() { isFinished = true }

  private mutating func compact() {
    droppedColumns = column(of: position) - 1
    spare.removeAll()
    spare.append(position..<buffer.count, of: buffer)
    swap(&buffer, &spare)
    searched = max(0, searched - position)
    scanned = max(0, scanned - position)
    position = 0
    // One huge record must not hold its memory for good.
    spare.shrink(above: 1 << 20)
  }

  // MARK: Records

  /// The record that `next` offered, until the next call of anything that changes this.
  var record: RawSpan {
    @_lifetime(borrow self)
    get { recordIsJoined ? joined.bytes : buffer.bytes.extracting(recordRange) }
  }

  /// How many bytes behind `record` may be read.
  var readableBeyond: Int {
    recordIsJoined ? joined.readableBeyond : buffer.count - recordRange.upperBound + buffer.readableBeyond
  }

  /// What no record has taken yet, up to the end of its line.
  var restOfLine: RawSpan {
    @_lifetime(borrow self)
    get {
      let start = position
      let end = buffer.withUnsafeBytes { ByteSearch.first(0x0A, in: $0, from: start) } ?? buffer.count
      return buffer.bytes.extracting(start..<end)
    }
  }

  /// The record that was offered, or the line on which it begins if it goes on: for messages about it.
  var lineOfRecord: RawSpan {
    @_lifetime(borrow self)
    get {
      if recordIsJoined { return joined.bytes }
      let start = recordRange.lowerBound
      let end = buffer.withUnsafeBytes { ByteSearch.first(0x0A, in: $0, from: start) } ?? buffer.count
      return buffer.bytes.extracting(start..<max(end, start))
    }
  }

  /// The record that was offered is no JSON at all: if it is a mere word, so is the rest of its line.
  mutating func leaveLineOfWord() {
    guard format == .json, !beginsContainer(recordRange.lowerBound) else { return }
    recovery = .restOfLine
    searched = position
    prefersLines = true
  }

  /// What comes next.
  ///
  /// - Parameter isIdle: No input is ready: a value that is complete is a record even though its line has not ended.
  mutating func next(isIdle: Bool) -> Event {
    recordIsJoined = false
    if let event = begin() { return event }
    if recovery != nil, !recover() { return isFinished ? .end : .needsMore }
    switch format {
    case .jsonLines: return nextLine()
    case .sequence: return nextInSequence(isIdle: isIdle)
    case .events: return nextEvent()
    case .json, nil: return nextValue(isIdle: isIdle)
    }
  }

  /// The guess that was offered is not one JSON value: offer what the grammar makes of it.
  mutating func reconsider() {
    position = recordRange.lowerBound
    (line, indent) = guessPlace
    prefersLines = false
    restartScanner()
  }

  private var guessPlace: (line: Int, indent: Int?) = (1, 0)

  /// Leaves the faulty record behind.
  mutating func skip() {
    searched = position
    switch format {
    case .sequence: recovery = .separator
    case .events: recovery = .event
    case .jsonLines: recovery = .restOfLine
    case .json, nil:
      recovery = beginsContainer(position) ? .similarLine(indent: indent ?? 0) : .restOfLine
      prefersLines = true
    }
  }

  // MARK: The beginning

  private mutating func begin() -> Event? {
    if isAtStart {
      if buffer.isEmpty { return isFinished ? .end : .needsMore }
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      let (isMark, mayBecomeMark) = buffer.withUnsafeBytes { ($0.starts(with: mark), mark.starts(with: $0)) }
      if mayBecomeMark, !isMark, !isFinished { return .needsMore }
      if isMark { position = mark.count }
      isAtStart = false
    }
    guard format == nil else { return nil }
    skipBlanks(upTo: buffer.count)
    let start = position
    let atEnd = isFinished
    let sniffed = buffer.withUnsafeBytes { bytes in
      IngestFormat.sniff(UnsafeRawBufferPointer(rebasing: bytes[start...]), isLast: atEnd)
    }
    switch sniffed {
    case .format(let found): format = found
    case .needsMore: return isFinished ? .end : .needsMore
    case .later(let name): return fault(.later(name), at: position)
    case .unknown:
      guard toleratesUnknown else { return fault(.unknownFormat, at: position) }
      format = .json
    }
    searched = position
    restartScanner()
    return nil
  }

  // MARK: JSON

  private mutating func nextValue(isIdle: Bool) -> Event {
    skipBlanks(upTo: buffer.count)
    if position == buffer.count { return isFinished ? .end : .needsMore }
    if prefersLines {
      if let end = lineEnd() { return guess(position..<end) }
      if isFinished { return guess(position..<buffer.count) }
      // A long line may well be many values: the grammar finds out without waiting for its end.
      if !isIdle, buffer.count - position <= Self.guessLimit { return .needsMore }
    }
    return scanValue(upTo: buffer.count, isLast: isFinished)
  }

  private mutating func guess(_ range: Range<Int>) -> Event {
    if range.count > recordLimit { return fault(.tooLarge, at: position) }
    guessPlace = (line, indent)
    return offer(range, isGuess: true)
  }

  private mutating func scanValue(upTo limit: Int, isLast: Bool) -> Event {
    var index = max(scanned, position)
    // Taken out, not copied: the scanner owns a list.
    var scanner = ValueScanner()
    swap(&scanner, &self.scanner)
    let outcome = buffer.withUnsafeBytes { bytes in
      scanner.scan(UnsafeRawBufferPointer(rebasing: bytes[..<limit]), from: &index, isLast: isLast)
    }
    swap(&scanner, &self.scanner)
    scanned = index
    switch outcome {
    case .complete(let end):
      if end - position > recordLimit { return fault(.tooLarge, at: position) }
      prefersLines = isWholeLine(position..<end)
      return offer(position..<end, isGuess: false)
    case .invalid(let place): return fault(.unexpectedByte, at: place)
    case .needsMore:
      if isLast { return fault(.unfinished, at: position) }
      return waitUnlessTooLarge()
    }
  }

  private mutating func waitUnlessTooLarge() -> Event {
    buffer.count - position > recordLimit ? fault(.tooLarge, at: position) : .needsMore
  }

  private mutating func offer(_ range: Range<Int>, isGuess: Bool) -> Event {
    let start = line
    line += isGuess ? 0 : lines(in: range)
    recordRange = range
    position = range.upperBound
    indent = nil
    restartScanner()
    return .record(line: start, isGuess: isGuess)
  }

  private mutating func restartScanner() {
    scanner = ValueScanner()
    scanned = position
    searched = max(searched, position)
  }

  /// One line holds this value and nothing else, so the next line may well be like it.
  private func isWholeLine(_ range: Range<Int>) -> Bool {
    buffer.withUnsafeBytes { bytes in
      if ByteSearch.first(
        0x0A, in: UnsafeRawBufferPointer(rebasing: bytes[..<range.upperBound]), from: range.lowerBound)
        != nil
      {
        return false
      }
      for byte in bytes[range.upperBound...] {
        if byte == 0x0A { return true }
        if !ValueScanner.isBlank(byte) { return false }
      }
      return false
    }
  }

  // MARK: Lines

  private mutating func nextLine() -> Event {
    skipBlanks(upTo: buffer.count)
    if position == buffer.count { return isFinished ? .end : .needsMore }
    guard let end = lineEnd() ?? (isFinished ? buffer.count : nil) else { return waitUnlessTooLarge() }
    if end - position > recordLimit { return fault(.tooLarge, at: position) }
    return offer(position..<end, isGuess: false)
  }

  /// The next line end at or after `position`.
  private mutating func lineEnd() -> Int? {
    let start = max(searched, position)
    let found = buffer.withUnsafeBytes { ByteSearch.first(0x0A, in: $0, from: start) }
    searched = found ?? buffer.count
    return found
  }

  // MARK: RFC 7464

  private mutating func nextInSequence(isIdle: Bool) -> Event {
    while true {
      skipBlanks(upTo: buffer.count)
      if position == buffer.count { return isFinished ? .end : .needsMore }
      let start = position
      if buffer.withUnsafeBytes({ $0[start] == IngestFormat.separator }) {
        position += 1
        restartScanner()
        continue
      }
      let search = max(searched, position)
      let found = buffer.withUnsafeBytes { ByteSearch.first(IngestFormat.separator, in: $0, from: search) }
      searched = found ?? buffer.count
      guard let end = found ?? (isFinished ? buffer.count : nil) else {
        return isIdle ? scanValue(upTo: buffer.count, isLast: false) : waitUnlessTooLarge()
      }
      return scanValue(upTo: end, isLast: true)
    }
  }

  // MARK: Server-sent events

  private mutating func nextEvent() -> Event {
    while true {
      guard let end = lineEnd() ?? (isFinished && position < buffer.count ? buffer.count : nil) else {
        if !isFinished { return waitUnlessTooLarge() }
        return joined.isEmpty || hasOfferedJoined ? .end : offerEvent()
      }
      let range = position..<end
      let isBlank = takeEventLine(range)
      position = min(end + 1, buffer.count)
      searched = position
      line += 1
      if joined.count > recordLimit, !hasOfferedJoined {
        joined.removeAll()
        return fault(.tooLarge, at: position)
      }
      if isBlank, !joined.isEmpty { return offerEvent() }
    }
  }

  private mutating func offerEvent() -> Event {
    recordIsJoined = true
    hasOfferedJoined = true
    return .record(line: eventLine, isGuess: false)
  }

  private var hasOfferedJoined = false

  /// Adds what a line says to the event; true if the line ends the event.
  private mutating func takeEventLine(_ range: Range<Int>) -> Bool {
    if hasOfferedJoined {
      joined.removeAll()
      hasOfferedJoined = false
    }
    var content = range
    let (isBlank, isData) = buffer.withUnsafeBytes { bytes -> (Bool, Bool) in
      if let last = bytes[content].last, last == 0x0D { content = content.dropLast() }
      let line = UnsafeRawBufferPointer(rebasing: bytes[content])
      return (line.isEmpty, line.starts(with: "data:".utf8))
    }
    guard isData else { return isBlank }
    content = content.dropFirst(5)
    if joined.isEmpty { eventLine = line } else { joined.append(UInt8(ascii: "\n")) }
    let first = buffer.withUnsafeBytes { $0[content].first }
    joined.append(first == 0x20 ? content.dropFirst() : content, of: buffer)
    return false
  }

  // MARK: Common steps

  private mutating func skipBlanks(upTo limit: Int) {
    var index = position
    var lineEnds = 0
    var indent = indent
    buffer.withUnsafeBytes { bytes in
      while index < limit, ValueScanner.isBlank(bytes[index]) {
        if bytes[index] == 0x0A {
          lineEnds += 1
          indent = 0
        } else {
          indent = indent.map { $0 + 1 }
        }
        index += 1
      }
    }
    guard index != position else { return }
    self.indent = indent
    position = index
    line += lineEnds
    restartScanner()
  }

  private func lines(in range: Range<Int>) -> Int {
    buffer.withUnsafeBytes { ByteSearch.count(0x0A, in: $0, range) }
  }

  private func beginsContainer(_ place: Int) -> Bool {
    buffer.withUnsafeBytes { bytes in
      place < bytes.count && (bytes[place] == UInt8(ascii: "{") || bytes[place] == UInt8(ascii: "["))
    }
  }

  /// Counted from 1, in bytes.
  private func column(of place: Int) -> Int {
    let dropped = droppedColumns
    return buffer.withUnsafeBytes { bytes in
      var start = min(place, bytes.count)
      while start > 0, bytes[start - 1] != 0x0A { start -= 1 }
      return place - start + 1 + (start == 0 ? dropped : 0)
    }
  }

  private func fault(_ kind: Fault.Kind, at place: Int) -> Event {
    let faultLine = line + (place > position ? lines(in: position..<place) : 0)
    return .fault(
      Fault(kind: kind, line: line, faultLine: faultLine, column: kind == .unexpectedByte ? column(of: place) : 0))
  }

  // MARK: Going on after a fault

  /// Drops what belongs to the broken record; false if its end has not come yet.
  private mutating func recover() -> Bool {
    while let step = recovery {
      switch step {
      case .restOfLine:
        guard dropLine() else { return false }
        recovery = nil
      case .similarLine(let indent):
        guard dropLine() else { return false }
        recovery = .comparison(indent: indent)
      case .comparison(let indent):
        guard let isSimilar = beginsRecord(indent: indent) else { return false }
        recovery = isSimilar ? nil : .similarLine(indent: indent)
      case .separator:
        let start = position
        let found = buffer.withUnsafeBytes { ByteSearch.first(IngestFormat.separator, in: $0, from: start) }
        let end = found ?? buffer.count
        line += lines(in: position..<end)
        position = end
        restartScanner()
        guard found != nil else { return false }
        recovery = nil
      case .event:
        guard let isBlank = beginsBlankLine(), dropLine() else { return false }
        if isBlank { recovery = nil }
      }
    }
    return true
  }

  private mutating func dropLine() -> Bool {
    let found = lineEnd()
    position = found.map { $0 + 1 } ?? buffer.count
    if found != nil { line += 1 }
    searched = position
    indent = 0
    restartScanner()
    return found != nil
  }

  /// Whether the line at `position` is empty; nil if its end has not come yet.
  private func beginsBlankLine() -> Bool? {
    let start = position
    return buffer.withUnsafeBytes { bytes in
      guard start < bytes.count else { return nil }
      if bytes[start] == 0x0D { return start + 1 < bytes.count ? bytes[start + 1] == 0x0A : nil }
      return bytes[start] == 0x0A
    }
  }

  /// Whether the line at `position` begins like a record; nil if that cannot be told yet.
  private func beginsRecord(indent: Int) -> Bool? {
    let start = position
    return buffer.withUnsafeBytes { bytes in
      var index = start
      while index < bytes.count, bytes[index] == 0x20 || bytes[index] == 0x09 { index += 1 }
      if index == bytes.count { return nil }
      return index - start == indent && (bytes[index] == UInt8(ascii: "{") || bytes[index] == UInt8(ascii: "["))
    }
  }
}

extension ByteWriter {
  fileprivate mutating func append(_ range: Range<Int>, of other: borrowing ByteWriter) {
    append(other.bytes.extracting(range))
  }
}
