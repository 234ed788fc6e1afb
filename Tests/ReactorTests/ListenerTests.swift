import Platform
import Reactor
import SimulatedNetwork
import Support
import Testing

@Suite struct ListenerTests {
  @Test func aPausedListenerLeavesConnectionsWaiting() throws {
    let lab = try Lab(seed: 1)
    lab.listener.pause()
    let probes = try (0..<5).map { _ in try lab.connect() }
    lab.world.pass(1_000_000_000)
    #expect(lab.listener.probes.isEmpty)
    #expect(probes.allSatisfy { $0.opens == 1 })
    let waits = lab.server.waits
    lab.world.pass(1_000_000_000)
    #expect(lab.server.waits - waits < 3)
    lab.listener.resume()
    #expect(lab.world.run { lab.listener.probes.count == 5 })
    #expect(lab.world.violations.isEmpty)
  }

  @Test(arguments: [false, true])
  func aNodeThatCanOpenNoMoreRestsAndGoesOnLater(pausesMeanwhile: Bool) throws {
    let lab = try Lab(seed: 2)
    lab.server.socketLimit = 3
    let probes = try (0..<6).map { _ in try lab.connect() }
    lab.world.pass(1_000_000_000)
    #expect(lab.listener.probes.count == 3)
    #expect(!lab.listener.failures.isEmpty && lab.listener.failures.allSatisfy { $0 == .limit })
    if pausesMeanwhile {
      lab.listener.pause()
      lab.listener.resume()
    }
    // One look in a rest of 50 ms, not a busy loop.
    let waits = lab.server.waits
    lab.world.pass(1_000_000_000)
    #expect(lab.server.waits - waits < 100)
    for probe in probes where lab.listener.probes.contains(where: { _ in probe.opens > 0 }) { probe.close() }
    #expect(lab.world.run { lab.listener.probes.count == 6 })
    #expect(lab.world.violations.isEmpty)
  }

  @Test func aClosedListenerResetsThoseThatWait() throws {
    let lab = try Lab(seed: 3)
    lab.listener.pause()
    let probe = try lab.connect()
    lab.world.pass(1_000_000_000)
    lab.listener.close()
    lab.listener.close()
    #expect(lab.listener.isClosed)
    #expect(lab.world.run { probe.end != nil })
    #expect(probe.end?.name == "receiveFailed reset")
    #expect(lab.world.openSockets == 0)
  }

  @Test func aTakenAddressIsRefused() throws {
    let lab = try Lab(seed: 3)
    let address = lab.listener.address
    #expect(throws: SystemError.self) { try ProbeListener(lab.serverLoop, address) }
    let other = try ProbeListener(lab.serverLoop, .any(port: 0))
    #expect(other.address.port != 0 && other.address.port != address.port)
  }
}
