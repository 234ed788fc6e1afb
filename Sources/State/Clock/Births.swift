/// New rows of one table that were born at this site, gathered to be written by one statement.
struct Births {
  /// How many one statement writes.
  static let full = 32

  let table: Int
  private(set) var rows: [RowKey] = []
  private(set) var clocks: [RowClock] = []

  init(table: Int) {
    self.table = table
    rows.reserveCapacity(Self.full)
    clocks.reserveCapacity(Self.full)
  }

  mutating func append(_ key: RowKey, _ clock: RowClock) {
    rows.append(key)
    clocks.append(clock)
  }
}
