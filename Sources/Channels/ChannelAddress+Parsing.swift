extension ChannelAddress {
  /// Reads the value of a `~connect_to` or `~listen_on` header.
  ///
  /// - Throws: `.invalidAddress` unless it has a known protocol, exactly the fields of that protocol, and fields that `check`
  ///   accepts.
  public init(headerValue: RawSpan, for use: Use) throws(ChannelError) {
    let bytes = headerValue.withUnsafeBytes { Array($0) }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ChannelError(.invalidAddress, "the address is not UTF-8")
    }
    self = try Self.parse(headerValue: bytes, text)
    try check(for: use)
  }

  /// Reads an address as people write it.
  ///
  ///     tcp://localhost:7099   tcp://[::1]:80   tcp://*:7099   tls://example.org:443
  ///     unix:/run/weir.sock    unix:sockets/a   unix:///run/weir.sock    uds:///run/weir.sock    unix:@abstract
  ///
  /// - Throws: `.invalidAddress`, with what to write instead.
  public init(_ text: String, for use: Use) throws(ChannelError) {
    self = try Self.parse(Array(text.utf8), text)
    do throws(ChannelError) {
      try check(for: use)
    } catch {
      var error = error
      error.address = text
      throw error
    }
  }

  // MARK: - Headers

  private static func parse(headerValue bytes: [UInt8], _ text: String) throws(ChannelError) -> ChannelAddress {
    let fields = bytes.split(separator: Byte.bar, omittingEmptySubsequences: false)
    guard let word = fields.first else { throw notAHeader(text) }
    switch (Word(word), fields.count) {
    case (.uds, 2):
      return .unix(path: String(decoding: fields[1], as: UTF8.self))
    case (.tcp, 3):
      return .tcp(host: String(decoding: fields[1], as: UTF8.self), port: try port(fields[2], text))
    case (.tls, 3):
      return .tls(host: String(decoding: fields[1], as: UTF8.self), port: try port(fields[2], text))
    default:
      throw notAHeader(text)
    }
  }

  private static func notAHeader(_ text: String) -> ChannelError {
    ChannelError(
      .invalidAddress, "not an address that a header can carry",
      hint: "write tcp|HOST|PORT, tls|HOST|PORT or uds|PATH", address: text)
  }

  // MARK: - What people write

  private static func parse(_ bytes: [UInt8], _ text: String) throws(ChannelError) -> ChannelAddress {
    let hint = "write tcp://HOST:PORT, tls://HOST:PORT or unix:PATH"
    guard let colon = bytes.firstIndex(of: Byte.colon), let word = Word(bytes[..<colon]) else {
      throw ChannelError(.invalidAddress, "the address does not say how to connect", hint: hint, address: text)
    }
    let rest = bytes[(colon + 1)...]
    switch word {
    case .uds, .unix:
      return .unix(path: String(decoding: try path(rest, text), as: UTF8.self))
    case .tcp, .tls:
      guard rest.starts(with: "//".utf8) else {
        throw ChannelError(.invalidAddress, "two slashes are missing", hint: hint, address: text)
      }
      let (host, port) = try authority(rest.dropFirst(2), text)
      return word == .tcp ? .tcp(host: host, port: port) : .tls(host: host, port: port)
    }
  }

  /// What follows `unix:`: a path, or two slashes and a path that begins with one.
  private static func path(_ rest: ArraySlice<UInt8>, _ text: String) throws(ChannelError) -> ArraySlice<UInt8> {
    guard rest.starts(with: "//".utf8) else { return rest }
    let path = rest.dropFirst(2)
    guard path.first == UInt8(ascii: "/") else {
      throw ChannelError(
        .invalidAddress, "a path behind two slashes begins with another one",
        hint: "write unix:PATH, or unix:///PATH for one from the root", address: text)
    }
    return path
  }

  private static func authority(_ rest: ArraySlice<UInt8>, _ text: String) throws(ChannelError) -> (String, UInt16) {
    guard let colon = rest.lastIndex(of: Byte.colon), rest.last != UInt8(ascii: "]") else {
      throw ChannelError(
        .invalidAddress, "the port is missing", hint: "write it behind the host, for example tcp://localhost:7099",
        address: text)
    }
    let host = try self.host(rest[..<colon], text)
    return (String(decoding: host, as: UTF8.self), try port(rest[(colon + 1)...], text))
  }

  /// The host without its brackets; none for `*`.
  private static func host(_ written: ArraySlice<UInt8>, _ text: String) throws(ChannelError) -> ArraySlice<UInt8> {
    if written.elementsEqual("*".utf8) { return [] }
    if written.first == UInt8(ascii: "["), written.last == UInt8(ascii: "]") {
      let host = written.dropFirst().dropLast()
      if host.contains(Byte.colon) { return host }
      throw ChannelError(
        .invalidAddress, "brackets are for IPv6 addresses", hint: "write the host without them", address: text)
    }
    if written.contains(Byte.colon) {
      throw ChannelError(
        .invalidAddress, "more than one colon", hint: "an IPv6 address stands in brackets: tcp://[::1]:7099",
        address: text)
    }
    return written
  }

  // MARK: - Ports

  /// Digits only, no more of them than needed, at most 65 535.
  private static func port(_ digits: ArraySlice<UInt8>, _ text: String) throws(ChannelError) -> UInt16 {
    var value: UInt32 = 0
    for byte in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte), value <= UInt32(UInt16.max) else {
        throw notAPort(text)
      }
      value = value * 10 + UInt32(byte - UInt8(ascii: "0"))
    }
    let isPadded = digits.count > 1 && digits.first == UInt8(ascii: "0")
    guard !digits.isEmpty, !isPadded, let port = UInt16(exactly: value) else { throw notAPort(text) }
    return port
  }

  private static func notAPort(_ text: String) -> ChannelError {
    ChannelError(.invalidAddress, "the port is not a number from 0 to 65535", hint: "write digits only", address: text)
  }
}

/// What an address begins with.
private enum Word {
  case tcp
  case tls
  case uds
  case unix

  init?(_ bytes: ArraySlice<UInt8>) {
    if bytes.elementsEqual("tcp".utf8) {
      self = .tcp
    } else if bytes.elementsEqual("tls".utf8) {
      self = .tls
    } else if bytes.elementsEqual("uds".utf8) {
      self = .uds
    } else if bytes.elementsEqual("unix".utf8) {
      self = .unix
    } else {
      return nil
    }
  }
}
