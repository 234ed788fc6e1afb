/// Cuts a stream of bytes into messages, wherever the reads happened to end.
///
/// A message is taken from the pool when the header of its frame is there, and filled as bytes come: by copying, or, for large
/// bodies, by the system itself (`room`, `filled`). When the pool has none, the parser keeps what it was given until `resume`.
struct FrameParser: ~Copyable {
  /// What comes of bytes.
  enum Step {
    /// A whole frame; its node is the caller's.
    case frame(MessageNode.Pointer)
    /// All bytes were looked at.
    case needsMore
    /// No message was to be had: the rest is kept.
    case starved
    /// The peer broke the rules.
    case violation(FrameViolation)
  }

  /// A rest of at least so many bytes is read straight to its place.
  static let directBytes = 4 << 10

  private let pool: MessagePool
  /// The number that messages carry: the channel's here, whatever the peer wrote.
  private let channel: UInt16
  private var node: MessageNode.Pointer?
  private var header: FrameHeader?
  private var partial: (UInt64, UInt64) = (0, 0)
  private var partialCount = 0
  private var kept: [UInt8] = []
  private var keptStart = 0
  /// Whether the last frame was large, so that the next will be too.
  private(set) var expectsLarge = false

  init(_ pool: MessagePool, channel: UInt16) {
    self.pool = pool
    self.channel = channel
  }

  deinit { if let node { pool.put(node) } }

  /// Whether a frame has begun and is not whole.
  var isInside: Bool { node != nil || header != nil || partialCount > 0 || keptStart < kept.count }

  // MARK: Bytes that the caller has read

  /// Looks at `bytes` from `position` on, and moves it, until something comes of them. What it keeps counts as looked at.
  mutating func next(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Step {
    let step = look(bytes, &position)
    guard case .starved = step else { return step }
    kept = Array(bytes[position...])
    keptStart = 0
    position = bytes.count
    return step
  }

  private mutating func look(_ bytes: UnsafeRawBufferPointer, _ position: inout Int) -> Step {
    while true {
      if let node {
        let wanted = node.pointee.frameBytes - node.pointee.filled
        let count = min(wanted, bytes.count - position)
        Self.copy(bytes, position, count, to: node.pointee.bytes + node.pointee.filled)
        node.pointee.filled += count
        position += count
        guard count == wanted else { return .needsMore }
        self.node = nil
        expectsLarge = node.pointee.bodyCount >= 32 << 10
        return .frame(node)
      }
      if header == nil {
        do throws(FrameViolation) {
          header = try takeHeader(bytes, &position)
        } catch {
          return .violation(error)
        }
      }
      guard let header else { return .needsMore }
      guard let node = pool.take() else { return .starved }
      self.header = nil
      node.pointee.take(header, channel: channel)
      node.pointee.reserve(header.frameBytes)
      node.pointee.filled = FrameHeader.byteCount
      self.node = node
    }
  }

  private mutating func takeHeader(
    _ bytes: UnsafeRawBufferPointer, _ position: inout Int
  ) throws(FrameViolation) -> FrameHeader? {
    let size = FrameHeader.byteCount
    if partialCount == 0, bytes.count - position >= size, let base = bytes.baseAddress {
      let start = position
      position += size
      return try FrameHeader(wire: base + start)
    }
    let count = min(size - partialCount, bytes.count - position)
    let offset = partialCount
    withUnsafeMutableBytes(of: &partial) { room in
      guard let base = room.baseAddress else { return }
      Self.copy(bytes, position, count, to: base + offset)
    }
    partialCount += count
    position += count
    guard partialCount == size else { return nil }
    partialCount = 0
    let partial = partial
    return try readHeader(partial)
  }

  private func readHeader(_ bytes: (UInt64, UInt64)) throws(FrameViolation) -> FrameHeader {
    let outcome = withUnsafeBytes(of: bytes) { bytes -> Result<FrameHeader, FrameViolation> in
      guard let base = bytes.baseAddress else { return .failure(.incompleteHeader) }
      do throws(FrameViolation) { return .success(try FrameHeader(wire: base)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  private static func copy(
    _ bytes: UnsafeRawBufferPointer, _ position: Int, _ count: Int, to place: UnsafeMutableRawPointer
  ) {
    guard count > 0, let base = bytes.baseAddress else { return }
    place.copyMemory(from: base + position, byteCount: count)
  }

  // MARK: Bytes that the system puts into place

  /// Where the next bytes belong, if it is worth reading them straight to it.
  var room: UnsafeMutableRawBufferPointer? {
    guard let node else { return nil }
    let wanted = node.pointee.frameBytes - node.pointee.filled
    guard wanted >= Self.directBytes else { return nil }
    return UnsafeMutableRawBufferPointer(start: node.pointee.bytes + node.pointee.filled, count: wanted)
  }

  /// So many bytes were put into `room`. The node, if that made it whole.
  mutating func fill(_ count: Int) -> MessageNode.Pointer? {
    guard let node else { return nil }
    node.pointee.filled += count
    guard node.pointee.filled == node.pointee.frameBytes else { return nil }
    self.node = nil
    expectsLarge = node.pointee.bodyCount >= 32 << 10
    return node
  }

  // MARK: When the pool was empty

  /// Goes on with what was kept. The rest of it stays where it is: it may be long, and starve many times more.
  mutating func resume() -> Step {
    let bytes = kept
    var position = keptStart
    let step = bytes.withUnsafeBytes { look($0, &position) }
    keptStart = position
    if position == bytes.count {
      kept = []
      keptStart = 0
    }
    return step
  }

  /// Lets go of what it has: nothing more will come of it.
  mutating func abandon() {
    if let node { pool.put(node) }
    node = nil
    header = nil
    kept = []
    keptStart = 0
  }

  /// Whether bytes are kept, or a header that waits for its message.
  var isStarved: Bool { keptStart < kept.count || header != nil }
}
