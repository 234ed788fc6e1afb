internal import CCurl

/// Why a request has no answer, or not a whole one.
public struct HTTPFailure: Error, Sendable {
  /// The reasons that callers tell apart.
  public enum Kind: Sendable {
    /// There is no libcurl that this program can load.
    case unavailable
    /// The request or the settings cannot be: an address that is none, a certificate file that cannot be read.
    case invalid
    /// The host was not found or not reached, or the connection broke.
    case connection
    /// Connecting, or the answer, took longer than allowed.
    case timeout
    /// There is no secure connection to whom it should be.
    case tls
    /// What the server says is not HTTP.
    case `protocol`
    /// The head or the body of the answer is larger than allowed.
    case tooLarge
    /// `HTTPClient.cancel` was called.
    case cancelled
    /// This machine is at fault, as without memory.
    case failed
  }

  /// Which of them.
  public var kind: Kind
  /// What is wrong: one sentence, lower case, no full stop.
  public var message: String
  /// What to do about it, as a sentence.
  public var hint: String?
  /// The words of the library beneath; nil if it had none.
  public var detail: String?
  /// Whether a part of the request may have gone out, so that the server may have done what it asks.
  public var wasSent = false

  /// A failure of this kind.
  public init(_ kind: Kind, _ message: String, hint: String? = nil, detail: String? = nil) {
    self.kind = kind
    self.message = message
    self.hint = hint
    self.detail = detail
  }

  init(_ failure: ccurl_failure) {
    var failure = failure
    let text = withUnsafeBytes(of: &failure.text) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    let (kind, message, hint) = Self.meaning(failure.fault)
    self.init(kind, message, hint: hint, detail: text.utf8.isEmpty ? nil : text)
  }

  private static func meaning(_ fault: ccurl_fault) -> (Kind, String, String?) {
    switch fault {
    case CCURL_NO_MEMORY: (.failed, "out of memory", nil)
    case CCURL_UNSUPPORTED: (.unavailable, "libcurl here cannot do this", "Install a newer libcurl.")
    case CCURL_BAD_URL:
      (.invalid, "not an address that can be asked", "Write it as http://HOST:PORT or https://HOST:PORT.")
    case CCURL_NOT_RESOLVED: (.connection, "the host was not found", "Check the host in the address.")
    case CCURL_NOT_CONNECTED:
      (.connection, "the server cannot be reached", "Check host and port, and that the server runs.")
    case CCURL_CONNECT_TIMEOUT: (.timeout, "connecting took too long", "Check host and port, and the network between.")
    case CCURL_LOST: (.connection, "the connection was lost", nil)
    case CCURL_HANDSHAKE:
      (.tls, "no secure connection could be made", "Check that the server speaks TLS at this port.")
    case CCURL_CERTIFICATE_REFUSED:
      (
        .tls, "the server's certificate is not trusted",
        "Name the authority that signed it, or the certificate itself, with --tls-ca; or pin it with --tls-pin."
      )
    case CCURL_KEY_NOT_PINNED:
      (.tls, "the server's key is not the pinned one", "Ask who runs the server for the pin of its key.")
    case CCURL_CLIENT_REFUSED:
      (.tls, "the server does not accept this client", "Show it a certificate it knows: --tls-cert and --tls-key.")
    case CCURL_BAD_FILE:
      (
        .invalid, "a certificate or key cannot be used", "Check that the file is in PEM, and the key the certificate's."
      )
    case CCURL_NOT_HTTP:
      (.protocol, "the server's answer is not HTTP", "Check the port, and whether the address begins with https://.")
    default: (.failed, "the request failed", nil)
    }
  }
}
