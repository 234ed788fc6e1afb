internal import COpenSSL
public import Reactor

/// Makes certificates for a site of one's own: an authority, and what it signs.
///
/// Keys are new ones on the curve P-256. Nothing is read or written: keeping a private key from others is the caller's part
/// (a file with mode 0600). Times are seconds since 1970-01-01 UTC, from the year 0 to 9999. Safe from any thread.
public enum CertificateMaker {
  /// A certificate and its private key, both as PEM.
  public struct Made: Sendable {
    /// The certificate.
    public var certificate: [UInt8]
    /// Its private key, in PKCS #8, not encrypted.
    public var privateKey: [UInt8]

    /// A certificate and key that were made earlier.
    public init(certificate: [UInt8], privateKey: [UInt8]) {
      self.certificate = certificate
      self.privateKey = privateKey
    }
  }

  /// An authority: it signs others, and cannot be a server or client.
  ///
  /// - Parameters:
  ///   - name: what people call it, 1 to 64 characters.
  ///   - issuer: the authority above it; nil for one that signs itself.
  /// - Throws: `.configuration` for a name or time that a certificate cannot hold, and for an unusable issuer.
  public static func authority(
    _ name: String, from: Int64, to: Int64, signedBy issuer: Made? = nil
  ) throws(SecureError) -> Made {
    let draft = try Draft(name, from, to, authority: true)
    return try draft.signed(by: issuer)
  }

  /// A certificate for servers and clients.
  ///
  /// - Parameters:
  ///   - name: what people, and servers that verify clients, call its owner, 1 to 64 characters.
  ///   - names: the DNS names that a server with it has; `*.` stands for any first label.
  ///   - addresses: the IPv4 and IPv6 addresses that a server with it has.
  ///   - issuer: the authority that signs it; nil for a self-signed one.
  /// - Throws: `.configuration` for a name, address or time that a certificate cannot hold, and for an unusable issuer.
  public static func certificate(
    _ name: String, names: [String] = [], addresses: [String] = [], from: Int64, to: Int64, signedBy issuer: Made?
  ) throws(SecureError) -> Made {
    let draft = try Draft(name, from, to, authority: false)
    for name in names { try draft.add(name: name) }
    for address in addresses { try draft.add(address: address) }
    return try draft.signed(by: issuer)
  }
}

/// A certificate in the making.
private struct Draft: ~Copyable {
  private let handle: OpaquePointer

  init(_ name: String, _ from: Int64, _ to: Int64, authority: Bool) throws(SecureError) {
    guard !name.utf8.isEmpty, !name.utf8.contains(0), from <= to else {
      throw SecureError(
        .configuration, from <= to ? "a certificate needs a name" : "the certificate would end before it begins")
    }
    var failure = copenssl_failure()
    guard let handle = name.withCString({ copenssl_draft_new($0, from, to, authority, &failure) }) else {
      throw SecureError(.configuration, "no certificate can be made for '\(name)': \(failure.words)")
    }
    self.handle = handle
  }

  deinit { copenssl_draft_free(handle) }

  borrowing func add(name: String) throws(SecureError) {
    // Letters, digits and their like, as they go over the wire; other alphabets come in their ASCII form (RFC 5890).
    let plain = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    guard plain, (1...TLSLimits.hostBytes).contains(name.utf8.count) else {
      throw SecureError(.configuration, "'\(name)' is not the name of a host")
    }
    var failure = copenssl_failure()
    guard name.withCString({ copenssl_draft_add_name(handle, $0, &failure) }) else { throw SecureError(failure) }
  }

  borrowing func add(address: String) throws(SecureError) {
    var failure = copenssl_failure()
    guard !address.utf8.contains(0), address.withCString({ copenssl_draft_add_address(handle, $0, &failure) }) else {
      throw SecureError(.configuration, "'\(address)' is not an IP address")
    }
  }

  borrowing func signed(by issuer: CertificateMaker.Made?) throws(SecureError) -> CertificateMaker.Made {
    var failure = copenssl_failure()
    let done =
      if let issuer {
        issuer.certificate.withUnsafeBufferPointer { certificate in
          issuer.privateKey.withUnsafeBufferPointer { key in
            copenssl_draft_sign(
              handle, certificate.baseAddress, certificate.count, key.baseAddress, key.count, &failure)
          }
        }
      } else {
        copenssl_draft_sign(handle, nil, 0, nil, 0, &failure)
      }
    guard done else {
      throw SecureError(.configuration, "the authority's certificate and key cannot sign: \(failure.words)")
    }
    return .init(certificate: try pem(copenssl_draft_certificate), privateKey: try pem(copenssl_draft_key))
  }

  private typealias Writer = (
    OpaquePointer?, UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?, UnsafeMutablePointer<copenssl_failure>?
  ) -> Int

  private borrowing func pem(_ write: Writer) throws(SecureError) -> [UInt8] {
    var failure = copenssl_failure()
    var bytes: UnsafeMutablePointer<UInt8>?
    let count = write(handle, &bytes, &failure)
    guard count > 0, let bytes else { throw SecureError(failure) }
    defer { copenssl_free(bytes, count) }
    return Array(UnsafeBufferPointer(start: bytes, count: count))
  }
}
