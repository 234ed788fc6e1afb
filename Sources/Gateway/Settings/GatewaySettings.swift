/// How the gateway is to be run, as options and environment say it. A plain value: nothing is opened and nothing is asked.
///
/// `validated()` says whether the parts go together; everything else assumes that they do.
package struct GatewaySettings: Sendable {
  /// What the server does for anybody at all.
  package enum AccessMode: UInt8, Sendable, CaseIterable { case readOnly, writeOnly, readWrite }

  /// Where the one token that may do everything comes from.
  package enum TokenSource: Sendable {
    case none
    /// `--token`
    case argument(String)
    /// `WEIR_SERVE_TOKEN`
    case environment(String)
    /// `--token-file` or `WEIR_SERVE_TOKEN_FILE`: the path
    case file(String)
  }

  /// The server's certificate.
  package enum Transport: Sendable {
    case plain
    /// Made in memory at each start.
    case selfSigned
    /// Paths of files in PEM.
    case files(certificate: String, key: String)
  }

  /// Bounds on what one client can ask for. Each is above 0.
  package struct Limits: Sendable {
    /// Bytes of a request's body.
    package var bodyBytes = 1 << 20
    /// Milliseconds that one tail may wait.
    package var tailTimeout = 30_000
    /// Tails at the same time, and storage jobs at the same time.
    package var tails = 64

    package init() {}
  }

  /// How the log is written.
  package enum LogFormat: UInt8, Sendable, CaseIterable { case json, text }
  /// What is worth a line in the log: this and what is graver.
  package enum LogLevel: UInt8, Sendable, CaseIterable { case error, warn, info, debug }

  /// The one listener, or with `remoteBind` the one for this machine.
  package var bind = BindAddress.standard
  /// A second listener, with TLS and credentials.
  package var remoteBind: BindAddress?
  /// Where clients see the server, if something stands in front of it.
  package var server: WebOrigin?
  /// Further hosts by which requests may call the server.
  package var allowedHosts: [Authority] = []
  /// Web pages of other origins that may use the server; without duplicates once validated.
  package var corsOrigins: [WebOrigin] = []
  /// What the server does for anybody at all.
  package var access = AccessMode.readWrite

  /// `--token`
  package var token: String?
  /// `--token-file`
  package var tokenFile: String?
  /// `WEIR_SERVE_TOKEN`, which counts where neither option is given.
  package var environmentToken: String?
  /// Whether every request needs the token or an access key.
  package var requiresKey = false
  /// The file with access keys; nil for none. It need not exist.
  package var keyStore: String?

  /// `--tls-cert`
  package var tlsCertificate: String?
  /// `--tls-key`
  package var tlsKey: String?
  /// `--tls-self-signed`
  package var tlsSelfSigned = false
  /// `--tls-client-ca`: only clients whose certificate these authorities signed can connect.
  package var clientAuthorities: String?

  /// `--allow-non-loopback`
  package var allowsNonLoopback = false
  /// `--insecure-no-tls`
  package var allowsPlainText = false

  package var limits = Limits()
  /// The form of the log; nil for text on a terminal and JSON elsewhere.
  package var logFormat: LogFormat?
  package var logLevel = LogLevel.info
  /// Where to write the address once it is bound.
  package var readyFile: String?

  /// The settings of `weir serve` without options.
  package init() {}
}

extension GatewaySettings {
  /// Where the token comes from.
  package var tokenSource: TokenSource {
    if let token { return .argument(token) }
    if let tokenFile { return .file(tokenFile) }
    return environmentToken.map { .environment($0) } ?? .none
  }

  /// Where the certificate comes from.
  package var transport: Transport {
    if let tlsCertificate, let tlsKey { return .files(certificate: tlsCertificate, key: tlsKey) }
    return tlsSelfSigned ? .selfSigned : .plain
  }

  var hasToken: Bool {
    if case .none = tokenSource { return false }
    return true
  }

  var hasTLS: Bool {
    if case .plain = transport { return false }
    return true
  }

  /// Where the gateway listens, and on what terms: one listener, or two.
  package var listeners: [GatewayListener] {
    guard let remoteBind else {
      return [
        GatewayListener(
          bind: bind, isSecure: hasTLS, needsCredential: hasToken || requiresKey || server != nil, isRemote: false)
      ]
    }
    return [
      GatewayListener(bind: bind, isSecure: false, needsCredential: hasToken || requiresKey, isRemote: false),
      GatewayListener(bind: remoteBind, isSecure: true, needsCredential: true, isRemote: true),
    ]
  }
}

/// One place where the gateway listens.
package struct GatewayListener: Sendable {
  /// The address. `with(port:)` has the port that the system chose.
  package let bind: BindAddress
  /// Whether it speaks TLS.
  package let isSecure: Bool
  /// Whether every request there needs the token or an access key.
  package let needsCredential: Bool
  /// Whether it is the second one, of `--remote-bind`.
  package let isRemote: Bool

  /// The same listener once it is bound.
  package func with(port: UInt16) -> GatewayListener {
    GatewayListener(
      bind: bind.with(port: port), isSecure: isSecure, needsCredential: needsCredential, isRemote: isRemote)
  }

  /// Whether it is looked at whose page a browser's request comes from: where a web page that nobody meant to trust could
  /// otherwise use the server in the name of whoever looks at it. A bearer token is no such danger, for no browser sends it on
  /// its own accord; a client certificate is.
  package var checksOrigin: Bool { bind.isLoopback || !needsCredential }

  /// Whether it is looked at by which name a request calls the server, for a page can make a name of its own lead here. Not for
  /// TLS between machines: the certificate is for no such name, so that the browser has refused already.
  package var checksHost: Bool { bind.isLoopback || (!needsCredential && !isSecure) }

  /// `http://127.0.0.1:9700`
  package var baseURL: String { (isSecure ? "https://" : "http://") + bind.text }
}

extension GatewaySettings.AccessMode {
  /// As options and reports write it.
  package var name: String {
    switch self {
    case .readOnly: "read-only"
    case .writeOnly: "write-only"
    case .readWrite: "read-write"
    }
  }

  package var allowsReading: Bool { self != .writeOnly }
  package var allowsWriting: Bool { self != .readOnly }
}

extension GatewaySettings.LogFormat {
  /// As options write it.
  package var name: String { self == .json ? "json" : "text" }
}

extension GatewaySettings.LogLevel {
  /// As options write it.
  package var name: String {
    switch self {
    case .error: "error"
    case .warn: "warn"
    case .info: "info"
    case .debug: "debug"
    }
  }
}
