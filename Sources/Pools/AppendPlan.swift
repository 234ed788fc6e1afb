/// What one append will do to the ring, decided before a byte is written.
///
/// The rules are the pool format's sections 5.3 and 5.4, with the tail never left on a wrap marker or on end padding.
struct AppendPlan: Equatable {
  /// The sequence of the new message.
  var sequence: UInt64
  /// Where its frame goes.
  var offset: UInt64
  /// Bytes of its frame.
  var length: UInt64
  /// Where a wrap marker goes first.
  var wrapMarker: UInt64?
  /// The state to publish before the first byte is overwritten: set when frames are evicted.
  var evicted: RingState?
  /// The state to publish last.
  var published: RingState
}

/// Where the planner reads frames: the mapped ring, or a model in a test.
protocol RingFrames {
  var ringSize: UInt64 { get }
  func look(at offset: UInt64) -> Sighting
}

extension RingMemory: RingFrames {}

/// Decides where a message goes and which old ones make room. Reads frames; writes nothing.
struct AppendPlanner<Frames: RingFrames> {
  private let frames: Frames
  private let size: UInt64
  private let frameLength: UInt64
  private var state: RingState
  /// Whether `state.tailNext` still is what the file says about `state.tail`.
  private var tailNextIsKnown = true
  private var evictedSomething = false

  /// The plan for a message of `payloadLength` bytes.
  ///
  /// - Throws: `.usage` if it can never fit or the sequences are used up, `.corrupt` if the ring contradicts `state`.
  @inline(__always)
  static func plan(
    payloadLength: UInt64, limit: UInt64, state: RingState, frames: Frames
  ) throws(PoolError) -> AppendPlan {
    guard state.newest < .max else {
      throw PoolError(.usage, "sequence space exhausted; create another pool")
    }
    guard payloadLength <= limit else {
      throw PoolError(
        .usage, "payload exceeds ring capacity",
        hint: "the encoded message has \(payloadLength) bytes and this pool takes \(limit): create a larger pool")
    }
    let length = FrameRules.length(payload: payloadLength)
    guard length <= frames.ringSize else {
      throw PoolError(
        .usage, "frame larger than ring",
        hint: "the message needs \(length) bytes and the ring has \(frames.ringSize): create a larger pool")
    }
    guard state.oldest != 0 || state.head == state.tail else {
      throw PoolError(.corrupt, "empty pool head/tail mismatch")
    }
    var planner = Self(frames: frames, frameLength: length, state: state)
    return try planner.plan()
  }

  private init(frames: Frames, frameLength: UInt64, state: RingState) {
    self.frames = frames
    self.frameLength = frameLength
    size = frames.ringSize
    self.state = state
    if state.isEmpty { self.state.tailNext = state.tail }
  }

  private mutating func plan() throws(PoolError) -> AppendPlan {
    let head = state.head
    let newest = state.newest
    let room = size - head
    let mustWrap = room < frameLength
    // Writers of the oldest kind may leave the tail on a wrap marker or in end padding, where readers of that kind loop.
    if state.tailNext == 0 { try leaveWrap() }
    while lacksSpace(room: room, mustWrap: mustWrap) {
      guard !state.isEmpty else { throw PoolError(.busy, "unable to make space") }
      try evictOldest()
    }
    if evictedSomething, !state.isEmpty { state.tailNext = try tailNext() }
    let evicted = evictedSomething ? state : nil

    let offset = mustWrap ? 0 : head
    let end = offset + frameLength
    let newHead = end == size ? 0 : end
    var published = state
    if state.isEmpty {
      published.tail = offset
      published.oldest = newest + 1
      published.tailNext = newHead
    }
    published.head = newHead
    published.newest = newest + 1
    return AppendPlan(
      sequence: newest + 1, offset: offset, length: frameLength,
      wrapMarker: mustWrap && room >= UInt64(Layout.frameHeaderBytes) ? head : nil, evicted: evicted,
      published: published)
  }

  @inline(__always)
  private func lacksSpace(room: UInt64, mustWrap: Bool) -> Bool {
    let free = size - state.used(in: size)
    var wanted = frameLength
    if !state.isEmpty, mustWrap { wanted += min(room, UInt64(Layout.frameHeaderBytes)) }
    if free < wanted { return true }
    return mustWrap && !state.isEmpty && state.tail < frameLength
  }

  private mutating func evictOldest() throws(PoolError) {
    evictedSomething = true
    if !takeQuickStep() { try takeSlowStep() }
    tailNextIsKnown = false
    try leaveWrap()
    if state.tail == state.head { state.oldest = 0 }
    if state.isEmpty {
      state.tail = state.head
      state.tailNext = state.head
    }
  }

  /// Moves a tail that stands on a wrap marker or in end padding on to the frame behind it.
  private mutating func leaveWrap() throws(PoolError) {
    while !state.isEmpty, state.tail != state.head, tailStandsOnWrap {
      evictedSomething = true
      tailNextIsKnown = false
      try takeSlowStep()
    }
  }

  private var tailStandsOnWrap: Bool {
    if case .wrap = frames.look(at: state.tail) { return true }
    return false
  }

  /// Moves the tail by what the header says of the oldest frame, without reading that frame: the way past a frame that a
  /// writer destroyed when it died. The new tail is checked by `tailNext`.
  private mutating func takeQuickStep() -> Bool {
    let next = state.tailNext
    let headerBytes = UInt64(Layout.frameHeaderBytes)
    guard tailNextIsKnown, next != 0, next < size, next % UInt64(Layout.alignment) == 0, size - next >= headerBytes
    else { return false }
    if next == state.tail {
      guard state.head == state.tail else { return false }
      state.oldest = 0
      return true
    }
    guard next > state.tail, next - state.tail >= headerBytes else { return false }
    state.tail = next
    state.oldest = next == state.head ? 0 : state.oldest + 1
    return true
  }

  private mutating func takeSlowStep() throws(PoolError) {
    switch frames.look(at: state.tail) {
    case .wrap:
      guard state.tail != 0 else { throw corrupt(.state) }
      state.tail = 0
      if state.head == 0 { state.oldest = 0 }
    case .frame(let frame):
      guard frame.sequence >= state.oldest, frame.sequence <= state.newest else { throw corrupt(.sequence) }
      state.tail = frame.next
      state.oldest = frame.sequence == state.newest ? 0 : frame.sequence + 1
    case .damaged(let damage):
      throw corrupt(damage)
    }
  }

  private func tailNext() throws(PoolError) -> UInt64 {
    switch frames.look(at: state.tail) {
    case .frame(let frame):
      guard frame.sequence == state.oldest else {
        throw PoolError(.corrupt, "tail seq mismatch", sequence: state.oldest, offset: state.tail)
      }
      return frame.next
    case .wrap: throw corrupt(.state)
    case .damaged(let damage): throw corrupt(damage)
    }
  }

  private func corrupt(_ damage: FrameDamage) -> PoolError {
    PoolError(.corrupt, damage.message.text, sequence: state.oldest, offset: state.tail)
  }
}
