internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform

/// The options of commands that reach pools of other machines.
enum RemoteOptions {
  static let token = Option.value("token", "TOKEN", "Show a server this token or access key").with {
    $0.details =
      "Other users of this machine may see it among the arguments: --token-file is safer. Without either, $WEIR_TOKEN counts,"
      + " else the file that $WEIR_TOKEN_FILE names."
    $0.conflicts = ["token-file"]
  }
  static let tokenFile = Option.value("token-file", "FILE", "Show a server the token or access key in this file").with {
    $0.source = .file
  }
  static let authorities = Option.value("tls-ca", "FILE", "Trust these authorities instead of the system's").with {
    $0.details = "Certificates in PEM."
    $0.source = .file
  }
  static let skipVerification = Option.flag("tls-skip-verify", "Accept any certificate, from anybody: for tests only")
    .with { $0.conflicts = ["tls-ca", "tls-pin"] }
  static let pin = Option.value("tls-pin", "PIN", "Accept the server with this certificate or key, and no other").with {
    $0.details =
      "SHA256:AA:BB:… is the fingerprint of its certificate, as `weir serve` prints it; sha256//… the digest of its public key in"
      + " base64. No authority need vouch for it then, unless --tls-ca is given too."
  }
  static let certificate = Option.value("tls-cert", "FILE", "The own certificate, in PEM, for servers that ask for one")
    .with {
      $0.source = .file
      $0.requires = ["tls-key"]
    }
  static let key = Option.value("tls-key", "FILE", "The private key of --tls-cert, in PEM").with {
    $0.source = .file
    $0.requires = ["tls-cert"]
  }

  static let all = [token, tokenFile, authorities, skipVerification, pin, certificate, key]

  /// More bytes are no token.
  private static let tokenBytes = 16 << 10

  /// For commands about pools of this machine: none of these has a meaning.
  static func refuse(_ invocation: Invocation) throws(CommandError) {
    guard let option = all.first(where: { invocation.has($0) }) else { return }
    throw .usage(
      "--\(option.name) is for pools of other machines",
      hint: "Leave it out, or name the pool as http(s)://HOST:PORT/POOL.")
  }

  /// The command line with one more option, for hints; the option alone where a secret is among the arguments.
  static func repeated(_ invocation: Invocation, adding option: String) -> String {
    invocation.has(token) ? "`\(option)`" : "`\(CommandLineText.adding(option, to: invocation))`"
  }

  /// For commands that take several pools.
  static func refuse(_ invocation: Invocation, unlessOneOf names: [String]) throws(CommandError) {
    if !names.contains(where: PoolReference.isRemote) { try refuse(invocation) }
  }

  /// What the options and the environment say.
  ///
  /// - Parameters:
  ///   - session: Tells of what is not safe; nil for nobody.
  ///   - isExposed: Whether what is sent can be read on the way.
  static func settings(
    _ invocation: Invocation, _ session: Session?, isExposed: Bool, text: String
  ) throws(CommandError) -> RemoteMaker.Settings {
    var settings = RemoteMaker.Settings()
    settings.token = try token(invocation)
    settings.authorities = invocation.value(authorities)
    settings.certificate = invocation.value(certificate)
    settings.key = invocation.value(key)
    settings.pin = invocation.value(pin)
    settings.skipsVerification = invocation.has(skipVerification)
    func warn(_ message: String) {
      session?.tell(
        Notice(.warning, command: invocation.path.last ?? "", message: message, subject: .address(text), details: []))
    }
    if settings.skipsVerification { warn("the server's certificate is not verified: anybody may be at the other end") }
    if settings.token != nil, isExposed { warn("the token goes over the network unencrypted: use https") }
    return settings
  }

  private static func token(_ invocation: Invocation) throws(CommandError) -> String? {
    if let token = invocation.value(token) { return token }
    if let path = invocation.value(tokenFile) { return try read(path) }
    if let token = Process.environment("WEIR_TOKEN"), !token.utf8.isEmpty { return token }
    if let path = Process.environment("WEIR_TOKEN_FILE"), !path.utf8.isEmpty { return try read(path) }
    return nil
  }

  private static func read(_ path: String) throws(CommandError) -> String {
    func failed(_ causes: [String]) -> CommandError {
      .failed(
        Failure(
          .io, "failed to read token file", hint: "Check that the file exists and may be read.", path: path,
          causes: causes))
    }
    let text: String?
    do throws(CommandError) {
      text = try SmallFile.read(path, limit: tokenBytes)
    } catch {
      guard case .failed(let failure) = error else { throw error }
      throw failed(failure.causes)
    }
    guard let text else { throw failed(["no such file"]) }
    let token = Array(text.utf8).drop { $0 <= 0x20 }
    if token.isEmpty { throw .usage("token file is empty", hint: "Put the token into \(path), on one line.") }
    return String(decoding: token, as: UTF8.self)
  }
}
