package import Documents
internal import HTTPClient
internal import Pools

/// Who one is to a server, and whom one takes for the server.
package struct RemoteSettings: Sendable {
  /// The bearer token or access key; nil for none.
  package var token: String?
  /// A file in PEM with the authorities to trust instead of the system's.
  package var authorities: String?
  /// Take any certificate.
  package var skipsVerification = false
  /// What the server's certificate or key must be; see `ServerPin`.
  package var pin: String?
  /// Files in PEM: a certificate and its key.
  package var certificate: String?
  package var privateKey: String?

  /// Settings that trust whom the system trusts, and say nothing of themselves.
  package init() {}

  /// As an HTTP client needs them.
  ///
  /// - Throws: Usage for a pin that is none, and for what has no meaning without TLS.
  func http(isSecure: Bool) throws(Failure) -> HTTPClientSettings {
    let isAboutTLS =
      authorities != nil || skipsVerification || pin != nil || certificate != nil || privateKey != nil
    guard isSecure || !isAboutTLS else {
      throw Failure(
        .usage, "options about TLS are for https addresses",
        hint: "Write the address with https://, or leave the options out that begin with --tls.")
    }
    var settings = HTTPClientSettings()
    if let authorities { settings.trust = .authorities(authorities) }
    if skipsVerification { settings.trust = .anyone }
    if let certificate, let privateKey {
      settings.identity = .init(certificate: certificate, privateKey: privateKey)
    }
    if let pin {
      // Who has the key that was pinned is the server, whatever else is in its certificate.
      if authorities == nil { settings.trust = .anyone }
      switch try ServerPin(pin) {
      case .keys(let keys): settings.pinnedKey = keys
      case .certificate(let digest): settings.accepts = { SHA256.digest($0) == digest }
      }
    }
    return settings
  }

  /// The value of `Authorization`; nil without a token.
  ///
  /// - Throws: Usage for a token that cannot be sent.
  func authorization() throws(Failure) -> String? {
    guard let token else { return nil }
    guard !token.utf8.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
      throw Failure(.usage, "invalid token", hint: "A token is one word of letters, digits and signs.")
    }
    return "Bearer \(token)"
  }
}

/// What makes a server the right one, without any authority.
package enum ServerPin: Sendable {
  /// The public key: `sha256//` and the digest of its SubjectPublicKeyInfo in base64; several separated by `;`.
  case keys(String)
  /// The certificate: `SHA256:` and the digest of its DER in hexadecimal, with colons between the bytes or without, as servers
  /// print it when they begin.
  case certificate([UInt8])

  /// - Throws: Usage for any other text.
  package init(_ text: String) throws(Failure) {
    let bytes = Array(text.utf8)
    if bytes.starts(with: "sha256//".utf8), Self.areKeys(bytes) {
      self = .keys(text)
    } else if bytes.prefix(7).map({ $0 | 0x20 }).elementsEqual("sha256:".utf8),
      let digest = Self.digest(bytes.dropFirst(7))
    {
      self = .certificate(digest)
    } else {
      throw Failure(
        .usage, "invalid pin",
        hint: "Write SHA256:AA:BB:… as the server prints it, or sha256//… with the digest of its public key in base64.")
    }
  }

  /// 32 bytes make 43 characters and one `=`.
  private static func areKeys(_ bytes: [UInt8]) -> Bool {
    bytes.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).allSatisfy { key in
      key.count == 8 + 44 && key.starts(with: "sha256//".utf8) && key.last == UInt8(ascii: "=")
        && key.dropFirst(8).dropLast().allSatisfy { byte in
          let lower = byte | 0x20
          return lower >= UInt8(ascii: "a") && lower <= UInt8(ascii: "z")
            || byte >= UInt8(ascii: "0")
              && byte <= UInt8(ascii: "9")
            || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "/")
        }
    }
  }

  private static func digest(_ text: ArraySlice<UInt8>) -> [UInt8]? {
    let digits = text.filter { $0 != UInt8(ascii: ":") }
    guard digits.count == 64 else { return nil }
    // A percent sign before each pair makes it what is decoded elsewhere.
    var pairs: [UInt8] = []
    for (index, digit) in digits.enumerated() {
      if index % 2 == 0 { pairs.append(UInt8(ascii: "%")) }
      pairs.append(digit)
    }
    return PercentEncoding.decoded(pairs)
  }
}
