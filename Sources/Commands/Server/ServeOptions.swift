internal import Arguments

/// The options of `weir serve`, which `serve check` takes too.
enum ServeOptions {
  static let server = Positional(
    "SERVER", .optional, "The https address at which clients see the server, if something stands in front of it",
    details: """
      https://HOST or https://HOST:PORT, of a proxy on this machine that ends TLS. Requests that call the server by this name \
      are then served, and every request needs the token or an access key, for all of them come from this machine.
      """)
  static let sharedAddress = Option.value("shared-address", "URL", "Older spelling of SERVER").with {
    $0.isHidden = true
  }

  // MARK: Where

  static let bind = Option.value("bind", "ADDRESS:PORT", "Where to listen").with {
    $0.fallback = "127.0.0.1:9700"
    $0.details = "An IP address and a port; 0.0.0.0 and [::] are all of this machine's, port 0 is one that is free."
  }
  static let remoteBind = Option.value("remote-bind", "ADDRESS:PORT", "Listen there too, with TLS and credentials").with
  {
    $0.details = """
      For programs on this machine --bind then goes on without TLS. Everybody else connects here, and needs the token or an \
      access key.
      """
  }
  static let allowHost = Option.values(
    "allow-host", "HOST", "Let requests call the server by this name; may be repeated"
  ).with {
    $0.details = """
      HOST or HOST:PORT as clients write it: a name in the hosts file, the near end of a tunnel, a proxy. A server that asks for \
      no credentials, or listens for this machine only, refuses all other names, so that no web page can reach it through a name \
      of its own.
      """
  }
  static let corsOrigin = Option.values(
    "cors-origin", "ORIGIN", "Let web pages of this origin use the server; may be repeated"
  ).with {
    $0.details = "As browsers send it: http://HOST or https://HOST:PORT."
  }
  static let readyFile = Option.value("ready-file", "FILE", "Write the address to a file when it is bound").with {
    $0.source = .file
    $0.details = "ADDRESS:PORT and a newline, in one step. The environment's WEIR_SERVE_READY_FILE means the same."
  }

  // MARK: Who

  static let access = Option.value("access", "MODE", "What the server does at all").with {
    $0.choices = ["read-only", "write-only", "read-write"]
    $0.fallback = "read-write"
  }
  static let token = Option.value("token", "TOKEN", "Require this token").with {
    $0.details = "Other users of this machine can see it in the list of processes. Better use --token-file."
  }
  static let tokenFile = Option.value("token-file", "FILE", "Require the token in this file").with {
    $0.source = .file
    $0.details = """
      Only its owner may be able to read the file (mode 0600). A token that is written into it while the server runs takes the \
      place of the old one within two seconds. In the environment, WEIR_SERVE_TOKEN_FILE and WEIR_SERVE_TOKEN mean the same as \
      --token-file and --token.
      """
  }
  static let requireKey = Option.flag("require-key", "Require the token or an access key of every request").with {
    $0.details = "Access keys are made with `weir access create`, also while the server runs."
  }

  // MARK: TLS

  static let certificate = Option.value("tls-cert", "FILE", "The server's certificate, in PEM").with {
    $0.source = .file
  }
  static let key = Option.value("tls-key", "FILE", "The private key of --tls-cert, in PEM").with { $0.source = .file }
  static let selfSigned = Option.flag("tls-self-signed", "Make a certificate in memory, and show its fingerprint")
  static let clientAuthorities = Option.value(
    "tls-client-ca", "FILE", "Accept only clients whose certificate these authorities signed"
  ).with { $0.source = .file }
  static let allowNonLoopback = Option.flag("allow-non-loopback", "Let other machines connect to --bind")
  static let insecure = Option.flag("insecure-no-tls", "Let other machines write without TLS")

  // MARK: How

  static let bodyBytes = Option.value("max-body-bytes", "SIZE", "The largest body of a request").with {
    $0.fallback = "1M"
  }
  static let tailTimeout = Option.value("max-tail-timeout-ms", "MS", "The longest that one tail may wait").with {
    $0.fallback = "30000"
  }
  static let tails = Option.value("max-tail-concurrency", "N", "Tails at the same time").with { $0.fallback = "64" }
  static let logFormat = Option.value("log-format", "FORMAT", "How the log is written").with {
    $0.choices = ["json", "text"]
    $0.details = "The default is text on a terminal and json otherwise."
  }
  static let logLevel = Option.value("log-level", "LEVEL", "What the log tells").with {
    $0.choices = ["error", "warn", "info", "debug"]
    $0.fallback = "info"
  }

  // MARK: What other servers have

  static let udp = Option.flag("udp", "Not supported").with { $0.isHidden = true }
  static let udpFollow = Option.flag("udp-follow", "Not supported").with { $0.isHidden = true }
  static let frontCertificate = Option.value("front-cert", "FILE", "Not supported").with { $0.isHidden = true }

  static let all = [
    bind, remoteBind, access, token, tokenFile, requireKey, certificate, key, selfSigned, clientAuthorities,
    allowNonLoopback, insecure, corsOrigin, allowHost, bodyBytes, tailTimeout, tails, readyFile, logFormat, logLevel,
    sharedAddress, udp, udpFollow, frontCertificate,
  ]
}
