/// Bytes of a streamed body, laid out once for however many connections they go to.
///
/// They lie framed as one chunk of HTTP/1.1: eight hexadecimal digits and a line end before them, a line end behind. Whoever
/// frames otherwise takes the middle. Does not change; safe from any thread.
public final class StreamPiece: Sendable {
  private static let before = 10
  private let framed: [UInt8]

  /// A copy of `bytes`, of which there must be some, and less than 4 GiB.
  public init(_ bytes: UnsafeRawBufferPointer) {
    var framed: [UInt8] = []
    framed.reserveCapacity(Self.before + bytes.count + 2)
    var shift = 28
    while shift >= 0 {
      let digit = UInt8(truncatingIfNeeded: bytes.count >> shift) & 15
      framed.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      shift -= 4
    }
    framed.append(UInt8(ascii: "\r"))
    framed.append(UInt8(ascii: "\n"))
    framed.append(contentsOf: bytes)
    framed.append(UInt8(ascii: "\r"))
    framed.append(UInt8(ascii: "\n"))
    self.framed = framed
  }

  /// How many bytes it has.
  public var count: Int { framed.count - Self.before - 2 }

  /// Calls `body` with the bytes.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
    framed.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[Self.before..<$0.count - 2])) }
  }

  /// The bytes, which are not copied for it.
  var bytes: ArraySlice<UInt8> { framed[Self.before..<framed.count - 2] }

  /// Calls `body` with the bytes as a chunk.
  func withChunk<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { framed.withUnsafeBytes(body) }
}
