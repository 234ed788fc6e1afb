import Platform
import Support
import Testing

@testable import Pools

/// Copies the file at every step of an append.
private struct Snapshots: AppendProbe {
  let path: String
  var files: [(step: AppendStep, bytes: [UInt8])] = []
  mutating func reached(_ step: AppendStep) {
    if let bytes = try? contents(path) { files.append((step, bytes)) }
  }
}

/// What a writer leaves that dies: at any step of this library's append, and of an implementation that publishes once.
struct DeathTests {
  @Test(arguments: 0..<12)
  func everyStepOfAnAppendLeavesAPoolThatOpensAndKeepsWhatWasPromised(seed: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("live.plasmite")
    let copy = directory.file("copy.plasmite")
    var generator = SplitMix(seed: UInt64(seed))
    let pool = try Pool.create(
      at: path, size: UInt64.random(in: 5000...9000, using: &generator), indexCapacity: [0, 4, 16][seed % 3])
    for number in 1...40 as ClosedRange<UInt64> {
      var probe = Snapshots(path: path)
      let before = try pool.bounds()
      let size = Int.random(in: 8...700, using: &generator)
      _ = try payload(number, bytes: size).withUnsafeBytes {
        try pool.append($0, time: number, durability: .fast, probe: &probe)
      }
      let after = try #require(try pool.bounds())
      #expect(probe.files.count >= 5)
      for (step, bytes) in probe.files {
        try write(bytes, to: copy)
        try checkSurvivor(
          copy, promised: before, evictedBelow: after.lowerBound, newest: number, "\(seed) \(number) \(step)")
      }
    }
  }

