import Documents
import Platform
import Support
import Synchronization
import Testing

@testable import Gateway

struct AccessKeyStoreTests {
  let directory: TemporaryDirectory
  let store: KeyStore

  init() throws {
    directory = try TemporaryDirectory()
    store = KeyStore(directory: directory.file("pools"))
  }

  private func create(_ name: String = "test", now: UInt64 = noon, expires: UInt64? = nil) throws -> (
    key: AccessKey, secret: String
  ) {
    try store.create(name, pools: [.all], permissions: [.read], now: now, expires: expires)
  }

  @Test func keysComeBackAsTheyWereMade() throws {
    let patterns = try ["a*", "b"].map { try PoolPattern(parsing: $0) }
    let made = try store.create(
      "Łódź \"1\"", pools: patterns, permissions: .write, now: noon + 1, expires: noon + second)
    let other = try create()
    let keys = try store.keys()
    #expect(keys.map { $0.id } == [made.key.id, other.key.id])
    let read = try #require(keys.first)
    #expect(read.name == "Łódź \"1\"")
    #expect(read.pools == patterns)
    #expect(read.permissions == .write)
    #expect(read.created == noon + 1)
    #expect(read.expires == noon + second)
    #expect(!read.isRevoked)
    #expect(read.digest.matches(SecretDigest(of: Array(made.secret.utf8))))
    #expect(keys[1].expires == nil)
  }

  @Test func theFileHoldsNoSecretAndIsPrivate() throws {
    let made = try create()
    let text = String(decoding: try contents(store.path), as: UTF8.self)
    #expect(!text.contains(made.secret))
    #expect(!text.contains(String(made.secret.suffix(64))))
    #expect(try File.info(store.path).permissions == 0o600)
    #expect(try Paths.list(directory.file("pools")).sorted() == [".weir-keys.json", ".weir-keys.lock"])
  }

  @Test func withoutAFileThereAreNoKeys() throws {
    #expect(try store.keys().isEmpty)
    #expect(throws: (any Error).self) { try File.info(store.path) }
  }

  @Test func revocationIsForGoodAndMayBeRepeated() throws {
    let made = try create()
    let other = try create()
    #expect(try store.revoke(made.key.id).isRevoked)
    #expect(try store.revoke(made.key.id).isRevoked)
    #expect(try store.keys().map { $0.isRevoked } == [true, false])
    #expect(try store.keys()[1].id == other.key.id)
  }

  @Test(arguments: ["", "0123456789abcdef", "*", "../x"])
  func unknownIdsAreNotFound(id: String) throws {
    for _ in 0..<2 {
      #expect(failure { () throws(Failure) in _ = try store.revoke(id) }?.kind == .notFound)
      _ = try create()
    }
  }

