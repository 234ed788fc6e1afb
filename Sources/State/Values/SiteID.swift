package import Platform

/// What names a node: 16 random bytes, as a UUID has them. Ordered by its bytes.
public struct SiteID: Hashable, Comparable, Sendable {
  private let high: UInt64
  private let low: UInt64

  /// The bytes as big-endian halves.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Nil unless there are 16 bytes.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    func half(_ part: ArraySlice<UInt8>) -> UInt64 { part.reduce(0) { $0 << 8 | UInt64($1) } }
    self.init(high: half(bytes[..<8]), low: half(bytes[8...]))
  }

  /// A new one: a UUID of version 4.
  package static func random() throws(SystemError) -> SiteID {
    let high = try SystemRandom.word() & ~0xf000 | 0x4000
    let low = try SystemRandom.word() & (.max >> 2) | 1 << 63
    return SiteID(high: high, low: low)
  }

  /// The 16 bytes.
  public var bytes: [UInt8] {
    [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } }
  }

  /// The text of a UUID.
  public var text: String { UUIDText.text(bytes) }

  /// The id that a UUID's text names, with dashes or without; nil for anything else.
  public init?(text: String) {
    guard let bytes = UUIDText.bytes(text) else { return nil }
    self.init(bytes)
  }

  /// By bytes.
  public static func < (a: SiteID, b: SiteID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}
