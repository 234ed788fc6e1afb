import CSimdjson

/// Parses JSON texts into tapes, one after the other, reusing its memory.
///
/// The parser is exact where the pool format asks for it (section 13.3): doubles are correctly rounded, integers outside
/// 64 bits become the nearest double, and a number beyond the range of a double is refused.
public struct JSONParser: ~Copyable {
  /// Bytes behind a text that the parser reads when it is told it may: a text with that much behind it is not copied.
  public static var padding: Int { Int(CSIMDJSON_PADDING) }

  private let handle: OpaquePointer?
  private var rewritten: ByteWriter

  /// Makes a parser.
  public init() {
    handle = csimdjson_create(UInt32(JSONLimits.depth) + 1)
    rewritten = ByteWriter(capacity: 64)
  }

  deinit {
    csimdjson_free(handle)
  }

  /// Parses one text.
  ///
  /// A literal `-0` comes out as integer 0; see `parseRewriting(_:)`.
  ///
  /// - Parameters:
  ///   - text: one JSON value with optional white space around it.
  ///   - readableBeyond: how many bytes behind the text may be read; `padding` or more saves a copy.
  /// - Returns: the tape, valid until the next call.
  @_lifetime(&self)
  public mutating func parse(_ text: RawSpan, readableBeyond: Int = 0) throws(JSONError) -> JSONTape {
    var tape = csimdjson_tape()
    let code = run(text, readableBeyond, &tape)
    if code == Int32(CSIMDJSON_OK) {
      return _overrideLifetime(JSONTape(unsafe: tape), mutating: &self)
    }
    if code == Int32(CSIMDJSON_NUMBER), JSONNumberRewriter.rewrite(text, into: &rewritten) {
      return try parseRewritten(text)
    }
    throw Self.error(code, in: text)
  }

  /// Parses a text after replacing `-0` by `-0.0` and integers outside 64 bits by doubles.
  ///
  /// `parse(_:readableBeyond:)` is enough for every text in which `JSONNumberRewriter.mayHoldNegativeZero(_:)` is false.
  @_lifetime(&self)
  public mutating func parseRewriting(_ text: RawSpan) throws(JSONError) -> JSONTape {
    if JSONNumberRewriter.rewrite(text, into: &rewritten) {
      return try parseRewritten(text)
    }
    return try parse(text)
  }

  @_lifetime(&self)
  private mutating func parseRewritten(_ text: RawSpan) throws(JSONError) -> JSONTape {
    var tape = csimdjson_tape()
    let code = run(rewritten.bytes, rewritten.readableBeyond, &tape)
    rewritten.shrink(above: 1 << 20)
    if code != Int32(CSIMDJSON_OK) {
      throw Self.error(code, in: text)
    }
    return _overrideLifetime(JSONTape(unsafe: tape), mutating: &self)
  }

  private func run(_ text: RawSpan, _ readableBeyond: Int, _ tape: inout csimdjson_tape) -> Int32 {
    guard let handle else { return Int32(CSIMDJSON_MEMORY) }
    guard text.byteCount <= JSONLimits.textBytes else { return Int32(CSIMDJSON_TOO_LARGE) }
    return text.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return Int32(CSIMDJSON_EMPTY) }
      let first = start.assumingMemoryBound(to: UInt8.self)
      return csimdjson_parse(handle, first, bytes.count, bytes.count + readableBeyond, &tape)
    }
  }

  private static func error(_ code: Int32, in text: RawSpan) -> JSONError {
    let kind: JSONError.Kind =
      switch Int(code) {
      case CSIMDJSON_DEPTH: .depth
      case CSIMDJSON_STRING: .string
      case CSIMDJSON_NUMBER: .number
      case CSIMDJSON_UTF8: .utf8
      case CSIMDJSON_EMPTY: .empty
      case CSIMDJSON_UNFINISHED: .unfinished
      case CSIMDJSON_TOO_LARGE: .tooLarge
      case CSIMDJSON_MEMORY: .memory
      default: .syntax
      }
    switch kind {
    case .empty, .tooLarge, .memory, .utf8:
      return JSONError(kind)
    case .syntax, .depth, .string, .number, .unfinished:
      guard let offset = JSONSyntaxCheck.faultOffset(in: text) else { return JSONError(kind) }
      let endsEarly = kind == .syntax && offset == text.byteCount
      let line = 1 + lineFeeds(in: text, before: offset)
      return JSONError(endsEarly ? .unfinished : kind, offset: offset, line: line)
    }
  }

  private static func lineFeeds(in text: RawSpan, before offset: Int) -> Int {
    text.withUnsafeBytes { bytes in
      var lines = 0
      for index in 0..<offset where bytes[index] == 0x0a { lines += 1 }
      return lines
    }
  }
}
