internal import Arguments
internal import CommandSupport
internal import Gateway

/// What people read about a server: where it is, on what terms, and how to start it.
struct ServerText {
  let settings: GatewaySettings
  /// Of the certificate; nil without TLS.
  let fingerprint: String?

  /// Where the token comes from, in the words that scripts know.
  var auth: String {
    switch settings.tokenSource {
    case .none: withoutToken
    case .argument: "bearer token (--token)"
    case .environment: "bearer token (WEIR_SERVE_TOKEN)"
    case .file: "bearer token (--token-file)"
    }
  }

  private var withoutToken: String {
    if settings.listeners.contains(where: { $0.needsCredential }) { return "access keys" }
    return settings.clientAuthorities == nil ? "none" : "client certificate"
  }

  var tls: String {
    switch settings.transport {
    case .plain: "disabled"
    case .files: "enabled"
    case .selfSigned: "self-signed"
    }
  }

  var cors: String {
    settings.corsOrigins.isEmpty ? "none" : settings.corsOrigins.map { $0.text }.joinedText(", ")
  }

  /// `body 1M, timeout 30s, concurrency 64`
  var limits: String {
    let limits = settings.limits
    let timeout = limits.tailTimeout % 1000 == 0 ? "\(limits.tailTimeout / 1000)s" : "\(limits.tailTimeout)ms"
    return "body \(HumanFormat.size(UInt64(limits.bodyBytes))), timeout \(timeout), concurrency \(limits.tails)"
  }

  /// What a person at a terminal is told when the server has started.
  ///
  /// - Parameter listeners: as they are bound.
  func greeting(_ listeners: [GatewayListener]) -> String {
    var lines: [String] = []
    for listener in listeners {
      lines.append("Serving pools at \(listener.baseURL)" + (listener.isRemote ? " for other machines" : ""))
      lines.append("  web page: \(listener.baseURL)/ui")
      lines.append("  agents:   \(listener.baseURL)/mcp")
      lines.append("  access:   \(settings.access.name), " + credentials(listener))
    }
    if let fingerprint { lines.append("Certificate: \(fingerprint)") }
    if settings.token != nil {
      lines.append("The token can be seen in the list of processes. Better use --token-file.")
    }
    lines.append("Stop with Ctrl-C.")
    return lines.map { $0 + "\n" }.joinedText("")
  }

  private func credentials(_ listener: GatewayListener) -> String {
    let certificate = settings.clientAuthorities != nil && listener.isSecure ? " and a client certificate" : ""
    if listener.needsCredential { return "with the token or an access key" + certificate }
    if !certificate.utf8.isEmpty { return "with a client certificate" }
    return listener.bind.isLoopback ? "for every program on this machine" : "for everybody who can connect"
  }

  /// The command line of a server with these options. A token in it is left out.
  static func startCommand(_ invocation: Invocation) -> String {
    var words = ["weir", "serve"]
    for option in [Globals.directory] + ServeOptions.all {
      for value in invocation.values(option) {
        if option.name.hasSameBytes(as: ServeOptions.token.name) {
          words += ["--token", "TOKEN"]
        } else {
          words += option.takesValue ? ["--\(option.name)", value] : ["--\(option.name)"]
        }
      }
    }
    if let server = invocation.value(ServeOptions.server) { words.append(server) }
    return CommandLineText.quoted(words)
  }
}
