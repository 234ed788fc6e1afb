internal import Arguments
internal import Channels
internal import CommandSupport
internal import Documents
package import Reactor

/// Makes what `tls` addresses need. The command is given one where the build has TLS; this module does not know how it works.
package struct SecureMaker: Sendable {
  /// What the options say.
  package struct Files: Sendable {
    /// Files in PEM: own certificate and key, and the authorities that vouch for the other side.
    package var certificate: String?
    package var key: String?
    package var authorities: String?
    /// Clients only: accept any certificate.
    package var skipsVerification = false

    package init() {}
  }

  package typealias Make = @Sendable (Files) throws(SecureError) -> SecureContext

  let server: Make
  let client: Make

  package init(server: @escaping Make, client: @escaping Make) {
    self.server = server
    self.client = client
  }
}

/// The options about TLS of both sides.
enum SecureOptions {
  static let certificate = Option.value("tls-cert", "FILE", "The own certificate, in PEM, for tls addresses").with {
    $0.source = .file
    $0.requires = ["tls-key"]
  }
  static let key = Option.value("tls-key", "FILE", "The private key of --tls-cert, in PEM").with {
    $0.source = .file
    $0.requires = ["tls-cert"]
  }
  static let clientAuthorities = Option.value(
    "tls-client-ca", "FILE", "Accept only clients whose certificate these authorities signed"
  ).with { $0.source = .file }
  static let authorities = Option.value("tls-ca", "FILE", "Trust these authorities instead of the system's").with {
    $0.source = .file
  }
  static let skipVerification = Option.flag("tls-skip-verify", "Accept any certificate, from anybody: for tests only")
    .with { $0.conflicts = ["tls-ca"] }

  static let ofListeners = [certificate, key, clientAuthorities]
  static let ofClients = [authorities, skipVerification, certificate, key]

  /// What a listener at `address` needs; nil if nothing.
  static func server(
    _ invocation: Invocation, _ address: ChannelAddress, _ maker: SecureMaker?
  ) throws(CommandError) -> SecureContext? {
    try make(invocation, address, ofListeners, maker?.server)
  }

  /// What a client of `address` needs; nil if nothing.
  static func client(
    _ invocation: Invocation, _ address: ChannelAddress, _ maker: SecureMaker?
  ) throws(CommandError) -> SecureContext? {
    try make(invocation, address, ofClients, maker?.client)
  }

  private static func make(
    _ invocation: Invocation, _ address: ChannelAddress, _ options: [Option], _ make: SecureMaker.Make?
  ) throws(CommandError) -> SecureContext? {
    guard case .tls = address else {
      guard let option = options.first(where: { invocation.has($0) }) else { return nil }
      throw .usage(
        "--\(option.name) is for tls addresses", hint: "Write the address as tls://HOST:PORT, or leave the option out.")
    }
    guard let make else {
      throw .failed(
        Failure(.usage, "this build has no TLS", hint: "Use a tcp or unix address.", address: address.text))
    }
    var files = SecureMaker.Files()
    files.certificate = invocation.value(certificate)
    files.key = invocation.value(key)
    files.authorities = invocation.value(options.count == ofListeners.count ? clientAuthorities : authorities)
    files.skipsVerification = invocation.has(skipVerification)
    do throws(SecureError) {
      return try make(files)
    } catch {
      throw .failed(Failure(error, address: address.text))
    }
  }
}

extension Failure {
  fileprivate init(_ error: SecureError, address: String) {
    let kind: Kind =
      switch error.kind {
      case .configuration, .unsupported: .usage
      case .certificate: .permission
      case .handshake, .violation: .io
      case .failed: .internal
      }
    self.init(kind, error.message, hint: error.hint ?? "Check the options that begin with --tls.", address: address)
  }
}
