import Reactor
import TLS
import Testing

@Suite struct CertificateTests {
  let site: Site
  init() throws { site = try Site() }

  @Test(arguments: ["db.example", "DB.example", "db.example.", "a.wild.example", "127.0.0.1", "::1", "[::1]", "::1%lo"])
  func acceptsTheNamesAndAddressesOfACertificate(host: String) throws {
    #expect(try site.connected(host: host).isEstablished)
  }

  @Test(arguments: ["other.example", "x.db.example", "a.b.wild.example", "wild.example", "127.0.0.2", "::2", "example"])
  func refusesOtherNamesAndAddresses(host: String) throws {
    let pair = try site.connected(host: host)
    #expect(pair.client.error?.kind == .certificate)
    #expect(pair.client.error?.message == "the certificate that was shown is not for \(host)")
    #expect(pair.client.error?.hint?.contains("subjectAltName") == true)
    #expect(!pair.client.layer.isEstablished)
    // The server hears of it.
    #expect(pair.server.error?.kind == .certificate)
    #expect(pair.server.error?.message.hasPrefix("the client does not accept our certificate") == true)
  }

  @Test func aCommonNameIsNoNameOfAHost() throws {
    var servers = site.serverSettings
    servers.identity = try CertificateMaker.certificate(
      "db.example", from: year2001, to: year2099, signedBy: site.authority
    ).identity
    #expect(try site.connected(server: servers).client.error?.kind == .certificate)
  }

  @Test(arguments: [
    (year2001, year2002, "the certificate of db.example has expired"),
    (year2090, year2099, "the certificate of db.example is not valid yet"),
  ])
  func refusesCertificatesOutOfTheirTime(from: Int64, to: Int64, message: String) throws {
    let pair = try Site(from: from, to: to).connected()
    #expect(pair.client.error?.kind == .certificate)
    #expect(pair.client.error?.message == message)
    #expect(pair.client.error?.hint?.contains("clocks") == true)
  }

  @Test func refusesASelfSignedCertificateUnlessItIsNamed() throws {
    let selfSigned = try CertificateMaker.certificate(
      "db.example", names: ["db.example"], from: year2001, to: year2099, signedBy: nil)
    var servers = TLSSettings(.server)
    servers.identity = selfSigned.identity
    let pair = try site.connected(server: servers)
    #expect(pair.client.error?.kind == .certificate)
    #expect(pair.client.error?.message.contains("self-signed") == true)

    var clients = site.clientSettings
    clients.trust = .certificates(.bytes(selfSigned.certificate))
    #expect(try site.connected(client: clients, server: servers).isEstablished)
    #expect(try site.connected(host: "a.example", client: clients, server: servers).client.error?.kind == .certificate)
  }

  @Test func trustsASignedCertificateThatIsNamedItself() throws {
    var clients = site.clientSettings
    clients.trust = .certificates(.bytes(site.server.certificate))
    #expect(try site.connected(client: clients).isEstablished)
  }

