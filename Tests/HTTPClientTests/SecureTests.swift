import Platform
import Pools
import RawServer
import Support
import TLS
import Testing

@testable import HTTPClient

/// Whom a client trusts with what it sends.
struct SecureTests {
  private static let from: Int64 = 978_307_200
  private static let to: Int64 = 4_070_908_800

  /// An authority with a server and a client of its, as files.
  private struct Site {
    let directory: TemporaryDirectory
    let server: CertificateMaker.Made
    let authority: CertificateMaker.Made

    init(address: String = "127.0.0.1") throws {
      directory = try TemporaryDirectory()
      authority = try CertificateMaker.authority("Test authority", from: from, to: to)
      server = try CertificateMaker.certificate("server", addresses: [address], from: from, to: to, signedBy: authority)
      try write(authority.certificate, to: authorityFile)
      let client = try CertificateMaker.certificate("client", from: from, to: to, signedBy: authority)
      try write(client.certificate, to: directory.file("client.pem"))
      try write(client.privateKey, to: directory.file("client.key"))
    }

    var authorityFile: String { directory.file("authority.pem") }
    var identity: HTTPClientSettings.Identity {
      .init(certificate: directory.file("client.pem"), privateKey: directory.file("client.key"))
    }

    func start(requiresClients: Bool = false) throws -> RawServer {
      var settings = TLSSettings(.server)
      settings.identity = .init(certificates: .bytes(server.certificate), privateKey: .bytes(server.privateKey))
      settings.trust = .certificates(.bytes(authority.certificate))
      settings.requireClientCertificate = requiresClients
      return try RawServer(secure: try TLSContext(settings)) { _, connection in connection.respond(200, "secret") }
    }

    /// The server's certificate in DER, and `sha256//` of its key.
    func der() throws -> [UInt8] {
      try #require(server.certificate.withUnsafeBytes { PEM.certificate($0) })
    }

