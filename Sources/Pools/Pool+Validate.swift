internal import Platform

/// What `Pool.validate` found.
public struct PoolReport: Sendable {
  /// The one thing that is wrong first.
  public struct Issue: Sendable {
    /// What kind of thing.
    public enum Code: Sendable {
      /// The file contradicts itself.
      case corrupt
      /// Another version of the format.
      case format
    }
    /// What kind of thing.
    public var code: Code
    /// One sentence, lower case, no full stop.
    public var message: String
    /// The last sequence that was good.
    public var sequence: UInt64?
    /// Where the walk stopped, in bytes from the start of the ring.
    public var offset: UInt64?
  }

  /// nil: the pool is healthy.
  public var issue: Issue?
  /// The last sequence that was good.
  public var lastGoodSequence: UInt64?
  /// The first and the last sequence that the header claims; nil for none.
  public var bounds: ClosedRange<UInt64>?
  /// Odd but harmless findings.
  public var warnings: [String] = []

  /// Whether nothing is wrong.
  public var isHealthy: Bool { issue == nil }
}

extension Pool {
  /// Looks at the whole pool, header, frames, checksums and a sample of the index, and changes nothing.
  ///
  /// - Throws: Only what keeps it from looking: `.notFound`, `.permission`, `.io`. Damage is in the report.
  public static func validate(at path: String) throws(PoolError) -> PoolReport {
    let pool: Pool
    do throws(PoolError) {
      pool = try openUnchecked(at: path)
    } catch {
      return try report(error)
    }
    do throws(PoolError) {
      return try pool.validate()
    } catch {
      return try report(error)
    }
  }

  private static func report(_ error: PoolError) throws(PoolError) -> PoolReport {
    let isVersion = error.kind == .usage && error.message.utf8.starts(with: "unsupported pool format".utf8)
    guard error.kind == .corrupt || isVersion else { throw error }
    return PoolReport(
      issue: PoolReport.Issue(
        code: isVersion ? .format : .corrupt, message: error.message, sequence: error.sequence, offset: error.offset))
  }

  /// Looks at this pool; see `validate(at:)`.
  public func validate() throws(PoolError) -> PoolReport {
    try inspecting { (state) throws(PoolError) -> PoolReport in
      var walk = ValidationWalk(memory: memory, state: state)
      var report = PoolReport()
      report.bounds = state.bounds
      report.issue = walk.run()
      report.lastGoodSequence = walk.lastGood
      report.issue?.sequence = walk.lastGood
      if report.isHealthy { report.warnings = indexFindings(state) }
      return report
    }
  }

  /// The pool format, section 10: three slots are looked at. A stale slot is normal once the ring went round.
  private func indexFindings(_ state: RingState) -> [String] {
    let capacity = UInt64(geometry.indexCapacity)
    guard capacity > 0 else { return [] }
    var findings: [String] = []
    var looked: [UInt64] = []
    for slot in [0, capacity / 2, capacity - 1] where !looked.contains(slot) {
      looked.append(slot)
      let at = Layout.headerBytes + Int(slot) * Layout.slotBytes
      let sequence = memory.base.relaxedWord(at: at)
      let offset = memory.base.relaxedWord(at: at + 8)
      if sequence == 0 { continue }
      if offset >= geometry.ringSize {
        findings.append("index slot \(slot) seq \(sequence) points outside ring at offset \(offset)")
      } else if case .frame(let frame) = memory.look(at: offset), frame.sequence == sequence {
        continue
      } else {
        findings.append("index slot \(slot) seq \(sequence) is stale or invalid")
      }
    }
    return findings
  }
}

/// The walk of the pool format's section 10, with checksums.
private struct ValidationWalk {
  let memory: RingMemory
  let state: RingState
  var lastGood: UInt64?

  init(memory: RingMemory, state: RingState) {
    self.memory = memory
    self.state = state
  }

  mutating func run() -> PoolReport.Issue? {
    let size = memory.ringSize
    if let fault = state.fault(ringSize: size) { return issue(fault, nil) }
    if state.isEmpty { return nil }
    if let found = tailIssue() { return found }
    var offset = state.tail
    var expected = state.oldest
    var steps: UInt64 = 0
    while true {
      steps += 1
      if steps > size / UInt64(Layout.frameHeaderBytes) + 1 { return issue("scan exceeded ring capacity", offset) }
      switch memory.look(at: offset) {
      case .wrap:
        // The ring begins with a marker that leads back to itself.
        if offset == 0 { return issue("scan exceeded ring capacity", offset) }
        offset = 0
      case .damaged(let damage): return issue(damage.message, offset)
      case .frame(let frame):
        guard frame.sequence == expected else { return issue(FrameDamage.sequence.message, offset) }
        guard memory.checksumHolds(frame) else { return issue(FrameDamage.checksum.message, offset) }
        lastGood = expected
        offset = frame.next
        if expected == state.newest {
          return offset == state.head ? nil : issue("head offset mismatch", frame.offset)
        }
        expected += 1
      }
    }
  }

  private func tailIssue() -> PoolReport.Issue? {
    if memory.ringSize - state.tail < UInt64(Layout.frameHeaderBytes) {
      return issue("tail points at ring padding", state.tail)
    }
    switch memory.look(at: state.tail) {
    case .wrap: return issue("tail frame is not committed", state.tail)
    case .damaged(.uncommitted): return issue("tail frame is not committed", state.tail)
    // A committed frame that is longer than the header says, and than the ring has room for.
    case .damaged(.beyondRing): return issue("tail_next mismatch", state.tail)
    case .damaged(let damage): return issue(damage.message, state.tail)
    case .frame(let frame):
      if frame.sequence != state.oldest { return issue("tail seq mismatch", state.tail) }
      if frame.next != state.tailNext { return issue("tail_next mismatch", state.tail) }
      return nil
    }
  }

  private func issue(_ message: StaticString, _ offset: UInt64?) -> PoolReport.Issue {
    PoolReport.Issue(code: .corrupt, message: message.text, sequence: nil, offset: offset)
  }
}
