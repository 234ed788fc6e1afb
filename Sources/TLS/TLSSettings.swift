/// What a `TLSContext` is made of.
///
/// Whatever it says, nothing older than TLS 1.2 is spoken, TLS 1.3 is preferred, and there is neither compression nor
/// renegotiation.
public struct TLSSettings: Sendable {
  /// Which ends of connections the context makes.
  public enum Role: Sendable { case client, server, both }

  /// Certificates or a key in PEM.
  public enum Source: Sendable {
    /// A file, read once when the context is made; at most `TLSLimits.fileBytes`.
    case file(String)
    /// The text itself.
    case bytes([UInt8])
  }

  /// How this side shows who it is.
  public struct Identity: Sendable {
    /// Its certificate, followed by those between it and an authority.
    public var certificates: Source
    /// The private key of the first of them, not encrypted.
    public var privateKey: Source

    /// An identity of a certificate chain and its key.
    public init(certificates: Source, privateKey: Source) {
      self.certificates = certificates
      self.privateKey = privateKey
    }
  }

  /// Who vouches for the peer's certificate.
  public enum Trust: Sendable {
    /// The authorities that this system trusts. For clients only: anybody can have a certificate of theirs.
    case system
    /// These certificates and nobody else, each trusted for itself and for what it signed.
    case certificates(Source)
  }

  /// Which ends of connections the context makes.
  public var role: Role
  /// How this side shows who it is. A server needs it, a client only for servers that ask.
  public var identity: Identity?
  /// Who vouches for the certificates of servers, and of clients where they are required.
  public var trust = Trust.system
  /// Clients: accept any certificate of a server, from anyone and for any name. Whoever can intercept the connection can then
  /// read and change everything on it. For tests only.
  public var skipVerification = false
  /// Servers: refuse clients that show no certificate that `trust`, which must then name its certificates, vouches for.
  public var requireClientCertificate = false
  /// Protocols to agree on one of (ALPN), the preferred first. The server's order decides. If both sides name some and none is
  /// shared, the handshake fails; if only one side does, nothing is agreed.
  public var applicationProtocols: [String] = []
  /// Speak TLS 1.2 and nothing newer.
  package var olderVersionOnly = false

  /// Settings for this role that verify servers by the system's authorities and agree on no protocol.
  public init(_ role: Role) { self.role = role }
}

/// The bounds of this module.
public enum TLSLimits {
  /// Bytes of a file with certificates or a key.
  public static let fileBytes = 16 << 20
  /// Bytes of plain text that a layer holds back while the peer owes it the rest of a message of the protocol.
  public static let heldBackBytes = 1 << 20
  /// Bytes of a host's name (RFC 1035, section 2.3.4, in text).
  public static let hostBytes = 253
}
