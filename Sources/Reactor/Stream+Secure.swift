internal import Platform

/// Encrypted bytes on their way to a socket.
struct WireBytes: ~Copyable {
  private var buffer: UnsafeMutableRawBufferPointer?
  private var start = 0
  private var end = 0

  var isEmpty: Bool { start == end }
  var bytes: UnsafeRawBufferPointer {
    guard let buffer else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(rebasing: buffer[start..<end])
  }

  /// Fills the empty buffer with what `layer` has. False when it has nothing.
  mutating func fill(from layer: SecureLayer) -> Bool {
    let room = buffer ?? .allocate(byteCount: 32 << 10, alignment: 64)
    buffer = room
    start = 0
    end = layer.takeWire(into: room)
    return end > 0
  }

  mutating func advance(_ count: Int) { start += count }

  deinit { buffer?.deallocate() }
}

extension Stream {
  /// Plain bytes that one call encrypts.
  private static var recordSize: Int { 16 << 10 }

  /// Moves what waits through the secure layer to the socket, as far as that takes it. Loop only.
  func flushSecure() {
    guard let secure else { return }
    var rounds = 64
    while state == .open || state == .securing, rounds > 0 {
      rounds -= 1
      if !wire.isEmpty || wire.fill(from: secure) {
        guard sendWire() else { return }
        continue
      }
      guard state == .open else {
        wantsWrite = false
        return
      }
      var wasFull = false
      var failure: SecureError?
      let outcome = queue.flush(wasFull: &wasFull) { parts in
        let part = UnsafeRawBufferPointer(rebasing: parts[0][..<min(parts[0].count, Self.recordSize)])
        do throws(SecureError) {
          try secure.write(part)
          return .moved(part.count)
        } catch {
          failure = error
          return .wouldBlock
        }
      }
      if let failure { return close(.insecure(failure), aborting: true) }
      if wasFull { drained() }
      switch outcome {
      case .drained, .blocked, .more: continue
      case .busy, .failed:
        wantsWrite = false
        guard finishesWhenSent else { return }
        if hasSaidGoodbye { return finishSocket() }
        hasSaidGoodbye = true
        secure.finish()
      }
    }
    if state != .closed { loop.request(self) }
  }

  /// False when the socket takes no more for now, or the stream is over.
  private func sendWire() -> Bool {
    let transfer = withUnsafeTemporaryAllocation(of: UnsafeRawBufferPointer.self, capacity: 1) { parts in
      parts[0] = wire.bytes
      return network.send(socket, UnsafeBufferPointer(parts))
    }
    switch transfer {
    case .moved(let count):
      wire.advance(count)
      return true
    case .wouldBlock:
      wantsWrite = true
      return false
    case .failed(let error):
      failSending(error)
      return false
    }
  }

  func readSecure(untilEnd: Bool) {
    guard let secure else { return }
    var reads = 16
    while isReading || state == .securing, state == .open || state == .securing, !peerEnded, reads > 0 || untilEnd {
      reads -= 1
      switch network.receive(socket, into: loop.wireBuffer) {
      case .wouldBlock: return
      case .failed(let error): return close(.receiveFailed(error), aborting: true)
      case .moved(0): return endReading(secure.peerHasFinished ? .ended : .cut)
      case .moved(let count):
        guard decrypt(UnsafeRawBufferPointer(rebasing: loop.wireBuffer[..<count])) else { return }
        if count < loop.wireBuffer.count, !untilEnd { return }
      }
    }
  }

  private func decrypt(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let secure else { return false }
    do throws(SecureError) {
      try secure.receive(bytes)
      if state == .securing, secure.isEstablished { becomeOpen() }
      while state == .open {
        let count = try secure.read(into: loop.plainBuffer)
        guard count > 0 else { break }
        received(UnsafeRawBufferPointer(rebasing: loop.plainBuffer[..<count]))
      }
    } catch {
      // The alert that says why is worth a try.
      if wire.isEmpty, wire.fill(from: secure) { _ = sendWire() }
      close(.insecure(error), aborting: false)
      return false
    }
    guard state != .closed else { return false }
    flushSecure()
    if state == .open, secure.peerHasFinished { endReading(.ended) }
    return state == .open || state == .securing
  }
}
