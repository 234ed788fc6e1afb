internal import Documents
internal import Gateway
internal import Platform
internal import State

/// Keeps the database's files small, on a thread of its own: section 7.13 of the reference.
final class Housekeeping: @unchecked Sendable {
  private static let firstLook: Int64 = 60_000_000_000
  private static let interval: Int64 = 300_000_000_000
  /// Free pages from which on they are given back.
  private static let manyFreePages = 10_000
  private static let pagesAtOnce = 1_000
  /// Between two steps, so that writers get their turn.
  private static let pause: Int64 = 1_000_000_000

  private let store: StateStore
  private let log: Log
  private let logLimit: UInt64
  private let isStopping: Latch
  private var thread: Thread?

  /// - Parameter logLimit: bytes of the write-ahead log from which on it is cut.
  init(_ store: StateStore, _ log: Log, logLimit: UInt64) throws(SystemError) {
    self.store = store
    self.log = log
    self.logLimit = logLimit
    isStopping = try Latch()
  }

  func start() throws(SystemError) { thread = try Thread { [self] in run() } }

  func stop() {
    isStopping.open()
    thread = nil
  }

  private func run() {
    var wait = Self.firstLook
    while !isStopping.wait(until: .after(nanoseconds: wait)) {
      wait = Self.interval
      do throws(StateError) {
        if store.logBytes > logLimit { try store.checkpoint() }
        try vacuum()
      } catch {
        log.event(.warn, "housekeeping failed", Failure(error))
      }
    }
  }

  private func vacuum() throws(StateError) {
    var free = try store.freePages()
    while free >= Self.manyFreePages, !isStopping.wait(until: .after(nanoseconds: Self.pause)) {
      free = try store.vacuum(pages: Self.pagesAtOnce)
    }
  }
}
