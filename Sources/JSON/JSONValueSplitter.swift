/// Cuts a stream of JSON values into single values, as the bytes arrive.
///
/// Chunks go in with `append`, values come out of `next`, each with the line of the stream it begins on. Only strings,
/// escapes and brackets are followed: a value is what lies between its first byte and the bracket or white space that
/// ends it, and whether it is JSON is the parser's business. Memory is bounded: one value may be `maximumBytes` long, and
/// a longer one is reported once and skipped.
public struct JSONValueSplitter: ~Copyable {
  /// What ends a value.
  public enum Separation: Sendable {
    /// The value itself does: values follow each other with or without white space, over any number of lines.
    case values
    /// A line break does: each line that is not blank is one value.
    case lines
    /// The byte 0x1E does, as in RFC 7464: each record that is not blank is one value.
    case records
  }

  private let separation: Separation
  private let maximumBytes: Int
  private var buffer: ByteWriter
  /// Where the value being looked at begins; everything before it was handed out or skipped.
  private var start = 0
  /// How far it was looked at.
  private var position = 0
  /// The line at `start`, counted from 1.
  private var line = 1
  private var state = State.between
  private var depth = 0
  private var isFinished = false
  /// Whether the value at hand is too large: its bytes are dropped as they are looked at.
  private var isSkipping = false

  private var recordSeparator: UInt8 { 0x1e }

  private enum State {
    /// Before a value.
    case between
    /// In a container, outside its strings.
    case container
    /// In a string, of a container or at top level.
    case string
    /// Behind a backslash in a string.
    case escape
    /// In a number, a literal, or anything else that white space ends.
    case word
    /// In a line or record.
    case line
  }

  /// Makes a splitter.
  ///
  /// - Parameters:
  ///   - separation: what ends a value.
  ///   - maximumBytes: the longest value that is handed out.
  public init(_ separation: Separation = .values, maximumBytes: Int = JSONLimits.textBytes) {
    self.separation = separation
    self.maximumBytes = maximumBytes
    buffer = ByteWriter(capacity: 64 << 10)
  }

  /// Adds bytes of the stream.
  public mutating func append(_ chunk: RawSpan) {
    compact()
    buffer.append(chunk)
  }

  /// Lets `body` read up to `room` bytes of the stream into place; it returns how many.
  public mutating func append<E: Error>(
    room: Int, _ body: (UnsafeMutableRawBufferPointer) throws(E) -> Int
  ) throws(E) {
    compact()
    try buffer.appendUninitialized(room, body)
  }

  /// Says that the stream has ended.
  public mutating func finish() {
    isFinished = true
  }

  /// The next whole value, valid until the next call.
  ///
  /// - Returns: nil if more bytes are needed or, after `finish()`, if there is nothing left.
  /// - Throws: `tooLarge` once for each value beyond the limit; `unfinished` if the stream ended inside a value. Both carry
  ///   the line on which the value begins, and `next` may be called again.
  @_lifetime(&self)
  public mutating func next() throws(JSONError) -> JSONPiece? {
    skipHandedOut()
    while true {
      if state == .between, !beginValue() { return nil }
      let isWhole = scan() || endsWithStream()
      if isSkipping {
        dropScanned(isWhole: isWhole)
        if !isWhole { return nil }
        continue
      }
      if position - start > maximumBytes {
        let error = JSONError(.tooLarge, line: line)
        isSkipping = true
        dropScanned(isWhole: isWhole)
        throw error
      }
      if isWhole { return piece() }
      if !isFinished { return nil }
      let error = JSONError(.unfinished, line: line)
      dropScanned(isWhole: true)
      throw error
    }
  }

  // MARK: Steps

  /// Moves to the next value; false if there is none yet.
  private mutating func beginValue() -> Bool {
    let extra = separation == .records ? recordSeparator : UInt8(ascii: " ")
    let (skipped, lines, first) = buffer.skipSpace(from: start, and: extra)
    start = skipped
    position = skipped
    line += lines
    guard let first else { return false }
    depth = 0
    if separation != .values {
      state = .line
      return true
    }
    switch first {
    case UInt8(ascii: "{"), UInt8(ascii: "["): state = .container
    case UInt8(ascii: "\""):
      state = .string
      position += 1
    default:
      state = .word
      position += 1
    }
    return true
  }

  /// Looks at the bytes behind `position`; true if they end the value.
  private mutating func scan() -> Bool {
    while position < buffer.count {
      switch state {
      case .container:
        guard let stop = buffer.endOfContainer(from: position, &depth) else {
          position = buffer.count
          return false
        }
        position = stop.offset + 1
        if !stop.isQuote { return true }
        // The string is not complete: the other states take it from its beginning.
        state = .string
      case .string:
        guard let stop = buffer.firstQuoteOrBackslash(from: position) else {
          position = buffer.count
          return false
        }
        position = stop.offset + 1
        if !stop.isQuote {
          state = .escape
        } else if depth == 0 {
          return true
        } else {
          state = .container
        }
      case .escape:
        position += 1
        state = .string
      case .word:
        position = buffer.endOfWord(from: position)
        return position < buffer.count
      case .line:
        position = buffer.first(separation == .lines ? 0x0a : recordSeparator, from: position) ?? buffer.count
        return position < buffer.count
      case .between:
        return false
      }
    }
    return false
  }

  /// Whether the end of the stream ends the value at hand, as it does for words and lines.
  private func endsWithStream() -> Bool {
    isFinished && (state == .word || state == .line)
  }

  /// The value from `start` to `position`; the next call begins behind it.
  @_lifetime(&self)
  private mutating func piece() -> JSONPiece {
    state = .between
    handedOut = position
    return _overrideLifetime(JSONPiece(unsafeBuffer: buffer, start, position, line: line), mutating: &self)
  }

  /// How far values were handed out: they stay in place until the next call.
  private var handedOut = 0

  private mutating func skipHandedOut() {
    guard handedOut > start else { return }
    line += buffer.countLineFeeds(start, handedOut)
    start = handedOut
    position = max(position, start)
  }

  /// Forgets the bytes of the value at hand up to `position`.
  private mutating func dropScanned(isWhole: Bool) {
    line += buffer.countLineFeeds(start, position)
    start = position
    handedOut = position
    if isWhole {
      isSkipping = false
      state = .between
    }
  }

  /// Moves what is left to the front of the buffer when most of it is behind us.
  private mutating func compact() {
    skipHandedOut()
    guard start > 0, start >= buffer.count / 2 else { return }
    buffer.removeFirst(start)
    position -= start
    start = 0
    handedOut = 0
  }
}

/// One value of a stream, borrowed from the splitter.
public struct JSONPiece: ~Escapable {
  /// The bytes of the value, without white space around it.
  public let text: RawSpan
  /// The line it begins on, counted from 1.
  public let line: Int
  /// How many bytes behind the text may be read, for the parser.
  public let readableBeyond: Int

  @_lifetime(copy text)
  init(text: RawSpan, line: Int, readableBeyond: Int) {
    self.text = text
    self.line = line
    self.readableBeyond = readableBeyond
  }
}
