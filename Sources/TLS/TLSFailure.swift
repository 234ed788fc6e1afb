internal import COpenSSL
internal import Reactor

extension copenssl_failure {
  /// OpenSSL's words, or ours where it had none.
  var words: String {
    let words = withUnsafeBytes(of: text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    return words.utf8.isEmpty ? "OpenSSL gives no reason" : words
  }
}

extension SecureError {
  /// What went wrong with a text that settings named.
  init(_ failure: copenssl_failure, in source: TLSSettings.Source) {
    let name = source.name
    switch failure.reason {
    case COPENSSL_NO_CERTIFICATE_IN_TEXT:
      self.init(
        .configuration, "\(name) does not hold certificates in PEM: \(failure.words)",
        hint: "it should have lines '-----BEGIN CERTIFICATE-----'")
    case COPENSSL_NO_KEY_IN_TEXT:
      self.init(
        .configuration, "\(name) does not hold a private key in PEM: \(failure.words)",
        hint: "it should have a line '-----BEGIN PRIVATE KEY-----'")
    case COPENSSL_KEY_IS_ENCRYPTED:
      self.init(
        .configuration, "the private key in \(name) is encrypted with a passphrase",
        hint: "decrypt it with 'openssl pkey -in KEY -out NEW', and let nobody else read the result")
    case COPENSSL_KEY_DOES_NOT_MATCH:
      self.init(
        .configuration, "the private key in \(name) is not that of the certificate",
        hint: "the certificate that the key belongs to comes first in its file")
    default:
      self.init(.configuration, "\(name) cannot be used: \(failure.words)")
    }
  }

  /// What went wrong with a connection to `peer`, or with a call that has none.
  init(_ failure: copenssl_failure, peer: String = "the peer") {
    switch failure.reason {
    case COPENSSL_NO_MEMORY: self.init(.failed, "out of memory")
    case COPENSSL_NOT_ACCEPTED_AS_SETTING: self.init(.configuration, "OpenSSL does not accept it: \(failure.words)")
    case COPENSSL_CERTIFICATE_EXPIRED, COPENSSL_CERTIFICATE_NOT_YET_VALID, COPENSSL_CERTIFICATE_SELF_SIGNED,
      COPENSSL_CERTIFICATE_UNKNOWN_AUTHORITY, COPENSSL_CERTIFICATE_OTHER_HOST, COPENSSL_CERTIFICATE_REFUSED,
      COPENSSL_CERTIFICATE_MISSING:
      self.init(certificate: failure, peer)
    case COPENSSL_ALERT: self.init(alert: failure, peer)
    case COPENSSL_NO_SHARED_VERSION:
      self.init(
        .handshake, "\(peer) and we share no version of TLS: \(failure.words)", hint: "both sides need TLS 1.2 or 1.3")
    case COPENSSL_NO_SHARED_CIPHER:
      self.init(.handshake, "\(peer) and we share no cipher, group or signature: \(failure.words)")
    case COPENSSL_NO_SHARED_PROTOCOL:
      self.init(
        .handshake, "\(peer) and we share no application protocol", hint: "see which ALPN names each side lists")
    case COPENSSL_ENDED: self.init(.handshake, "\(peer) ended the connection before the handshake was over")
    case COPENSSL_NOT_TLS:
      self.init(
        .violation, "\(peer) does not speak TLS: \(failure.words)",
        hint: "see whether the other side uses TLS on this port")
    case COPENSSL_VIOLATION: self.init(.violation, "\(peer) broke the rules of TLS: \(failure.words)")
    default: self.init(.failed, "OpenSSL failed: \(failure.words)")
    }
  }

  private init(certificate failure: copenssl_failure, _ peer: String) {
    let start = "the certificate of \(peer)"
    let clock = "see that the clocks of both sides are right"
    switch failure.reason {
    case COPENSSL_CERTIFICATE_EXPIRED:
      self.init(.certificate, "\(start) has expired", hint: "renew it, or \(clock)")
    case COPENSSL_CERTIFICATE_NOT_YET_VALID:
      self.init(.certificate, "\(start) is not valid yet", hint: clock)
    case COPENSSL_CERTIFICATE_SELF_SIGNED:
      self.init(
        .certificate, "\(start) is self-signed and not among those that we trust",
        hint: "if it is the right one, name it as a trusted certificate")
    case COPENSSL_CERTIFICATE_UNKNOWN_AUTHORITY:
      self.init(
        .certificate, "\(start) is signed by nobody whom we trust: \(failure.words)",
        hint: "name the certificate of the authority that signed it as trusted; the peer must send those between")
    case COPENSSL_CERTIFICATE_OTHER_HOST:
      self.init(
        .certificate, "the certificate that was shown is not for \(peer)",
        hint: "use a name or address that stands in its subjectAltName, or make one for this")
    case COPENSSL_CERTIFICATE_MISSING:
      self.init(.certificate, "\(peer) shows no certificate, and we require one")
    default:
      self.init(.certificate, "\(start) was not accepted: \(failure.words)")
    }
  }

  /// The numbers are those of RFC 8446, section 6.
  private init(alert failure: copenssl_failure, _ peer: String) {
    switch failure.alert {
    case 42...46, 48, 49:
      self.init(
        .certificate, "\(peer) does not accept our certificate: \(failure.words)",
        hint: "see that it trusts the authority that signed ours, and for which name or address it asks")
    case 116:
      self.init(.certificate, "\(peer) requires a certificate of us", hint: "name a certificate and its private key")
    case 40, 47, 70, 71, 86, 109, 110, 112, 115, 120:
      self.init(.handshake, "\(peer) refused the handshake: \(failure.words)")
    case 80, 90:
      self.init(.failed, "\(peer) gave up: \(failure.words)")
    default:
      self.init(.violation, "\(peer) says that we broke the rules of TLS: \(failure.words)")
    }
  }
}
