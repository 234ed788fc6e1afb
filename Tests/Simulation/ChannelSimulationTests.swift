import Channels
import SimulatedNetwork
import Testing

/// Whole engines on a simulated network, with loss of connections, partitions and every kind of ending in any order. A seed
/// that fails is in the test's arguments, and repeats the run.
@Suite struct ChannelSimulationTests {
  static let seeds = Array(UInt64(1)...60)

  @Test(arguments: seeds)
  func everythingArrivesInOrderUntilTheEndAndNothingIsLeftBehind(seed: UInt64) throws {
    let town = try Town(seed: seed, clients: 3)
    try town.live(steps: 400)
    try town.settle()
    #expect(town.complaints == [], "seed \(seed)")
  }

  @Test(arguments: Array(UInt64(1)...20))
  func aPeacefulRunLosesNothing(seed: UInt64) throws {
    let town = try Town(seed: seed, clients: 2, isPeaceful: true)
    try town.live(steps: 300)
    try town.settle()
    #expect(town.complaints == [], "seed \(seed)")
    #expect(town.sent > 0 && town.received == town.sent, "seed \(seed)")
  }

  @Test func aSeedRepeatsItsRun() throws {
    func run(_ seed: UInt64) throws -> [UInt64] {
      let town = try Town(seed: seed, clients: 3)
      try town.live(steps: 300)
      try town.settle()
      return [town.world.fingerprint, UInt64(town.sent), UInt64(town.received)]
    }
    #expect(try run(7) == run(7))
    #expect(try run(7) != run(8))
  }
}