  @Test(arguments: ["", "a\nb", "a\u{1B}[31m", String(repeating: "a", count: 101)])
  func refusedNames(name: String) {
    let refused = failure { () throws(Failure) in
      _ = try store.create(name, pools: [.all], permissions: .read, now: noon, expires: nil)
    }
    #expect(refused?.kind == .usage)
    #expect(refused?.message == "invalid key name")
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}", #"{"keys":[]}"#, #"{"version":2,"keys":[]}"#, #"{"version":"1","keys":[]}"#,
    #"{"version":1}"#, #"{"version":1,"keys":{}}"#, #"{"version":1,"keys":[null]}"#, #"{"version":1,"keys":[{}]}"#,
    "\u{FEFF}{}", #"{"version":1,"keys":[]}x"#,
  ])
  func whatIsNoKeyFileIsCorruptAndStays(text: String) throws {
    _ = try create()
    try write(Array(text.utf8), to: store.path)
    let errors = [
      failure { () throws(Failure) in _ = try store.keys() },
      failure { () throws(Failure) in
        _ = try store.create("a", pools: [.all], permissions: .read, now: noon, expires: nil)
      },
      failure { () throws(Failure) in _ = try store.revoke("0123456789abcdef") },
    ]
    for error in errors {
      #expect(error?.kind == .corrupt)
      #expect(error?.message == "access key file is corrupt")
      #expect(error?.hint != nil)
      #expect(error?.path == store.path)
    }
    #expect(try contents(store.path) == Array(text.utf8))
  }

  /// A sound file, and what may happen to it.
  @Test(arguments: [
    (#""id": "0123456789abcdef""#, #""id": "0123456789abcde""#), (#""id": "0123456789abcdef""#, #""id": 7"#),
    (#""name": "n""#, #""name": null"#), (#""revoked": false"#, #""revoked": "false""#), (#""revoked": false,"#, ""),
    (#""read""#, #""admin""#), (#""read""#, ""), (#""read""#, "true"), (#""pools": ["#, #""pool": ["#),
    (#""a*""#, ""), (#""a*""#, #""a*b""#), (#""expires_at": null,"#, ""), (#""expires_at": null"#, #""expires_at": 5"#),
    (#""expires_at": null"#, #""expires_at": "tomorrow""#), (#""created_at": "2027"#, #""created_at": "x2027"#),
    (#""secret_sha256": "00"#, #""secret_sha256": "0"#), (#""secret_sha256": "00"#, #""secret_sha256": "zz"#),
  ])
  func aKeyThatIsNotWholeMakesTheFileCorrupt(part: String, changed: String) throws {
    let key = AccessKey(
      id: "0123456789abcdef", name: "n", pools: [try PoolPattern(parsing: "a*")], permissions: .read, created: noon,
      expires: nil, isRevoked: false, digest: try #require(SecretDigest(hexadecimal: String(repeating: "0", count: 64)))
    )
    let text = String(decoding: KeyFile.content([key]), as: UTF8.self)
    #expect(KeyFile.keys(Array(text.utf8))?.count == 1)
    let damaged = text.replacing(part, with: changed)
    #expect(damaged != text)
    #expect(KeyFile.keys(Array(damaged.utf8))?.count == nil)
  }

  @Test func aKeyThatIsThereTwiceMakesTheFileCorrupt() throws {
    let made = try create().key
    #expect(KeyFile.keys(KeyFile.content([made, made]))?.count == nil)
  }

  @Test(arguments: [0o644, 0o640, 0o602, 0o660, 0o604] as [UInt32])
  func aFileThatOthersCanReadOrChangeIsRefused(permissions: UInt32) throws {
    _ = try create()
    try Paths.setPermissions(store.path, permissions)
    let error = failure { () throws(Failure) in _ = try store.keys() }
    #expect(error?.kind == .permission)
    #expect(error?.message == "access key file is open to other users")
    #expect(error?.hint?.contains("chmod 600") == true)
  }

  @Test func whatIsNoFileIsRefused() throws {
    try Paths.makeDirectories(store.path)
    #expect(failure { () throws(Failure) in _ = try store.keys() }?.message == "access key file is not a regular file")
  }

  @Test func whatADeadWriterLeftIsNoHindrance() throws {
    _ = try create()
    try write([1, 2, 3], to: store.path + ".new")
    _ = try create()
    #expect(try store.keys().count == 2)
  }

  @Test func aFullStoreForgetsDeadKeysAndNoOthers() throws {
    try Paths.makeDirectories(directory.file("pools"))
    var keys = try (0..<KeyStore.keyLimit).map { _ in
      try AccessKey.make("a", pools: [.all], permissions: .read, created: 0, expires: nil).key
    }
    try PrivateFile.replace(store.path, "keys", with: KeyFile.content(keys))
    #expect(
      failure { () throws(Failure) in
        _ = try store.create("a", pools: [.all], permissions: .read, now: noon, expires: nil)
      }?.message == "there are too many access keys")
    keys[5].isRevoked = true
    try PrivateFile.replace(store.path, "keys", with: KeyFile.content(keys))
    let made = try create()
    let after = try store.keys()
    #expect(after.count == KeyStore.keyLimit)
    #expect(!after.contains { $0.id == keys[5].id })
    #expect(after.last?.id == made.key.id)
  }

  @Test func nobodysKeyIsLostWhenManyAreMadeAtOnce() throws {
    let store = store
    let made = Mutex<[String]>([])
    do {
      var threads: [Holder] = []
      for thread in 0..<8 {
        threads.append(
          Holder(
            try Thread {
              for number in 0..<10 {
                let name = "\(thread)-\(number)"
                guard let key = try? store.create(name, pools: [.all], permissions: .read, now: noon, expires: nil).key
                else { continue }
                if number % 2 == 0 { _ = try? store.revoke(key.id) }
                made.withLock { $0.append(key.id) }
              }
            }))
      }
    }
    let ids = made.withLock { $0 }
    #expect(ids.count == 80)
    let keys = try store.keys()
    #expect(Set(keys.map { $0.id }) == Set(ids))
    #expect(keys.count { $0.isRevoked } == 40)
  }

  private final class Holder {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }
}
