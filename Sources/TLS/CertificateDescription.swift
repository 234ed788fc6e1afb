internal import COpenSSL
public import Reactor

/// What people compare and watch of a certificate.
public struct CertificateDescription: Sendable {
  /// The SHA-256 of the certificate in DER, 32 bytes.
  public let digest: [UInt8]
  /// When it ends, in seconds since 1970-01-01 UTC.
  public let end: Int64

  /// Describes the first certificate of a file or text in PEM.
  ///
  /// - Throws: `.configuration` for a file that cannot be read or holds no certificate.
  public init(_ source: TLSSettings.Source) throws(SecureError) {
    let pem = try source.read()
    var failure = copenssl_failure()
    var digest = [UInt8](repeating: 0, count: 32)
    var end: Int64 = 0
    let done = pem.withUnsafeBufferPointer { pem in
      digest.withUnsafeMutableBufferPointer {
        copenssl_certificate_describe(pem.baseAddress, pem.count, $0.baseAddress, &end, &failure)
      }
    }
    guard done else { throw SecureError(failure, in: source) }
    self.digest = digest
    self.end = end
  }

  /// The digest as people read it aloud: `SHA256:` and pairs of upper-case hexadecimal digits with colons between.
  public var fingerprint: String {
    let digits = Array("0123456789ABCDEF".utf8)
    var text = Array("SHA256".utf8)
    for byte in digest { text += [UInt8(ascii: ":"), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }
}
