internal import Platform

/// The memory of one message: its header as values, and one buffer that is laid out like the frame.
///
///     bytes: | 16 bytes for the binary header | text headers | body | room |
///
/// So a message that is sent needs only its header written before it, and is one piece for the system. A node has one owner
/// at a time: the application (as a `Message`), a mailbox, a send queue, a channel that is filling it, or its pool's list.
/// Only the owner touches it; handing it over happens under the lock of whoever takes it.
struct MessageNode {
  typealias Pointer = UnsafeMutablePointer<MessageNode>

  /// The next in the list that owns it.
  var next: Pointer?
  /// Where it goes in the end; alive as long as any of its nodes is outside.
  let pool: Unmanaged<MessagePool>
  /// The frame: `inlineBytes`, or a buffer of its own once it had to grow.
  var bytes: UnsafeMutableRawPointer
  let inlineBytes: UnsafeMutableRawPointer
  var capacity: Int
  var headersCount = 0
  var bodyCount = 0
  var channel: UInt16 = 0
  var opCode = OpCode.signal
  var origin = FrameHeader.Origin.application
  var hasMore = false
  var status: UInt8 = 0
  var id: UInt64 = 0
  /// Made beside the pool's bound, and freed when it comes back.
  var isExtra = false
  /// In a send queue as it is: counts there, and not against the pool's bound.
  var isLent = false
  /// For the channel that fills it: how many bytes of the frame are there.
  var filled = 0

  /// Small messages lie behind their node, in one piece of memory of a few cache lines.
  static let blockSize = 512
  static let inlineOffset = (MemoryLayout<MessageNode>.size + 63) & ~63
  static let smallestCapacity = blockSize - inlineOffset

  /// A node for a message of `pool`.
  static func make(for pool: MessagePool, isExtra: Bool) -> Pointer {
    let block = UnsafeMutableRawPointer.allocate(byteCount: blockSize, alignment: 64)
    let node = block.bindMemory(to: MessageNode.self, capacity: 1)
    node.initialize(
      to: MessageNode(
        pool: .passUnretained(pool), bytes: block + inlineOffset, inlineBytes: block + inlineOffset,
        capacity: smallestCapacity))
    node.pointee.isExtra = isExtra
    return node
  }

  /// Gives the memory of a node back to the system.
  static func free(_ node: Pointer) {
    node.pointee.shrink()
    node.deinitialize(count: 1)
    UnsafeMutableRawPointer(node).deallocate()
  }

  /// Drops a buffer that had to grow.
  mutating func shrink() {
    guard bytes != inlineBytes else { return }
    bytes.deallocate()
    bytes = inlineBytes
    capacity = Self.smallestCapacity
  }

  var frameBytes: Int { FrameHeader.byteCount + headersCount + bodyCount }

  var header: FrameHeader {
    FrameHeader(
      channel: channel, opCode: opCode, origin: origin, hasMore: hasMore, status: status, id: id,
      headersLength: UInt16(truncatingIfNeeded: headersCount), bodyLength: UInt16(truncatingIfNeeded: bodyCount))
  }

  var headersStart: UnsafeMutableRawPointer { bytes + FrameHeader.byteCount }
  var bodyStart: UnsafeMutableRawPointer { bytes + (FrameHeader.byteCount + headersCount) }

  mutating func reset() {
    next = nil
    headersCount = 0
    bodyCount = 0
    channel = 0
    opCode = .signal
    origin = .application
    hasMore = false
    status = 0
    id = 0
    filled = 0
  }

  /// Takes over what a frame's header says, but for its channel, which is the receiver's.
  mutating func take(_ header: FrameHeader, channel number: UInt16) {
    channel = number
    opCode = header.opCode
    origin = header.origin
    hasMore = header.hasMore
    status = header.status
    id = header.id
    headersCount = Int(header.headersLength)
    bodyCount = Int(header.bodyLength)
  }

  /// Makes room for a frame of `count` bytes; the bytes that are there stay.
  mutating func reserve(_ count: Int) {
    guard count > capacity else { return }
    var larger = max(capacity, Self.smallestCapacity)
    while larger < count { larger *= 2 }
    let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    new.copyMemory(from: bytes, byteCount: min(capacity, FrameHeader.byteCount + headersCount + bodyCount))
    if bytes != inlineBytes { bytes.deallocate() }
    bytes = new
    capacity = larger
  }
}

/// Nodes in a row, the first in first; a value that owns them.
struct NodeList {
  private(set) var first: MessageNode.Pointer?
  private var last: MessageNode.Pointer?

  var isEmpty: Bool { first == nil }

  mutating func append(_ node: MessageNode.Pointer) {
    node.pointee.next = nil
    if let last { last.pointee.next = node } else { first = node }
    last = node
  }

  mutating func prepend(_ node: MessageNode.Pointer) {
    node.pointee.next = first
    first = node
    if last == nil { last = node }
  }

  mutating func append(_ list: NodeList) {
    guard let start = list.first else { return }
    if let last { last.pointee.next = start } else { first = start }
    last = list.last
  }

  mutating func pop() -> MessageNode.Pointer? {
    guard let node = first else { return nil }
    first = node.pointee.next
    if first == nil { last = nil }
    node.pointee.next = nil
    return node
  }
}
