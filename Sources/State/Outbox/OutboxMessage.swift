internal import JSON
internal import SQLite

/// The JSON of a message about one row: `Documentation/capture.md`.
///
/// The row comes last, so that it can be cut off where a message is too large for a pool.
struct OutboxMessage: ~Copyable {
  enum Operation {
    case insert, update, delete, snapshot

    fileprivate var text: StaticString {
      switch self {
      case .insert: "insert"
      case .update: "update"
      case .delete: "delete"
      case .snapshot: "snapshot"
      }
    }
  }

  private var output = ByteWriter(capacity: 512)
  /// What the messages of one transaction end their heads with, and of which it is.
  private var signature = ByteWriter()
  private var signed: RowTransition.Author?

  /// Binds the text of the last message.
  func bind(to statement: Statement, _ index: Int) throws(SQLiteError) { try statement.bind(text: output.bytes, index) }

  /// Writes a message.
  ///
  /// - Parameters:
  ///   - changed: the columns that an update names; nil for all.
  ///   - row: a statement at a row of all replicated columns; nil if there is none.
  mutating func write(
    _ operation: Operation, of table: TrackedTable, key: [SQLiteValue], changed: ColumnSet?, row: Statement?,
    by author: RowTransition.Author
  ) {
    output.removeAll()
    output.append("{\"table\":")
    output.appendQuoted(table.name)
    output.append(",\"op\":\"")
    output.append(operation.text)
    output.append("\",\"key\":{")
    for (index, (column, value)) in zip(table.key, key).enumerated() {
      appendName(column.name, isFirst: index == 0)
      output.append(cell: value)
    }
    output.append("}")
    if operation == .update { append(changed, of: table) }
    sign(author)
    if let row { append(row, of: table) }
    output.append("}")
  }

  private mutating func sign(_ author: RowTransition.Author) {
    if author != signed {
      signature.removeAll()
      signature.append(",\"site\":\"")
      signature.append(string: author.site.text)
      signature.append("\",\"version\":")
      signature.appendDecimal(author.version)
      signature.append(",\"time\":\"")
      signature.appendTimestamp(HybridClock.wall(time: author.time))
      signature.append("\"")
      signed = author
    }
    Self.append(signature, to: &output)
  }

  private static func append(_ text: borrowing ByteWriter, to output: inout ByteWriter) { output.append(text.bytes) }

  private mutating func append(_ changed: ColumnSet?, of table: TrackedTable) {
    output.append(",\"changed\":[")
    var isFirst = true
    for (index, column) in table.columns.enumerated() where changed?.contains(index) ?? true {
      if !isFirst { output.append(",") }
      output.appendQuoted(column.name)
      isFirst = false
    }
    output.append("]")
  }

  private mutating func append(_ row: Statement, of table: TrackedTable) {
    output.append(",\"row\":{")
    for (index, column) in table.columns.enumerated() {
      appendName(column.name, isFirst: index == 0)
      output.append(cell: index, of: row)
    }
    output.append("}")
  }

  private mutating func appendName(_ name: String, isFirst: Bool) {
    if !isFirst { output.append(",") }
    output.appendQuoted(name)
    output.append(":")
  }

  /// Gives memory back that one large row took.
  mutating func shrink() { output.shrink(above: 1 << 20) }
}
