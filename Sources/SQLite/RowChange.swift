internal import CSQLite

/// A row that is about to change, as the library's hook shows it.
///
/// Only valid during the call that brought it: hence borrowed everywhere and never copied.
package struct RowChange: ~Copyable {
  package enum Kind: Int32, Sendable {
    case delete = 9
    case insert = 18
    case update = 23
  }

  package let kind: Kind
  /// The table's name, ended by NUL. The same table has the same address until the schema changes.
  package let table: UnsafePointer<CChar>
  /// The row's id before and after; without meaning for tables that have none.
  package let oldRow: Int64
  package let newRow: Int64
  let schema: UnsafePointer<CChar>
  let database: OpaquePointer
  let missing: OpaquePointer?

  /// Whether the table is one of the file's, and not a temporary one.
  package var isInMain: Bool { schema[0] == CChar(bitPattern: UInt8(ascii: "m")) }

  /// How many triggers deep it happens; 0 for a statement itself.
  package var depth: Int { Int(sqlite3_preupdate_depth(database)) }

  /// The value of a column before; not for an insert. `.absent` if the row is older than the column.
  package func old(_ column: Int) -> BorrowedValue? {
    var value: OpaquePointer?
    guard sqlite3_preupdate_old(database, Int32(column), &value) == SQLITE_OK, let value else { return nil }
    return BorrowedValue(handle: value, isAbsent: value == missing)
  }

  /// The value of a column afterwards; not for a delete.
  package func new(_ column: Int) -> BorrowedValue? {
    var value: OpaquePointer?
    guard sqlite3_preupdate_new(database, Int32(column), &value) == SQLITE_OK, let value else { return nil }
    return BorrowedValue(handle: value, isAbsent: value == missing)
  }
}

/// A value that the library holds, valid as long as the call that brought it.
package struct BorrowedValue {
  let handle: OpaquePointer
  /// Whether the row is shorter than its table's declaration, so that the column's default is meant.
  package let isAbsent: Bool

  package var storageClass: SQLiteClass { SQLiteClass(rawValue: sqlite3_value_type(handle)) ?? .null }
  package var integer: Int64 { sqlite3_value_int64(handle) }
  package var real: Double { sqlite3_value_double(handle) }

  /// Hands over the bytes of a text or blob.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    let isText = sqlite3_value_type(handle) == SQLITE_TEXT
    let start = isText ? UnsafeRawPointer(sqlite3_value_text(handle)) : sqlite3_value_blob(handle)
    let count = Int(sqlite3_value_bytes(handle))
    return body(UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : count))
  }

  /// A copy.
  package var value: SQLiteValue {
    switch storageClass {
    case .integer: .integer(integer)
    case .real: .real(real)
    case .text: .text(withBytes { Array($0) })
    case .blob: .blob(withBytes { Array($0) })
    case .null: .null
    }
  }
}
