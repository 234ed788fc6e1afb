import Platform
import Reactor
import SimulatedNetwork
import Support
import Testing

@Suite struct StreamTests {
  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func echoOfRandomSizesComesBackWhole(seed: UInt64) throws {
    var conditions = Conditions()
    let (buffer, largest) = [(512, 900), (4096, 9000), (64 << 10, 30_000)][Int(seed % 3)]
    conditions.bufferBytes = buffer
    conditions.shortPerMille = seed % 2 == 0 ? 700 : 100
    let lab = try Lab(seed: seed, conditions)
    lab.prepare = { probe in probe.onReceived = { $0.write(Array($1), ignoringLimit: true) } }
    var random = SplitMix(seed: seed &* 7)
    var sent: [[UInt8]] = []
    var probes: [Probe] = []
    for _ in 0..<4 {
      let probe = try lab.connect()
      var all: [UInt8] = []
      // Some of it before the connection is there.
      for _ in 0..<8 {
        let bytes = noise(random.next(), bytes: Int(random.next() % UInt64(largest)))
        all += bytes
        probe.write(bytes, ignoringLimit: true)
      }
      sent.append(all)
      probes.append(probe)
    }
    #expect(lab.world.run { zip(probes, sent).allSatisfy { $0.got.count >= $1.count } })
    for (probe, bytes) in zip(probes, sent) { #expect(probe.got == bytes) }
    for probe in probes { probe.close() }
    #expect(lab.world.run { lab.listener.probes.allSatisfy { $0.end?.name == "ended" } })
    #expect(lab.world.openSockets == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func finishDeliversEverythingAndThenEnds(seed: UInt64) throws {
    var conditions = Conditions()
    conditions.bufferBytes = 2048
    let lab = try Lab(seed: seed, conditions)
    // The server answers only when it has all, and finishes in turn: both sides have ended while bytes are on their way.
    let answer = noise(seed, bytes: 50_000)
    lab.prepare = { probe in
      probe.onFinished = {
        $0.write(answer, ignoringLimit: true)
        $0.finish()
      }
    }
    let question = noise(seed + 1000, bytes: 40_000)
    let probe = try lab.connect()
    probe.write(question)
    probe.finish()
    #expect(lab.world.run { probe.end != nil && lab.listener.probes.first?.end != nil })
    #expect(lab.listener.probes[0].got == question)
    #expect(probe.got == answer)
    #expect(probe.end?.name == "ended")
    #expect(lab.listener.probes[0].end?.name == "ended")
    #expect(probe.unsent.isEmpty)
    #expect(lab.world.openSockets == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test func aConnectThatIsRefusedSaysSo() throws {
    let lab = try Lab(seed: 1)
    let probe = try lab.connect(port: 7001)
    probe.write([1, 2, 3])
    #expect(lab.world.run { probe.end != nil })
    #expect(probe.end?.name == "connectFailed refused")
    #expect(probe.opens == 0)
    #expect(probe.unsent == [1, 2, 3])
    #expect(probe.write([4]) == .closed)
    #expect(lab.world.openSockets == 1)
  }

  @Test(arguments: ["silent", "cut", "backlog"])
  func aConnectThatNobodyAnswersTimesOut(reason: String) throws {
    let lab = try Lab(seed: 1, backlog: 1)
    var first: Probe?
    switch reason {
    case "silent": lab.world.setSilent(lab.server, true)
    case "cut": lab.world.cut(lab.client, lab.server)
    default:
      lab.listener.pause()
      first = try lab.connect()
      lab.world.pass(10_000_000)
    }
    let probe = try lab.connect()
    #expect(lab.world.run { probe.end != nil })
    #expect(probe.end?.name == "connectFailed timedOut")
    #expect(lab.world.violations.isEmpty)
    first?.close()
  }

  @Test(arguments: 1...30 as ClosedRange<UInt64>)
  func aResetEndsBothSidesAndNothingIsInvented(seed: UInt64) throws {
    let lab = try Lab(seed: seed)
    let (client, server) = try lab.pair()
    let bytes = noise(seed, bytes: 200_000)
    client.write(bytes)
    server.write(noise(seed + 1, bytes: 1000))
    lab.world.after(Int64(seed) * 100_000) { lab.world.breakConnections() }
    #expect(lab.world.run { client.end != nil && server.end != nil })
    let names: Set = ["receiveFailed reset", "sendFailed reset"]
    #expect(names.contains(client.end?.name ?? ""), "\(client.end?.name ?? "")")
    #expect(names.contains(server.end?.name ?? ""), "\(server.end?.name ?? "")")
    #expect(server.got == Array(bytes[..<server.got.count]))
    #expect(client.unsent == Array(bytes[(bytes.count - client.unsent.count)...]))
    #expect(server.got.count <= bytes.count - client.unsent.count)
    #expect(lab.world.openSockets == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func randomResetsNeverLeaveASocketOpen(seed: UInt64) throws {
    var conditions = Conditions()
    conditions.resetPerMille = 20
    let lab = try Lab(seed: seed, conditions)
    lab.prepare = { probe in probe.onReceived = { $0.write(Array($1), ignoringLimit: true) } }
    let probes = try (0..<10).map { _ in try lab.connect() }
    for probe in probes { for _ in 0..<50 { probe.write(noise(seed, bytes: 5000), ignoringLimit: true) } }
    #expect(lab.world.run { probes.allSatisfy { $0.end != nil || $0.count == 250_000 } })
    for probe in probes { probe.close() }
    #expect(lab.world.run { lab.listener.probes.allSatisfy { $0.end != nil } })
    #expect(lab.world.openSockets == 1)
    #expect(lab.clientLoop.sourceCount == 0)
    #expect(lab.world.violations.isEmpty)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func aFullQueueRefusesUntilHalfOfItIsFree(seed: UInt64) throws {
    let lab = try Lab(seed: seed)
    lab.limit = 20_000
    let (client, server) = try lab.pair()
    server.keeps = false
    var sent = 0
    func fill() {
      while sent < 400_000 {
        guard client.write(noise(1, bytes: 3000)) == .taken else { return }
        sent += 3000
        #expect(client.waitingBytes <= 20_000)
      }
    }
    server.pauseReading()
    client.onDrained = {
      #expect($0.waitingBytes <= 10_000)
      fill()
    }
    fill()
    lab.world.pass(1_000_000_000)
    // There may be room again, but not yet half of it.
    fill()
    #expect(client.write(noise(1, bytes: 3000)) == .full)
    #expect(sent < 400_000 && server.count < sent)
    #expect(client.write([1], ignoringLimit: true) == .taken)
    server.resumeReading()
    #expect(lab.world.run { sent >= 400_000 && server.count == sent + 1 })
    #expect(client.drains > 0)
    #expect(lab.world.violations.isEmpty)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func aPausedReaderKeepsThePeerWaitingAndLosesNothing(seed: UInt64) throws {
    let lab = try Lab(seed: seed)
    let (client, server) = try lab.pair()
    let bytes = noise(seed, bytes: 250_000)
    // It stops after each piece and goes on later.
    server.onReceived = { probe, _ in
      probe.pauseReading()
      _ = probe.loop.schedule(after: 3_000_000) { probe.resumeReading() }
    }
    client.write(bytes)
    client.finish()
    #expect(lab.world.run { server.end != nil })
    #expect(server.got == bytes)
    #expect(server.end?.name == "ended")
  }

  /// The poller reports a connection that is over whatever one asks for: the loop must not run in circles.
  @Test(arguments: [true, false])
  func aPeerThatIsGoneWhileReadingIsPausedCostsNoTurns(aborting: Bool) throws {
    let lab = try Lab(seed: 4)
    let (client, server) = try lab.pair()
    // Both directions end, so that the hang-up shows.
    server.finish()
    client.onFinished = { _ in }
    server.pauseReading()
    client.write(noise(1, bytes: 5000))
    lab.world.pass(100_000_000)
    client.close(.closed, aborting: aborting)
    lab.world.pass(100_000_000)
    let waits = lab.server.waits
    lab.world.pass(10_000_000_000)
    #expect(lab.server.waits - waits < 3)
    #expect(server.end == nil)
    server.resumeReading()
    #expect(lab.world.run { server.end != nil })
    if !aborting { #expect(server.got == noise(1, bytes: 5000)) }
    #expect(lab.world.openSockets == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test func closingAParkedStreamIsQuiet() throws {
    let lab = try Lab(seed: 4)
    let (client, server) = try lab.pair()
    server.pauseReading()
    client.write([1])
    lab.world.pass(100_000_000)
    client.close(.closed, aborting: true)
    lab.world.pass(100_000_000)
    server.close()
    server.resumeReading()
    #expect(lab.serverLoop.sourceCount == 1)
    #expect(lab.world.openSockets == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test func bytesThatCameAreReadBeforeAFailedSendEndsTheStream() throws {
    let lab = try Lab(seed: 9, .smooth)
    let (client, server) = try lab.pair()
    server.pauseReading()
    client.write(noise(3, bytes: 9000))
    lab.world.pass(100_000_000)
    client.close()
    lab.world.pass(100_000_000)
    for _ in 0..<5 {
      server.write([1, 2, 3])
      lab.world.pass(100_000_000)
    }
    #expect(server.end == nil)
    server.resumeReading()
    #expect(lab.world.run { server.end != nil })
    #expect(server.got == noise(3, bytes: 9000))
  }

  @Test func streamsOverPathsAreConnectedAtOnce() throws {
    let lab = try Lab(seed: 1)
    let listener = try ProbeListener(lab.serverLoop, .unix("/tmp/simulated"))
    try listener.start()
    listener.make = lab.listener.make
    let probe = try Probe(lab.serverLoop, lab.chunks, limit: 1000)
    probe.write([1])
    probe.start(connectingTo: try .unix("/tmp/simulated"))
    #expect(probe.opens == 1)
    #expect(lab.world.run { listener.probes.first?.got == [1] })
    let lost = try Probe(lab.serverLoop, lab.chunks, limit: 1000)
    lost.start(connectingTo: try .unix("/tmp/nobody"))
    #expect(lost.end?.name == "connectFailed notFound")
  }

  @Test func namesAreResolvedByTheWorld() throws {
    nonisolated(unsafe) var texts: [String] = []
    nonisolated(unsafe) var kind: SystemError.Kind?
    let lab = try Lab(seed: 1)
    lab.world.hosts["server"] = ["10.0.0.1", "10.0.0.9"]
    lab.client.resolve("server", port: 7000, on: lab.clientLoop) { result in
      texts = ((try? result.get()) ?? []).map { "\($0.text) \($0.port)" }
    }
    lab.client.resolve("nobody", port: 7000, on: lab.clientLoop) { result in
      if case .failure(let error) = result { kind = error.kind }
    }
    #expect(lab.world.run { !texts.isEmpty && kind != nil })
    #expect(texts == ["10.0.0.1 7000", "10.0.0.9 7000"])
    #expect(kind == .notFound)
  }
}
