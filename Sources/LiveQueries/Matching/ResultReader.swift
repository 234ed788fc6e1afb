internal import JSON
internal import SQLite
internal import State

/// Reads the rows that a plan's statements give.
struct ResultReader: ~Copyable {
  private let plan: QueryPlan
  private var writer = ByteWriter(capacity: 1_024)

  private let width: Int

  init(_ plan: QueryPlan) {
    self.plan = plan
    width = plan.parts.reduce(plan.columns.count) { $0 + $1.keyCount }
  }

  /// The current row of a statement.
  ///
  /// - Throws: `.schemaChanged` if the schema gave it other columns since the plan was made.
  mutating func row(of statement: Statement) throws(SQLiteError) -> ResultRow {
    guard statement.columnCount == width else {
      throw SQLiteError(.schemaChanged, "the schema gave the query other columns: subscribe again")
    }
    writer.removeAll()
    writer.append(cellsOf: statement, count: plan.columns.count)
    let cells = writer.bytes
    guard plan.hasKeys else {
      return ResultRow(key: .integer(Int64(bitPattern: fnv1a(cells))), parts: [], cells: cells)
    }
    let parts = parts(of: statement)
    return ResultRow(
      key: .blob(PartKeys.joined(parts)), parts: parts.count == 1 ? [] : parts, cells: cells)
  }

  private func parts(of statement: Statement) -> [[UInt8]] {
    var place = plan.columns.count
    return plan.parts.map { part in
      let values = (place..<place + part.keyCount).map { statement.value(at: $0) }
      place += part.keyCount
      // Keys are never NULL, but where an optional table has no row.
      return values.first == .null ? [] : PackedKey.pack(values)
    }
  }
}

/// The keys of joined rows as one: a single one as it is, more with their lengths.
enum PartKeys {
  static func joined(_ parts: [[UInt8]]) -> [UInt8] {
    if parts.count == 1 { return parts[0] }
    return parts.flatMap { part in (0..<4).map { UInt8(truncatingIfNeeded: part.count >> (8 * $0)) } + part }
  }

  /// The keys that were joined; none if it is a single one.
  static func split(_ key: SQLiteValue, count: Int) -> [[UInt8]] {
    guard count > 1, case .blob(let bytes) = key else { return [] }
    var rest = bytes[...]
    var parts: [[UInt8]] = []
    while rest.count >= 4 {
      let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      parts.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    return parts
  }
}

/// The 64-bit hash of Fowler, Noll and Vo.
func fnv1a(_ bytes: some Sequence<UInt8>) -> UInt64 {
  bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}