    func pin() throws -> String {
      let der = try der()
      // SubjectPublicKeyInfo of a key on P-256 (RFC 5480): what comes before the point is always the same.
      let beginning: [UInt8] = [
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48,
        0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
      ]
      let start = try #require(der.firstRange(of: beginning)).lowerBound
      return "sha256//" + base64(SHA256.digest(Array(der[start..<start + 91])))
    }
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let word = part.reduce(0) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
      for index in 0..<4 {
        text += index <= part.count ? String(letters[Int(word >> UInt32(18 - 6 * index)) & 63]) : "="
      }
    }
    return text
  }

  private static func client(_ change: (inout HTTPClientSettings) -> Void) throws -> HTTPClient {
    var settings = HTTPClientSettings()
    change(&settings)
    return try HTTPClient(settings)
  }

  private static func ask(_ client: HTTPClient, _ server: RawServer) throws -> HTTPResponse {
    try client.get(server.url + "/") { $0.headers = [("Authorization", "Bearer secret")] }
  }

  // MARK: Authorities

  @Test func aNamedAuthorityIsTrusted() throws {
    let site = try Site()
    let server = try site.start()
    let client = try Self.client { $0.trust = .authorities(site.authorityFile) }
    #expect(try Self.ask(client, server).text == "secret")
    #expect(try Self.ask(client, server).text == "secret")
    #expect(server.connections == 1)
  }

  @Test func anUnknownAuthorityIsNotAndHearsNothing() throws {
    let site = try Site()
    let server = try site.start()
    let failed = try #require(failure { try Self.ask(HTTPClient(), server) })
    #expect(failed.kind == .tls)
    #expect(failed.hint?.contains("--tls-ca") == true)
    #expect(!failed.wasSent)
    #expect(server.bytes == 0)
  }

  @Test func anotherHostsCertificateIsNotTrusted() throws {
    let site = try Site(address: "10.1.2.3")
    let server = try site.start()
    let client = try Self.client { $0.trust = .authorities(site.authorityFile) }
    #expect(failure { try Self.ask(client, server) }?.kind == .tls)
    #expect(server.bytes == 0)
  }

  @Test func anyoneIsTrustedWhenAskedTo() throws {
    let server = try Site().start()
    #expect(try Self.ask(Self.client { $0.trust = .anyone }, server).text == "secret")
  }

  @Test func aFileThatIsNotThereIsTheCallersFault() throws {
    let site = try Site()
    let server = try site.start()
    let missing = site.directory.file("missing.pem")
    #expect(failure { try Self.ask(Self.client { $0.trust = .authorities(missing) }, server) }?.kind == .invalid)
    let client = try Self.client {
      $0.trust = .anyone
      $0.identity = .init(certificate: missing, privateKey: missing)
    }
    #expect(failure { try Self.ask(client, server) }?.kind == .invalid)
    #expect(server.bytes == 0)
  }

  // MARK: Pins

  @Test func thePinnedKeyIsEnough() throws {
    let site = try Site(address: "10.1.2.3")
    let server = try site.start()
    let pin = try site.pin()
    let client = try Self.client {
      $0.trust = .anyone
      $0.pinnedKey = pin
    }
    #expect(try Self.ask(client, server).text == "secret")
  }

  @Test func anotherKeyHearsNothing() throws {
    let site = try Site()
    let server = try site.start()
    let pin = try Site().pin()
    for trust in [HTTPClientSettings.Trust.anyone, .authorities(site.authorityFile)] {
      let client = try Self.client {
        $0.trust = trust
        $0.pinnedKey = pin
      }
      let failed = try #require(failure { try Self.ask(client, server) })
      #expect(failed.kind == .tls)
      #expect(!failed.wasSent)
    }
    #expect(server.bytes == 0)
  }

  @Test func thePinnedCertificateIsEnough() throws {
    let site = try Site(address: "10.1.2.3")
    let server = try site.start()
    let der = try site.der()
    let shown = Log<[UInt8]>()
    let client = try Self.client {
      $0.trust = .anyone
      $0.accepts = { certificate in
        shown.add(certificate)
        return certificate == der
      }
    }
    for _ in 1...3 { #expect(try Self.ask(client, server).text == "secret") }
    #expect(shown.all == [der])
    #expect(server.connections == 1)
  }

  @Test func anotherCertificateHearsNothingHoweverOftenItIsAsked() throws {
    let site = try Site()
    let server = try site.start()
    let client = try Self.client {
      $0.trust = .anyone
      $0.accepts = { _ in false }
    }
    for _ in 1...3 {
      let failed = try #require(failure { try Self.ask(client, server) })
      #expect(failed.kind == .tls)
      #expect(!failed.wasSent)
    }
    #expect(server.connections == 3)
    #expect(server.bytes == 0)
  }

  @Test func plainHTTPHasNoCertificateToPin() throws {
    let server = try RawServer { _, connection in connection.respond(200, "plain") }
    let client = try Self.client { $0.accepts = { _ in true } }
    #expect(failure { try Self.ask(client, server) }?.kind == .tls)
    #expect(server.bytes == 0)
  }

  // MARK: Clients with a certificate

  @Test func aServerMayWantToKnowItsClients() throws {
    let site = try Site()
    let server = try site.start(requiresClients: true)
    let stranger = try Self.client { $0.trust = .authorities(site.authorityFile) }
    let failed = try #require(failure { try Self.ask(stranger, server) })
    // Its refusal comes after the handshake, and may be overtaken by the end of the connection.
    #expect(failed.kind == .tls || failed.kind == .connection, "\(failed)")
    #expect(failed.hint?.contains("--tls-cert") == true)
    let known = try Self.client {
      $0.trust = .authorities(site.authorityFile)
      $0.identity = site.identity
    }
    #expect(try Self.ask(known, server).text == "secret")
  }

  // MARK: The wrong kind of port

  @Test func tlsWithAServerThatSpeaksNone() throws {
    let server = try RawServer { _, connection in connection.respond(200, "plain") }
    let url = "https://127.0.0.1:\(server.port)/"
    let client = try HTTPClient()
    // It waits for the end of a head that never comes.
    let failed = try #require(failure { try client.get(url) { $0.timeout = 300 * milliseconds } })
    #expect([.timeout, .tls].contains(failed.kind))
  }

  @Test func plainTextToAServerThatSpeaksTLS() throws {
    let server = try Site().start()
    let failed = try #require(failure { try HTTPClient().get("http://127.0.0.1:\(server.port)/") })
    #expect([.protocol, .connection].contains(failed.kind), "\(failed)")
  }

  // MARK: Parts

  @Test(arguments: [
    ("http://localhost/", true), ("http://localhost:9700/x", true), ("https://127.0.0.1", true),
    ("http://127.9.8.7:1/", true), ("http://[::1]:80/", true), ("http://localhost.example/", false),
    ("http://127.0.0.1.example/", false), ("http://10.0.0.1/", false), ("http://[::2]/", false),
    ("http://localhost@example.org/", false), ("http://example.org/localhost", false), ("nonsense", false),
  ])
  func whichHostsAreThisMachine(url: String, isHere: Bool) {
    #expect(Transfer.isOnThisMachine(url) == isHere)
  }

  @Test func pemWithoutACertificateHasNone() {
    func read(_ text: String) -> [UInt8]? { Array(text.utf8).withUnsafeBytes { PEM.certificate($0) } }
    let begin = "-----BEGIN CERTIFICATE-----\n"
    let end = "\n-----END CERTIFICATE-----\n"
    #expect(read("x\n" + begin + "AQID\nBA==" + end) == [1, 2, 3, 4])
    for text in ["", begin, begin + "AQID", begin + "A*ID" + end, begin + "AQ==ID" + end, begin + end, "AQID"] {
      #expect(read(text) == nil)
    }
  }
}
