import Documents
import Testing

@testable import Gateway

struct SettingsTests {
  @Test(arguments: [
    ("127.0.0.1:9700", "127.0.0.1:9700"), ("0.0.0.0:0", "0.0.0.0:0"), ("[::1]:9700", "[::1]:9700"),
    ("[0:0::1]:80", "[::1]:80"), ("localhost:9700", "127.0.0.1:9700"), ("[::]:65535", "[::]:65535"),
  ])
  func bindAddresses(text: String, canonical: String) throws {
    #expect(try BindAddress(parsing: text).text == canonical)
  }

  @Test(arguments: [
    "", ":", "9700", "127.0.0.1", "127.0.0.1:", ":9700", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", "::1:9700",
    "[127.0.0.1]:9700", "[::1]", "[]:1", "example.org:9700", "127.1:9700", "0x7f000001:1", "127.0.0.1:9700 ",
    "127.0.0.1\0:9700", "256.0.0.1:1", "127.0.0.1:000080",
  ])
  func refusedBindAddresses(text: String) {
    let refused = failure { () throws(Failure) in _ = try BindAddress(parsing: text) }
    #expect(refused?.kind == .usage)
    #expect(refused?.message == "invalid bind address")
    #expect(refused?.hint != nil)
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.255.0.1", true), ("[::1]", true), ("[::ffff:127.0.0.1]", true), ("0.0.0.0", false),
    ("[::]", false), ("192.0.2.1", false), ("[2001:db8::1]", false), ("128.0.0.1", false),
  ])
  func loopbackAddresses(host: String, isLoopback: Bool) throws {
    #expect(try BindAddress(parsing: host + ":1").isLoopback == isLoopback)
  }

  @Test(arguments: [
    ("https://example.org", "https://example.org"), ("HTTPS://Example.ORG:443/", "https://example.org"),
    ("http://a:80", "http://a"), ("http://a:8080", "http://a:8080"), ("http://[::1]:3000", "http://[::1]:3000"),
    ("http://[0::1]", "http://[::1]"), ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
    ("http://a.:1", "http://a:1"),
  ])
  func corsOrigins(text: String, canonical: String) throws {
    #expect(try WebOrigin.parse(cors: text).text == canonical)
  }

  @Test(arguments: [
    ("*", "CORS wildcard origin is not allowed"), ("https://a/b", "CORS origin must not include a path"),
    ("https://a//", "CORS origin must not include a path"),
    ("https://a?b", "CORS origin must not include a query or fragment"),
    ("https://a/#b", "CORS origin must not include a query or fragment"),
    ("https://me@a", "CORS origin must not include userinfo"),
    ("https://me:pw@a", "CORS origin must not include userinfo"),
    ("ftp://a", "CORS origin scheme must be http or https"), ("file://", "CORS origin scheme must be http or https"),
    ("https://", "CORS origin must include a host"), ("https://:80", "CORS origin must include a host"),
    ("example.org", "invalid CORS origin"), ("null", "invalid CORS origin"), ("", "invalid CORS origin"),
    ("://a", "invalid CORS origin"), ("https://a b", "invalid CORS origin"), ("https://a:x", "invalid CORS origin"),
    ("https://*.a", "invalid CORS origin"), ("https://[::1", "invalid CORS origin"),
    ("https://ä", "invalid CORS origin"),
  ])
  func refusedCorsOrigins(text: String, message: String) {
    let refused = failure { () throws(Failure) in _ = try WebOrigin.parse(cors: text) }
    #expect(refused?.message == message)
    #expect(refused?.kind == .usage)
    #expect(refused?.hint != nil)
  }

  @Test(arguments: [
    ("http://a", "server URL must use HTTPS"), ("ws://a", "server URL must use HTTPS"),
    ("https://a/b", "invalid server URL"), ("a", "invalid server URL"), ("https://", "invalid server URL"),
  ])
  func refusedServers(text: String, message: String) {
    #expect(failure { () throws(Failure) in _ = try WebOrigin.parse(server: text) }?.message == message)
  }

  /// Settings that do not go together, and what is said of them.
  static let refused: [(GatewaySettings, String)] = [
    (
      settings {
        $0.token = "a"
        $0.tokenFile = "b"
      }, "--token cannot be combined with --token-file"
    ),
    (settings { $0.token = "" }, "token is empty"),
    (settings { $0.token = " a" }, "token has characters that no header can carry"),
    (settings { $0.token = "a\nb" }, "token has characters that no header can carry"),
    (settings { $0.environmentToken = "a\tb" }, "token has characters that no header can carry"),
    (settings { $0.token = String(repeating: "a", count: 4097) }, "token is too long"),
    (settings { $0.tlsCertificate = "c" }, "TLS requires both --tls-cert and --tls-key"),
    (settings { $0.tlsKey = "k" }, "TLS requires both --tls-cert and --tls-key"),
    (
      settings {
        $0.tlsSelfSigned = true
        $0.tlsKey = "k"
      }, "--tls-self-signed cannot be combined with --tls-cert/--tls-key"
    ),
    (settings { $0.clientAuthorities = "ca" }, "--tls-client-ca requires TLS"),
    (settings { $0.limits.bodyBytes = 0 }, "--max-body-bytes must be greater than zero"),
    (settings { $0.limits.tailTimeout = 0 }, "--max-tail-timeout-ms must be greater than zero"),
    (settings { $0.limits.tails = 0 }, "--max-tail-concurrency must be greater than zero"),
    (settings { $0.bind = bind("0.0.0.0:1") }, "non-loopback bind requires explicit opt-in"),
    (settings { $0.bind = bind("[::]:1") }, "non-loopback bind requires explicit opt-in"),
    (open { _ in }, "non-loopback write requires --token-file"),
    (open { $0.token = "a" }, "non-loopback write requires --token-file"),
    (open { $0.environmentToken = "a" }, "non-loopback write requires --token-file"),
    (open { $0.access = .writeOnly }, "non-loopback write requires --token-file"),
    (open { $0.tokenFile = "a" }, "non-loopback write requires TLS"),
    (open { $0.requiresKey = true }, "non-loopback write requires TLS"),
    (
      settings {
        $0.bind = bind("0.0.0.0:1")
        $0.remoteBind = bind("0.0.0.0:2")
        $0.tlsSelfSigned = true
      }, "--bind must be a loopback address with --remote-bind"
    ),
    (
      settings {
        $0.remoteBind = .standard
        $0.tlsSelfSigned = true
      }, "--remote-bind must differ from --bind"
    ),
    (settings { $0.remoteBind = bind("0.0.0.0:2") }, "--remote-bind requires TLS"),
  ]

  /// Settings for other machines.
  static func open(_ change: (inout GatewaySettings) -> Void) -> GatewaySettings {
    var settings = GatewaySettings()
    settings.bind = bind("0.0.0.0:9700")
    settings.allowsNonLoopback = true
    change(&settings)
    return settings
  }

  @Test(arguments: refused.indices)
  func settingsThatDoNotGoTogether(index: Int) {
    let (settings, message) = Self.refused[index]
    let refused = failure { () throws(Failure) in _ = try settings.validated() }
    #expect(refused?.message == message)
    #expect(refused?.kind == .usage)
    #expect(refused?.hint != nil)
  }

  static let accepted: [GatewaySettings] = [
    GatewaySettings(), settings { $0.token = "a b" }, settings { $0.tlsSelfSigned = true },
    settings { $0.bind = bind("127.0.0.2:0") }, open { $0.access = .readOnly },
    open {
      $0.tokenFile = "a"
      $0.allowsPlainText = true
    },
    open {
      $0.tokenFile = "a"
      $0.tlsSelfSigned = true
    },
    open {
      $0.requiresKey = true
      $0.tlsSelfSigned = true
    },
    open {
      $0.clientAuthorities = "ca"
      $0.tlsSelfSigned = true
    },
    settings {
      $0.remoteBind = bind("0.0.0.0:9743")
      $0.tlsCertificate = "c"
      $0.tlsKey = "k"
    },
  ]

  @Test(arguments: accepted.indices)
  func settingsThatGoTogether(index: Int) throws { _ = try Self.accepted[index].validated() }

  @Test func duplicateOriginsAreDropped() throws {
    let origins = try ["https://a", "http://b", "https://A:443"].map { try WebOrigin.parse(cors: $0) }
    let valid = try settings { $0.corsOrigins = origins }.validated()
    #expect(valid.corsOrigins.map { $0.text } == ["https://a", "http://b"])
  }

  @Test func aTokenOptionWinsOverTheEnvironment() {
    guard
      case .file("f") = settings({
        $0.tokenFile = "f"
        $0.environmentToken = "e"
      }).tokenSource
    else {
      Issue.record("not the file")
      return
    }
  }

  @Test func oneListenerAsksForCredentialsWhereThereAreAny() {
    #expect(settings().listeners.map { $0.needsCredential } == [false])
    #expect(settings { $0.token = "a" }.listeners.map { $0.needsCredential } == [true])
    #expect(settings { $0.requiresKey = true }.listeners.map { $0.needsCredential } == [true])
    #expect(settings { $0.tlsSelfSigned = true }.listeners.map { $0.baseURL } == ["https://127.0.0.1:9700"])
  }

  @Test func theListenerForOtherMachinesAlwaysAsks() {
    let listeners = settings {
      $0.remoteBind = bind("0.0.0.0:9743")
      $0.tlsSelfSigned = true
    }.listeners
    #expect(listeners.map { $0.isSecure } == [false, true])
    #expect(listeners.map { $0.needsCredential } == [false, true])
    #expect(listeners.map { $0.baseURL } == ["http://127.0.0.1:9700", "https://0.0.0.0:9743"])
  }

  @Test func behindAProxyEverybodyComesFromThisMachineAndIsAsked() throws {
    let server = try WebOrigin.parse(server: "https://pools.example")
    #expect(settings { $0.server = server }.listeners.map { $0.needsCredential } == [true])
    // With a second listener the proxy uses that one.
    let two = settings {
      $0.server = server
      $0.remoteBind = bind("0.0.0.0:9743")
      $0.tlsSelfSigned = true
    }
    #expect(two.listeners.map { $0.needsCredential } == [false, true])
  }
}
