internal import JSON
internal import Platform
internal import SQLite
internal import State

/// What the streams of one subscription read.
struct StreamSource: Sendable {
  let file: LiveFile
  let turns: SnapshotTurns
  let settings: LiveQueries.Settings
  /// The subscription's number.
  let query: Int64
  let columnsLine: [UInt8]

  /// Writes changes from an id on, a batch at most; the id of the one after the last, which is `first` if there is none.
  ///
  /// - Throws: `.usage` if older ones were dropped that are asked for.
  func readChanges(from first: UInt64, into writer: inout ByteWriter) throws(StateError) -> UInt64 {
    var next = first
    var oldest: UInt64?
    try read { (reader) throws(SQLiteError) in
      let statement = try reader.cached(
        "SELECT id, kind, row, cells FROM live_change WHERE query = ?1 AND id >= ?2 ORDER BY id LIMIT ?3")
      try statement.bind([.integer(query), .integer(Int64(clamping: first)), .integer(Int64(settings.batchRows))])
      defer { statement.reset() }
      while try statement.step() {
        let id = UInt64(bitPattern: statement.integer(at: 0))
        guard id == next, let kind = ChangeKind(rawValue: statement.integer(at: 1)) else {
          oldest = id
          break
        }
        LiveLines.change(
          kind, row: statement.integer(at: 2), cells: statement.bytes(at: 3), change: id, into: &writer)
        next += 1
      }
    }
    if next == first, let oldest {
      throw StateError(.usage, "subscription already deleted older changes, min change id: \(oldest)")
    }
    return next
  }

  /// How long a stream waits for a reader.
  private static let patience: Int64 = 30_000_000_000

  fileprivate func read<R>(_ body: (Connection) throws(SQLiteError) -> R) throws(StateError) -> R {
    do throws(SQLiteError) {
      return try file.database.read(until: .after(nanoseconds: Self.patience), body)
    } catch {
      throw StateError(error)
    }
  }
}

/// The kept result of a subscription as of one moment, while it is sent.
final class Snapshot {
  private let reader: Connection
  private let statement: Statement
  private let lastChange: UInt64
  private let began: Int64
  private let settings: LiveQueries.Settings
  private let turns: SnapshotTurns
  /// Time that the query and reading took until now.
  private var nanoseconds: Int64

  /// Begins it, for a stream that has its turn, which goes back with this.
  init(_ source: StreamSource, queryNanoseconds: Int64) throws(StateError) {
    let opened: (reader: Connection, lastChange: UInt64, statement: Statement)
    do throws(SQLiteError) {
      let reader = try source.file.database.makeReader()
      try reader.begin(.deferred)
      let lastChange = try Self.lastChange(of: source.query, reader)
      let statement = try reader.prepare(Self.sql)
      try statement.bind(.integer(source.query), 1)
      opened = (reader, lastChange, statement)
    } catch {
      throw StateError(error)
    }
    (reader, lastChange, statement) = opened
    settings = source.settings
    turns = source.turns
    nanoseconds = queryNanoseconds
    began = source.settings.clock()
  }

  deinit { turns.giveBack() }

  private static let sql = "SELECT id, cells FROM live_row WHERE query = ?1 ORDER BY id"

  private static func lastChange(of query: Int64, _ connection: Connection) throws(SQLiteError) -> UInt64 {
    let found = try connection.value("SELECT last_change FROM live_query WHERE number = ?1", [.integer(query)])
    guard let found = found?.integer else {
      throw SQLiteError(.notFound, "the subscription is no more: subscribe again")
    }
    return UInt64(bitPattern: found)
  }

  /// Whether it has been there for too long.
  func isSlow(_ now: Int64) -> Bool { now - began > Int64(settings.snapshotSeconds) * 1_000_000_000 }

  /// Writes rows until the writer has that many bytes; the last change that is in the result once all of it is written.
  func write(into writer: inout ByteWriter, until end: Int) throws(StateError) -> UInt64? {
    let start = Clock.monotonic()
    defer { nanoseconds += Clock.monotonic() - start }
    let statement = statement
    do throws(SQLiteError) {
      while writer.count < end {
        guard try statement.step() else {
          let seconds = Double(nanoseconds + Clock.monotonic() - start) / 1e9
          LiveLines.endOfQuery(seconds: seconds, change: lastChange, into: &writer)
          return lastChange
        }
        LiveLines.row(statement.integer(at: 0), cells: statement.bytes(at: 1), into: &writer)
      }
    } catch {
      throw StateError(error)
    }
    return nil
  }

  /// Writes a result that fits into one batch, and returns its last change; nil if it does not, with part of it written.
  static func small(
    _ source: StreamSource, _ writer: inout ByteWriter, queryNanoseconds: Int64
  ) throws(StateError) -> UInt64? {
    let start = Clock.monotonic()
    return try source.read { (reader) throws(SQLiteError) in
      try reader.begin(.deferred)
      let lastChange = try lastChange(of: source.query, reader)
      let statement = try reader.cached(sql)
      try statement.bind(.integer(source.query), 1)
      defer { statement.reset() }
      var count = 0
      while try statement.step() {
        if count == source.settings.batchRows { return nil }
        LiveLines.row(statement.integer(at: 0), cells: statement.bytes(at: 1), into: &writer)
        count += 1
      }
      let seconds = Double(queryNanoseconds + Clock.monotonic() - start) / 1e9
      LiveLines.endOfQuery(seconds: seconds, change: lastChange, into: &writer)
      return lastChange
    }
  }
}

/// Whose result is sent, where it is too large to be sent at once: each holds a connection and keeps the file's log from being emptied.
final class SnapshotTurns: @unchecked Sendable {
  private let lock: Lock
  private var free: Int
  private var waiting: [LiveStream] = []

  init(_ count: Int) throws(StateError) {
    lock = try makeLock()
    free = count
  }

  /// Gives a stream its turn, or wakes it when one may be free.
  func take(_ stream: LiveStream) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    waiting.removeAll { $0 === stream }
    if free > 0 {
      free -= 1
      return true
    }
    waiting.append(stream)
    return false
  }

  func giveBack() {
    lock.lock()
    free += 1
    lock.unlock()
    wakeNext()
  }

  /// Forgets a stream that waits.
  func leave(_ stream: LiveStream) {
    lock.lock()
    waiting.removeAll { $0 === stream }
    lock.unlock()
    wakeNext()
  }

  /// Wakes as many as there are turns. One that does not come leaves its turn to the next time.
  func wakeNext() {
    lock.lock()
    let woken = Array(waiting.prefix(free))
    waiting.removeFirst(woken.count)
    waiting += woken
    lock.unlock()
    for stream in woken { stream.wake() }
  }
}
