internal import Platform

/// Finds out whether a writer died at work, and what is left to keep. The pool format, section 5.6.
///
/// A writer that dies leaves its frame unfinished, or its header half stored. Everything that was published before lies in
/// the ring as a chain: each frame ends where the next begins, and their sequences count up by one. The recovered state is
/// the longest such chain that leads up to the head. Nothing here writes.
struct RingRecovery {
  let memory: RingMemory
  let state: RingState

  /// Whether something says that a writer of another implementation died at work and left the header as it was.
  ///
  /// Such a writer overwrites old frames while the header still names them. It begins with a wrap marker at the head or with
  /// its frame, at the head or at the start of the ring. So either a frame with the next sequence stands there, or the marker
  /// hit the oldest frame, or nothing retained was hit. Costs three looks, at memory that an append touches anyway.
  @inline(__always)
  var showsADeath: Bool {
    let next = state.newest &+ 1
    if memory.holds(next, at: state.head) || memory.holds(next, at: 0) { return true }
    return !state.isEmpty && !memory.holds(state.oldest, at: state.tail) && !tailIsSound
  }

  /// Whether the ring goes on with the oldest message at the tail. Writers of the oldest kind leave the tail on a marker.
  private var tailIsSound: Bool {
    var tail = memory.look(at: state.tail)
    if case .wrap = tail { tail = memory.look(at: 0) }
    guard case .frame(let oldest) = tail else { return false }
    return oldest.sequence == state.oldest
  }

  /// Whether oldest and newest frame are where the header says, as far as that costs no walk.
  ///
  /// Called when another process wrote last: a writer of another implementation leaves no sign that it died.
  var endsLookSound: Bool {
    if state.fault(ringSize: memory.ringSize) != nil { return false }
    if state.isEmpty {
      // A header torn while the first frame was published has a committed frame at its head already.
      return true
    }
    guard tailIsSound else { return false }
    guard let hint = memory.indexHint(state.newest) else { return true }
    guard case .frame(let newest) = memory.look(at: hint), newest.sequence == state.newest else { return true }
    return newest.next == state.head
  }

  /// Whether the whole chain from tail to head is there: every header is looked at, no payload.
  var chainIsWhole: Bool {
    guard state.fault(ringSize: memory.ringSize) == nil else { return false }
    guard !state.isEmpty else { return true }
    var offset = state.tail
    var expected = state.oldest
    var wraps = 0
    while true {
      switch memory.look(at: offset) {
      case .damaged: return false
      case .wrap:
        wraps += 1
        if offset == 0 || wraps > 2 { return false }
        offset = 0
      case .frame(let frame):
        guard frame.sequence == expected else { return false }
        offset = frame.next
        if expected == state.newest { return offset == state.head }
        expected += 1
      }
    }
  }

  /// The state to publish instead, or nil if what is there is not what a dead writer leaves: then nothing may be changed.
  func recovered() -> RingState? {
    let newest = state.newest
    let found = committedFrames(sequences: max(1, state.oldest)...max(1, state.oldest, newest &+ 1))
    var best: [FrameRecord] = []
    for last in found where last.sequence == newest || last.sequence == newest &+ 1 {
      guard last.next == state.head || (last.sequence == newest &+ 1 && startsAtHead(last)) else { continue }
      let chain = chain(endingWith: last, among: found)
      if chain.count > best.count { best = chain }
    }
    if let first = best.first, let last = best.last {
      return RingState(
        head: last.next, tail: first.offset, tailNext: first.next, oldest: first.sequence, newest: last.sequence)
    }
    // A frame in the making took the place of everything there was: only then is the pool known to be empty.
    let head = state.head
    guard head < memory.ringSize, head % UInt64(Layout.alignment) == 0 else { return nil }
    for place in [head, 0] {
      if let stray = memory.stray(at: place), stray.sequence == newest &+ 1, stray.state != .wrap {
        return RingState(head: head, tail: head, tailNext: head, oldest: 0, newest: newest)
      }
    }
    return nil
  }

  private func startsAtHead(_ frame: FrameRecord) -> Bool {
    frame.offset == state.head || (frame.offset == 0 && leadsToStart(state.head))
  }

  /// Whether a walker that stands at `offset` goes on at 0.
  private func leadsToStart(_ offset: UInt64) -> Bool {
    if case .wrap = memory.look(at: offset), offset < memory.ringSize { return true }
    return false
  }

  private func committedFrames(sequences: ClosedRange<UInt64>) -> [FrameRecord] {
    var found: [FrameRecord] = []
    var offset: UInt64 = 0
    while offset < memory.ringSize {
      if case .frame(let frame) = memory.look(at: offset), sequences.contains(frame.sequence) { found.append(frame) }
      offset += UInt64(Layout.alignment)
    }
    found.sort { $0.sequence < $1.sequence }
    return found
  }

  /// The frames that lead up to `last` without a hole, oldest first, as far back as checksums and room allow.
  private func chain(endingWith last: FrameRecord, among found: [FrameRecord]) -> [FrameRecord] {
    guard memory.checksumHolds(last) else { return [] }
    var chain = [last]
    var used = FrameRules.length(payload: UInt64(last.payloadLength))
    var front = last
    var index = found.firstIndex { $0.sequence == last.sequence } ?? 0
    while front.sequence > 1 {
      var previous: FrameRecord?
      while index > 0, found[index - 1].sequence >= front.sequence - 1 {
        index -= 1
        let candidate = found[index]
        let meets = candidate.next == front.offset || (front.offset == 0 && leadsToStart(candidate.next))
        if candidate.sequence == front.sequence - 1, meets, memory.checksumHolds(candidate) { previous = candidate }
      }
      guard let previous else { break }
      used += FrameRules.length(payload: UInt64(previous.payloadLength))
      if used > memory.ringSize { break }
      chain.append(previous)
      front = previous
    }
    chain.reverse()
    return chain
  }
}
