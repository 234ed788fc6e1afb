internal import JSON
internal import State

/// One line of a stream, made once for all that get it.
struct LiveLine: Sendable {
  /// The id of the change; 0 where there is none.
  var change: UInt64
  var bytes: [UInt8]
}

/// The lines of streams: reference sections 2.5 and 2.7.
enum LiveLines {
  static func columns(_ names: [String]) -> [UInt8] {
    var writer = ByteWriter()
    writer.append("{\"columns\":[")
    for (index, name) in names.enumerated() {
      if index > 0 { writer.append(UInt8(ascii: ",")) }
      writer.appendQuoted(name)
    }
    writer.append("]}\n")
    return writer.bytes
  }

  static func row(_ id: Int64, cells: borrowing RawSpan, into writer: inout ByteWriter) {
    writer.append("{\"row\":[")
    writer.appendDecimal(id)
    writer.append(UInt8(ascii: ","))
    writer.append(cells)
    writer.append("]}\n")
  }

  static func endOfQuery(seconds: Double, change: UInt64, into writer: inout ByteWriter) {
    writer.append("{\"eoq\":{\"time\":")
    _ = writer.appendDecimal(seconds)
    writer.append(",\"change_id\":")
    writer.appendDecimal(change)
    writer.append("}}\n")
  }

  static func change(
    _ kind: ChangeKind, row: Int64, cells: borrowing RawSpan, change: UInt64, into writer: inout ByteWriter
  ) {
    switch kind {
    case .insert: writer.append("{\"change\":[\"insert\",")
    case .update: writer.append("{\"change\":[\"update\",")
    case .delete: writer.append("{\"change\":[\"delete\",")
    }
    writer.appendDecimal(row)
    writer.append(UInt8(ascii: ","))
    writer.append(cells)
    writer.append(UInt8(ascii: ","))
    writer.appendDecimal(change)
    writer.append("]}\n")
  }

  static func notice(_ key: RowKey, isAlive: Bool, into writer: inout ByteWriter) throws(StateError) {
    writer.append(isAlive ? "{\"notify\":[\"update\"," : "{\"notify\":[\"delete\",")
    writer.append(cells: try key.values)
    writer.append("]}\n")
  }

  static func error(_ message: String) -> [UInt8] {
    var writer = ByteWriter()
    writer.append("{\"error\":")
    writer.appendQuoted(message)
    writer.append("}\n")
    return writer.bytes
  }
}

extension ByteWriter {
  /// A copy of what was written.
  var bytes: [UInt8] { withUnsafeBytes { Array($0) } }
}
