import Platform
import Reactor
import Support
import Testing

/// Streams over the machine's own loopback, on both kinds of poller.
@Suite(.serialized) struct LoopbackTests {
  /// A loop with a thread of its own, and everything on it that a test wants closed at the end.
  final class Station: @unchecked Sendable {
    let loop: EventLoop
    let chunks: ChunkPool
    var listener: ProbeListener?
    var probes: [Probe] = []

    init(_ kind: Poller.Kind) throws {
      loop = try EventLoop(try SystemNetwork(kind))
      chunks = try ChunkPool()
      try loop.startThread()
    }

    /// Does `body` on the loop and waits for it.
    func perform<Value>(_ body: @escaping () throws -> Value) throws -> Value {
      nonisolated(unsafe) var result: Result<Value, any Error>?
      nonisolated(unsafe) let body = body
      let done = Atomic32()
      loop.submit {
        result = Result { try body() }
        done.add()
      }
      #expect(eventually { done.value == 1 })
      return try #require(result).get()
    }

    /// Listens, and has `prepare` called with each probe on the loop.
    func listen(limit: Int = 4 << 20, _ prepare: @escaping (Probe) -> Void) throws -> SocketAddress {
      try perform { [self] in
        let listener = try ProbeListener(loop, .literal("127.0.0.1", port: 0))
        self.listener = listener
        listener.make = { [unowned self] _, socket in
          guard let probe = try? Probe(loop, chunks, limit: limit) else { return }
          prepare(probe)
          probes.append(probe)
          probe.start(accepted: socket)
        }
        try listener.start()
        return listener.address
      }
    }

    func stop() throws {
      let sources = try perform { [self] in
        for probe in probes { probe.close(.closed, aborting: true) }
        listener?.close()
        return loop.sourceCount
      }
      #expect(sources == 0)
      loop.stopThread()
    }
  }

