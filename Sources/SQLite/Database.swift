package import Platform

/// One file: a connection that writes and checkpoints, and a few that only read.
///
/// Only the writer changes the file or moves its log, so that the fault that `Library.walFault` names cannot happen. The writer
/// belongs to whoever calls `write`, one at a time; readers are lent out, and each reads one snapshot per transaction.
package final class Database: @unchecked Sendable {
  /// How the file is opened.
  package struct Settings: Sendable {
    /// How many readers there are at most.
    package var readers = 8
    /// How long to wait for the file's lock before `.busy`.
    package var busyMilliseconds: Int32 = 5_000
    /// Pages in the log after which a commit moves them into the file.
    package var checkpointPages = 4_000
    /// Cache of the writer, in KiB.
    package var cacheKiB = 65_536

    /// The usual ones.
    package init() {}
  }

  /// Where the file is.
  package let path: String
  private let settings: Settings
  private let writer: Connection
  private let writing: Lock
  private let lending: Lock
  private let returned: Condition
  private var idle: [Connection] = []
  private var lent = 0
  /// Readers made before this was raised are closed when they come back.
  private var generation: UInt64 = 0
  private let prepare: @Sendable (Connection) throws(SQLiteError) -> Void

  /// Opens the file, making it if it is missing.
  ///
  /// - Parameter prepare: Is called with each connection when it is new, to register functions and the like.
  package init(
    _ path: String, _ settings: Settings = Settings(),
    prepare: @escaping @Sendable (Connection) throws(SQLiteError) -> Void = { _ throws(SQLiteError) in }
  ) throws(SQLiteError) {
    self.path = path
    self.settings = settings
    self.prepare = prepare
    do throws(SystemError) {
      writing = try Lock()
      lending = try Lock()
      returned = try Condition()
    } catch {
      throw SQLiteError(.noMemory, error.message)
    }
    writer = try Connection(path, .create)
    try setUpWriter()
  }

  // The writer goes last, and so leaves no log behind.
  deinit { idle = [] }

  private func setUpWriter() throws(SQLiteError) {
    try writer.setBusyTimeout(milliseconds: settings.busyMilliseconds)
    try writer.setPragma("auto_vacuum", "INCREMENTAL")
    try writer.setPragma("journal_mode", "WAL")
    try writer.setPragma("synchronous", "NORMAL")
    try writer.setPragma("recursive_triggers", "ON")
    try writer.setPragma("temp_store", "MEMORY")
    try writer.setPragma("cache_size", "-\(settings.cacheKiB)")
    let log = try LogKeeper(of: writer, checkpointPages: settings.checkpointPages)
    writer.onLogGrowth { log.grew(to: $0) }
    try prepare(writer)
  }

  /// Lends the writer to one caller at a time.
  package func write<R, E: Error>(_ body: (Connection) throws(E) -> R) throws(E) -> R {
    writing.lock()
    defer { writing.unlock() }
    return try body(writer)
  }

  /// Ends what the writer does now with `.interrupted`, from any thread.
  package func interruptWriter() { writer.interrupt() }

  /// Lends a reader, waiting for one until the deadline. Whatever it had open is ended when it comes back.
  ///
  /// - Throws: `.busy` if none came free.
  package func read<R, E: Error>(
    until deadline: Deadline = .never, failure: (SQLiteError) -> E, _ body: (Connection) throws(E) -> R
  ) throws(E) -> R {
    let reader: LentReader
    do throws(SQLiteError) { reader = try lend(until: deadline) } catch { throw failure(error) }
    return try withExtendedLifetime(reader) { () throws(E) in try body(reader.connection) }
  }

  /// Lends a reader for as long as the value that it returns is kept. Threads may hand it on, one at a time.
  ///
  /// - Throws: `.busy` if none came free by the deadline.
  package func lend(until deadline: Deadline) throws(SQLiteError) -> LentReader {
    let (connection, born) = try borrow(until: deadline)
    return LentReader(connection, born: born, of: self)
  }

  /// `read` for a body whose failures are the database's own.
  package func read<R>(
    until deadline: Deadline = .never, _ body: (Connection) throws(SQLiteError) -> R
  ) throws(SQLiteError) -> R {
    try read(until: deadline, failure: { $0 }, body)
  }

  /// A reader of the caller's own, which stays open as long as the caller likes.
  package func makeReader() throws(SQLiteError) -> Connection {
    let reader = try Connection(path, .read)
    try reader.setBusyTimeout(milliseconds: settings.busyMilliseconds)
    try reader.setPragma("query_only", "ON")
    // What a query sorts may be larger than memory.
    try reader.setPragma("temp_store", "FILE")
    try reader.setPragma("wal_autocheckpoint", "0")
    try prepare(reader)
    return reader
  }

  /// Closes the readers that are not lent now, and the others when they come back: they are of an older schema.
  package func renewReaders() {
    lending.lock()
    generation += 1
    idle = []
    lending.unlock()
  }

  private func borrow(until deadline: Deadline) throws(SQLiteError) -> (Connection, UInt64) {
    lending.lock()
    defer { lending.unlock() }
    while idle.isEmpty && lent >= settings.readers {
      guard returned.wait(lending, until: deadline) || !deadline.hasPassed else {
        throw SQLiteError(
          .busy, "all \(settings.readers) readers are in use", hint: "ask for less at once, or allow more readers")
      }
    }
    if let reader = idle.popLast() {
      lent += 1
      return (reader, generation)
    }
    let reader = try makeReader()
    lent += 1
    return (reader, generation)
  }

  fileprivate func giveBack(_ reader: Connection, born: UInt64) {
    reader.onProgress(nil)
    reader.rollBack()
    lending.lock()
    lent -= 1
    if born == generation { idle.append(reader) }
    lending.unlock()
    returned.signal()
  }
}

/// A reader that is lent out. It goes back with the value; whatever it had open is ended then.
package final class LentReader: @unchecked Sendable {
  package let connection: Connection
  private let born: UInt64
  private let owner: Database

  fileprivate init(_ connection: Connection, born: UInt64, of owner: Database) {
    self.connection = connection
    self.born = born
    self.owner = owner
  }

  deinit { owner.giveBack(connection, born: born) }
}
