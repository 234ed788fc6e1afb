import Platform
import Reactor

extension SimulatedWorld {
  // MARK: Travel

  /// Sends `item` on its way to `endpoint`; it arrives after all that was sent there before.
  func dispatch(_ item: Endpoint.Item, to endpoint: Endpoint) {
    endpoint.send(item)
    scheduleArrival(endpoint)
  }

  func scheduleArrival(_ endpoint: Endpoint) {
    endpoint.lastArrival = max(endpoint.lastArrival, now + latency())
    schedule(endpoint.lastArrival) { [self] in arrive(endpoint) }
  }

  private func arrive(_ endpoint: Endpoint) {
    if isCut(endpoint) {
      heldArrivals.append(endpoint)
      return
    }
    guard let item = endpoint.arrive() else { return }
    switch item {
    case .established: establish(endpoint)
    case .bytes(let bytes): deliver(bytes, to: endpoint)
    case .end:
      note("end", endpoint.number)
      if endpoint.state != .closed { endpoint.end() }
    case .reset:
      note("reset", endpoint.number)
      endpoint.lose(after: 0)
      endpoint.breakDown()
    }
  }

  private func deliver(_ bytes: [UInt8], to endpoint: Endpoint) {
    note("arrival", endpoint.number, bytes.count)
    guard endpoint.state == .open, !endpoint.isBroken else { return answerWithReset(endpoint) }
    if chance(conditions.resetPerMille) {
      endpoint.breakDown()
      return answerWithReset(endpoint)
    }
    endpoint.take(bytes)
  }

  private func answerWithReset(_ endpoint: Endpoint) {
    guard let peer = endpoint.peer, peer.state == .open, !peer.isBroken else { return }
    dispatch(.reset, to: peer)
  }

  private func establish(_ endpoint: Endpoint) {
    note("connected", endpoint.number)
    if endpoint.state == .connecting {
      endpoint.state = .open
    } else {
      answerWithReset(endpoint)
    }
  }

  // MARK: Connecting

  /// Knocks at a listener's door for a connecting end, again and again until somebody answers or it gives up.
  func knock(_ endpoint: Endpoint, at key: String, until deadline: Int64) {
    guard endpoint.state == .connecting else { return }
    guard now < deadline else { return fail(endpoint, .timedOut) }
    let listener = listener(at: key)
    let isFull = listener.map { $0.pending.count >= $0.backlog } ?? false
    if isCut(endpoint) || isSilent(endpoint.remoteNode) || isFull {
      return after(min(conditions.knockInterval, deadline - now)) { [self] in knock(endpoint, at: key, until: deadline)
      }
    }
    guard let listener else {
      return after(latency()) { [self] in fail(endpoint, .refused) }
    }
    dispatch(.established, to: endpoint)
    admit(endpoint, to: listener)
  }

  /// Makes the other end of a connection, for the listener to accept.
  func admit(_ endpoint: Endpoint, to listener: Listening) {
    let other = Endpoint(
      freeNumber(), listener.network, local: listener.address, remote: endpoint.local,
      remoteNode: endpoint.network.address, .open)
    endpoints[Int(other.number)] = other
    other.peer = endpoint
    endpoint.peer = other
    listener.pending.append(other)
    note("knock", other.number)
  }

  private func fail(_ endpoint: Endpoint, _ kind: SystemError.Kind) {
    guard endpoint.state == .connecting else { return }
    note("failure", endpoint.number, Int(kind.rawValue))
    endpoint.state = .failed(kind)
  }

  // MARK: Closing

  func close(_ endpoint: Endpoint, aborting: Bool) {
    note("close", endpoint.number, aborting ? 1 : 0)
    endpoints[Int(endpoint.number)] = nil
    let wasOpen = endpoint.state == .open && !endpoint.isBroken
    let leavesBytes = endpoint.unread > 0
    endpoint.state = .closed
    guard wasOpen, let peer = endpoint.peer else { return }
    if aborting || leavesBytes {
      // What is on its way may get lost, from some point on.
      peer.lose(after: number(0...peer.incoming.count))
      dispatch(.reset, to: peer)
    } else if !endpoint.hasFinished {
      dispatch(.end, to: peer)
    }
  }
}
