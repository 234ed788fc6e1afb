internal import Platform

extension Stream {
  /// Reads that one turn makes at most, so that others have their turn.
  private static var turnLimit: Int { 16 }

  /// Reads what is there. Unless `untilEnd`, a read that did not fill its buffers was the last: the poller tells when there is
  /// more.
  func read(untilEnd: Bool) {
    loop.isReading = true
    defer { loop.isReading = false }
    if secure != nil { return readSecure(untilEnd: untilEnd) }
    var reads = 0
    while isReading || untilEnd, state == .open, !peerEnded, reads < Self.turnLimit || untilEnd {
      // Even when the connection is over, a subclass that has no room keeps what it was told.
      guard isReading else { return }
      reads += 1
      let ahead = UnsafeMutableRawBufferPointer(
        rebasing: loop.wireBuffer[..<min(loop.wireBuffer.count, max(1, readAhead))])
      let direct = nextBuffer()
      let transfer: Transfer
      if let direct, direct.count > 0 {
        transfer = receive(direct, ahead)
      } else {
        transfer = network.receive(socket, into: ahead)
      }
      let room = (direct?.count ?? 0) + ahead.count
      switch transfer {
      case .wouldBlock: return
      case .failed(let error): return close(.receiveFailed(error), aborting: true)
      case .moved(0): return endReading(.ended)
      case .moved(let count):
        let filled = min(count, direct?.count ?? 0)
        if filled > 0 { self.filled(filled) }
        if count > filled, state == .open {
          received(UnsafeRawBufferPointer(rebasing: ahead[..<(count - filled)]))
        }
        if count < room, !untilEnd { return }
      }
    }
  }

  private func receive(
    _ direct: UnsafeMutableRawBufferPointer, _ ahead: UnsafeMutableRawBufferPointer
  ) -> Transfer {
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawBufferPointer.self, capacity: 2) { buffers in
      buffers[0] = direct
      buffers[1] = ahead
      return network.receive(socket, into: UnsafeBufferPointer(buffers))
    }
  }

  func endReading(_ end: StreamEnd) {
    peerEnded = true
    if let failure { return close(.sendFailed(failure), aborting: true) }
    guard case .ended = end else { return close(end) }
    peerFinished()
    if state != .closed { updateInterest() }
  }
}
