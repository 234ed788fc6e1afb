import Documents
import Platform
import Testing

@testable import Gateway

struct AccessGrantTests {
  @Test(arguments: [
    ("events", "events", true), ("events", "events.plasmite", true), ("events.plasmite", "events", true),
    ("events", "Events", false), ("events", "event", false), ("events", "events2", false), ("events", "", false),
    ("events", "events.plasmite.plasmite", false), ("a*", "a", true), ("a*", "abc", true), ("a*", "ba", false),
    ("a*", "A", false), ("*", "anything", true), ("*", "", true), ("sensor-*", "sensor-7", true),
    ("sensor-*", "sensor", false), ("\u{E9}", "e\u{301}", false), ("\u{E9}*", "\u{E9}t\u{E9}", true),
    ("a*", "a.plasmite", true), ("a.p*", "a.plasmite", false),
  ])
  func patterns(pattern: String, pool: String, isCovered: Bool) throws {
    #expect(try PoolPattern(parsing: pattern).covers(pool) == isCovered)
  }

  @Test(arguments: ["", "**", "*a", "a*b", "a/b", "a\\b", "../a", "a\0", "a\n", ".plasmite"])
  func refusedPatterns(text: String) {
    let refused = failure { () throws(Failure) in _ = try PoolPattern(parsing: text) }
    #expect(refused?.kind == .usage)
    #expect(refused?.hint != nil)
  }

  /// The access mode, what the key allows, and what then may be done.
  @Test(
    arguments: [
      (.readWrite, [.read, .write], nil, nil),
      (.readOnly, [.read, .write], nil, "forbidden: access mode disallows write operations"),
      (.writeOnly, [.read, .write], "forbidden: access mode disallows read operations", nil),
      (.readWrite, .read, nil, "forbidden: access key disallows write operations"),
      (.readWrite, .write, "forbidden: access key disallows read operations", nil),
      (
        .readOnly, .write, "forbidden: access key disallows read operations",
        "forbidden: access mode disallows write operations"
      ),
    ] as [(GatewaySettings.AccessMode, AccessKey.Permissions, String?, String?)])
  func modesAndPermissions(
    mode: GatewaySettings.AccessMode, permissions: AccessKey.Permissions, reading: String?, writing: String?
  ) throws {
    let grant = Grant(key: try key(permissions).key, mode: mode)
    for pool in ["a", nil] {
      #expect(grant.refusal(.read, pool: pool)?.failure.message == reading)
      #expect(grant.refusal(.write, pool: pool)?.failure.message == writing)
    }
    for refusal in [grant.refusal(.read, pool: nil), grant.refusal(.write, pool: nil)] {
      if let refusal {
        #expect(refusal.status == 403)
        #expect(refusal.challenge == nil)
        #expect(refusal.failure.kind == .permission)
      }
    }
  }

  private func key(_ permissions: AccessKey.Permissions) throws -> (key: AccessKey, secret: String) {
    try AccessKey.make("test", pools: [.all], permissions: permissions, created: 0, expires: nil)
  }

  @Test func modesBindAnyoneAndTheTokenToo() {
    let proof = SecretDigest(of: [1])
    for grant in [Grant(anyone: .readOnly), Grant(token: proof, mode: .readOnly)] {
      #expect(grant.allows(.read, pool: "a"))
      #expect(!grant.allows(.write, pool: "a"))
    }
    #expect(!Grant(anyone: .writeOnly).allows(.read, pool: "a"))
  }

  @Test func aKeyIsForItsPools() throws {
    let patterns = try ["a", "b*"].map { try PoolPattern(parsing: $0) }
    let made = try AccessKey.make("test", pools: patterns, permissions: .read, created: 0, expires: nil)
    let grant = Grant(key: made.key, mode: .readWrite)
    #expect(grant.allows(.read, pool: "a"))
    #expect(grant.allows(.read, pool: "bcd"))
    #expect(!grant.allows(.read, pool: "c"))
    #expect(grant.refusal(.read, pool: "c")?.failure.message == "forbidden: access key is not for this pool")
    #expect(grant.refusal(.read, pool: "c")?.status == 403)
    // To list pools it may read; which ones it sees is asked for each.
    #expect(grant.refusal(.read, pool: nil)?.status == nil)
  }

  @Test func labelsHoldNothingSecret() throws {
    let made = try key([.read])
    #expect(Grant(key: made.key, mode: .readWrite).label == "key \(made.key.id)")
  }

  @Test func digestsMatchOnlyThemselves() {
    let one = SecretDigest(of: Array("one".utf8))
    #expect(one.matches(SecretDigest(of: Array("one".utf8))))
    #expect(!one.matches(SecretDigest(of: Array("two".utf8))))
    #expect(
      Hexadecimal.text(SecretDigest(of: Array("abc".utf8)).bytes)
        == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    #expect(SecretDigest(hexadecimal: "ab")?.bytes == nil)
    #expect(SecretDigest(hexadecimal: String(repeating: "A", count: 64))?.bytes == nil)
  }
}
