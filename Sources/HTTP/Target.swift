/// Takes paths and queries apart (RFC 3986): pure functions over bytes.
public enum Target {
  /// The segments of a path that begins with `/`, percent-decoded; nil if a percent sign is not followed by two digits, or the
  /// decoded text is not UTF-8. A slash that was encoded stays within its segment.
  public static func segments(_ path: ArraySlice<UInt8>) -> [String]? {
    var segments: [String] = []
    for part in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let segment = decoded(part, plusIsBlank: false) else { return nil }
      segments.append(segment)
    }
    return segments
  }

  /// The names and values of a query in order, decoded; nil if it cannot be decoded. `+` is a blank.
  public static func parameters(_ query: ArraySlice<UInt8>) -> [(name: String, value: String)]? {
    var parameters: [(name: String, value: String)] = []
    for part in query.split(separator: UInt8(ascii: "&")) {
      let middle = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
      guard let name = decoded(part[..<middle], plusIsBlank: true),
        let value = decoded(part[min(middle + 1, part.endIndex)...], plusIsBlank: true)
      else { return nil }
      parameters.append((name, value))
    }
    return parameters
  }

  /// The text with `%XX` replaced by the bytes that it means; nil if it is malformed.
  static func decoded(_ text: ArraySlice<UInt8>, plusIsBlank: Bool) -> String? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index < text.endIndex {
      let byte = text[index]
      if byte == UInt8(ascii: "%") {
        guard index + 2 < text.endIndex, let high = digit(text[index + 1]), let low = digit(text[index + 2]) else {
          return nil
        }
        bytes.append(high << 4 | low)
        index += 3
      } else {
        bytes.append(byte == UInt8(ascii: "+") && plusIsBlank ? UInt8(ascii: " ") : byte)
        index += 1
      }
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
