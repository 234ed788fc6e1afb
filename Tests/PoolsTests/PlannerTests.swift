import Support
import Testing

@testable import Pools

/// A ring that knows what was placed in it, byte ranges and all.
private struct ModelRing: RingFrames {
  let ringSize: UInt64
  var frames: [UInt64: FrameRecord] = [:]
  var wraps: Set<UInt64> = []

  func look(at offset: UInt64) -> Sighting {
    if offset >= ringSize || ringSize - offset < 64 || wraps.contains(offset) { return .wrap }
    return frames[offset].map { .frame($0) } ?? .damaged(.magic)
  }

  /// Does what the plan says, and complains if that destroys what is retained.
  mutating func perform(_ plan: AppendPlan, payload: UInt64) -> String? {
    let retained = plan.evicted ?? plan.published
    if let place = plan.wrapMarker {
      if let hit = destroy(place..<place + 64, retained, plan.sequence) { return hit }
      wraps.insert(place)
    }
    if let hit = destroy(plan.offset..<plan.offset + plan.length, retained, plan.sequence) { return hit }
    let next = plan.offset + plan.length
    if next > ringSize { return "frame beyond the ring" }
    frames[plan.offset] = FrameRecord(
      offset: plan.offset, sequence: plan.sequence, time: 0, flags: 0, payloadLength: UInt32(payload), checksum: 0,
      next: next == ringSize ? 0 : next)
    return nil
  }

  private mutating func destroy(_ bytes: Range<UInt64>, _ state: RingState, _ sequence: UInt64) -> String? {
    for (offset, frame) in frames {
      let end = offset + FrameRules.length(payload: UInt64(frame.payloadLength))
      guard offset < bytes.upperBound, end > bytes.lowerBound else { continue }
      if state.oldest != 0, frame.sequence >= state.oldest, frame.sequence < sequence {
        return "seq \(sequence) at \(bytes) destroys retained seq \(frame.sequence) at \(offset)"
      }
      frames[offset] = nil
    }
    for wrap in wraps where wrap < bytes.upperBound && wrap + 64 > bytes.lowerBound { wraps.remove(wrap) }
    return nil
  }

  /// The retained frames, by walking.
  func walk(_ state: RingState) -> [FrameRecord]? {
    guard !state.isEmpty else { return [] }
    var found: [FrameRecord] = []
    var offset = state.tail
    for sequence in state.oldest...state.newest {
      if case .wrap = look(at: offset) { offset = 0 }
      guard case .frame(let frame) = look(at: offset), frame.sequence == sequence else { return nil }
      found.append(frame)
      offset = frame.next
    }
    return offset == state.head ? found : nil
  }
}

struct PlannerTests {
  private struct Row {
    var head, tail, tailNext, oldest: UInt64
  }

