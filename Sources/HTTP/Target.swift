/// The segments of a path that begins with `/`, percent-decoded (RFC 3986, section 3.3). A slash that was encoded stays within
/// its segment.
public struct PathSegments {
  /// Segments beyond these are counted, and nothing else is known of them.
  private static let most = 8

  /// How many there are; at least one, which is empty for `/`.
  public private(set) var count = 0
  /// The path as it came, or what it means where something in it is encoded.
  private let bytes: ArraySlice<UInt8>
  private var starts = InlineArray<8, Int>(repeating: 0)
  private var ends = InlineArray<8, Int>(repeating: 0)

  /// Nil if a percent sign is not followed by two digits.
  public init?(_ path: ArraySlice<UInt8>) {
    guard path.contains(UInt8(ascii: "%")) else {
      bytes = path
      var start = path.startIndex + 1
      path.withUnsafeBufferPointer { buffer in
        for index in buffer.indices.dropFirst() where buffer[index] == UInt8(ascii: "/") {
          add(start, path.startIndex + index)
          start = path.startIndex + index + 1
        }
      }
      add(start, max(start, path.endIndex))
      return
    }
    var decoded: [UInt8] = []
    var found: [Range<Int>] = []
    for part in path.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
      guard let segment = Target.decodedBytes(part, plusIsBlank: false) else { return nil }
      found.append(decoded.count..<decoded.count + segment.count)
      decoded += segment
    }
    bytes = decoded[...]
    for range in found { add(range.lowerBound, range.upperBound) }
  }

  /// Whether the segment of this number, from 0 on, is this word.
  public func isWord(_ word: StaticString, at index: Int) -> Bool {
    guard index < min(count, Self.most), ends[index] - starts[index] == word.utf8CodeUnitCount else { return false }
    return bytes.withUnsafeBufferPointer { buffer in
      let start = starts[index] - bytes.startIndex
      return word.withUTF8Buffer { word in
        var same = true
        for place in word.indices where buffer[start + place] != word[place] { same = false }
        return same
      }
    }
  }

  /// The bytes of the segment of this number; empty if there is none.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    index < min(count, Self.most) ? bytes[starts[index]..<ends[index]] : []
  }

  /// The text of the segment of this number; nil if it is not UTF-8.
  public func text(at index: Int) -> String? { Target.text(self[index]) }

  private mutating func add(_ start: Int, _ end: Int) {
    if count < Self.most { (starts[count], ends[count]) = (start, end) }
    count += 1
  }
}

/// Takes queries apart (RFC 3986): pure functions over bytes.
public enum Target {
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

  /// The text with `%XX` replaced by the bytes that it means; nil if it is malformed, or not UTF-8 then.
  static func decoded(_ text: ArraySlice<UInt8>, plusIsBlank: Bool) -> String? {
    decodedBytes(text, plusIsBlank: plusIsBlank).flatMap { self.text($0[...]) }
  }

  /// Nil if it is not UTF-8.
  static func text(_ bytes: ArraySlice<UInt8>) -> String? {
    // What is ASCII need not be looked at twice.
    let isASCII = bytes.withUnsafeBufferPointer { buffer in
      var all: UInt8 = 0
      for byte in buffer { all |= byte }
      return all < 0x80
    }
    guard isASCII else { return String(validating: bytes, as: UTF8.self) }
    return bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
  }

  static func decodedBytes(_ text: ArraySlice<UInt8>, plusIsBlank: Bool) -> [UInt8]? {
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
    return bytes
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
