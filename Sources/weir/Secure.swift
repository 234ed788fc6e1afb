import ChannelCommands
import Reactor

// The one condition outside CPlatform: not on a system, but on whether a module of ours is part of this build.
#if canImport(TLS)
  import TLS

  /// Makes secure contexts out of files.
  enum Secure {
    static let maker: SecureMaker? = SecureMaker(
      server: { (files) throws(SecureError) in try context(.server, files) },
      client: { (files) throws(SecureError) in try context(.client, files) })

    private static func context(
      _ role: TLSSettings.Role, _ files: SecureMaker.Files
    ) throws(SecureError) -> SecureContext {
      var settings = TLSSettings(role)
      if let certificate = files.certificate, let key = files.key {
        settings.identity = TLSSettings.Identity(certificates: .file(certificate), privateKey: .file(key))
      }
      if let authorities = files.authorities {
        settings.trust = .certificates(.file(authorities))
        settings.requireClientCertificate = role == .server
      }
      settings.skipVerification = files.skipsVerification
      return try TLSContext(settings)
    }
  }
#else
  enum Secure {
    static let maker: SecureMaker? = nil
  }
#endif
