internal import Reactor
internal import Synchronization

/// What the exchanges of all versions have in common: an answer is given once, and told of once.
class ServerExchange: Exchange, @unchecked Sendable {
  private enum Stage { static let waiting: UInt8 = 0, begun: UInt8 = 1, over: UInt8 = 2 }

  final let server: HTTPServer
  private let came: Int64
  private let stage = Atomic<UInt8>(Stage.waiting)
  private let sent = Atomic<UInt64>(0)
  private let status = Atomic<UInt16>(0)

  init(_ request: Request, of server: HTTPServer) {
    self.server = server
    came = server.loop.time
    super.init(request)
  }

  /// Whether the answer is a stream that goes on.
  final var isStreaming: Bool { stage.load(ordering: .relaxed) == Stage.begun }

  // Whoever is told true by one of these does what it says; nobody else is, then.

  /// The answer is given as a whole.
  final func takeAnswer(_ status: UInt16, bytes: Int) -> Bool {
    guard advance(from: Stage.waiting, to: Stage.over) else { return false }
    self.status.store(status, ordering: .relaxed)
    sent.store(UInt64(bytes), ordering: .relaxed)
    return true
  }

  /// A stream begins.
  final func takeBeginning(_ status: UInt16) -> Bool {
    guard advance(from: Stage.waiting, to: Stage.begun) else { return false }
    self.status.store(status, ordering: .relaxed)
    return true
  }

  /// A stream comes to its end.
  final func takeEnd() -> Bool { advance(from: Stage.begun, to: Stage.over) }

  /// The answer is given up.
  final func takeAbort() -> Bool { stage.exchange(Stage.over, ordering: .acquiringAndReleasing) != Stage.over }

  private func advance(from old: UInt8, to new: UInt8) -> Bool {
    stage.compareExchange(expected: old, desired: new, ordering: .acquiringAndReleasing).exchanged
  }

  /// So many bytes of a stream were handed over.
  final func add(sent count: Int) { sent.wrappingAdd(UInt64(count), ordering: .relaxed) }

  /// Tells the handler what became of it; once, when it is over.
  final func tellHandler() {
    server.handler.answered(
      request, status: status.load(ordering: .relaxed), bytes: sent.load(ordering: .relaxed),
      nanoseconds: max(0, server.loop.network.now() - came))
  }
}
