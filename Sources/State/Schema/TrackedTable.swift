internal import SQLite

/// The columns of a table that are replicated, in the order of their declaration, which is that of their numbers.
package struct TrackedColumns: Equatable, Sendable {
  package let numbers: [Int]
  /// The numbers as bits; nil if there is none, or one too large for a birth record.
  package let asBirth: UInt64?

  package init(_ numbers: [Int]) {
    self.numbers = numbers
    let fits = numbers.allSatisfy { $0 < RowClock.birthColumns }
    asBirth = fits && !numbers.isEmpty ? numbers.reduce(0) { $0 | 1 << UInt64($1) } : nil
  }

  package var isEmpty: Bool { numbers.isEmpty }
  package var count: Int { numbers.count }
}

/// A replicated table as it is now. Made anew whenever the schema changes.
package final class TrackedTable: Sendable {
  struct Column: Sendable {
    /// The column's number, which stays the same as long as it is there.
    let number: Int
    let name: String
    /// Where the hook finds it.
    let place: Int
    /// What a row shows that is older than the column.
    let defaultValue: SQLiteValue
  }

  struct KeyColumn: Sendable {
    let name: String
    let place: Int
    let affinity: Affinity
    /// Whether whole numbers in it are stored as integers and read as real numbers.
    var isReal: Bool { affinity == .real }
  }

  /// The table's number, which stays the same as long as it is there.
  let id: Int
  package let name: String
  /// The name with a NUL, to compare with what the hook tells.
  let nameBytes: [UInt8]
  let key: [KeyColumn]
  let columns: [Column]
  let tracked: TrackedColumns
  /// Whether the row id is the key.
  let hasIntegerKey: Bool
  /// Columns that are no more but whose changes peers may still send: they are known and dropped.
  let retired: [String]
  private let byName: [[UInt8]: Int]
  private let byNumber: [Int: Int]

  init(id: Int, name: String, key: [KeyColumn], columns: [Column], hasIntegerKey: Bool, retired: [String]) {
    self.id = id
    self.name = name
    nameBytes = Array(name.utf8) + [0]
    self.key = key
    self.columns = columns
    tracked = TrackedColumns(columns.map { $0.number })
    self.hasIntegerKey = hasIntegerKey
    self.retired = retired
    byName = Dictionary(uniqueKeysWithValues: columns.enumerated().map { (Array($1.name.utf8), $0) })
    byNumber = Dictionary(uniqueKeysWithValues: columns.enumerated().map { ($1.number, $0) })
  }

  /// The index in `columns` of the column of that name.
  func index(of name: String) -> Int? { byName[Array(name.utf8)] }
  /// The index in `columns` of the column with that number.
  func index(ofNumber number: Int) -> Int? { byNumber[number] }

  /// A row's key as it is filed, from the form that is exchanged.
  func rowKey(_ packed: [UInt8]) throws(StateError) -> (key: RowKey, values: [SQLiteValue]) {
    let values = try PackedKey.unpack(packed)
    guard values.count == key.count else {
      throw StateError(
        .malformed, "a key of \(values.count) values for a table whose key has \(key.count)", table: name)
    }
    for (column, value) in zip(key, values) where !column.affinity.keeps(value) {
      throw StateError(.malformed, "a key that the table would store as another", table: name)
    }
    if hasIntegerKey {
      guard case .integer(let number) = values[0] else {
        throw StateError(.malformed, "a key that is no integer for a table whose key is one", table: name)
      }
      return (.integer(number), values)
    }
    // Written anew, so that whatever followed the values is gone.
    return (.packed(PackedKey.pack(values)), values)
  }

  // MARK: SQL

  private var quoted: String { SQL.name(name) }
  var clockTable: String { TrackedTable.clockTable(id) }
  static func clockTable(_ id: Int) -> String { "__weir_clock_\(id)" }
  static func guardIndex(_ id: Int) -> String { "__weir_guard_\(id)" }

  private func list(_ names: [String]) -> String { names.map { SQL.name($0) }.joined(separator: ", ") }
  private var keyNames: String { list(key.map { $0.name }) }
  private func marks(_ range: Range<Int>) -> String { range.map { "?\($0 + 1)" }.joined(separator: ", ") }
  private var isKey: String {
    key.enumerated().map { "\(SQL.name($1.name)) = ?\($0 + 1)" }.joined(separator: " AND ")
  }

  /// Writes columns of a row, making it if it is missing: key values first, then those of the columns.
  func upsertSQL(_ indices: [Int]) -> String {
    let names = indices.map { columns[$0].name }
    let sets = names.map { "\(SQL.name($0)) = excluded.\(SQL.name($0))" }.joined(separator: ", ")
    let all = list(key.map { $0.name } + names)
    return "INSERT INTO \(quoted) (\(all)) VALUES (\(marks(0..<key.count + names.count)))"
      + " ON CONFLICT (\(keyNames)) DO UPDATE SET \(sets)"
  }

  /// Makes a row with the columns' defaults, unless it is there.
  var insertSQL: String {
    "INSERT INTO \(quoted) (\(keyNames)) VALUES (\(marks(0..<key.count))) ON CONFLICT (\(keyNames)) DO NOTHING"
  }

  var deleteSQL: String { "DELETE FROM \(quoted) WHERE \(isKey)" }

  /// All replicated columns of a row.
  var selectSQL: String {
    "SELECT \(columns.isEmpty ? "1" : list(columns.map { $0.name })) FROM \(quoted) WHERE \(isKey)"
  }

  /// All rows in the order of their keys: first the replicated columns, then those of the key.
  var snapshotSQL: String {
    "SELECT \(list(columns.map { $0.name } + key.map { $0.name })) FROM \(quoted) ORDER BY \(keyNames)"
  }

  func selectSQL(column: Int) -> String { "SELECT \(SQL.name(columns[column].name)) FROM \(quoted) WHERE \(isKey)" }

  /// All rows' keys, in the order of the keys.
  var keysSQL: String { "SELECT \(keyNames) FROM \(quoted) ORDER BY \(keyNames)" }

  var getClockSQL: String { "SELECT clock FROM \(clockTable) WHERE key = ?1" }
  var insertClockSQL: String { "INSERT OR IGNORE INTO \(clockTable) (key, clock) VALUES (?1, ?2)" }
  func insertManyClocksSQL(_ count: Int) -> String {
    let rows = (0..<count).map { "(?\(2 * $0 + 1), ?\(2 * $0 + 2))" }.joined(separator: ", ")
    return "INSERT OR IGNORE INTO \(clockTable) (key, clock) VALUES \(rows)"
  }
  /// Files rows under transactions of this site: the version and the key of each.
  func insertVersionsSQL(_ count: Int) -> String {
    let rows = (0..<count).map { "(0, ?\(2 * $0 + 1), \(id), ?\(2 * $0 + 2))" }.joined(separator: ", ")
    return "INSERT OR IGNORE INTO __weir_version VALUES \(rows)"
  }
  var putClockSQL: String {
    "INSERT INTO \(clockTable) (key, clock) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET clock = excluded.clock"
  }
  var allClocksSQL: String { "SELECT key, clock FROM \(clockTable)" }
}

