public import SQLite

/// The clock and the value of one cell, or of a row's existence, as nodes exchange them.
public struct Change: Hashable, Sendable {
  /// The name of the table.
  public var table: String
  /// The row's key: `PackedKey`.
  public var key: [UInt8]
  /// The name of the column; `Change.row` for the row itself.
  public var column: String
  /// The value that the cell has now; NULL for the row itself.
  public var value: SQLiteValue
  /// How often the column was written since the row came to life.
  public var columnVersion: UInt64
  /// The transaction that wrote it, counted by its site from 1.
  public var version: UInt64
  /// The site that wrote it.
  public var site: SiteID
  /// How often the row was made or deleted: odd while it is alive.
  public var causalLength: UInt64
  /// Its place among the changes of its transaction, from 0.
  public var seq: UInt64
  /// The time of its transaction, as its site's clock had it.
  public var time: UInt64

  /// The column name that stands for the row itself.
  public static let row = "-1"

  /// A change with these parts.
  public init(
    table: String, key: [UInt8], column: String, value: SQLiteValue, columnVersion: UInt64, version: UInt64,
    site: SiteID, causalLength: UInt64, seq: UInt64, time: UInt64
  ) {
    self.table = table
    self.key = key
    self.column = column
    self.value = value
    self.columnVersion = columnVersion
    self.version = version
    self.site = site
    self.causalLength = causalLength
    self.seq = seq
    self.time = time
  }
}

/// What is sent of one transaction: all of it, or the changes of a range of its places.
public struct ChangeSet: Hashable, Sendable {
  /// Whose transaction.
  public var site: SiteID
  /// Which one.
  public var version: UInt64
  /// The places that are covered. Places whose changes were overwritten since are covered without a change.
  public var seqs: ClosedRange<UInt64>
  /// The last place of the transaction.
  public var lastSeq: UInt64
  /// The time of the transaction.
  public var time: UInt64
  /// In order of their places.
  public var changes: [Change]

  /// A change set with these parts.
  public init(
    site: SiteID, version: UInt64, seqs: ClosedRange<UInt64>, lastSeq: UInt64, time: UInt64, changes: [Change]
  ) {
    self.site = site
    self.version = version
    self.seqs = seqs
    self.lastSeq = lastSeq
    self.time = time
    self.changes = changes
  }

  /// Whether it is the whole transaction.
  public var isComplete: Bool { seqs.lowerBound == 0 && seqs.upperBound >= lastSeq }
}
