import SimulatedNetwork
import Support
import Testing

@Suite struct DeterminismTests {
  /// A run with a bit of everything.
  private func run(_ seed: UInt64) throws -> (fingerprint: UInt64, trace: [String]) {
    var conditions = Conditions()
    conditions.resetPerMille = 2
    let lab = try Lab(seed: seed, conditions)
    lab.world.recordsTrace = true
    lab.prepare = { probe in probe.onReceived = { $0.write(Array($1), ignoringLimit: true) } }
    var random = SplitMix(seed: 99)
    let probes = try (0..<8).map { _ in try lab.connect() }
    for probe in probes {
      for _ in 0..<20 { probe.write(noise(random.next(), bytes: Int(random.next() % 9000))) }
    }
    lab.world.after(3_000_000) { lab.world.cut(lab.server, lab.client) }
    lab.world.after(9_000_000) { lab.world.heal(lab.server, lab.client) }
    lab.world.pass(2_000_000_000)
    #expect(lab.world.violations.isEmpty)
    return (lab.world.fingerprint, lab.world.trace)
  }

  @Test func aSeedRepeatsItsRunAndAnotherDoesNot() throws {
    let (first, second, other) = (try run(42), try run(42), try run(43))
    #expect(first.trace.count > 200)
    #expect(first.trace == second.trace)
    #expect(first.fingerprint == second.fingerprint)
    #expect(first.fingerprint != other.fingerprint)
  }
}
