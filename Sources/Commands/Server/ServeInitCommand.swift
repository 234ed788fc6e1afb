internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Platform
internal import Reactor
internal import TLS

/// `weir serve init`
enum ServeInitCommand {
  static let bind = Option.value("bind", "ADDRESS:PORT", "Where the server is to listen").with {
    $0.fallback = "0.0.0.0:9700"
  }
  static let directory = Option.value("output-dir", "DIR", "Where to put the files").with {
    $0.fallback = "."
    $0.source = .directory
  }
  static let tokenFile = Option.value("token-file", "FILE", "The token").with { $0.fallback = "weir-auth-token.txt" }
  static let certificate = Option.value("tls-cert", "FILE", "The certificate").with {
    $0.fallback = "weir-tls-cert.pem"
  }
  static let key = Option.value("tls-key", "FILE", "The certificate's private key").with {
    $0.fallback = "weir-tls-key.pem"
  }
  static let name = Option.values("name", "NAME", "A name or address for the certificate; may be repeated").with {
    $0.details = """
      By which clients call the server: a DNS name or an IP address. The certificate is always for localhost, 127.0.0.1, ::1, the \
      name of this machine, and the address of --bind.
      """
  }
  static let force = Option.flag("force", "Replace files that are there")

  static let command = ProgramCommand("init", "Make a token and a certificate for a server").with {
    $0.details = """
      Makes a random token and a certificate that signs itself, on the curve P-256 and valid for 825 days. Only you may read the \
      files. Prints the commands that start the server and use it: clients need copies of the token and the certificate, never of \
      the private key.
      """
    $0.options = [bind, directory, tokenFile, certificate, key, name, force, Globals.json]
    $0.examples = [
      ProgramCommand.Example("for the local network", "weir serve init --name pools.example.org"),
      ProgramCommand.Example(
        "for one address, into a directory", "weir serve init --bind 192.0.2.7:9700 --output-dir weir-server"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    for option in ServeOptions.all where invocation.hasBeforeCommand(option) {
      throw .usage(
        "serve init does not use parent option --\(option.name)",
        hint: "Write options behind `init`. Try `weir serve init --help`.")
    }
    let (bind, subject, host) = try subject(invocation)
    let artifacts = try serving { () throws(Failure) in try ServerArtifacts(invocation) }
    let isForced = invocation.has(force)
    if !isForced { try serving { () throws(Failure) in try artifacts.requireAbsence() } }
    let now = session.now()
    let (made, description) = try serving { () throws(Failure) in try make(subject, now: now) }
    try serving { () throws(Failure) in try artifacts.write(made, replacing: isForced) }
    let samples = SampleCommands(bind: bind, host: host, artifacts: artifacts)
    try session.print(
      .object([("init", report(artifacts, samples, description))]),
      prose: { prose(artifacts, samples, description) }, plain: { prose(artifacts, samples, description) })
    return .success
  }

  private static func subject(
    _ invocation: Invocation
  ) throws(CommandError) -> (BindAddress, CertificateSubject, host: String) {
    let text = invocation.value(bind)
    let names = invocation.values(name)
    return try serving { () throws(Failure) in
      let bind = try text.map { (text) throws(Failure) in try BindAddress(parsing: text) } ?? .everywhere
      var subject = CertificateSubject([bind], machineName: try? Paths.hostName())
      for name in names { try subject.add(name) }
      let isPattern = names.first?.utf8.first == UInt8(ascii: "*")
      return (bind, subject, (isPattern ? nil : names.first) ?? (bind.isUnspecified ? subject.bestHost : bind.host))
    }
  }

  private static func make(
    _ subject: CertificateSubject, now: UInt64
  ) throws(Failure) -> (ServerArtifacts.Content, CertificateDescription) {
    let certificate = try ServerCertificate.make(subject, now: now)
    let token: [UInt8]
    do throws(SystemError) { token = try AccessKey.randomBytes(32) } catch {
      throw Failure(.internal, "failed to make a token", causes: [error.message])
    }
    do throws(SecureError) {
      return (
        ServerArtifacts.Content(
          token: Array((Hexadecimal.text(token) + "\n").utf8), certificate: certificate.certificate,
          key: certificate.privateKey),
        try CertificateDescription(.bytes(certificate.certificate))
      )
    } catch {
      throw Failure(error)
    }
  }

  private static func report(
    _ artifacts: ServerArtifacts, _ samples: SampleCommands, _ certificate: CertificateDescription
  ) -> Report {
    .object([
      (
        "artifact_paths",
        .object([
          ("token_file", .text(artifacts.token)), ("tls_cert", .text(artifacts.certificate)),
          ("tls_key", .text(artifacts.key)),
        ])
      ),
      ("tls_fingerprint", .text(certificate.fingerprint)),
      ("server_commands", .list(samples.server.map { .text($0) })),
      ("client_commands", .list(samples.client.map { .text($0) })),
      ("curl_client_commands", .list(samples.curl.map { .text($0) })),
    ])
  }

  private static func prose(
    _ artifacts: ServerArtifacts, _ samples: SampleCommands, _ certificate: CertificateDescription
  ) -> String {
    var text = """
      Made the files of a server, for your eyes only:
        token:        \(artifacts.token)
        certificate:  \(artifacts.certificate)
        private key:  \(artifacts.key)
      Fingerprint of the certificate: \(certificate.fingerprint)
      It is valid until \(timestamp(UInt64(max(0, certificate.end)) * 1_000_000_000)).

      """
    let parts = [
      ("Start the server:", samples.server),
      ("Use it from another machine that has the token and the certificate:", samples.client),
      ("Or with curl:", samples.curl),
    ]
    for (title, commands) in parts {
      text += "\n\(title)\n"
      for command in commands { text += "  \(command)\n" }
    }
    return text
  }
}
