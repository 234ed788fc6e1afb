package import Documents
internal import Platform

/// A pool of another machine as people write it: `http://HOST:PORT/POOL`, or with `https`.
///
/// Without a port it is 80, or 443. The name may be percent-encoded.
package struct RemoteReference: Sendable {
  /// As it was written.
  package let text: String
  /// Where the server is.
  package let server: ServerAddress
  /// The pool's name there.
  package let pool: String

  /// - Throws: Usage for whatever has another form.
  package init(_ text: String) throws(Failure) {
    let (server, path) = try ServerAddress.split(text, as: .pool)
    guard let path, !path.isEmpty else { throw Self.malformed(text) }
    guard !path.contains(UInt8(ascii: "/")), let name = Self.decoded(path) else { throw Self.malformed(text) }
    guard !name.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }), name != Array(".".utf8),
      name != Array("..".utf8)
    else {
      throw Failure(
        .usage, "remote pool name must not contain path separators", hint: "Give the name of a pool of the server.",
        address: text)
    }
    guard !name.isEmpty, !name.contains(0), let pool = String(validating: name, as: UTF8.self) else {
      throw Failure(
        .usage, "pool name must be nonempty and must not contain NUL or a path prefix",
        hint: "Give the name of a pool of the server.", address: text)
    }
    self.text = text
    self.server = server
    self.pool = pool
  }

  /// The pool's name as one part of a path.
  var encodedPool: String { PercentEncoding.encoded(pool) }

  private static func malformed(_ text: String) -> Failure {
    Failure(
      .usage, "remote pool ref must use shorthand http(s)://host:port/<pool>",
      hint: "Write the server's address, a slash and the pool's name, and nothing behind it.", address: text)
  }

  private static func decoded(_ bytes: [UInt8]) -> [UInt8]? { PercentEncoding.decoded(bytes) }
}

/// A server as people write it: `http://HOST:PORT` or `https://HOST:PORT`.
package struct ServerAddress: Sendable {
  /// `http://HOST:PORT`, without a slash at its end.
  package let origin: String
  /// Whether it is `https`.
  package let isSecure: Bool
  /// Whether the host is the name, or an address, of this machine alone.
  package let isLoopback: Bool

  /// - Throws: Usage for whatever has another form.
  package init(_ text: String) throws(Failure) {
    let (server, path) = try Self.split(text, as: .server)
    guard path?.isEmpty != false else {
      throw Failure(
        .usage, "server address must not include a path", hint: "Write http(s)://HOST:PORT, and nothing behind it.",
        address: text)
    }
    self = server
  }

  private init(isSecure: Bool, authority: [UInt8], host: [UInt8]) {
    self.isSecure = isSecure
    origin = (isSecure ? "https://" : "http://") + String(decoding: authority, as: UTF8.self)
    let isDotted = host.allSatisfy { $0 == UInt8(ascii: ".") || $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    isLoopback =
      host.elementsEqual("localhost".utf8) || host.elementsEqual("[::1]".utf8)
      || isDotted && host.starts(with: "127.".utf8)
  }

  /// What a text is meant to be.
  enum Meaning {
    case pool, server

    var name: String { self == .pool ? "remote pool ref" : "server address" }
    var form: String { self == .pool ? "use shorthand http(s)://host:port/<pool>" : "be http(s)://host:port" }
    var example: String { self == .pool ? "http(s)://HOST:PORT/POOL" : "http(s)://HOST:PORT" }
  }

  /// The server, and what stands behind the slash after it; nil without a slash.
  static func split(_ text: String, as meaning: Meaning) throws(Failure) -> (server: ServerAddress, path: [UInt8]?) {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8) else {
      throw scheme(text, meaning)
    }
    let name = bytes[..<colon].map { $0 | 0x20 }
    let isSecure = name.elementsEqual("https".utf8)
    guard isSecure || name.elementsEqual("http".utf8) else { throw scheme(text, meaning) }
    guard !bytes.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) else {
      throw Failure(
        .usage, "\(meaning.name) must not include query or fragment", hint: "Leave out what begins with ? or #.",
        address: text)
    }
    let rest = bytes[(colon + 3)...]
    let authority = Array(rest.prefix { $0 != UInt8(ascii: "/") })
    guard !authority.contains(UInt8(ascii: "@")) else {
      throw Failure(
        .usage, "\(meaning.name) must not include user or password", hint: "Give a token with --token-file.")
    }
    guard let host = host(of: authority) else {
      throw Failure(
        .usage, "\(meaning.name) must \(meaning.form)",
        hint: "Check the host and the port, which is a number from 1 to 65535.", address: text)
    }
    let slash = rest.firstIndex(of: UInt8(ascii: "/"))
    return (
      ServerAddress(isSecure: isSecure, authority: authority, host: host), slash.map { Array(rest[($0 + 1)...]) }
    )
  }

  private static func scheme(_ text: String, _ meaning: Meaning) -> Failure {
    Failure(
      .usage, "\(meaning.name) must use http or https scheme", hint: "Write \(meaning.example).", address: text)
  }

  /// The host, an IPv6 address in its brackets; nil if host or port cannot be.
  private static func host(of authority: [UInt8]) -> [UInt8]? {
    let end: Int
    if authority.first == UInt8(ascii: "[") {
      guard let bracket = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let inside = authority[1..<bracket]
      guard inside.count >= 2, inside.allSatisfy({ isHexadecimal($0) || ":.".utf8.contains($0) }) else { return nil }
      end = bracket + 1
    } else {
      end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.count
      guard end > 0, authority[..<end].allSatisfy({ isLetter($0) || isDigit($0) || "-._".utf8.contains($0) }) else {
        return nil
      }
    }
    let port = authority[end...]
    if !port.isEmpty {
      let digits = port.dropFirst()
      guard port.first == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(isDigit) else {
        return nil
      }
      let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
      guard (1...65_535).contains(number) else { return nil }
    }
    return Array(authority[..<end])
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
  private static func isLetter(_ byte: UInt8) -> Bool {
    let lower = byte | 0x20
    return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
  }
  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (byte | 0x20) >= UInt8(ascii: "a") && (byte | 0x20) <= UInt8(ascii: "f")
  }
}

/// RFC 3986, section 2.
enum PercentEncoding {
  /// Everything but unreserved characters encoded.
  static func encoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      let lower = byte | 0x20
      let isPlain =
        lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
        || byte >= UInt8(ascii: "0")
          && byte <= UInt8(ascii: "9")
        || "-._~".utf8.contains(byte)
      if isPlain {
        bytes.append(byte)
      } else {
        bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The bytes that are meant; nil where a percent sign is not followed by two digits, or a byte cannot stand in an address.
  static func decoded(_ bytes: [UInt8]) -> [UInt8]? {
    var result: [UInt8] = []
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      guard byte > 0x20, byte != 0x7F else { return nil }
      if byte != UInt8(ascii: "%") {
        result.append(byte)
        index += 1
        continue
      }
      guard index + 2 < bytes.count, let high = value(bytes[index + 1]), let low = value(bytes[index + 2]) else {
        return nil
      }
      result.append(high << 4 | low)
      index += 3
    }
    return result
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
