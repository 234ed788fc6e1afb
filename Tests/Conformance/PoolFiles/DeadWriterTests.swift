import Support
import Testing

@testable import Pools

/// What a writer leaves that publishes once and dies: upstream's, at every step of the pool format's section 5.1. An append
/// makes such a pool healthy and keeps every message that is whole and newer than the last one destroyed.
struct DeadWriterTests {
  /// Writes over the file the way upstream does, one step after the other.
  private struct Death {
    let before: [UInt8]
    let after: [UInt8]
    let ringOffset: Int
    let ringSize: UInt64
    let stateBefore: RingState
    /// The new frame, and what it holds.
    let frame: FrameRecord
    let payload: [UInt8]
    let wrapMarker: UInt64?

    func steps() -> [(name: String, bytes: [UInt8], written: [Range<UInt64>])] {
      var file = HandBuiltPool(ringSize: Int(ringSize), slots: (ringOffset - 4096) / 16)
      file.put(before, at: 0)
      var steps: [(String, [UInt8], [Range<UInt64>])] = []
      var written: [Range<UInt64>] = []
      if let wrapMarker {
        file.putWrapMarker(at: Int(wrapMarker))
        written.append(wrapMarker..<wrapMarker + 64)
        steps.append(("wrap marker", file.bytes, written))
      }
      let at = ringOffset + Int(frame.offset)
      func copy(_ range: Range<Int>, into file: inout HandBuiltPool) {
        file.put(Array(after[range]), at: range.lowerBound)
      }
      func covered(_ count: Int) -> [Range<UInt64>] { written + [frame.offset..<frame.offset + UInt64(count)] }
      copy(at..<at + 64, into: &file)
      file.put([1, 0, 0, 0], at: at + 4)
      file.put([0, 0, 0, 0], at: at + 40)
      steps.append(("frame header", file.bytes, covered(64)))
      copy(at + 64..<at + 64 + payload.count / 2, into: &file)
      steps.append(("half of the payload", file.bytes, covered(64 + payload.count / 2)))
      copy(at + 64..<at + 72 + payload.count, into: &file)
      steps.append(("payload and marker", file.bytes, covered(72 + payload.count)))
      file.put([2, 0, 0, 0], at: at + 4)
      steps.append(("committed", file.bytes, covered(72 + payload.count)))
      copy(4096..<ringOffset, into: &file)
      steps.append(("index slot", file.bytes, covered(72 + payload.count)))
      return steps
    }
  }

  private func death(_ pool: Pool, _ path: String, size: Int) throws -> Death {
    let before = try contents(path)
    let state = pool.memory.state
    let bytes = payload(state.newest + 1, bytes: size)
    _ = try bytes.span.bytes.withUnsafeBytes { bytes throws(PoolError) in
      var probe = NoProbe()
      return try pool.append(bytes, time: 1, durability: .fast, probe: &probe)
    }
    let geometry = pool.geometry
    let frame = try pool.locate(state.newest + 1, pool.memory.state)
    let room = geometry.ringSize - state.head
    return Death(
      before: before, after: try contents(path), ringOffset: Int(geometry.ringOffset), ringSize: geometry.ringSize,
      stateBefore: state, frame: frame, payload: bytes,
      wrapMarker: frame.offset == 0 && state.head != 0 && room >= 64 ? state.head : nil)
  }

  /// The messages from the newest back of which no byte was written over.
  private func survivors(_ frames: [FrameRecord], _ written: [Range<UInt64>]) -> [UInt64] {
    var whole: [UInt64] = []
    for frame in frames.reversed() {
      let bytes = frame.offset..<frame.offset + FrameRules.length(payload: UInt64(frame.payloadLength))
      if written.contains(where: { $0.overlaps(bytes) }) { break }
      whole.append(frame.sequence)
    }
    return whole
  }

