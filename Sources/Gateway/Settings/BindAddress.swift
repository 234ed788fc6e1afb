package import Documents
package import Platform

/// An address and a port to listen at.
package struct BindAddress: Sendable, Equatable {
  /// The address as the system writes it, without brackets.
  package let host: String
  /// The port; 0 lets the system choose.
  package let port: UInt16

  /// Where the gateway listens unless told otherwise: 127.0.0.1:9700.
  package static let standard = BindAddress(host: "127.0.0.1", port: 9700)
  /// Every interface, for `serve init`: 0.0.0.0:9700.
  package static let everywhere = BindAddress(host: "0.0.0.0", port: 9700)

  private init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `ADDRESS:PORT`, an IPv6 address in brackets; `localhost` stands for 127.0.0.1.
  ///
  /// - Throws: Usage, `invalid bind address`.
  package init(parsing text: String) throws(Failure) {
    guard let address = Self.read(Array(text.utf8)) else {
      throw Failure(
        .usage, "invalid bind address",
        hint: "Write an IP address and a port, for example 127.0.0.1:9700, [::1]:9700 or 0.0.0.0:9700.")
    }
    self = address
  }

  /// The same address with the port that the system chose.
  package func with(port: UInt16) -> BindAddress { BindAddress(host: host, port: port) }

  /// `127.0.0.1:9700`, `[::1]:9700`
  package var text: String { "\(isIPv6 ? "[\(host)]" : host):\(port)" }

  /// Whether only programs on this machine can connect.
  package var isLoopback: Bool { SocketAddress.isLoopback(literal: Array(host.utf8)) }

  /// Whether it is every interface: 0.0.0.0 or [::].
  package var isUnspecified: Bool {
    host.utf8.elementsEqual("0.0.0.0".utf8) || host.utf8.elementsEqual("::".utf8)
  }

  /// For the system.
  ///
  /// - Throws: `.invalid` where an IPv6 address names an interface that is gone.
  package func socketAddress() throws(SystemError) -> SocketAddress { try SocketAddress.literal(host, port: port) }

  /// By bytes.
  package static func == (a: BindAddress, b: BindAddress) -> Bool {
    a.host.utf8.elementsEqual(b.host.utf8) && a.port == b.port
  }

  private var isIPv6: Bool { host.utf8.contains(UInt8(ascii: ":")) }

  private static func read(_ text: [UInt8]) -> BindAddress? {
    guard let colon = text.lastIndex(of: UInt8(ascii: ":")), let port = Authority.port(text[(colon + 1)...]) else {
      return nil
    }
    var host = text[..<colon]
    let isBracketed = host.first == UInt8(ascii: "[") && host.last == UInt8(ascii: "]") && host.count > 2
    if isBracketed { host = host.dropFirst().dropLast() }
    guard host.contains(UInt8(ascii: ":")) == isBracketed, !host.contains(0) else { return nil }
    if host.elementsEqual("localhost".utf8) { return BindAddress(host: "127.0.0.1", port: port) }
    let literal = try? SocketAddress.literal(String(decoding: host, as: UTF8.self), port: port)
    return literal.map { BindAddress(host: $0.text, port: port) }
  }
}
