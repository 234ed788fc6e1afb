internal import Platform
internal import State

/// What waits for the matcher. The writer of the tables puts in what it committed, which must cost it next to nothing.
final class Intake: @unchecked Sendable {
  /// All that came since it was last taken.
  struct Work {
    var touched = Touched()
    /// Of tables that somebody follows, by their number.
    var notices: [Int: TableNotices] = [:]
    /// Subscriptions that something was kept for while they were made, or that have to be evaluated anew.
    var catchUps: [(subscription: Subscription, touched: Touched)] = []
    var schemaChanged = false
    /// How often somebody asked to look after what is old.
    var sweeps: UInt64 = 0
    var isStopping = false

    var isEmpty: Bool {
      touched.isEmpty && notices.isEmpty && catchUps.isEmpty && !schemaChanged && sweeps == 0 && !isStopping
    }
  }

  private let lock: Lock
  private let arrived: Condition
  /// For what is no commit, and does not wait until the matcher has rested.
  private let isUrgent: Condition
  private let limit: Int
  private var work = Work()
  private var urgent = 0
  /// How many subscriptions read a table, and how many streams follow it, by the table's number.
  private var readers: [Int: Int] = [:]
  private var followers: [Int: Int] = [:]
  private var schemaVersion: UInt64

  init(limit: Int, schemaVersion: UInt64) throws(StateError) {
    lock = try makeLock()
    do throws(SystemError) {
      arrived = try Condition()
      isUrgent = try Condition()
    } catch {
      throw StateError(.io, error.message)
    }
    self.limit = limit
    self.schemaVersion = schemaVersion
  }

  /// Notes what a commit changed.
  func add(_ record: CommitRecord) {
    lock.lock()
    defer { lock.unlock() }
    var isNews = false
    if record.tables.version != schemaVersion {
      schemaVersion = record.tables.version
      work.schemaChanged = true
      isNews = true
    }
    for row in record.rows {
      if readers[row.tableNumber] != nil {
        let change = TouchedColumns(columns: row.columns, isWhole: row.kind == .whole)
        work.touched.tables[row.tableNumber, default: TouchedTable()].add(row.rowKey, change, limit: limit)
        isNews = true
      }
      if followers[row.tableNumber] != nil {
        work.notices[row.tableNumber, default: TableNotices()].add(row.rowKey, isAlive: row.isAlive, limit: limit)
        isNews = true
      }
    }
    if isNews { arrived.signal() }
  }

  /// Puts in something else.
  func add(_ change: (inout Work) -> Void) {
    lock.lock()
    change(&work)
    urgent += 1
    lock.unlock()
    arrived.signal()
    isUrgent.signal()
  }

  /// Waits for work, at most until the deadline, and takes all of it.
  ///
  /// - Parameter rest: Until when commits only gather. Who commits meanwhile has nobody to wake.
  func take(after rest: Deadline, until deadline: Deadline) -> Work {
    lock.lock()
    defer { lock.unlock() }
    while urgent == 0, isUrgent.wait(lock, until: rest) {}
    urgent = 0
    while work.isEmpty, arrived.wait(lock, until: deadline) {}
    defer { work = Work() }
    return work
  }

  // MARK: Which tables matter

  func beginReading(_ tables: some Sequence<Int>) { count(tables, 1, in: \.readers) }
  func endReading(_ tables: some Sequence<Int>) { count(tables, -1, in: \.readers) }
  func beginFollowing(_ table: Int) { count(CollectionOfOne(table), 1, in: \.followers) }
  func endFollowing(_ table: Int) { count(CollectionOfOne(table), -1, in: \.followers) }

  private func count(_ tables: some Sequence<Int>, _ step: Int, in counts: ReferenceWritableKeyPath<Intake, [Int: Int]>)
  {
    lock.lock()
    defer { lock.unlock() }
    for table in tables {
      let count = (self[keyPath: counts][table] ?? 0) + step
      self[keyPath: counts][table] = count > 0 ? count : nil
    }
  }
}