  /// The worked examples of the pool format's section 16.1: frames of 496 bytes.
  @Test(
    arguments: [
      (
        1900,
        [
          [496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [496, 496, 992, 2], [992, 992, 1488, 3],
          [1488, 0, 496, 4], [496, 496, 992, 5], [992, 992, 1488, 6],
        ]
      ),
      (1984, [[496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [0, 0, 496, 1], [496, 496, 992, 2]]),
      (
        2020,
        [
          [496, 0, 496, 1], [992, 0, 496, 1], [1488, 0, 496, 1], [1984, 0, 496, 1], [496, 496, 992, 2],
          [992, 992, 1488, 3], [1488, 1488, 1984, 4], [1984, 0, 496, 5],
        ]
      ),
    ] as [(UInt64, [[UInt64]])])
  func publishesWhatTheReferenceShows(ringSize: UInt64, rows: [[UInt64]]) throws {
    var ring = ModelRing(ringSize: ringSize)
    var state = RingState.new
    for row in rows {
      let plan = try AppendPlanner.plan(payloadLength: 420, limit: ringSize - 72, state: state, frames: ring)
      #expect(ring.perform(plan, payload: 420) == nil)
      state = plan.published
      #expect([state.head, state.tail, state.tailNext, state.oldest] == row, "after seq \(state.newest)")
    }
  }

  /// Whatever sizes come, nothing retained is destroyed, the tail stands on a frame, sequences count up, and no more is
  /// evicted than the next frame needs.
  @Test(arguments: 0..<300)
  func keepsEveryPromiseOnRandomSchedules(seed: Int) throws {
    var generator = SplitMix(seed: UInt64(seed))
    let ringSize = UInt64.random(in: 80...4000, using: &generator)
    let limit = ringSize - 72
    var ring = ModelRing(ringSize: ringSize)
    var state = RingState.new
    for _ in 0..<120 {
      let payload = UInt64.random(
        in: 0...min(limit, [limit, 64, 300].randomElement(using: &generator) ?? 0), using: &generator)
      if FrameRules.length(payload: payload) > ringSize {
        #expect(throws: PoolError.self) {
          try AppendPlanner.plan(payloadLength: payload, limit: limit, state: state, frames: ring)
        }
        continue
      }
      let before = state
      let plan = try AppendPlanner.plan(payloadLength: payload, limit: limit, state: state, frames: ring)
      let problem = ring.perform(plan, payload: payload)
      try #require(problem == nil, "\(problem ?? "") seed \(seed)")
      state = plan.published
      #expect(state.newest == before.newest + 1)
      #expect(state.fault(ringSize: ringSize) == nil)
      let frames = try #require(ring.walk(state), "seed \(seed) seq \(state.newest)")
      #expect(frames.first?.next == state.tailNext)
      #expect(frames.first?.offset == state.tail)
      if let evicted = plan.evicted {
        #expect(evicted.fault(ringSize: ringSize) == nil)
        #expect(evicted.head == before.head && evicted.newest == before.newest)
        #expect(evicted.oldest == 0 || evicted.oldest > before.oldest)
      } else {
        #expect(before.isEmpty || state.oldest == before.oldest)
      }
    }
  }

  @Test func refusesWhatCanNeverFit() {
    let ring = ModelRing(ringSize: 591)
    let cases: [(payload: UInt64, limit: UInt64, message: String)] = [
      (520, 519, "payload exceeds ring capacity"), (519, 519, "frame larger than ring"),
    ]
    for (payload, limit, message) in cases {
      let error = failure {
        _ = try AppendPlanner.plan(payloadLength: payload, limit: limit, state: .new, frames: ring)
      }
      #expect(error?.message == message)
      #expect(error?.kind == .usage)
    }
  }

  @Test func refusesToWrapTheSequence() {
    let ring = ModelRing(ringSize: 1024)
    let state = RingState(head: 0, tail: 0, tailNext: 0, oldest: 0, newest: .max)
    let error = failure { _ = try AppendPlanner.plan(payloadLength: 1, limit: 900, state: state, frames: ring) }
    #expect(error?.message == "sequence space exhausted; create another pool")
  }

  @Test func fitsAtTheExactByte() throws {
    let plan = try AppendPlanner.plan(
      payloadLength: 517, limit: 520, state: .new, frames: ModelRing(ringSize: 592))
    #expect(plan.published == RingState(head: 0, tail: 0, tailNext: 0, oldest: 1, newest: 1))
  }

  @Test func movesOnFromATailThatRestsOnPaddingOrAMarker() throws {
    // What an older implementation publishes in a ring of 2020 bytes after its seventh message of 496 bytes.
    var ring = ModelRing(ringSize: 2020)
    for (sequence, offset) in [(5, 0), (6, 496), (7, 992)] as [(UInt64, UInt64)] {
      ring.frames[offset] = FrameRecord(
        offset: offset, sequence: sequence, time: 0, flags: 0, payloadLength: 420, checksum: 0, next: offset + 496)
    }
    let state = RingState(head: 1488, tail: 1984, tailNext: 0, oldest: 5, newest: 7)
    let plan = try AppendPlanner.plan(payloadLength: 420, limit: 1948, state: state, frames: ring)
    #expect(plan.offset == 1488)
    #expect(plan.published.newest == 8)
  }
}