  @Test func refusesAnUnknownAuthority() throws {
    // The same name with another key.
    let pair = try site.connected(server: Site().serverSettings)
    #expect(pair.client.error?.kind == .certificate)
    #expect(
      pair.client.error?.message.hasPrefix("the certificate of db.example is signed by nobody whom we trust") == true)
    #expect(pair.client.error?.hint != nil)
  }

  @Test func doesNotTrustTheTestAuthorityBySystem() throws {
    var clients = TLSSettings(.client)
    clients.trust = .system
    #expect(try site.connected(client: clients).client.error?.kind == .certificate)
  }

  @Test func skippingVerificationAcceptsAnythingAndNamesNobody() throws {
    var clients = TLSSettings(.client)
    clients.skipVerification = true
    let pair = try Site(from: year2001, to: year2002).connected(host: "other.example", client: clients)
    #expect(pair.isEstablished)
    #expect(pair.client.layer.peerName == nil)
  }

  @Test func aCertificateOfAServerDoesNotSignOthers() throws {
    let stolen = try CertificateMaker.certificate(
      "db.example", names: ["db.example"], from: year2001, to: year2099, signedBy: site.server)
    var servers = TLSSettings(.server)
    servers.identity = .init(
      certificates: .bytes(stolen.certificate + site.server.certificate), privateKey: .bytes(stolen.privateKey))
    #expect(try site.connected(server: servers).client.error?.kind == .certificate)
  }

  // MARK: clients' certificates

  func mutual(_ identity: CertificateMaker.Made?, olderVersionOnly: Bool = false) throws -> Pair {
    var (clients, servers) = (site.clientSettings, site.serverSettings)
    clients.identity = identity?.identity
    clients.olderVersionOnly = olderVersionOnly
    servers.requireClientCertificate = true
    return try site.connected(client: clients, server: servers)
  }

  @Test(arguments: [false, true])
  func acceptsAndNamesClientsOfTheAuthority(olderVersionOnly: Bool) throws {
    let node = try CertificateMaker.certificate("node-é", from: year2001, to: year2099, signedBy: site.authority)
    let pair = try mutual(node, olderVersionOnly: olderVersionOnly)
    #expect(pair.isEstablished)
    #expect(pair.server.layer.peerName == "CN=node-é")
  }

  @Test(arguments: [false, true])
  func refusesClientsWithoutACertificate(olderVersionOnly: Bool) throws {
    let pair = try mutual(nil, olderVersionOnly: olderVersionOnly)
    #expect(pair.server.error?.kind == .certificate)
    #expect(pair.server.error?.message == "the client shows no certificate, and we require one")
    if !olderVersionOnly {
      #expect(pair.client.error?.kind == .certificate)
      #expect(pair.client.error?.message == "db.example requires a certificate of us")
    }
  }

  @Test func refusesClientsOfAnotherAuthority() throws {
    let other = try CertificateMaker.authority("Other", from: year2001, to: year2099)
    let node = try CertificateMaker.certificate("node", from: year2001, to: year2099, signedBy: other)
    let pair = try mutual(node)
    #expect(pair.server.error?.kind == .certificate)
    #expect(pair.server.error?.message.hasPrefix("the certificate of the client is signed by nobody") == true)
    #expect(pair.client.error?.kind == .certificate)
  }

  @Test func refusesClientsWhoseCertificateHasExpired() throws {
    let node = try CertificateMaker.certificate("node", from: year2001, to: year2002, signedBy: site.authority)
    #expect(try mutual(node).server.error?.message == "the certificate of the client has expired")
  }

  // MARK: making them

  @Test func everyCertificateIsAnother() throws {
    #expect(try Site().server.certificate != Site().server.certificate)
    #expect(site.server.certificate.starts(with: Array("-----BEGIN CERTIFICATE-----\n".utf8)))
    #expect(site.server.privateKey.starts(with: Array("-----BEGIN PRIVATE KEY-----\n".utf8)))
  }

  @Test func refusesToMakeWhatACertificateCannotHold() throws {
    func make(
      _ name: String = "a", names: [String] = [], addresses: [String] = [], from: Int64 = year2001, to: Int64 = year2002
    ) -> SecureError.Kind? {
      failure {
        try CertificateMaker.certificate(name, names: names, addresses: addresses, from: from, to: to, signedBy: nil)
      }?.kind
    }
    #expect(make() == nil)
    #expect(make("") == .configuration)
    #expect(make("a\u{0}") == .configuration)
    #expect(make(String(repeating: "a", count: 64)) == nil)
    #expect(make(String(repeating: "a", count: 65)) == .configuration)
    #expect(make(names: [""]) == .configuration)
    #expect(make(names: ["bücher.example"]) == .configuration)
    #expect(make(names: ["a b"]) == .configuration)
    #expect(make(addresses: ["1.2.3"]) == .configuration)
    #expect(make(addresses: ["1.2.3.4\u{0}"]) == .configuration)
    #expect(make(addresses: ["fe80::1"]) == nil)
    #expect(make(from: year2002, to: year2001) == .configuration)
    #expect(make(to: .max) == .configuration)
    #expect(make(from: .min) == .configuration)
  }

  @Test func refusesAnIssuerWhoseKeyIsAnothers() throws {
    let mixed = CertificateMaker.Made(certificate: site.authority.certificate, privateKey: site.server.privateKey)
    let none = CertificateMaker.Made(certificate: [], privateKey: site.authority.privateKey)
    for issuer in [mixed, none] {
      let error = failure { try CertificateMaker.certificate("a", from: year2001, to: year2002, signedBy: issuer) }
      #expect(error?.kind == .configuration)
    }
  }

  @Test func aDescriptionHasTheDigestOfTheFirstCertificateAndItsEnd() throws {
    let made = try CertificateMaker.certificate("a", from: year2001, to: year2002, signedBy: site.authority)
    let one = try CertificateDescription(.bytes(made.certificate))
    #expect(one.end == year2002)
    #expect(one.fingerprint.wholeMatch(of: /SHA256(:[0-9A-F]{2}){32}/) != nil)
    let chain = try CertificateDescription(.bytes(made.certificate + site.authority.certificate))
    #expect(chain.digest == one.digest)
    let authority = try CertificateDescription(.bytes(site.authority.certificate))
    #expect(authority.digest != one.digest)
    #expect(authority.end == year2099)
  }

  /// Made with `openssl x509 -fingerprint -sha256`.
  @Test func aFingerprintIsWhatOtherProgramsShow() throws {
    let description = try CertificateDescription(.bytes(Array(Self.known.utf8)))
    #expect(description.fingerprint == Self.knownFingerprint)
  }

  @Test(arguments: ["", "nothing", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
  func whatIsNoCertificateHasNoDescription(text: String) {
    do throws(SecureError) {
      _ = try CertificateDescription(.bytes(Array(text.utf8)))
      Issue.record("described")
    } catch {
      #expect(error.kind == .configuration)
    }
  }
}

extension CertificateTests {
  /// A certificate of no use to anybody: it has long expired, and its key is nowhere.
  static let known = """
    -----BEGIN CERTIFICATE-----
    MIIBdjCCARugAwIBAgIUHyjE0ZVkOpZv9iB4tKw2sV78jvwwCgYIKoZIzj0EAwIw
    EDEOMAwGA1UEAwwFa25vd24wHhcNMjYxMTI3MTE1MzA4WhcNMjYxMTI5MTE1MzA4
    WjAQMQ4wDAYDVQQDDAVrbm93bjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABA1f
    QBUhOUuzqmSfRkqAEVn0AponlDJ//SVxZ5H2T4uMEoQn0B6MrITNxysU34qVguH/
    1te1N8af0X0r5FnTvdmjUzBRMB0GA1UdDgQWBBSSkO/aYRS/ZbVQKhwTiW64x3pJ
    6DAfBgNVHSMEGDAWgBSSkO/aYRS/ZbVQKhwTiW64x3pJ6DAPBgNVHRMBAf8EBTAD
    AQH/MAoGCCqGSM49BAMCA0kAMEYCIQCDz0R3hajf8UnlmX2wrKmzN/m4bqmC51Cw
    RFx9qb27YgIhAJ/GpBfIRn6CFxfrqQyuCRuGL4qS4T/sv3MVvoPHl89p
    -----END CERTIFICATE-----

    """
  static let knownFingerprint =
    "SHA256:A4:A6:96:12:BE:D6:B3:17:C2:CE:A5:93:C9:30:80:C8"
    + ":45:3F:95:F9:E3:F8:0A:66:3F:61:97:CF:81:F5:CA:11"
}
