internal import Platform
internal import State

/// Lines that wait for one client. At most a given number; a client for whom more wait when others come is cut off.
final class StreamInbox: @unchecked Sendable {
  enum Taken {
    /// The next lines.
    case lines([LiveLine])
    /// The next ones had no room here.
    case inFile
    /// There is none; who put in the next one will say so.
    case nothing
    /// There will be none.
    case over
  }

  private let lock: Lock
  private let limit: Int
  /// Whether what has no room can be read elsewhere.
  private let isRefilled: Bool
  /// One after the other without a gap.
  private var lines: ArraySlice<LiveLine> = []
  /// The last change that the client was told of.
  private var published: UInt64
  /// The last change that it took.
  private var taken: UInt64
  private var isWaiting = false
  private var ready: (@Sendable () -> Void)?
  private var isFinished = false
  private var isClosed = false
  private var ending: [UInt8]?

  private static let lag =
    "the client lagged behind too far and was cut off: come back with from= the last change that it has"

  init(published: UInt64, limit: Int, isRefilled: Bool) throws(StateError) {
    lock = try makeLock()
    self.limit = limit
    self.isRefilled = isRefilled
    self.published = published
    taken = published
  }

  func onReady(_ body: @escaping @Sendable () -> Void) {
    lock.lock()
    if !isClosed { ready = body }
    lock.unlock()
  }

  /// Puts lines in; whether the client was cut off for it.
  func add(_ new: [LiveLine], last: UInt64) -> Bool {
    change {
      guard !isFinished, !isClosed, last > published else { return false }
      let waiting = published > taken ? published - taken : 0
      if waiting > UInt64(limit) || !isRefilled && lines.count + new.count > limit {
        finish(with: LiveLines.error(Self.lag), isNow: true)
        return true
      }
      let isNext = lines.isEmpty || lines.last.map { $0.change + 1 } == new.first?.change
      if isNext { lines += new.prefix(max(0, limit - lines.count)) }
      published = last
      return false
    }
  }

  /// Takes what comes from a change on.
  func take(_ next: UInt64) -> Taken {
    lock.lock()
    defer { lock.unlock() }
    taken = max(taken, next - 1)
    lines = lines.drop { $0.change < next }
    if lines.first?.change == next {
      let first = lines.prefix(256)
      lines = lines.dropFirst(256)
      taken = next + UInt64(first.count) - 1
      return .lines(Array(first))
    }
    if isClosed { return .over }
    if published >= next { return .inFile }
    if isFinished { return .over }
    isWaiting = true
    return .nothing
  }

  /// Whether nothing more will come.
  var isOver: Bool {
    lock.lock()
    defer { lock.unlock() }
    return isFinished || isClosed
  }

  /// What to end with.
  var lastLine: [UInt8]? {
    lock.lock()
    defer { lock.unlock() }
    return isClosed ? nil : ending
  }

  /// Ends it after what is there.
  func finish(_ line: [UInt8]?) { change { finish(with: line, isNow: false) } }

  /// Ends it at once.
  func cut(_ line: [UInt8]) { change { finish(with: line, isNow: true) } }

  /// Ends it without a word, and lets go of who waits.
  func close() {
    change {
      isClosed = true
      lines = []
      ready = nil
    }
  }

  /// Tells who waits.
  func wake() { change {} }

  /// From now on somebody waits.
  func expectWake() {
    lock.lock()
    isWaiting = true
    lock.unlock()
  }

  private func finish(with line: [UInt8]?, isNow: Bool) {
    if isFinished { return }
    isFinished = true
    ending = line
    if isNow {
      lines = []
      published = 0
    }
  }

  /// Changes it, and tells who waits.
  private func change<R>(_ body: () -> R) -> R {
    lock.lock()
    let result = body()
    let told = isWaiting ? ready : nil
    isWaiting = isWaiting && told == nil
    lock.unlock()
    told?()
    return result
  }
}
