package import Documents

/// Where a web page comes from: `http` or `https`, a host and a port (RFC 6454).
package struct WebOrigin: Sendable, Equatable {
  /// Whether the scheme is `https`.
  package let isSecure: Bool
  /// The host; its port is nil where it is the scheme's own, 80 or 443.
  package let authority: Authority

  /// An origin of parts. A port that is the scheme's own is left out.
  package init(isSecure: Bool, _ authority: Authority) {
    self.isSecure = isSecure
    let isUsual = authority.port == Self.usualPort(isSecure)
    self.authority = isUsual ? authority.with(port: nil) : authority
  }

  /// Reads the value of an `Origin` header; nil for `null`, for other schemes, and for what is no origin.
  package init?(header: String) {
    guard case .success(let parts) = Parts.read(header, allowsSlash: false) else { return nil }
    self.init(isSecure: parts.isSecure, parts.authority)
  }

  /// The text as browsers write it.
  package var text: String { (isSecure ? "https://" : "http://") + authority.text }

  /// The port, also where it is the scheme's own.
  package var port: UInt16 { authority.port ?? Self.usualPort(isSecure) }

  static func usualPort(_ isSecure: Bool) -> UInt16 { isSecure ? 443 : 80 }

  /// Reads what `--cors-origin` takes: scheme, host and an optional port, perhaps with one slash behind.
  ///
  /// - Throws: Usage, with the messages that scripts know.
  package static func parse(cors text: String) throws(Failure) -> WebOrigin {
    let hint = "Write each origin as http://HOST or https://HOST:PORT, exactly as browsers send it."
    func refused(_ message: String) -> Failure { Failure(.usage, message, hint: hint) }
    if text.utf8.elementsEqual("*".utf8) { throw refused("CORS wildcard origin is not allowed") }
    switch Parts.read(text, allowsSlash: true) {
    case .success(let parts): return WebOrigin(isSecure: parts.isSecure, parts.authority)
    case .failure(let fault):
      switch fault {
      case .form: throw refused("invalid CORS origin")
      case .scheme: throw refused("CORS origin scheme must be http or https")
      case .userInfo: throw refused("CORS origin must not include userinfo")
      case .query: throw refused("CORS origin must not include a query or fragment")
      case .path: throw refused("CORS origin must not include a path")
      case .host: throw refused("CORS origin must include a host")
      }
    }
  }

  /// Reads the address at which clients see the server: https, host and an optional port, perhaps with one slash behind.
  ///
  /// - Throws: Usage.
  package static func parse(server text: String) throws(Failure) -> WebOrigin {
    let hint = "Write it as https://HOST or https://HOST:PORT, without a path."
    switch Parts.read(text, allowsSlash: true) {
    case .success(let parts) where parts.isSecure: return WebOrigin(isSecure: true, parts.authority)
    case .success, .failure(.scheme): throw Failure(.usage, "server URL must use HTTPS", hint: hint)
    case .failure: throw Failure(.usage, "invalid server URL", hint: hint)
    }
  }
}

/// A URL without anything behind its host.
private struct Parts {
  enum Fault: Error { case form, scheme, userInfo, query, path, host }

  let isSecure: Bool
  let authority: Authority

  static func read(_ text: String, allowsSlash: Bool) -> Result<Parts, Fault> {
    let bytes = Array(text.utf8)
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0, bytes[colon...].starts(with: "://".utf8)
    else {
      return .failure(.form)
    }
    let scheme = bytes[..<colon].map { $0 | 0x20 }
    let isSecure = scheme.elementsEqual("https".utf8)
    guard isSecure || scheme.elementsEqual("http".utf8) else { return .failure(.scheme) }
    var rest = bytes[(colon + 3)...]
    if rest.contains(UInt8(ascii: "?")) || rest.contains(UInt8(ascii: "#")) { return .failure(.query) }
    if let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
      guard allowsSlash, rest[slash...].count == 1 else { return .failure(.path) }
      rest = rest[..<slash]
    }
    if rest.contains(UInt8(ascii: "@")) { return .failure(.userInfo) }
    if rest.isEmpty || rest.first == UInt8(ascii: ":") { return .failure(.host) }
    guard let authority = Authority(rest) else { return .failure(.form) }
    return .success(Parts(isSecure: isSecure, authority: authority))
  }
}
