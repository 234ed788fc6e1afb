/// Frames of the admin channel: four bytes with the length, highest first, and so many bytes of JSON.
package enum AdminFrame {
  /// The most bytes of a request. They are small; whoever sends more is no client of ours.
  package static let requestLimit = 1 << 20
  /// The most bytes of an answer, and of any frame by the format.
  package static let limit = 100 << 20
  static let headBytes = 4

  /// A frame around these bytes, at most `limit`.
  package static func around(_ bytes: RawSpan) -> [UInt8] {
    var frame: [UInt8] = []
    frame.reserveCapacity(headBytes + bytes.byteCount)
    let length = UInt32(truncatingIfNeeded: bytes.byteCount)
    for shift in [24, 16, 8, 0] as [UInt32] { frame.append(UInt8(truncatingIfNeeded: length >> shift)) }
    bytes.withUnsafeBytes { frame.append(contentsOf: $0) }
    return frame
  }
}

/// Cuts what comes in pieces into frames, of a bounded length.
package struct AdminFrameCutter {
  /// A frame is announced that is longer than allowed: what follows cannot be read.
  package struct TooLong: Error {
    package let length: Int
    package let limit: Int
  }

  private let limit: Int
  private var bytes: [UInt8] = []
  /// Bytes at the front that were taken already.
  private var taken = 0

  package init(limit: Int) { self.limit = limit }

  /// Whether something came that makes no whole frame yet.
  package var isWithinFrame: Bool { taken < bytes.count }

  package mutating func append(_ piece: UnsafeRawBufferPointer) {
    if taken > 0 {
      bytes.removeFirst(taken)
      taken = 0
    }
    bytes.append(contentsOf: piece)
  }

  /// The content of the next frame; nil until it is whole.
  package mutating func next() throws(TooLong) -> [UInt8]? {
    let rest = bytes[taken...]
    guard rest.count >= AdminFrame.headBytes else { return nil }
    let length = rest.prefix(AdminFrame.headBytes).reduce(0) { $0 << 8 | Int($1) }
    guard length <= limit else { throw TooLong(length: length, limit: limit) }
    guard rest.count - AdminFrame.headBytes >= length else { return nil }
    let start = taken + AdminFrame.headBytes
    taken = start + length
    return Array(bytes[start..<taken])
  }
}
