internal import Arguments

/// How the input of `feed` is cut into records.
enum IngestFormat: Equatable {
  /// JSON values one after the other with white space, or nothing, between; each may span lines.
  case json
  /// One JSON value a line.
  case jsonLines
  /// RFC 7464: every value is introduced by the byte 0x1E.
  case sequence
  /// Server-sent events: the joined `data:` lines of each event are one value.
  case events

  static let separator: UInt8 = 0x1E

  /// What the beginning of the input shows.
  enum Sniffed: Equatable {
    case format(IngestFormat)
    /// Announced, and not there yet.
    case later(StaticName)
    case unknown
    case needsMore

    enum StaticName { case yaml, lite3 }
  }

  /// How far into the input to look.
  static let sniffedBytes = 8 << 10
  static let sniffedLines = 8

  /// Decides by the first bytes that are not blank, and by a record separator within the first lines.
  ///
  /// - Parameter isLast: Nothing will follow.
  static func sniff(_ bytes: UnsafeRawBufferPointer, isLast: Bool) -> Sniffed {
    var lines = 0
    var first: Int?
    for (index, byte) in bytes.prefix(sniffedBytes).enumerated() {
      if byte == separator { return .format(.sequence) }
      if byte == 0x0A {
        lines += 1
        if lines == sniffedLines { break }
      }
      if first == nil, !ValueScanner.isBlank(byte) { first = index }
    }
    guard let first else { return bytes.count >= sniffedBytes ? .unknown : .needsMore }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[first...])
    if rest[0] == UInt8(ascii: "{") { return .format(.json) }
    for (prefix, meaning) in beginnings {
      if rest.starts(with: prefix.utf8) { return meaning }
      if !isLast, prefix.utf8.starts(with: rest) { return .needsMore }
    }
    return .unknown
  }

  private static let beginnings: [(String, Sniffed)] = [
    ("data:", .format(.events)), ("event:", .format(.events)), ("id:", .format(.events)), ("retry:", .format(.events)),
    (":", .format(.events)), ("---", .later(.yaml)), ("PLS1", .later(.lite3)),
  ]
}
