internal import MCP
internal import Platform

/// The sessions of agents over HTTP, and the answers that are kept for those who come back for them. Any thread.
///
/// A session carries no rights: every request of it is authorised by itself. It is what lets a client whose stream broke off
/// fetch the answer that it missed. Sessions that nobody uses give way, and so do the oldest when there are too many.
final class AgentSessions: @unchecked Sendable {
  /// What became of the answer of one stream.
  enum Answer {
    /// It is still to come.
    case pending
    case ready([UInt8])
  }

  private struct Stream {
    var number: UInt64
    var answer: Answer
  }

  private struct Session {
    var id: [UInt8]
    var used: Int64
    var streams: [Stream] = []
    var nextStream: UInt64 = 1
  }

  private static let limit = 1000
  /// Nanoseconds that a session may be idle.
  private static let patience: Int64 = 3_600_000_000_000
  /// Answers that are kept for one session.
  private static let keptStreams = 16

  private let lock: Lock
  // Guarded by `lock`.
  @exclusivity(unchecked) private var sessions: [Session] = []

  init() throws(SystemError) { lock = try Lock() }

  /// Begins a session and returns its id; nil if the system has no randomness to give.
  func begin() -> String? {
    guard let a = try? SystemRandom.word(), let b = try? SystemRandom.word() else { return nil }
    let text = Hexadecimal.text([a, b])
    let id = Array(text.utf8)
    let now = Clock.monotonic()
    lock.lock()
    defer { lock.unlock() }
    sessions.removeAll { now - $0.used > Self.patience }
    if sessions.count >= Self.limit, let oldest = sessions.indices.min(by: { sessions[$0].used < sessions[$1].used }) {
      sessions.remove(at: oldest)
    }
    sessions.append(Session(id: id, used: now))
    return text
  }

  /// Whether there is such a session; it counts as used now.
  func use(_ id: ArraySlice<UInt8>) -> Bool { with(id) { _ in true } ?? false }

  /// Ends a session; false if there is none.
  func end(_ id: ArraySlice<UInt8>) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard let place = sessions.firstIndex(where: { $0.id.elementsEqual(id) }) else { return false }
    sessions.remove(at: place)
    return true
  }

  /// A new stream of a session: its number; nil if there is no such session.
  func beginStream(of id: ArraySlice<UInt8>) -> UInt64? {
    with(id) { session in
      let number = session.nextStream
      session.nextStream += 1
      if session.streams.count >= Self.keptStreams { session.streams.removeFirst() }
      session.streams.append(Stream(number: number, answer: .pending))
      return number
    }
  }

  /// Keeps the answer of a stream.
  func finish(_ number: UInt64, of id: ArraySlice<UInt8>, with answer: [UInt8]) {
    _ = with(id) { session in
      if let place = session.streams.firstIndex(where: { $0.number == number }) {
        session.streams[place].answer = .ready(answer)
      }
    }
  }

  /// What became of a stream's answer; nil if it is not known, or not any more.
  func answer(of number: UInt64, in id: ArraySlice<UInt8>) -> Answer? {
    with(id) { session in session.streams.first { $0.number == number }?.answer } ?? nil
  }

  private func with<R>(_ id: ArraySlice<UInt8>, _ body: (inout Session) -> R) -> R? {
    lock.lock()
    defer { lock.unlock() }
    guard let place = sessions.firstIndex(where: { $0.id.elementsEqual(id) }) else { return nil }
    sessions[place].used = Clock.monotonic()
    return body(&sessions[place])
  }
}
