/// A pool as a resource: `plasmite:///pools/NAME`, with what a URI cannot hold as it is written as `%XX`.
struct PoolResource {
  /// The name of the pool; it may still be one that no pool can have.
  let name: String
  /// As the client wrote it.
  let uri: String

  private static let scheme = "plasmite:"
  private static let path = "/pools/"

  init(_ uri: String) throws(Refusal) {
    let bytes = Array(uri.utf8)
    let scheme = Array(Self.scheme.utf8)
    guard bytes.prefix(scheme.count).map(Self.lowercased).elementsEqual(scheme) else {
      throw Refusal(.invalidParameters, "resource uri must use plasmite scheme")
    }
    guard !bytes.contains(UInt8(ascii: "?")), !bytes.contains(UInt8(ascii: "#")) else {
      throw Refusal(.invalidParameters, "resource uri must not include query or fragment")
    }
    var rest = bytes.dropFirst(scheme.count)
    // The authority, which is empty or left out.
    if rest.starts(with: "//".utf8) { rest = rest.dropFirst(2) }
    guard rest.starts(with: Self.path.utf8), let name = Self.decoded(rest.dropFirst(Self.path.utf8.count)) else {
      throw Refusal(.invalidParameters, "resource uri must be in plasmite:///pools/{name} format")
    }
    self.name = name
    self.uri = uri
  }

  /// The URI of a pool.
  static func uri(_ name: String) -> String {
    var bytes = Array("plasmite:///pools/".utf8)
    for byte in name.utf8 {
      if isPlain(byte) {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), hexDigit(byte >> 4), hexDigit(byte & 15)]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The name; nil if it is empty, has several parts, or is written wrongly.
  private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
    var bytes: [UInt8] = []
    var index = text.startIndex
    while index < text.endIndex {
      switch text[index] {
      case UInt8(ascii: "/"): return nil
      case UInt8(ascii: "%"):
        guard index + 2 < text.endIndex, let high = value(text[index + 1]), let low = value(text[index + 2]) else {
          return nil
        }
        bytes.append(high << 4 | low)
        index += 3
      case let byte:
        bytes.append(byte)
        index += 1
      }
    }
    return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// The letters of a scheme are the same in both cases.
  private static func lowercased(_ byte: UInt8) -> UInt8 {
    byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte + 32 : byte
  }

  private static func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
