/// The binary header of a frame: 16 bytes, numbers with the highest byte first.
///
///      0      2       3        4    12               14            16
///     | channel | proto | status | id | headers length | body length |
///
///     proto: bits 0-3 operation, 4 origin, 5 more, 6 and 7 for local use only
///
/// Then come the text headers and the body, as long as the header says.
public struct FrameHeader: Equatable, Sendable {
  /// Who made a message.
  public enum Origin: UInt8, Sendable {
    /// An application: this side's or the peer's.
    case application = 0
    /// One's own engine. Never on a connection.
    case engine
  }

  /// The number of bytes of a header.
  public static let byteCount = 16
  /// The most bytes that the text headers, and that the body, can have.
  public static let partLimit = 65_535
  /// The most bytes of one frame.
  public static let frameLimit = byteCount + 2 * partLimit

  private static let opCodeMask: UInt8 = 0x0f
  private static let originBit: UInt8 = 0x10
  private static let moreBit: UInt8 = 0x20
  private static let localBits: UInt8 = 0xc0

  /// The channel in the numbering of whoever made the message: what a peer wrote means nothing here.
  public var channel: UInt16
  /// What the message is for.
  public var opCode: OpCode
  /// Who made it.
  public var origin: Origin
  /// Whether more parts with the same id follow. Only requests, responses and signals can have it.
  public var hasMore: Bool
  /// The status byte; `Status(wire:)` says what it means.
  public var status: UInt8
  /// Ties a response to its request, and parts to each other. Not unique: a peer may send any value.
  public var id: UInt64
  /// The number of bytes of the text headers.
  public var headersLength: UInt16
  /// The number of bytes of the body.
  public var bodyLength: UInt16

  /// A header with these fields.
  public init(
    channel: UInt16 = 0, opCode: OpCode, origin: Origin = .application, hasMore: Bool = false, status: UInt8 = 0,
    id: UInt64 = 0, headersLength: UInt16 = 0, bodyLength: UInt16 = 0
  ) {
    self.channel = channel
    self.opCode = opCode
    self.origin = origin
    self.hasMore = hasMore
    self.status = status
    self.id = id
    self.headersLength = headersLength
    self.bodyLength = bodyLength
  }

  /// The number of bytes of the whole frame.
  public var frameBytes: Int { Self.byteCount &+ Int(headersLength) &+ Int(bodyLength) }

  /// Writes the header over the first 16 bytes of `bytes`, which must be that many.
  public func encode(into bytes: inout MutableRawSpan) {
    precondition(bytes.byteCount >= Self.byteCount, "a header needs 16 bytes")
    bytes.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress { encode(to: base) }
    }
  }

  /// Reads the header of a frame that came from a peer.
  ///
  /// - Throws: A violation if no peer may send such a frame, or if there are fewer than 16 bytes.
  public init(wire bytes: RawSpan) throws(FrameViolation) {
    guard bytes.byteCount >= Self.byteCount, let base = bytes.withUnsafeBytes({ $0.baseAddress }) else {
      throw .incompleteHeader
    }
    // The bytes are read before this returns, so the pointer does not outlive them.
    try self.init(wire: base)
  }

  /// Writes the header to 16 bytes at any alignment.
  @inline(__always)
  func encode(to memory: UnsafeMutableRawPointer) {
    let proto = opCode.rawValue | (origin == .engine ? Self.originBit : 0) | (hasMore ? Self.moreBit : 0)
    let first = UInt64(channel) &<< 48 | UInt64(proto) &<< 40 | UInt64(status) &<< 32 | id &>> 32
    let second = id &<< 32 | UInt64(headersLength) &<< 16 | UInt64(bodyLength)
    memory.storeBytes(of: first.bigEndian, as: UInt64.self)
    memory.storeBytes(of: second.bigEndian, toByteOffset: 8, as: UInt64.self)
  }

  /// Reads 16 bytes at any alignment, which came from a peer.
  @inline(__always)
  init(wire memory: UnsafeRawPointer) throws(FrameViolation) {
    let first = UInt64(bigEndian: memory.loadUnaligned(as: UInt64.self))
    let second = UInt64(bigEndian: memory.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    let proto = UInt8(truncatingIfNeeded: first &>> 40)
    opCode = try Self.opCode(proto)
    channel = UInt16(truncatingIfNeeded: first &>> 48)
    origin = .application
    hasMore = proto & Self.moreBit != 0
    status = UInt8(truncatingIfNeeded: first &>> 32)
    id = first &<< 32 | second &>> 32
    headersLength = UInt16(truncatingIfNeeded: second &>> 16)
    bodyLength = UInt16(truncatingIfNeeded: second)
  }

  @inline(__always)
  private static func opCode(_ proto: UInt8) throws(FrameViolation) -> OpCode {
    if proto & originBit != 0 { throw .forgedOrigin }
    if proto & localBits != 0 { throw .reservedBits }
    guard let opCode = OpCode(rawValue: proto & opCodeMask) else { throw .reservedOpCode }
    if !opCode.mayCrossConnection { throw .localOpCode }
    if proto & moreBit != 0, opCode.kind != .regular { throw .moreOnControl }
    return opCode
  }
}