  /// `promised` was retained before the append; what is below `evictedBelow` may have been evicted by it.
  private func checkSurvivor(
    _ path: String, promised: ClosedRange<UInt64>?, evictedBelow: UInt64, newest: UInt64, _ context: String
  ) throws {
    let pool = try Pool.open(at: path)
    let report = try pool.validate()
    try #require(report.isHealthy, "\(context): \(report.issue?.message ?? "")")
    let held = try pool.everything()
    let sequences = held.map(\.sequence)
    if let promised, promised.upperBound >= evictedBelow {
      for sequence in max(promised.lowerBound, evictedBelow)...promised.upperBound {
        #expect(sequences.contains(sequence), "\(context): \(sequence) is lost")
      }
    }
    for (sequence, bytes) in held { #expect(bytes == payload(sequence, bytes: bytes.count), "\(context)") }
    #expect(held.allSatisfy { $0.sequence <= newest })
    let next = try pool.append(bytes: payload(newest + 1, bytes: 20))
    #expect(next == newest || next == newest + 1)
    #expect(try pool.validate().isHealthy, "\(context): after the next append")
  }

  /// Every mixture of old and new header words that a death between two stores can leave.
  @Test(arguments: [false, true])
  func aHalfStoredHeaderIsPutRight(wrapped: Bool) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("live.plasmite")
    let copy = directory.file("copy.plasmite")
    let pool = try Pool.create(at: path, size: 8000, indexCapacity: 8)
    for number in 1...(wrapped ? 30 : 3) as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 300)) }
    var probe = Snapshots(path: path)
    let number = try #require(try pool.bounds()).upperBound + 1
    _ = try payload(number, bytes: 500).withUnsafeBytes {
      try pool.append($0, time: 1, durability: .fast, probe: &probe)
    }
    for (old, new) in zip(probe.files, probe.files.dropFirst()) {
      for count in 1..<5 {
        var mixed = old.bytes
        mixed[Layout.Header.head..<Layout.Header.head + 8 * count] =
          new.bytes[Layout.Header.head..<Layout.Header.head + 8 * count]
        if new.step == .published || new.step == .evictionPublished { mixed[Layout.Header.busy] = 1 }
        try write(mixed, to: copy)
        let survivor = try Pool.open(at: copy)
        let report = try survivor.validate()
        #expect(report.isHealthy, "\(new.step) \(count): \(report.issue?.message ?? "")")
        let held = try survivor.everything()
        let last = try #require(held.last)
        #expect(last.sequence == number - 1 || last.sequence == number)
        for (sequence, bytes) in held { #expect(bytes == payload(sequence, bytes: bytes.count)) }
        try survivor.append(bytes: payload(last.sequence + 1, bytes: 30))
        #expect(try survivor.validate().isHealthy)
      }
    }
  }

  /// An implementation that publishes once overwrites old frames while the header still names them.
  @Test(arguments: [300, 900, 2500])
  func anAppendHealsWhatAWriterThatPublishesOnceLeaves(size: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("live.plasmite")
    let pool = try Pool.create(at: path, size: 8000, indexCapacity: 8)
    for number in 1...40 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 300)) }
    let header = Array(try contents(path)[..<Layout.Header.formatBytes])
    var probe = Snapshots(path: path)
    _ = try payload(41, bytes: size).withUnsafeBytes {
      try pool.append($0, time: 1, durability: .fast, probe: &probe)
    }
    for (step, bytes) in probe.files where step == .headerWritten || step == .bodyWritten || step == .indexWritten {
      let copy = directory.file("\(step).plasmite")
      try write(header + bytes[Layout.Header.formatBytes...], to: copy)
      try patch(copy, at: UInt64(Layout.Header.busy), [0])
      let survivor = try Pool.open(at: copy)
      let appended = try survivor.append(bytes: payload(99, bytes: 300))
      #expect(appended == 41 || appended == 42, "\(step)")
      let report = try survivor.validate()
      #expect(report.isHealthy, "\(step): \(report.issue?.message ?? "")")
      let held = try survivor.everything()
      #expect(held.last?.payload == payload(99, bytes: 300))
      for (sequence, bytes) in held.dropLast() { #expect(bytes == payload(sequence, bytes: bytes.count)) }
    }
  }

  /// The same beside a process that has the pool open and wrote last: the header still says what it believes.
  @Test(arguments: [100, 300, 900, 2500])
  func anAppendNoticesAForeignDeathBehindAnUnchangedHeader(size: Int) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("live.plasmite")
    let copy = directory.file("copy.plasmite")
    for wanted in [AppendStep.headerWritten, .bodyWritten, .indexWritten] {
      let pool = try Pool.create(at: path, size: 8000, indexCapacity: 8)
      for number in 1...40 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 300)) }
      try write(try contents(path), to: copy)
      var probe = Snapshots(path: copy)
      let foreign = try Pool.open(at: copy)
      _ = try payload(41, bytes: size).withUnsafeBytes {
        try foreign.append($0, time: 1, durability: .fast, probe: &probe)
      }
      let left = try #require(probe.files.first { $0.step == wanted }).bytes
      try patch(path, at: 4096, Array(left[4096...]))
      let appended = try pool.append(bytes: payload(99, bytes: 300))
      #expect(appended == 41 || appended == 42, "\(wanted)")
      let report = try pool.validate()
      #expect(report.isHealthy, "\(wanted): \(report.issue?.message ?? "")")
      let held = try pool.everything()
      #expect(held.last?.payload == payload(99, bytes: 300))
      for (sequence, bytes) in held.dropLast() { #expect(bytes == payload(sequence, bytes: bytes.count)) }
      try Pool.delete(at: path)
    }
  }

  @Test func damageThatNoDeathExplainsIsLeftAlone() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    do {
      let pool = try Pool.create(at: path, size: 8000, indexCapacity: 0)
      for number in 1...5 as ClosedRange<UInt64> { try pool.append(bytes: payload(number, bytes: 300)) }
    }
    // The magic of the newest frame, and a sign that somebody died.
    try patch(path, at: 4096 + 4 * 376, [0, 0, 0, 0])
    try patch(path, at: UInt64(Layout.Header.busy), [1])
    let damaged = try contents(path)
    #expect(failure { _ = try Pool.open(at: path) }?.kind == .corrupt)
    #expect(try contents(path) == damaged)
    #expect(try Pool.validate(at: path).issue?.code == .corrupt)
  }
}
