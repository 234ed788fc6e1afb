internal import CPlatform

/// Where a stream socket listens or connects to: an IPv4 or IPv6 address with a port, or the path of a Unix-domain socket.
public struct SocketAddress: Sendable {
  let native: platform_address

  init(_ native: platform_address) { self.native = native }

  /// An IPv4 or IPv6 literal without brackets; `.invalid` for names.
  public static func literal(_ host: String, port: UInt16) throws(SystemError) -> SocketAddress {
    var native = platform_address()
    try check(host.withCString { platform_address_literal($0, port, &native) })
    return SocketAddress(native)
  }

  /// Every interface of this machine, IPv6 and IPv4.
  public static func any(port: UInt16) throws(SystemError) -> SocketAddress {
    var native = platform_address()
    try check(platform_address_any(port, &native))
    return SocketAddress(native)
  }

  /// A Unix-domain socket. On Linux a path that begins with `@` stands for an abstract name.
  ///
  /// - Throws: `.nameTooLong` beyond `unixPathLimit`, `.unsupported` where there are none.
  public static func unix(_ path: String) throws(SystemError) -> SocketAddress {
    var native = platform_address()
    var bytes = Array(path.utf8)
    if bytes.first == UInt8(ascii: "@") { bytes[0] = 0 }
    let status = bytes.withUnsafeBytes { bytes in
      platform_address_unix(bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count, &native)
    }
    try check(status)
    return SocketAddress(native)
  }

  /// The most bytes that the path of a Unix-domain socket may have here.
  public static var unixPathLimit: Int { platform_unix_path_limit() }

  /// Asks the system's resolver, best address first; at most 16. Blocks as long as the resolver takes.
  ///
  /// - Throws: `.notFound` when the name has no address, `.timedOut` when the resolver has no answer for now.
  public static func resolve(_ host: String, port: UInt16) throws(SystemError) -> [SocketAddress] {
    var found = [platform_address](repeating: platform_address(), count: 16)
    var count = 0
    let status = found.withUnsafeMutableBufferPointer { found in
      host.withCString { platform_resolve($0, port, found.baseAddress, found.count, &count) }
    }
    try check(status)
    return found[..<min(count, found.count)].map { SocketAddress($0) }
  }

  /// The host as a literal, or the path; an abstract name begins with `@`.
  public var text: String {
    withUnsafePointer(to: native) { native in
      (try? systemText { buffer, capacity, length in platform_address_text(native, buffer, capacity, length) }) ?? ""
    }
  }

  /// The port; 0 for Unix-domain sockets.
  public var port: UInt16 { withUnsafePointer(to: native) { platform_address_port($0) } }

  /// Whether this is an address of the machine for itself: 127.0.0.0/8, `::1`, one of the former inside IPv6, or the path of a
  /// Unix-domain socket.
  public var isLoopback: Bool { isUnix || Self.isLoopback(literal: Array(text.utf8)) }

  /// The same of an IP address as the system writes it.
  public static func isLoopback(literal address: [UInt8]) -> Bool {
    address.starts(with: "127.".utf8) || address.elementsEqual("::1".utf8) || address.starts(with: "::ffff:127.".utf8)
  }

  /// Whether it is the path of a Unix-domain socket.
  public var isUnix: Bool { native.family == PLATFORM_ADDRESS_UNIX }
}
