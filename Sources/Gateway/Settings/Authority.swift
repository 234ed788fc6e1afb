internal import Platform

/// A host with an optional port: what stands in a `Host` header, and between the slashes of a URL.
///
/// Names are in lower case and without a dot at their end, addresses in the form in which the system writes them, without
/// brackets; so two that mean the same are equal.
package struct Authority: Sendable, Equatable {
  /// The bytes of the host.
  package let host: [UInt8]
  /// Whether the host is an IPv4 or IPv6 address and no name. No name server is asked for one.
  package let isAddress: Bool
  /// The port, where one is written.
  package let port: UInt16?

  /// Reads `name`, `name:port`, `address`, `address:port` or `[address]:port`; nil for anything else, also for an empty port.
  package init?(_ text: some Collection<UInt8>) {
    guard let (host, port) = Self.split(Array(text)) else { return nil }
    guard let bare = host.isBracketed ? Self.address(host.bytes, isIPv6: true) : Self.host(host.bytes) else {
      return nil
    }
    self.host = bare.bytes
    isAddress = bare.isAddress
    self.port = port
  }

  /// A host of which the form is known to be right.
  init(host: [UInt8], isAddress: Bool, port: UInt16?) {
    self.host = host
    self.isAddress = isAddress
    self.port = port
  }

  /// The same host with another port.
  func with(port: UInt16?) -> Authority { Authority(host: host, isAddress: isAddress, port: port) }

  /// This machine: `localhost`, a name below it, or a loopback address. Browsers and systems ask no name server for these.
  package var isLoopback: Bool {
    if isAddress { return SocketAddress.isLoopback(literal: host) }
    let name = Array("localhost".utf8)
    return host == name || host.reversed().starts(with: ([UInt8(ascii: ".")] + name).reversed())
  }

  /// The text: an IPv6 address in brackets, the port behind a colon.
  package var text: String {
    let isIPv6 = host.contains(UInt8(ascii: ":"))
    let name = String(decoding: host, as: UTF8.self)
    return (isIPv6 ? "[\(name)]" : name) + (port.map { ":\($0)" } ?? "")
  }

  // MARK: Reading

  private static func split(_ text: [UInt8]) -> (host: (bytes: [UInt8], isBracketed: Bool), port: UInt16?)? {
    if text.first == UInt8(ascii: "[") {
      guard let end = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
      let rest = text[(end + 1)...]
      if rest.isEmpty { return ((Array(text[1..<end]), true), nil) }
      guard rest.first == UInt8(ascii: ":"), let port = port(rest.dropFirst()) else { return nil }
      return ((Array(text[1..<end]), true), port)
    }
    guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { return ((text, false), nil) }
    guard let port = port(text[(colon + 1)...]) else { return nil }
    return ((Array(text[..<colon]), false), port)
  }

  static func port(_ digits: ArraySlice<UInt8>) -> UInt16? {
    guard (1...5).contains(digits.count) else { return nil }
    var number: UInt32 = 0
    for digit in digits {
      guard digit >= UInt8(ascii: "0"), digit <= UInt8(ascii: "9") else { return nil }
      number = number * 10 + UInt32(digit - UInt8(ascii: "0"))
    }
    return UInt16(exactly: number)
  }

  private static func host(_ bytes: [UInt8]) -> (bytes: [UInt8], isAddress: Bool)? {
    if let address = address(bytes, isIPv6: false) { return address }
    var name = bytes.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
    if name.last == UInt8(ascii: ".") { name.removeLast() }
    guard (1...253).contains(name.count), name.allSatisfy(isOfName) else { return nil }
    return (name, false)
  }

  private static func isOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "."), UInt8(ascii: "_"):
      true
    default: false
    }
  }

  private static func address(_ bytes: [UInt8], isIPv6: Bool) -> (bytes: [UInt8], isAddress: Bool)? {
    guard (2...45).contains(bytes.count), bytes.contains(UInt8(ascii: ":")) == isIPv6,
      bytes.allSatisfy({ isOfAddress($0) }),
      let address = try? SocketAddress.literal(String(decoding: bytes, as: UTF8.self), port: 0)
    else { return nil }
    return (Array(address.text.utf8), true)
  }

  private static func isOfAddress(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: ":"),
      UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
      true
    default: false
    }
  }
}
