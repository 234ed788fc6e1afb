import Platform
import Pools
import State
import Support
import Synchronization
import Testing

@testable import Relay

@Suite struct ExactlyOnceTests {
  /// The thread ends between the steps as if the process had been killed; somebody else writes to the pool meanwhile.
  @Test(arguments: 0..<8)
  func aCaptureThatDiesAnywhereGoesOnBehindWhatIsInThePool(seed: UInt64) throws {
    let node = try Node()
    try node.register("p")
    var random = SplitMix(seed: seed + 1)
    var key = 0
    for _ in 0..<12 {
      try writeUntilDeath(node, &key, &random)
      if Bool.random(using: &random) { try node.openAgain() }
      if Bool.random(using: &random), let pool = try? Pool.open(at: node.directory.file("p.plasmite")) {
        _ = try pool.append([1, 2, 3].span.bytes, time: 0)
      }
    }
    try node.drain()
    let messages = try node.messages("p")
    #expect(messages.map { $0.key } == (1...Int64(key)).map { $0 })
    #expect(messages.map { $0.number } == (1...Int64(key)).map { $0 })
    #expect(try node.store.outboxSize() == 0)
  }

  private func writeUntilDeath(_ node: Node, _ key: inout Int, _ random: inout SplitMix) throws {
    var settings = CaptureSettings.quick
    settings.rowsPerBatch = Int.random(in: 1...5, using: &random)
    settings.rowsPerMark = Int64.random(in: 1...8, using: &random)
    let countdown = Countdown(Int.random(in: 1...4, using: &random))
    settings.dies = { _ in countdown.isOver() }
    let capture = try TableCapture(node.store, settings)
    while !countdown.hasEnded {
      key += 1
      try node.write("INSERT INTO t VALUES (\(key), 'x')")
      // All that is written must find room in the pool, however seldom the thread gets a processor.
      while try !countdown.hasEnded && node.store.outboxSize() > 16 { Thread.yield() }
    }
    capture.stop(within: 0)
  }

  /// The database loses its newest commits, the pool does not.
  @Test(arguments: [false, true])
  func afterALossOfPowerNoNumberComesTwiceAndNoChangeIsLost(poolIsLate: Bool) throws {
    let node = try Node()
    let folder = node.directory.file("pools")
    try Paths.makeDirectories(folder)
    try node.register("p", in: folder)
    try node.write("INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (2, 'b')")
    try node.drain()
    var older: [UInt8] = []
    try node.openAgain { older = try contents($0) }
    try node.write("INSERT INTO t VALUES (3, 'lost')", "INSERT INTO t VALUES (4, 'lost')")
    try node.write("INSERT INTO t VALUES (5, 'lost')")
    try node.drain()
    try node.openAgain { try write(older, to: $0) }
    if poolIsLate {
      // It is not there until the store was opened once more, and changes were written meanwhile.
      try Paths.replace(folder, as: folder + ".away")
      try node.write("INSERT INTO t VALUES (6, 'new')")
      try node.drain()
      try node.openAgain()
      try node.write("INSERT INTO t VALUES (7, 'new')")
      try Paths.replace(folder + ".away", as: folder)
    } else {
      try node.write("INSERT INTO t VALUES (6, 'new')", "INSERT INTO t VALUES (7, 'new')")
    }
    try node.drain()
    try node.openAgain()
    try node.write("INSERT INTO t VALUES (8, 'new')")
    try node.drain()
    let messages = try node.messages("p", in: folder)
    #expect(messages.map { $0.key } == Array(1...8))
    #expect(messages.map { $0.number } == Array(1...8))
  }

  /// A process that writes and captures is killed again and again.
  @Test func aKilledProcessLosesAndRepeatsNothing() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    _ = try Pool.create(at: directory.file("p.plasmite"), size: 64 << 20)
    var random = SplitMix(seed: 30)
    var acknowledged: [UInt64: UInt64] = [:]
    for round in 0..<30 {
      try withWorkers([["capture", directory.file("db"), directory.path, "p"]], of: "StateWorker") { workers in
        let enough = Int.random(in: 1...80, using: &random)
        while workers[0].recordCount < enough, try workers[0].read() {}
        for _ in 0..<Int.random(in: 0...200_000, using: &random) { Processor.pause() }
        try workers[0].kill()
        let said = try #require(try workers[0].finish())
        try #require(said.end == .signaled(9), "round \(round)")
        for record in said.records { acknowledged[record.sequence] = record.number }
      }
    }
    let store = try StateStore(directory.file("db"))
    try TableCapture(store, .quick).stop(within: 60_000_000_000)
    let head = try #require(try store.heads()[store.site])
    #expect(acknowledged.keys.max() ?? 0 <= head)
    let messages = try CapturedMessage.all(of: Pool.open(at: directory.file("p.plasmite")))
    #expect(messages.map { $0.number } == Array(1...Int64(messages.count)))
    // Each transaction as a whole, in their order.
    #expect(messages.map { $0.version } == (1...Int64(head)).flatMap { Array(repeating: $0, count: 1 + Int($0 % 3)) })
  }
}

/// Ends after so many questions, which threads ask.
private final class Countdown: Sendable {
  private let left: Atomic<Int>
  init(_ count: Int) { left = Atomic(count) }
  /// Whether this question is the last one, or comes after it.
  func isOver() -> Bool { left.subtract(1, ordering: .acquiringAndReleasing).newValue <= 0 }
  var hasEnded: Bool { left.load(ordering: .acquiring) <= 0 }
}
