/// How an `HTTPClient` connects. The same for all its requests.
public struct HTTPClientSettings: Sendable {
  /// Who vouches for a server's certificate.
  public enum Trust: Sendable {
    /// The authorities that this system trusts.
    case system
    /// Those in a file in PEM, and nobody else.
    case authorities(String)
    /// Anybody. Safe only with a pin: without one, whoever can intercept the connection can read and change everything on it.
    case anyone
  }

  /// How this side shows who it is: files in PEM.
  public struct Identity: Sendable {
    /// The certificate, followed by those between it and an authority.
    public var certificate: String
    /// Its private key, not encrypted.
    public var privateKey: String

    /// An identity out of two files.
    public init(certificate: String, privateKey: String) {
      self.certificate = certificate
      self.privateKey = privateKey
    }
  }

  /// Who vouches for a server's certificate.
  public var trust = Trust.system
  /// What the server's public key must be: `sha256//` and the digest of its SubjectPublicKeyInfo in base64, several of them
  /// separated by `;`. Checked within the handshake.
  public var pinnedKey: String?
  /// What the server's certificate must be: given it in DER, says whether it is the right one. Asked for each connection, before
  /// anything of a request is sent.
  public var accepts: (@Sendable (_ certificate: [UInt8]) -> Bool)?
  /// How this side shows who it is, if servers ask.
  public var identity: Identity?
  /// Proxies as the environment names them (`https_proxy`, `no_proxy`, …). A server on this machine, by the name `localhost` or
  /// a loopback address, is always reached directly.
  public var usesProxies = true
  /// Speak HTTP/2 at once to servers without TLS. With TLS it is agreed on in the handshake.
  public var http2AtOnce = false
  /// How long connecting may take, handshakes included, in nanoseconds.
  public var connectTimeout: Int64 = 10_000_000_000
  /// Bytes of all heads and trailers of an answer together.
  public var headLimit = 64 << 10

  /// Settings that trust whom the system trusts.
  public init() {}
}
