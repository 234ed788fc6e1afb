internal import Platform

/// Says when the log of a file is to be moved into it, and has most of it on stable storage by then. Belongs to the writer's thread.
///
/// A checkpoint must wait until the whole log is on stable storage. So a thread sees to that while the log grows, and the commit that
/// checkpoints waits for the last part only. What that thread does decides nothing: SQLite asks for the same again.
final class LogKeeper {
  /// Pages that the log grows by before the thread is woken: 1 MiB of the usual ones.
  private static let step = 256

  private let checkpointPages: Int
  private let syncer: Syncer
  private var thread: Thread?
  /// Pages of the log, from its beginning, that the thread was told of.
  private var told = 0

  init(of writer: Connection, checkpointPages: Int) throws(SQLiteError) {
    self.checkpointPages = checkpointPages
    do throws(SystemError) { syncer = try Syncer(writer.path + "-wal") } catch {
      throw SQLiteError(.noMemory, error.message)
    }
  }

  // The thread is joined when this returns.
  deinit { syncer.end() }

  /// So many pages are in the log after a commit; true when they are to be moved into the file.
  func grew(to pages: Int) -> Bool {
    if pages >= checkpointPages { return true }
    // It began anew.
    if pages < told { told = 0 }
    guard pages - told >= Self.step else { return false }
    told = pages
    // Most files never get this far, and need no thread.
    if thread == nil { thread = try? Thread { [syncer] in syncer.run() } }
    syncer.ask()
    return false
  }
}

/// Puts a file on stable storage whenever it is asked to, on a thread of its own.
private final class Syncer: @unchecked Sendable {
  private let path: String
  private let lock: Lock
  private let news: Condition
  // Guarded by `lock`.
  @exclusivity(unchecked) private var isAsked = false
  @exclusivity(unchecked) private var isEnding = false

  init(_ path: String) throws(SystemError) {
    self.path = path
    lock = try Lock()
    news = try Condition()
  }

  func ask() {
    lock.lock()
    isAsked = true
    lock.unlock()
    news.signal()
  }

  func end() {
    lock.lock()
    isEnding = true
    lock.unlock()
    news.signal()
  }

  func run() {
    // A system may want the right to write for it.
    guard let file = try? File(path, [.read, .write]) else { return }
    while waitUntilAsked() { try? file.sync() }
  }

  private func waitUntilAsked() -> Bool {
    lock.lock()
    defer { lock.unlock() }
    while !isAsked, !isEnding { _ = news.wait(lock) }
    isAsked = false
    return !isEnding
  }
}
