package import Documents

extension GatewaySettings {
  /// The same settings if their parts go together, with duplicate origins dropped.
  ///
  /// What only the system can tell, such as whether a file is there, is not looked at.
  ///
  /// - Throws: Usage, with the messages that scripts know and a hint.
  package func validated() throws(Failure) -> GatewaySettings {
    try checkToken()
    try checkTLS()
    try checkLimits()
    if let remoteBind { try checkTwoListeners(remoteBind) } else { try checkOneListener() }
    var settings = self
    settings.corsOrigins = []
    for origin in corsOrigins where !settings.corsOrigins.contains(origin) { settings.corsOrigins.append(origin) }
    return settings
  }

  private func checkToken() throws(Failure) {
    if token != nil, tokenFile != nil {
      throw Failure(
        .usage, "--token cannot be combined with --token-file",
        hint: "Leave out --token: other users of this machine can see it in the list of processes.")
    }
    for text in [token, environmentToken] {
      if let text { try AccessToken.check(text) }
    }
  }

  private func checkTLS() throws(Failure) {
    if tlsSelfSigned, tlsCertificate != nil || tlsKey != nil {
      throw Failure(
        .usage, "--tls-self-signed cannot be combined with --tls-cert/--tls-key",
        hint: "Leave out --tls-self-signed to use the files.")
    }
    if (tlsCertificate == nil) != (tlsKey == nil) {
      throw Failure(
        .usage, "TLS requires both --tls-cert and --tls-key",
        hint: "Give both files in PEM; `weir serve init` makes a pair.")
    }
    if clientAuthorities != nil, !hasTLS {
      throw Failure(
        .usage, "--tls-client-ca requires TLS",
        hint: "Add --tls-cert and --tls-key, or --tls-self-signed.")
    }
  }

  private func checkLimits() throws(Failure) {
    let named = [
      ("--max-body-bytes", limits.bodyBytes), ("--max-tail-timeout-ms", limits.tailTimeout),
      ("--max-tail-concurrency", limits.tails),
    ]
    for (name, value) in named where value <= 0 {
      throw Failure(.usage, "\(name) must be greater than zero", hint: "Leave \(name) out for its default.")
    }
  }

  private func checkOneListener() throws(Failure) {
    guard !bind.isLoopback else { return }
    if !allowsNonLoopback {
      throw Failure(
        .usage, "non-loopback bind requires explicit opt-in",
        hint: "Other machines could connect to \(bind.text). Add --allow-non-loopback if they are meant to.")
    }
    guard access.allowsWriting else { return }
    // Whoever shows a certificate that the user's own authority signed has shown more than a token.
    if tokenFile == nil, !requiresKey, clientAuthorities == nil {
      throw Failure(
        .usage, "non-loopback write requires --token-file",
        hint: "`weir serve init` makes a token file; or add --require-key and make keys with `weir access create`.")
    }
    if !hasTLS, !allowsPlainText {
      throw Failure(
        .usage, "non-loopback write requires TLS",
        hint: "`weir serve init` makes a certificate; --insecure-no-tls is for networks that nobody else can listen on."
      )
    }
  }

  private func checkTwoListeners(_ remote: BindAddress) throws(Failure) {
    if !bind.isLoopback {
      throw Failure(
        .usage, "--bind must be a loopback address with --remote-bind",
        hint: "Leave --bind out: other machines connect to \(remote.text).")
    }
    if remote == bind, remote.port != 0 {
      throw Failure(
        .usage, "--remote-bind must differ from --bind", hint: "Give the two listeners different ports.")
    }
    if !hasTLS {
      throw Failure(
        .usage, "--remote-bind requires TLS",
        hint: "Add --tls-cert and --tls-key; `weir serve init` makes a pair. Or add --tls-self-signed.")
    }
  }
}
