/// Where a channel leads to, or where a listener listens.
///
/// There are two spellings. `headerValue` is how a message carries it to its own engine, the same as upstream's. `text` is for
/// people. Both read back as the same address.
public enum ChannelAddress: Sendable {
  /// TCP. The host is a name or a literal IPv4 or IPv6 address without brackets; an empty one listens on every interface.
  case tcp(host: String, port: UInt16)
  /// A Unix-domain socket: a path, or a name of Linux's abstract namespace behind an `@`.
  case unix(path: String)
  /// TLS over TCP.
  case tls(host: String, port: UInt16)

  /// What an address is for.
  public enum Use: Sendable {
    /// A host and a port other than 0 are needed.
    case connecting
    /// Any host, and port 0 for one that the system chooses.
    case listening

    /// The name of the header that carries such an address.
    public var header: StaticString {
      switch self {
      case .connecting: ReservedHeader.connectTo
      case .listening: ReservedHeader.listenOn
      }
    }
  }

  /// The most bytes of a host.
  public static let hostLimit = 255

  /// How a header carries it: `tcp|HOST|PORT`, `tls|HOST|PORT` or `uds|PATH`.
  ///
  /// Only of an address that passes `check`; of another it may not read back.
  public var headerValue: String {
    switch self {
    case .tcp(let host, let port): "tcp|\(host)|\(port)"
    case .tls(let host, let port): "tls|\(host)|\(port)"
    case .unix(let path): "uds|\(path)"
    }
  }

  /// How people write it: `tcp://HOST:PORT`, `tls://HOST:PORT` or `unix:PATH`, with `*` for every interface and brackets around
  /// a host with colons.
  public var text: String {
    switch self {
    case .tcp(let host, let port): "tcp://\(Self.written(host)):\(port)"
    case .tls(let host, let port): "tls://\(Self.written(host)):\(port)"
    case .unix(let path): path.utf8.starts(with: "//".utf8) ? "unix://\(path)" : "unix:\(path)"
    }
  }

  /// Refuses what cannot be carried or cannot work.
  ///
  /// How long a path may be differs between systems: that is found out when it is used.
  ///
  /// - Throws: `.invalidAddress`, with what to do about it.
  public func check(for use: Use) throws(ChannelError) {
    if let fault { throw refusal(fault.text, hint: nil) }
    guard use == .connecting else { return }
    switch self {
    case .unix:
      return
    case .tcp(let host, let port), .tls(let host, let port):
      if host.utf8.isEmpty {
        throw refusal("a host is needed to connect to", hint: "for example tcp://localhost:7099")
      }
      if port == 0 { throw refusal("port 0 is for listening only", hint: "give the port that the peer listens on") }
    }
  }

  /// What is wrong with the parts themselves.
  private var fault: StaticString? {
    switch self {
    case .tcp(let host, _), .tls(let host, _): Self.fault(host: host)
    case .unix(let path): Self.fault(path: path)
    }
  }

  private static func fault(host: String) -> StaticString? {
    var count = 0
    for byte in host.utf8 {
      switch byte {
      case 0...Byte.space, Byte.delete: return "the host has a space or control character"
      case Byte.bar, UInt8(ascii: "/"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "*"):
        return "the host has one of | / [ ] *"
      default: count += 1
      }
    }
    return count > hostLimit ? "the host has more than 255 bytes" : nil
  }

  private static func fault(path: String) -> StaticString? {
    var last = Byte.space
    for byte in path.utf8 {
      switch byte {
      case 0, Byte.carriageReturn, Byte.lineFeed: return "the path has a NUL or a line end"
      case Byte.bar: return "the path has a |, which cannot be carried"
      default: last = byte
      }
    }
    if path.utf8.isEmpty { return "the path is empty" }
    // Whoever reads a header drops what stands around its value.
    return last == Byte.space || last == Byte.tab ? "the path ends with a space or tab" : nil
  }

  private func refusal(_ message: String, hint: String?) -> ChannelError {
    ChannelError(.invalidAddress, message, hint: hint, address: text)
  }

  private static func written(_ host: String) -> String {
    if host.utf8.isEmpty { return "*" }
    return host.utf8.contains(Byte.colon) ? "[\(host)]" : host
  }
}

extension ChannelAddress: Equatable {
  /// Whether both are the same byte for byte: two spellings of one host are two addresses.
  public static func == (left: Self, right: Self) -> Bool {
    left.headerValue.utf8.elementsEqual(right.headerValue.utf8)
  }
}
