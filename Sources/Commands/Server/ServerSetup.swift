internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Platform
internal import Reactor
internal import TLS

/// Everything that a server needs before it binds: settings, credentials, certificates. Whatever is wrong shows here.
struct ServerSetup {
  let settings: GatewaySettings
  /// Where pools are found by name.
  let directory: String
  /// Who may use the server, as the files say now.
  let access: AccessKeeper
  /// For the listeners that are secure; nil if none is.
  let certificate: ServerCertificate?
  /// What happens to the files while the server runs; to be logged.
  let events: ServerEvents

  init(_ invocation: Invocation, _ session: Session) throws(CommandError) {
    directory = try session.poolDirectory()
    let settings = try ServeSettings(invocation, environment: { Process.environment($0) }).settings(
      directory: directory)
    self.settings = settings
    let events: ServerEvents
    do throws(SystemError) { events = try ServerEvents() } catch {
      throw .failed(Failure(.internal, "out of memory", causes: [error.message]))
    }
    self.events = events
    access = try serving { () throws(Failure) in
      try AccessKeeper(settings, tell: { events.add($0) })
    }
    let now = session.now()
    certificate = try serving { () throws(Failure) in
      guard let identity = try Self.identity(settings, now: now) else { return nil }
      return try ServerCertificate(identity, clientAuthorities: settings.clientAuthorities, tell: { events.add($0) })
    }
  }

  /// For the listeners that are secure; nil if none is.
  var secure: SecureContext? { certificate.map { ServerContext($0) } }

  private static func identity(
    _ settings: GatewaySettings, now: UInt64
  ) throws(Failure) -> TLSSettings.Identity? {
    switch settings.transport {
    case .plain: return nil
    case .files(let certificate, let key):
      return TLSSettings.Identity(certificates: .file(certificate), privateKey: .file(key))
    case .selfSigned:
      var subject = CertificateSubject(settings.listeners.map { $0.bind }, machineName: try? Paths.hostName())
      for host in settings.allowedHosts + (settings.server.map { [$0.authority] } ?? []) {
        try subject.add(String(decoding: host.host, as: UTF8.self))
      }
      return try ServerCertificate.selfSigned(subject, now: now)
    }
  }
}
