import Documents
import Testing

@testable import RemotePools

struct ReferenceTests {
  @Test(arguments: [
    ("http://127.0.0.1:9700/demo", "http://127.0.0.1:9700", "demo", true),
    ("https://pools.example:443/demo", "https://pools.example:443", "demo", false),
    ("HTTPS://pools.example/demo", "https://pools.example", "demo", false),
    ("http://[::1]:9700/a.b", "http://[::1]:9700", "a.b", true),
    ("http://[2001:db8::1]/x", "http://[2001:db8::1]", "x", false),
    ("http://localhost/na%C3%AFve%20one", "http://localhost", "naïve one", true),
    ("http://localhost.evil.example:1/x", "http://localhost.evil.example:1", "x", false),
    ("http://h:65535/x%25y", "http://h:65535", "x%y", false),
  ])
  func whatAReferenceMeans(text: String, origin: String, pool: String, isLoopback: Bool) throws {
    let reference = try RemoteReference(text)
    #expect(reference.server.origin == origin)
    #expect(reference.pool == pool)
    #expect(reference.server.isLoopback == isLoopback)
    #expect(reference.server.isSecure == origin.hasPrefix("https"))
    #expect(reference.text == text)
  }

  @Test(arguments: [
    ("ftp://h/x", "remote pool ref must use http or https scheme"),
    ("unix://x", "remote pool ref must use http or https scheme"),
    ("demo", "remote pool ref must use http or https scheme"),
    ("://h/x", "remote pool ref must use http or https scheme"),
    ("http://h:1/x?y=1", "remote pool ref must not include query or fragment"),
    ("http://h:1/x#y", "remote pool ref must not include query or fragment"),
    ("http://h:1/a%2Fb", "remote pool name must not contain path separators"),
    ("http://h:1/a%2fb", "remote pool name must not contain path separators"),
    ("http://h:1/a%5Cb", "remote pool name must not contain path separators"),
    ("http://h:1/a\\b", "remote pool name must not contain path separators"),
    ("http://h:1/..", "remote pool name must not contain path separators"),
    ("http://h:1/%2e%2E", "remote pool name must not contain path separators"),
    ("http://h:1/a/b", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/a/", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/v0/pools/a", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http:///x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:0/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:65536/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:8a/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://[::1/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h h/x", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/a b", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/a%2", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://h:1/a%zz", "remote pool ref must use shorthand http(s)://host:port/<pool>"),
    ("http://u:p@h:1/x", "remote pool ref must not include user or password"),
    ("http://h:1/%00", "pool name must be nonempty and must not contain NUL or a path prefix"),
    ("http://h:1/%FF", "pool name must be nonempty and must not contain NUL or a path prefix"),
  ])
  func whatIsNoReference(text: String, message: String) throws {
    let failed = try #require(failure { try RemoteReference(text) })
    #expect(failed.kind == .usage)
    #expect(failed.message == message)
    #expect(failed.hint != nil)
  }

  @Test func servers() throws {
    #expect(try ServerAddress("https://h:9700").origin == "https://h:9700")
    #expect(try ServerAddress("https://h:9700/").origin == "https://h:9700")
    #expect(failure { try ServerAddress("https://h:9700/x") }?.message == "server address must not include a path")
    #expect(failure { try ServerAddress("h:9700") }?.kind == .usage)
  }

  @Test(arguments: ["demo", "a b", "ä/ö?#%", "..", "~-._", "\u{1}"]) func namesGoThroughAddressesUnchanged(name: String)
  {
    let encoded = PercentEncoding.encoded(name)
    #expect(encoded.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"/?#".utf8.contains($0) })
    #expect(PercentEncoding.decoded(Array(encoded.utf8)) == Array(name.utf8))
  }

  // MARK: Settings

  private static let digest = String(repeating: "ab:", count: 31) + "AB"
  private static let key = "sha256//" + String(repeating: "A", count: 43) + "="

  @Test func pins() throws {
    for text in ["SHA256:\(Self.digest)", "sha256:\(Self.digest.replacing(":", with: ""))"] {
      guard case .certificate(let bytes) = try ServerPin(text) else {
        Issue.record("not a certificate's")
        return
      }
      #expect(bytes == [UInt8](repeating: 0xAB, count: 32))
    }
    for text in [Self.key, "\(Self.key);\(Self.key)"] {
      guard case .keys(let keys) = try ServerPin(text) else {
        Issue.record("not a key's")
        return
      }
      #expect(keys == text)
    }
  }

  @Test(arguments: [
    "", "SHA256:", "SHA256:ab", "SHA256:" + digest + ":cd", "SHA256:" + digest.replacing("ab", with: "xy"), digest,
    "sha256//", "sha256//abc=", key + ";", key + ";x", "sha256//" + String(repeating: "!", count: 43) + "=",
    "/etc/passwd",
  ])
  func whatIsNoPin(text: String) {
    #expect(failure { try ServerPin(text) }?.message == "invalid pin")
  }

  @Test func whatIsAboutTLSNeedsTLS() throws {
    let plain = try RemoteReference("http://h:1/x")
    let secure = try RemoteReference("https://h:1/x")
    let changes: [(inout RemoteSettings) -> Void] = [
      { $0.authorities = "a" }, { $0.skipsVerification = true }, { $0.pin = Self.key },
      {
        $0.certificate = "c"; $0.privateKey = "k"
      },
    ]
    for change in changes {
      var settings = RemoteSettings()
      change(&settings)
      #expect(failure { try RemotePool(plain, settings) }?.message == "options about TLS are for https addresses")
      #expect(failure { try RemotePool(secure, settings) } == nil)
    }
  }

  @Test(arguments: ["", "a b", "a\r\nX: y", "ä"]) func whatIsNoToken(token: String) throws {
    var settings = RemoteSettings()
    settings.token = token
    #expect(failure { try RemotePool(RemoteReference("http://h:1/x"), settings) }?.message == "invalid token")
  }
}
