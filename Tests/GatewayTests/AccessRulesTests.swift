import Documents
import Platform
import Support
import Testing

@testable import Gateway

struct AccessRulesTests {
  static let here = settings().listeners[0]
  static let everywhere = GatewayListener(
    bind: bind("0.0.0.0:9700"), isSecure: false, needsCredential: false, isRemote: false)
  static let secureWithoutToken = GatewayListener(
    bind: bind("0.0.0.0:9700"), isSecure: true, needsCredential: false, isRemote: false)
  static let remote = GatewayListener(
    bind: bind("0.0.0.0:9743"), isSecure: true, needsCredential: true, isRemote: true)

  private func rules(
    token: String? = nil, keys: [AccessKey] = [], _ change: (inout GatewaySettings) -> Void = { _ in }
  ) -> AccessRules {
    AccessRules(
      settings(change), Credentials(token: token.map { SecretDigest(of: Array($0.utf8)) }, keys: keys),
      machineName: "builder")
  }

  private func ask(
    _ rules: AccessRules, _ listener: GatewayListener = here, peer: Bool = true, host: String? = "localhost:9700",
    origin: String? = nil, _ authorization: String? = nil, now: UInt64 = noon
  ) -> Result<Grant, AccessRefusal> {
    let request = AccessRequest(isPeerLoopback: peer, host: host, origin: origin, authorization: authorization)
    do throws(AccessRefusal) {
      return .success(try rules.grant(request, on: listener, now: now))
    } catch {
      return .failure(error)
    }
  }

  // MARK: Host

  @Test(arguments: [
    "localhost:9700", "localhost", "LOCALHOST:9700", "localhost.:9700", "app.localhost:9700", "a.b.localhost",
    "127.0.0.1:9700", "127.0.0.1", "127.9.9.9:9700", "[::1]:9700", "[::1]", "[0:0:0::1]:9700",
    "[::ffff:127.0.0.1]:9700",
    "builder", "builder:8080", "builder.local:9700",
  ])
  func namesOfThisMachine(host: String) throws {
    #expect(throws: Never.self) { try ask(rules(), host: host).get() }
  }

  @Test(arguments: [
    nil, "", "evil.example:9700", "evil.example", "localhost.evil.example", "evillocalhost", "127.0.0.1.evil.example",
    "127.evil.example", "127.1:9700", "0.0.0.0:9700", "[::]:9700", "192.0.2.1:9700", "10.0.0.1", "localhost:9701",
    "localhost:80", "127.0.0.1:1", "localhost:", "localhost:x", "localhost:99999", "localhost:9700:9700", "[::1",
    "::1", "user@localhost:9700", "localhost/", "http://localhost:9700", "localhost, evil.example", "local host",
    "localhost:9700\r\nX: y", "0177.0.0.1", "0x7f.0.0.1", "2130706433", "builder.evil.example",
  ])
  func otherNames(host: String?) {
    guard case .failure(let refusal) = ask(rules(), host: host) else {
      Issue.record("served for \(host ?? "nothing")")
      return
    }
    #expect(refusal.status == 403)
    #expect(refusal.failure.message == "forbidden: invalid Host header")
    #expect(refusal.failure.kind == .permission)
  }

  @Test func aSecretDoesNotMakeAWrongNameRight() {
    guard case .failure(let refusal) = ask(rules(token: "a"), host: "evil.example", "Bearer a") else {
      Issue.record("served")
      return
    }
    #expect(refusal.status == 403)
  }

  @Test(arguments: [
    ("tunnel.example", "tunnel.example", true), ("tunnel.example", "tunnel.example:1", true),
    ("tunnel.example:8080", "tunnel.example:8080", true), ("tunnel.example:8080", "tunnel.example", false),
    ("localhost:8080", "localhost:8080", true), ("localhost:8080", "localhost:8081", false),
    ("tunnel.example", "a.tunnel.example", false),
  ])
  func allowedHosts(allowed: String, host: String, isServed: Bool) throws {
    let authority = try #require(Authority(Array(allowed.utf8)))
    let outcome = ask(rules { $0.allowedHosts = [authority] }, host: host)
    #expect(((try? outcome.get()) != nil) == isServed)
  }

