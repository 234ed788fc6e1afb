internal import Arguments
internal import CommandSupport
internal import Gateway
internal import JSON
internal import Platform

/// Prints the rows of a query as they come.
struct RowPrinter: ~Copyable {
  enum Form {
    /// Cells with a bar between, a line each, just as they are.
    case bars(hasNames: Bool)
    /// Columns for eyes.
    case table
    /// An object a line.
    case jsonLines
  }

  private let form: Form
  private let output: Output
  private var names: [String] = []
  private var table = RowTable()

  init(_ form: Form, _ output: Output) {
    self.form = form
    self.output = output
  }

  /// The form that was asked for, or else the one that suits the output.
  static func form(_ invocation: Invocation, _ output: Output, hasNames: Bool) -> Form {
    switch invocation.value(Globals.format) {
    case .some(let name) where name.hasSameBytes(as: "pretty"): .table
    case .some: .jsonLines
    case nil: output.isTerminal ? .table : .bars(hasNames: hasNames)
    }
  }

  mutating func begin(_ columns: [String]) throws(CommandError) {
    switch form {
    case .bars(let hasNames): if hasNames { try output.write(columns.joinedText("|") + "\n") }
    case .table: try output.write(table.add(columns))
    case .jsonLines: names = Self.distinct(columns)
    }
  }

  mutating func row(_ cells: [NodeText.Cell]) throws(CommandError) {
    switch form {
    case .bars: try output.write(cells.map { $0.text }.joinedText("|") + "\n")
    case .table: try output.write(table.add(cells.map { $0.text }))
    case .jsonLines:
      var json = JSONWriter()
      write(cells, into: &json)
      json.output.append(UInt8(ascii: "\n"))
      try output.write(json.output.bytes)
    }
  }

  mutating func end() throws(CommandError) { try output.write(table.rest()) }

  private func write(_ cells: [NodeText.Cell], into json: inout JSONWriter) {
    json.beginObject()
    for (index, cell) in cells.enumerated() {
      json.key(index < names.count ? names[index] : "column \(index + 1)")
      cell.write(into: &json)
    }
    json.endObject()
  }

  /// Names that can be keys of one object: the second `id` becomes `id:1`, the third `id:2`, as SQLite itself tells them apart.
  static func distinct(_ names: [String]) -> [String] {
    var taken: [String] = []
    for name in names {
      var (candidate, number) = (name, 0)
      while taken.containsBytes(of: candidate) {
        number += 1
        candidate = "\(name):\(number)"
      }
      taken.append(candidate)
    }
    return taken
  }
}

extension NodeText.Cell {
  /// As text: nothing for NULL, `x'00ff'` for bytes.
  var text: String {
    switch self {
    case .null: ""
    case .integer(let number): "\(number)"
    case .real(let number): Self.decimal(number)
    case .text(let text): text
    case .blob(let bytes): "x'\(Hexadecimal.text(bytes))'"
    }
  }

  /// As the API has it.
  fileprivate func write(into json: inout JSONWriter) {
    switch self {
    case .null: json.null()
    case .integer(let number): json.value(number)
    case .real(let number): json.value(number)
    case .text(let text): json.value(text)
    case .blob(let bytes):
      json.beginArray()
      for byte in bytes { json.value(UInt64(byte)) }
      json.endArray()
    }
  }

  static func decimal(_ number: Double) -> String {
    var writer = ByteWriter(capacity: 32)
    _ = writer.appendDecimal(number)
    return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}

/// Lays out rows in columns, without knowing all of them: the first ones decide how wide the columns are, and wait until that is
/// known. What is wider later stands out, and the rest of its row moves.
struct RowTable {
  /// How many rows, and how many bytes of them, are waited for.
  static let rows = 200
  static let bytes = 64 << 10

  private var waiting: [[String]] = []
  private var waitingBytes = 0
  private var widths: [Int]?

  /// The text that can be printed now.
  mutating func add(_ cells: [String]) -> String {
    let row = cells.map { Table.oneLine($0) }
    guard widths == nil else { return line(row) }
    waiting.append(row)
    waitingBytes += row.reduce(0) { $0 + $1.utf8.count }
    return waiting.count > Self.rows || waitingBytes > Self.bytes ? rest() : ""
  }

  /// What still waits.
  mutating func rest() -> String {
    var widths: [Int] = []
    for row in waiting {
      for (column, cell) in row.enumerated() {
        if column == widths.count { widths.append(0) }
        widths[column] = max(widths[column], Table.columns(of: cell))
      }
    }
    if self.widths == nil { self.widths = widths }
    let text = waiting.map(line).joinedText("")
    waiting = []
    return text
  }

  private func line(_ row: [String]) -> String {
    var text = ""
    // Written before the cell that follows, so that no line ends with spaces.
    var gap = 0
    for (column, cell) in row.enumerated() {
      if !cell.utf8.isEmpty {
        text += String(repeating: " ", count: gap) + cell
        gap = 0
      }
      let width = widths.map { column < $0.count ? $0[column] : 0 } ?? 0
      gap += max(0, width - Table.columns(of: cell)) + 2
    }
    return text + "\n"
  }
}
