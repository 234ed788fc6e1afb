package import JSON
package import SQLite

// Values as the HTTP API writes them: a blob is an array of its bytes' numbers, what JSON has no number for is null, and text that
// is not UTF-8 gets replacement characters.

extension ByteWriter {
  /// Appends a value as JSON.
  package mutating func append(cell value: SQLiteValue) {
    switch value {
    case .null: append("null")
    case .integer(let number): appendDecimal(number)
    case .real(let number): append(real: number)
    case .text(let bytes): append(text: bytes.span.bytes)
    case .blob(let bytes): append(blob: bytes.span.bytes)
    }
  }

  /// Appends one value of the current row as JSON, without a copy in between.
  package mutating func append(cell index: Int, of row: Statement) {
    switch row.storageClass(at: index) {
    case .null: append("null")
    case .integer: appendDecimal(row.integer(at: index))
    case .real: append(real: row.real(at: index))
    case .text: append(text: row.bytes(at: index))
    case .blob: append(blob: row.bytes(at: index))
    }
  }

  /// Appends the current row as a JSON array.
  package mutating func append(cellsOf row: Statement, count: Int) {
    append(UInt8(ascii: "["))
    for index in 0..<count {
      if index > 0 { append(UInt8(ascii: ",")) }
      append(cell: index, of: row)
    }
    append(UInt8(ascii: "]"))
  }

  /// Appends values as a JSON array.
  package mutating func append(cells: some Sequence<SQLiteValue>) {
    append(UInt8(ascii: "["))
    var isFirst = true
    for value in cells {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append(cell: value)
    }
    append(UInt8(ascii: "]"))
  }

  private mutating func append(real number: Double) {
    if !appendDecimal(number) { append("null") }
  }

  private mutating func append(text: RawSpan) {
    if !appendQuoted(text) { appendQuoted(text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }) }
  }

  private mutating func append(blob: RawSpan) {
    append(UInt8(ascii: "["))
    for index in 0..<blob.byteCount {
      if index > 0 { append(UInt8(ascii: ",")) }
      appendDecimal(UInt64(blob.byte(at: index)))
    }
    append(UInt8(ascii: "]"))
  }
}