  @Test func anOpenListenerForAllTakesAddressesAndItsOwnName() {
    for host in ["192.0.2.1:9700", "[2001:db8::1]:9700", "builder:9700", "localhost", "127.0.0.1:9700"] {
      #expect(throws: Never.self) { try ask(rules(), Self.everywhere, peer: false, host: host).get() }
    }
    for host in ["evil.example", "evil.example:9700", "192.0.2.1.evil.example:9700", "builder.evil.example", nil] {
      #expect(throws: AccessRefusal.self) { try ask(rules(), Self.everywhere, peer: false, host: host).get() }
    }
  }

  @Test func whereASecretOrTLSProtectsNamesAreFree() {
    #expect(throws: Never.self) {
      try ask(rules(token: "a"), Self.remote, peer: false, host: "any.example", "Bearer a").get()
    }
    #expect(throws: Never.self) {
      try ask(rules(), Self.secureWithoutToken, peer: false, host: "any.example").get()
    }
  }

  // MARK: Origin

  @Test(arguments: [
    ("http://localhost:9700", "localhost:9700", true), ("http://LOCALHOST:9700", "localhost:9700", true),
    ("http://127.0.0.1:9700", "127.0.0.1:9700", true), ("http://[::1]:9700", "[::1]:9700", true),
    ("http://app.example", "localhost:9700", true), ("http://app.example:80", "localhost:9700", true),
    ("https://app.example", "localhost:9700", false), ("http://app.example:8080", "localhost:9700", false),
    ("http://localhost:3000", "localhost:9700", false), ("http://localhost", "localhost:9700", false),
    ("https://localhost:9700", "localhost:9700", false), ("http://127.0.0.1:9700", "localhost:9700", false),
    ("null", "localhost:9700", false), ("", "localhost:9700", false), ("*", "localhost:9700", false),
    ("http://localhost:9700/", "localhost:9700", false), ("http://evil.example", "localhost:9700", false),
    ("http://localhost:9700, http://localhost:9700", "localhost:9700", false),
    ("file://", "localhost:9700", false), ("chrome-extension://abc", "localhost:9700", false),
    ("http://me@localhost:9700", "localhost:9700", false),
  ])
  func origins(origin: String, host: String, isServed: Bool) throws {
    let allowed = try WebOrigin.parse(cors: "http://app.example")
    let outcome = ask(rules { $0.corsOrigins = [allowed] }, host: host, origin: origin)
    switch outcome {
    case .success: #expect(isServed)
    case .failure(let refusal):
      #expect(!isServed)
      #expect(refusal.status == 403)
      #expect(refusal.failure.message == "forbidden: invalid Origin header")
    }
  }

  @Test func aBearerTokenIsNothingThatABrowserSendsByItself() {
    #expect(throws: Never.self) {
      try ask(rules(token: "a"), Self.remote, peer: false, origin: "http://evil.example", "Bearer a").get()
    }
  }

  @Test func aClientCertificateIs() {
    #expect(throws: AccessRefusal.self) {
      try ask(rules(), Self.secureWithoutToken, peer: false, host: "pools.example:9700", origin: "https://evil.example")
        .get()
    }
    #expect(throws: Never.self) {
      try ask(
        rules(), Self.secureWithoutToken, peer: false, host: "pools.example:9700", origin: "https://pools.example:9700"
      ).get()
    }
    #expect(throws: AccessRefusal.self) {
      try ask(rules(), Self.secureWithoutToken, peer: false, host: nil, origin: "https://pools.example:9700").get()
    }
  }

  @Test func theProxysNameCountsOnlyWhereCredentialsAreAskedFor() throws {
    let server = try WebOrigin.parse(server: "https://pools.example")
    let asking = settings { $0.server = server }.listeners[0]
    let rules = rules(token: "a") { $0.server = server }
    #expect(throws: Never.self) {
      try ask(rules, asking, host: "pools.example", origin: "https://pools.example", "Bearer a").get()
    }
    #expect(throws: Never.self) { try ask(rules, asking, host: "pools.example:443", "Bearer a").get() }
    #expect(throws: AccessRefusal.self) { try ask(rules, asking, host: "pools.example:444", "Bearer a").get() }
    #expect(throws: AccessRefusal.self) { try ask(rules, asking, host: "pools.example").get() }
    #expect(throws: AccessRefusal.self) { try ask(rules, Self.here, host: "pools.example").get() }
    #expect(throws: AccessRefusal.self) { try ask(rules, Self.here, origin: "https://pools.example").get() }
  }

  @Test func onlyListedOriginsAreAnswered() throws {
    let allowed = try WebOrigin.parse(cors: "https://app.example:443")
    let rules = rules { $0.corsOrigins = [allowed] }
    #expect(rules.corsOrigin("https://app.example") == "https://app.example")
    for origin in [nil, "null", "http://app.example", "https://app.example:444", "https://app.example/"] {
      #expect(rules.corsOrigin(origin) == nil)
    }
  }

  // MARK: Credentials

  @Test(arguments: [
    "bearer secret", "BEARER secret", "Bearer  secret", "Bearer secret ", " Bearer secret", "Bearer", "Bearer ",
    "secret",
    "Basic c2VjcmV0", "Bearer\tsecret", "Bearer Secret", "Bearer secre", "Bearer secrets",
    "Bearer secret, Bearer secret",
    "", "Bearer secr\u{E9}t", "Bearer secret\0",
  ])
  func onlyTheExactTokenCounts(header: String) throws {
    for listener in [Self.remote, settings { $0.token = "secret" }.listeners[0]] {
      guard case .failure(let refusal) = ask(rules(token: "secret"), listener, header) else {
        Issue.record("accepted")
        return
      }
      #expect(refusal.status == 401)
      #expect(refusal.failure.message == "invalid bearer token")
      #expect(refusal.failure.kind == .permission)
      #expect(refusal.challenge?.hasPrefix("Bearer") == true)
    }
  }

  @Test func theTokenOpensEverything() throws {
    let grant = try ask(rules(token: "secret"), Self.remote, peer: false, host: nil, "Bearer secret").get()
    #expect(grant.allows(.read, pool: "any"))
    #expect(grant.allows(.write, pool: "any"))
    #expect(grant.label == "token")
  }

  @Test func withoutAHeaderTheTokenIsMissing() {
    guard case .failure(let refusal) = ask(rules(token: "secret"), Self.remote, host: "a") else {
      Issue.record("served")
      return
    }
    #expect(refusal.status == 401)
    #expect(refusal.failure.message == "missing bearer token")
  }

  @Test func noTokenIsNotTheEmptyToken() {
    #expect(throws: AccessRefusal.self) { try ask(rules(), Self.remote, "Bearer ").get() }
    #expect(throws: AccessRefusal.self) { try ask(rules(), Self.remote, "").get() }
  }

  @Test func aHugeHeaderIsNoToken() {
    let token = String(repeating: "a", count: 5000)
    #expect(throws: AccessRefusal.self) { try ask(rules(token: token), Self.remote, "Bearer \(token)").get() }
  }

  @Test func anOpenListenerIgnoresTokensButNotKeys() throws {
    let made = try key(pools: ["a"], .read)
    let rules = rules(keys: [made.key])
    #expect(try ask(rules, Self.here, "Bearer whatever").get().label == "anyone")
    #expect(try ask(rules, Self.here, "Basic whatever").get().label == "anyone")
    let grant = try ask(rules, Self.here, "Bearer \(made.secret)").get()
    #expect(grant.allows(.read, pool: "a"))
    #expect(!grant.allows(.read, pool: "b"))
    #expect(throws: AccessRefusal.self) { try ask(rules, Self.here, "Bearer \(made.secret)x").get() }
    #expect(throws: AccessRefusal.self) { try ask(self.rules(), Self.here, "Bearer \(made.secret)").get() }
  }

  @Test func whatLeadsElsewhereToALoopbackListenerIsAsked() {
    #expect(throws: AccessRefusal.self) { try ask(rules(), peer: false).get() }
    #expect(throws: Never.self) { try ask(rules(), Self.everywhere, peer: false, host: "192.0.2.1").get() }
  }

  // MARK: Keys

  @Test func keysEndWithTheirTimeAndWithRevocation() throws {
    let made = try key(expires: noon + second)
    let rules = rules(keys: [try key().key, made.key, try key().key])
    let header = "Bearer \(made.secret)"
    let grant = try ask(rules, Self.remote, header).get()
    #expect(rules.isStillValid(grant, now: noon))
    #expect(rules.isStillValid(grant, now: noon + second - 1))
    #expect(!rules.isStillValid(grant, now: noon + second))
    #expect(throws: AccessRefusal.self) { try ask(rules, Self.remote, header, now: noon + second).get() }

    var revoked = made.key
    revoked.isRevoked = true
    let later = self.rules(keys: [revoked])
    #expect(!later.isStillValid(grant, now: noon))
    #expect(throws: AccessRefusal.self) { try ask(later, Self.remote, header).get() }
    #expect(!self.rules().isStillValid(grant, now: noon))
  }

  @Test func aGrantOfTheTokenEndsWhenTheTokenChanges() throws {
    let grant = try ask(rules(token: "old"), Self.remote, "Bearer old").get()
    #expect(rules(token: "old").isStillValid(grant, now: noon))
    #expect(!rules(token: "new").isStillValid(grant, now: noon))
    #expect(!rules().isStillValid(grant, now: noon))
  }

  @Test func whoWasAskedForNothingStays() throws {
    let grant = try ask(rules()).get()
    #expect(rules(token: "new").isStillValid(grant, now: .max))
  }

  @Test func theIdOfAKeyAloneOpensNothing() throws {
    let made = try key()
    let rules = rules(keys: [made.key])
    for text in ["wk1.\(made.key.id)", "wk1.\(made.key.id).", Hexadecimal.text(made.key.digest.bytes), made.key.id] {
      #expect(throws: AccessRefusal.self) { try ask(rules, Self.remote, "Bearer \(text)").get() }
    }
  }

  @Test func keysHaveTheFormThatClientsKnow() throws {
    let (key, secret) = try key()
    #expect(secret.wholeMatch(of: /wk1\.[0-9a-f]{16}\.[0-9a-f]{64}/) != nil)
    #expect(secret.hasPrefix("wk1.\(key.id)."))
    #expect(try Self.many().count == 200)
  }

  private static func many() throws -> Set<String> {
    Set(
      try (0..<200).map { _ in
        try AccessKey.make("a", pools: [.all], permissions: .read, created: 0, expires: nil).secret
      })
  }

  @Test func whateverHeadersSayTheyAreAnswered() {
    let parts = [
      "localhost", ":9700", "[", "]", "::1", "http://", "https:", "//", "@", "?", "#", ".", "*", "null", "Bearer ",
      "wk1.",
      "\0", "\u{FF}", "%", "127.0.0.1", "255", ",", " ", "Ä", "xn--", "-", "65536", "/",
    ]
    var generator = SplitMix(seed: 7)
    func text() -> String? {
      let count = Int.random(in: 0..<7, using: &generator)
      return count == 6 ? nil : (0..<count).map { _ in parts.randomElement(using: &generator) ?? "" }.joined()
    }
    let rules = rules(token: "a")
    var served = 0
    for _ in 0..<20_000 {
      let (host, origin, authorization) = (text(), text(), text())
      for listener in [Self.here, Self.everywhere, Self.secureWithoutToken, Self.remote] {
        if case .success = ask(rules, listener, host: host, origin: origin, authorization) { served += 1 }
      }
    }
    #expect(served > 0)
  }
}
