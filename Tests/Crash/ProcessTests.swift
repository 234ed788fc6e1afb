import Platform
import Pools
import Support
import Testing

/// Several processes on one file.
@Suite(.serialized) struct ProcessTests {
  @Test(arguments: [(1, 1, 4000), (3, 2, 1500), (2, 3, 1500)])
  func everyMessageOfEveryWriterReachesEveryReader(writers: Int, readers: Int, count: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    _ = try Pool.create(at: path, size: 8 << 20)
    let total = writers * count
    try withWorkers((0..<readers).map { _ in ["follow", path, "\(total)"] }) { reading in
      try withWorkers((0..<writers).map { ["append", path, "\($0 + 1)", "\(count)", "600"] }) { writing in
        let said = try writing.map { try #require(try $0.finish()) }
        #expect(said.allSatisfy { $0.end == .exited(0) })
        let appended = said.flatMap(\.records).sorted { $0.sequence < $1.sequence }
        #expect(appended.map(\.sequence) == Array(1...UInt64(total)))
        for writer in said { #expect(writer.records.map(\.number) == writer.records.map(\.number).sorted()) }
        for reader in reading {
          let seen = try #require(try reader.finish())
          #expect(seen.end == .exited(0))
          #expect(seen.records == appended)
        }
      }
    }
  }

  @Test func aSlowReaderAccountsForEveryMessageItMissed() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    _ = try Pool.create(at: path, size: 16_384)
    try withWorkers([["follow", path, "6000"]]) { reading in
      try withWorkers((1...2).map { ["append", path, "\($0)", "3000", "900"] }) { writing in
        let said = try writing.map { try #require(try $0.finish()) }
        let numbers = Dictionary(uniqueKeysWithValues: said.flatMap(\.records).map { ($0.sequence, $0.number) })
        let seen = try #require(try reading[0].finish())
        #expect(seen.end == .exited(0))
        var next: UInt64 = 1
        for record in seen.records {
          #expect(record.sequence == next)
          if record.isGap {
            next = record.number & (1 << 63 - 1) + 1
          } else {
            #expect(numbers[record.sequence] == record.number)
            next = record.sequence + 1
          }
        }
        #expect(next == 6001)
      }
    }
    #expect(try Pool.validate(at: path).isHealthy)
  }

  /// Writers are killed at random points. Whatever an append returned for is there, unless the ring has no room for it any
  /// more, and the pool goes on. The rings hold the three largest messages: one that a dead writer began never takes them all.
  @Test(arguments: 0..<8)
  func aPoolSurvivesItsWriters(seed: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    var generator = SplitMix(seed: UInt64(seed))
    _ = try Pool.create(
      at: path, size: [60_000, 100_000, 300_000, 80_000][seed % 4], indexCapacity: [64, 0][seed % 2])
    var acknowledged: [UInt64: UInt64] = [:]
    for round in 0..<25 {
      let writers = Int.random(in: 1...2, using: &generator)
      let largest = [200, 3000, 9000, 18_000].randomElement(using: &generator) ?? 200
      let arguments = (0..<writers).map { ["hammer", path, "\(seed * 1000 + round * 10 + $0 + 1)", "\(largest)"] }
      try withWorkers(arguments) { workers in
        let enough = Int.random(in: 0...60, using: &generator)
        while workers[0].recordCount < enough, try workers[0].read() {}
        let pause = Int.random(in: 0...20_000, using: &generator)
        for _ in 0..<pause { Processor.pause() }
        for worker in workers { try worker.kill() }
        for worker in workers {
          let said = try #require(try worker.finish())
          #expect(said.end == .signaled(9))
          for record in said.records { acknowledged[record.sequence] = record.number }
        }
      }
      try checkSurvivor(path, acknowledged, "seed \(seed) round \(round)")
    }
  }

  private func checkSurvivor(_ path: String, _ acknowledged: [UInt64: UInt64], _ context: String) throws {
    let pool = try Pool.open(at: path)
    let report = try pool.validate()
    try #require(report.isHealthy, "\(context): \(report.issue?.message ?? "")")
    var seen: [UInt64: UInt64] = [:]
    var cursor = try pool.makeCursor(from: .oldest)
    while true {
      let batch = try cursor.forEach { frame in
        let bytes = frame.payload.withUnsafeBytes { Array($0) }
        if bytes == payload(frame.time, bytes: bytes.count) { seen[frame.sequence] = frame.time }
        return true
      }
      if batch.caughtUp { break }
    }
    let newest = acknowledged.keys.max() ?? 0
    if let bounds = try pool.bounds() {
      #expect(seen.count == Int(bounds.upperBound - bounds.lowerBound + 1), "\(context)")
      #expect(newest <= bounds.upperBound, "\(context): \(newest) is lost")
      for sequence in bounds {
        if let number = acknowledged[sequence] { #expect(seen[sequence] == number, "\(context): \(sequence)") }
      }
    } else {
      #expect(newest == 0, "\(context): everything is gone")
    }
    let appended = try pool.append(payload(7, bytes: 50).span.bytes, time: 7)
    #expect(appended > newest, "\(context)")
    #expect(try pool.validate().isHealthy, "\(context)")
  }
}
