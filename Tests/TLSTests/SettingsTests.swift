import Reactor
import Support
import TLS
import Testing

@Suite struct SettingsTests {
  let site: Site
  init() throws { site = try Site() }

  func failureOfServer(_ change: (inout TLSSettings) -> Void) -> SecureError? {
    var settings = site.serverSettings
    change(&settings)
    return failure { try TLSContext(settings) }
  }

  @Test func readsFiles() throws {
    let folder = try TemporaryDirectory()
    try write(site.authority.certificate, to: folder.file("ca.pem"))
    try write(site.server.certificate, to: folder.file("chain.pem"))
    try write(site.server.privateKey, to: folder.file("key.pem"))
    var servers = TLSSettings(.server)
    servers.identity = .init(certificates: .file(folder.file("chain.pem")), privateKey: .file(folder.file("key.pem")))
    var clients = TLSSettings(.client)
    clients.trust = .certificates(.file(folder.file("ca.pem")))
    #expect(try site.connected(client: clients, server: servers).isEstablished)
  }

  @Test(arguments: [true, false])
  func aServerMustSendTheCertificatesBetween(sendsThem: Bool) throws {
    let middle = try CertificateMaker.authority("Middle", from: year2001, to: year2099, signedBy: site.authority)
    let leaf = try CertificateMaker.certificate(
      "db.example", names: ["db.example"], from: year2001, to: year2099, signedBy: middle)
    let chain = sendsThem ? leaf.certificate + middle.certificate : leaf.certificate
    var servers = site.serverSettings
    servers.identity = .init(certificates: .bytes(chain), privateKey: .bytes(leaf.privateKey))
    let pair = try site.connected(server: servers)
    #expect(pair.isEstablished == sendsThem)
    #expect(pair.client.error?.kind == (sendsThem ? nil : .certificate))
    #expect(sendsThem || pair.client.error?.hint?.contains("the peer must send those between") == true)
  }

  @Test func saysWhichFileIsMissing() throws {
    let folder = try TemporaryDirectory()
    let missing = folder.file("missing.pem")
    let error = failureOfServer { $0.identity?.privateKey = .file(missing) }
    #expect(error?.kind == .configuration)
    #expect(error?.message.hasPrefix("\(missing) cannot be read: ") == true)
    #expect(failureOfServer { $0.identity?.privateKey = .file(folder.path) }?.kind == .configuration)
  }

  @Test func endlessFilesAreRefused() throws {
    let error = failureOfServer { $0.identity?.certificates = .file("/dev/zero") }
    #expect(error?.message == "/dev/zero is larger than certificates and keys are")
  }

  @Test func saysWhatATextLacks() throws {
    let noCertificate = failureOfServer { $0.identity?.certificates = .bytes(Array("hello".utf8)) }
    #expect(noCertificate?.kind == .configuration)
    #expect(noCertificate?.message.hasPrefix("the text does not hold certificates in PEM") == true)
    let noKey = failureOfServer { $0.identity?.privateKey = .bytes([]) }
    #expect(noKey?.message.hasPrefix("the text does not hold a private key in PEM") == true)
    let swapped = failureOfServer { $0.identity?.privateKey = .bytes(self.site.server.certificate) }
    #expect(swapped?.message.hasPrefix("the text does not hold a private key in PEM") == true)
    let other = failureOfServer { $0.identity?.privateKey = .bytes(self.site.authority.privateKey) }
    #expect(other?.message == "the private key in the text is not that of the certificate")

    var clients = TLSSettings(.client)
    clients.trust = .certificates(.bytes([]))
    #expect(failure { try TLSContext(clients) }?.kind == .configuration)
    var damaged = site.authority.certificate
    damaged[100] = UInt8(ascii: "!")
    clients.trust = .certificates(.bytes(site.server.certificate + damaged))
    #expect(failure { try TLSContext(clients) }?.kind == .configuration)
    let halfChain = failureOfServer { $0.identity?.certificates = .bytes(self.site.server.certificate + damaged) }
    #expect(halfChain?.kind == .configuration)
  }

  /// A key that OpenSSL's command encrypted with a passphrase, which nobody is asked for.
  @Test func asksNobodyForAPassphrase() throws {
    let key = """
      -----BEGIN EC PRIVATE KEY-----
      Proc-Type: 4,ENCRYPTED
      DEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF

      MHcCAQEEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4foAoGCCqGSM49
      -----END EC PRIVATE KEY-----

      """
    let error = failureOfServer { $0.identity?.privateKey = .bytes(Array(key.utf8)) }
    #expect(error?.message == "the private key in the text is encrypted with a passphrase")
    #expect(error?.hint?.contains("openssl pkey") == true)
  }

  @Test func refusesSettingsThatDoNotGoTogether() throws {
    #expect(failureOfServer { $0.identity = nil }?.kind == .configuration)
    let anybody = failureOfServer {
      $0.requireClientCertificate = true
      $0.trust = .system
    }
    #expect(anybody?.kind == .configuration)
    #expect(failureOfServer { $0.applicationProtocols = [""] }?.kind == .configuration)
    #expect(failureOfServer { $0.applicationProtocols = [String(repeating: "a", count: 256)] }?.kind == .configuration)
    let many = [String](repeating: String(repeating: "a", count: 255), count: 300)
    #expect(failureOfServer { $0.applicationProtocols = many }?.kind == .configuration)
  }
}