  /// - Parameter isOpen: Whether the process that heals had the pool open, and wrote last, when the other one died.
  @Test(arguments: 0..<60, [false, true])
  func anAppendMakesThePoolHealthy(seed: Int, isOpen: Bool) throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("p.plasmite")
    var generator = SplitMix(seed: UInt64(seed))
    let ringSize = UInt64.random(in: 1500...4000, using: &generator)
    let model = try Pool.create(at: directory.file("model.plasmite"), size: 4096 + 64 + ringSize, indexCapacity: 4)
    for number in 1...UInt64.random(in: 3...20, using: &generator) {
      let size = [40, 120, 420, Int.random(in: 8...700, using: &generator)].randomElement(using: &generator) ?? 40
      try append(model, number, bytes: size)
    }
    let frames = try model.frames()
    let big = Int.random(in: 8...Int(ringSize) - 72, using: &generator) & ~7
    let death = try death(model, directory.file("model.plasmite"), size: big)

    for step in death.steps() {
      let context = "ring of \(ringSize), \(big) bytes, died after: \(step.name)"
      try write(isOpen ? death.before : step.bytes, to: path)
      let pool = try Pool.open(at: path)
      if isOpen {
        pool.lastTrusted = death.stateBefore
        try patch(path, at: 0, step.bytes)
      }
      let number = death.stateBefore.newest + 9
      let sequence = try append(pool, number, bytes: 24)
      // The dead writer's message may have been whole already.
      let isAdopted = sequence == death.stateBefore.newest + 2
      #expect(sequence == death.stateBefore.newest + 1 || isAdopted, "\(context)")
      let report = try pool.validate()
      #expect(report.isHealthy, "\(context): \(report.issue?.message ?? "")")

      let oldest = try #require(try pool.bounds()).lowerBound
      let kept = survivors(frames, step.written).filter { $0 >= oldest }
      for survivor in kept {
        let bytes = try pool.bytes(survivor)
        #expect(bytes == payload(survivor, bytes: bytes.count), "\(context): seq \(survivor)")
      }
      #expect(try pool.bytes(sequence) == payload(number, bytes: 24))
      #expect(oldest == expectedOldest(death, frames, step.written, isAdopted), "\(context)")
    }
  }

  /// What the planner makes of the recovered state: no more is dropped than the next frame needs.
  private func expectedOldest(
    _ death: Death, _ frames: [FrameRecord], _ written: [Range<UInt64>], _ isAdopted: Bool
  ) -> UInt64? {
    let whole = survivors(frames, written)
    let kept = frames.filter { whole.contains($0.sequence) } + (isAdopted ? [death.frame] : [])
    let head = isAdopted ? death.frame.next : death.stateBefore.head
    var state = RingState(head: head, tail: head, tailNext: head, oldest: 0, newest: death.stateBefore.newest)
    if isAdopted { state.newest += 1 }
    if let first = kept.first {
      (state.tail, state.tailNext, state.oldest) = (first.offset, first.next, first.sequence)
    }
    let ring = KnownFrames(ringSize: death.ringSize, frames: kept)
    return try? AppendPlanner.plan(payloadLength: 24, limit: death.ringSize - 72, state: state, frames: ring)
      .published.oldest
  }

  @discardableResult
  private func append(_ pool: Pool, _ number: UInt64, bytes count: Int) throws -> UInt64 {
    try pool.append(payload(number, bytes: count).span.bytes, time: number)
  }
}

/// A ring of which only the frames count: whatever else is there leads back to the start.
private struct KnownFrames: RingFrames {
  let ringSize: UInt64
  let frames: [FrameRecord]
  func look(at offset: UInt64) -> Sighting {
    frames.first { $0.offset == offset }.map { .frame($0) } ?? .wrap
  }
}

extension Pool {
  fileprivate func bytes(_ sequence: UInt64) throws(PoolError) -> [UInt8] {
    try withMessage(sequence) { frame in frame.payload.withUnsafeBytes { Array($0) } }
  }

  /// All retained frames, oldest first.
  fileprivate func frames() throws(PoolError) -> [FrameRecord] {
    let state = memory.state
    var frames: [FrameRecord] = []
    for sequence in state.oldest...state.newest { frames.append(try locate(sequence, state)) }
    return frames
  }
}
