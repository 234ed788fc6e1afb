internal import MCP
internal import Platform
internal import Reactor

/// The waits of agents: looked at again and again until there is something. Loop only.
///
/// A look costs one lock of the pool, and there are at most as many waits as tails are allowed.
final class AgentDesk: @unchecked Sendable {
  /// How often waits are looked at, in nanoseconds.
  private static let interval: Int64 = 20_000_000

  let sessions: AgentSessions
  private var waits: [AgentWait] = []
  private var timer: LoopTimer?

  init() throws(SystemError) { sessions = try AgentSessions() }

  /// The wait whose answer this stream is to bring, if it is still to come.
  func wait(_ session: ArraySlice<UInt8>, _ number: UInt64) -> AgentWait? {
    waits.first { $0.stream.map { $0.number == number && $0.session.elementsEqual(session) } ?? false }
  }

  /// Takes a wait in. The permit it holds is given back at its end.
  func add(_ wait: AgentWait, on gateway: Gateway) {
    waits.append(wait)
    if timer == nil { schedule(on: gateway) }
  }

  /// Answers all of them: the server is about to stop.
  func endAll(on gateway: Gateway) {
    for wait in waits where !wait.isBusy { finish(wait, wait.giveUp(), on: gateway) }
  }

  private func schedule(on gateway: Gateway) {
    timer = gateway.loop.schedule(after: Self.interval) { [self] in
      timer = nil
      for wait in waits where !wait.isBusy { look(wait, on: gateway) }
      if !waits.isEmpty { schedule(on: gateway) }
    }
  }

  private func look(_ wait: AgentWait, on gateway: Gateway) {
    guard wait.isWanted else { return remove(wait, on: gateway) }
    wait.isBusy = true
    let isTaken = gateway.work(ignoringLimit: true) { [self] _ in
      let answer = wait.attempt()
      gateway.loop.submit { [self] in
        wait.isBusy = false
        if let answer { finish(wait, answer, on: gateway) }
      }
    }
    if !isTaken { wait.isBusy = false }
  }

  private func finish(_ wait: AgentWait, _ answer: [UInt8], on gateway: Gateway) {
    if let stream = wait.stream { sessions.finish(stream.number, of: stream.session[...], with: answer) }
    wait.answer(answer)
    remove(wait, on: gateway)
  }

  private func remove(_ wait: AgentWait, on gateway: Gateway) {
    guard let place = waits.firstIndex(where: { $0 === wait }) else { return }
    waits.remove(at: place)
    gateway.tails.returnPermit()
  }
}
