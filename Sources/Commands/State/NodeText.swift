internal import JSON

/// What nodes say, as JSON.
enum NodeText {
  /// A value of a row.
  enum Cell {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])
  }

  /// One line of the answer to a query.
  enum Line {
    case columns([String])
    case row([Cell])
    /// Seconds.
    case end(time: Double)
    case error(String)
  }

  /// What became of one statement of a transaction.
  struct Outcome {
    var rowsAffected: UInt64
    /// Seconds of all of it.
    var time: Double
    /// The version that it made; nil if it changed nothing.
    var version: UInt64?
  }

  /// What a line says; nil if it is none of a node's.
  static func line(_ bytes: RawSpan, _ parser: inout JSONParser) -> Line? {
    guard let tape = try? parser.parse(bytes) else { return nil }
    if let row = tape.member("row", of: tape.root) { return cells(tape, row) }
    if let columns = tape.member("columns", of: tape.root) {
      var names: [String] = []
      tape.forEachElement(of: columns) { names.append(tape.text(at: $0) ?? "") }
      return .columns(names)
    }
    if let end = tape.member("eoq", of: tape.root) {
      return .end(time: tape.member("time", of: end).flatMap { tape.double(at: $0) } ?? 0)
    }
    return tape.member("error", of: tape.root).flatMap { tape.text(at: $0) }.map { .error($0) }
  }

  /// `[number, [cells]]`
  private static func cells(_ tape: borrowing JSONTape, _ row: Int) -> Line? {
    var parts: [Int] = []
    tape.forEachElement(of: row) { parts.append($0) }
    guard parts.count == 2, tape.kind(at: parts[1]) == .array else { return nil }
    var cells: [Cell] = []
    tape.forEachElement(of: parts[1]) { cells.append(cell(tape, $0)) }
    return .row(cells)
  }

  private static func cell(_ tape: borrowing JSONTape, _ index: Int) -> Cell {
    if let integer = tape.signed(at: index) { return .integer(integer) }
    if let real = tape.double(at: index) { return .real(real) }
    if let text = tape.text(at: index) { return .text(text) }
    guard tape.kind(at: index) == .array else { return tape.bool(at: index).map { .integer($0 ? 1 : 0) } ?? .null }
    var bytes: [UInt8] = []
    tape.forEachElement(of: index) { bytes.append(UInt8(truncatingIfNeeded: tape.signed(at: $0) ?? 0)) }
    return .blob(bytes)
  }

  /// The words of an error: of a query, or the first of a transaction.
  static func error(in body: [UInt8]) -> String? {
    var parser = JSONParser()
    guard let tape = try? parser.parse(body.span.bytes) else { return nil }
    if let error = tape.member("error", of: tape.root) { return tape.text(at: error) }
    var words: String?
    if let results = tape.member("results", of: tape.root) {
      tape.forEachElement(of: results) { result in
        words = words ?? tape.member("error", of: result).flatMap { tape.text(at: $0) }.map(withoutFrame)
      }
    }
    return words
  }

  /// What SQLite said, without what nodes put around it: `rusqlite: … (actor_id: None, version: None)`.
  private static func withoutFrame(_ words: String) -> String {
    var bytes = Array(words.utf8)[...]
    let (before, behind) = (Array("rusqlite: ".utf8), Array(" (actor_id: None, version: None)".utf8))
    if bytes.starts(with: before) { bytes = bytes.dropFirst(before.count) }
    if bytes.suffix(behind.count).elementsEqual(behind) { bytes = bytes.dropLast(behind.count) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// What became of the only statement of a transaction; nil if it is no answer of a node.
  static func outcome(_ body: [UInt8]) -> Outcome? {
    var parser = JSONParser()
    guard let tape = try? parser.parse(body.span.bytes), let results = tape.member("results", of: tape.root) else {
      return nil
    }
    var rows: UInt64?
    tape.forEachElement(of: results) { result in
      rows = tape.member("rows_affected", of: result).flatMap { tape.unsigned(at: $0) }
    }
    guard let rows else { return nil }
    return Outcome(
      rowsAffected: rows, time: tape.member("time", of: tape.root).flatMap { tape.double(at: $0) } ?? 0,
      version: tape.member("version", of: tape.root).flatMap { tape.unsigned(at: $0) })
  }
}