/// All replicated tables, as of one moment.
package final class TrackedTables: Sendable {
  /// Raised by each change of the schema.
  package let version: UInt64
  let tables: [TrackedTable]
  /// Names of tables that are no more but whose changes peers may still send.
  let retired: [String]
  private let byID: [Int: Int]
  private let byName: [[UInt8]: Int]

  init(version: UInt64, _ tables: [TrackedTable], retired: [String]) {
    self.version = version
    self.tables = tables
    self.retired = retired
    byID = Dictionary(uniqueKeysWithValues: tables.enumerated().map { ($1.id, $0) })
    byName = Dictionary(uniqueKeysWithValues: tables.enumerated().map { (Array($1.name.utf8), $0) })
  }

  /// How many there are.
  package var count: Int { tables.count }

  func table(id: Int) -> TrackedTable? { byID[id].map { tables[$0] } }
  package func table(named name: String) -> TrackedTable? { byName[Array(name.utf8)].map { tables[$0] } }
}

/// What a column makes of values that are stored in it.
enum Affinity {
  case blob, text, numeric, real

  /// Whether a key's value stays what it is. Text in a column of numbers may be one: that only SQLite can tell.
  func keeps(_ value: SQLiteValue) -> Bool {
    switch (self, value) {
    case (_, .null): false
    case (.blob, _), (_, .blob), (_, .text): true
    case (.text, _): false
    case (.numeric, .real(let number)): !(abs(number) < 0x1p63) || Double(Int64(number)) != number
    case (.numeric, .integer), (.real, .real): true
    case (.real, .integer): false
    }
  }
}