  @Test(arguments: [Poller.Kind.best, .poll])
  func fiftyClientsHearTheirMegabyteBack(kind: Poller.Kind) throws {
    let (server, clients) = (try Station(kind), try Station(kind))
    let address = try server.listen { probe in
      probe.keeps = false
      // What does not fit is not read: the bytes wait in the system's buffers.
      probe.onReceived = { probe, bytes in
        #expect(probe.send(bytes, ignoringLimit: true) == .taken)
        if probe.waitingBytes > 1 << 20 { probe.pauseReading() }
        if !probe.isReading { _ = probe.loop.schedule(after: 1_000_000) { probe.resumeReading() } }
      }
    }
    let message = noise(7, bytes: 1 << 20)
    let finished = Atomic32()
    let probes = try clients.perform {
      try (0..<50).map { _ in
        let probe = try Probe(clients.loop, clients.chunks, limit: 4 << 20)
        probe.onFinished = { _ in finished.add() }
        probe.onClosed = { _ in finished.add() }
        clients.probes.append(probe)
        probe.start(connectingTo: address)
        return probe
      }
    }
    // Any thread may send, in pieces, also before the connection is there.
    for start in stride(from: 0, to: message.count, by: 1 << 16) {
      for probe in probes {
        message[start..<(start + 1 << 16)].withUnsafeBytes { #expect(probe.send($0) == .taken) }
      }
    }
    #expect(eventually { (try? clients.perform { probes.allSatisfy { $0.count == message.count } }) == true })
    #expect(try clients.perform { probes.allSatisfy { $0.got == message } })
    #expect(finished.value == 0)
    try clients.stop()
    try server.stop()
  }

  @Test(arguments: [Poller.Kind.best, .poll])
  func finishDeliversAMegabyteBothWays(kind: Poller.Kind) throws {
    let station = try Station(kind)
    let message = noise(8, bytes: 1 << 20)
    let closed = Atomic32()
    let address = try station.listen { probe in
      probe.onFinished = {
        $0.write(message)
        $0.finish()
      }
      probe.onClosed = { _ in closed.add() }
    }
    let probe = try station.perform {
      let probe = try Probe(station.loop, station.chunks, limit: 4 << 20)
      station.probes.append(probe)
      probe.onClosed = { _ in closed.add() }
      probe.start(connectingTo: address)
      probe.write(message)
      probe.finish()
      return probe
    }
    #expect(eventually { closed.value == 2 })
    try station.perform {
      #expect(probe.got == message && probe.end?.name == "ended")
      #expect(station.probes[1].got == message && station.probes[1].end?.name == "ended")
    }
    try station.stop()
  }

  @Test(arguments: [Poller.Kind.best, .poll])
  func aThousandIdleStreamsStayOpenAndAnswer(kind: Poller.Kind) throws {
    let count = 1000
    allowDescriptors(4096)
    let station = try Station(kind)
    let address = try station.listen { probe in probe.onReceived = { $0.write(Array($1)) } }
    let heard = Atomic32()
    let probes = try station.perform {
      try (0..<count).map { _ in
        let probe = try Probe(station.loop, station.chunks, limit: 1000)
        station.probes.append(probe)
        probe.onReceived = { _, _ in heard.add() }
        probe.start(connectingTo: address)
        return probe
      }
    }
    #expect(eventually { (try? station.perform { station.loop.sourceCount }) == 2 * count + 1 })
    for probe in probes { probe.write([1]) }
    #expect(eventually { heard.value == UInt32(count) })
    #expect(try station.perform { station.probes.allSatisfy { $0.end == nil } })
    try station.stop()
  }

  /// Many threads send to one stream while it is closed under them: every byte is sent once or handed back, and no buffer is
  /// lost.
  @Test(arguments: [Poller.Kind.best, .poll])
  func sendersOnOtherThreadsMeetAClose(kind: Poller.Kind) throws {
    let station = try Station(kind)
    let address = try station.listen { $0.keeps = false }
    for round in 0..<40 {
      let lender = Lender()
      let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 20_000, alignment: 1)
      defer { buffer.deallocate() }
      nonisolated(unsafe) let lent = buffer
      let closed = Atomic32()
      let probe = try station.perform {
        let probe = try Probe(station.loop, station.chunks, owner: lender, limit: 1 << 20)
        probe.onClosed = { _ in closed.add() }
        probe.start(connectingTo: address)
        return probe
      }
      let sent = Atomic32()
      var threads: [Joined] = []
      for number in 0..<3 {
        threads.append(
          try Joined {
            for step in 0..<200 {
              let token = UnsafeMutableRawPointer(bitPattern: 1 + number * 1000 + step)!
              switch step % 2 == 0 ? probe.send(owned: lent, token: token) : probe.write([1, 2, 3]) {
              case .taken: if step % 2 == 0 { sent.add() }
              case .full: _ = probe.waitForSpace(until: .after(nanoseconds: 1_000_000_000))
              case .closed: return
              }
            }
          })
      }
      if round % 2 == 0 { _ = eventually { sent.value > UInt32(round) } }
      station.loop.submit { probe.close(.closed, aborting: round % 3 == 0) }
      for thread in threads { thread.join() }
      #expect(eventually { closed.value == 1 })
      let returned = try station.perform { lender.tokens + probe.unsentTokens }
      #expect(returned.count == Int(sent.value) && Set(returned).count == returned.count)
    }
    try station.stop()
  }

  /// `finish` on the loop, while another thread may be writing the last byte.
  @Test func finishIsNeverForgottenWhileOthersWrite() throws {
    let station = try Station(.best)
    let finished = Atomic32()
    let address = try station.listen {
      $0.keeps = false
      $0.onFinished = {
        finished.add()
        $0.close(.ended)
      }
    }
    for round in 0..<300 {
      let opened = Atomic32()
      let probe = try station.perform {
        let probe = try Probe(station.loop, station.chunks, limit: 1 << 20)
        probe.onOpened = { _ in opened.add() }
        station.probes.append(probe)
        probe.start(connectingTo: address)
        return probe
      }
      #expect(eventually { opened.value == 1 })
      station.loop.submit { probe.finish() }
      probe.write(noise(1, bytes: 30_000))
      guard eventually(within: 10, { finished.value == UInt32(round + 1) }) else {
        Issue.record("round \(round) never finished")
        break
      }
    }
    try station.stop()
  }
}

/// A thread in a place where copies are needed.
final class Joined: @unchecked Sendable {
  private var thread: Thread?
  init(_ body: @escaping @Sendable () -> Void) throws { thread = try Thread(body) }
  func join() { thread = nil }
}
