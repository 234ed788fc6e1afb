package import Documents
internal import Pools

/// Which pools a key is for: one name, every name that begins with some text (`sensor-*`), or all (`*`).
///
/// Names are compared byte by byte, as they stand for files: `events` and `events.plasmite` are one pool.
package struct PoolPattern: Sendable, Equatable {
  private let bytes: [UInt8]
  private let isPrefix: Bool

  /// Every pool.
  package static let all = PoolPattern(bytes: [], isPrefix: true)

  private init(bytes: [UInt8], isPrefix: Bool) {
    self.bytes = bytes
    self.isPrefix = isPrefix
  }

  /// Reads a name, or the beginning of names with a `*` behind it.
  ///
  /// - Throws: Usage for a `*` elsewhere, and for what no name of a pool can be.
  package init(parsing text: String) throws(Failure) {
    var bytes = Array(text.utf8)
    let isPrefix = bytes.last == UInt8(ascii: "*")
    if isPrefix { bytes.removeLast() } else { bytes = Self.stem(bytes) }
    let isFine = bytes.allSatisfy { byte in
      byte != UInt8(ascii: "*") && byte != UInt8(ascii: "/") && byte != UInt8(ascii: "\\") && byte >= 0x20
        && byte != 0x7F
    }
    guard isFine, isPrefix || !bytes.isEmpty else {
      throw Failure(
        .usage, "invalid pool pattern '\(text)'",
        hint: "Write the name of a pool, or the beginning of names and a star: events, sensor-*, or * for all.")
    }
    self.init(bytes: bytes, isPrefix: isPrefix)
  }

  /// Whether the pool is one of them.
  package func covers(_ pool: String) -> Bool {
    if isPrefix, bytes.isEmpty { return true }
    let name = Self.stem(Array(pool.utf8))
    return isPrefix ? name.starts(with: bytes) : name == bytes
  }

  /// As it is written.
  package var text: String { String(decoding: bytes, as: UTF8.self) + (isPrefix ? "*" : "") }

  /// A name without the ending of pool files, which a name may have.
  private static func stem(_ name: [UInt8]) -> [UInt8] {
    let ending = Array(PoolLimits.fileExtension.utf8)
    return name.suffix(ending.count).elementsEqual(ending) ? Array(name.dropLast(ending.count)) : name
  }
}
