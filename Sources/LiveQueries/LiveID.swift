public import Platform

/// What names a subscription: 16 random bytes, shown as a UUID with dashes.
public struct LiveID: Hashable, Sendable, CustomStringConvertible {
  /// The bytes.
  public let bytes: [UInt8]

  /// A new one: a UUID of version 4.
  public static func random() throws(SystemError) -> LiveID {
    let halves = [try SystemRandom.word() & ~0xf000 | 0x4000, try SystemRandom.word() & (.max >> 2) | 1 << 63]
    return LiveID(bytes: halves.flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * $0)) } })
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  /// Nil unless there are 16 bytes.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// The id that the text of a UUID names, with dashes or without any; else nil.
  public init?(_ text: String) {
    guard let bytes = UUIDText.bytes(text) else { return nil }
    self.bytes = bytes
  }

  /// With dashes.
  public var description: String { UUIDText.text(bytes) }
}
