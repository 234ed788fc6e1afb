import Documents
import Platform
import Support
import Synchronization
import Testing

@testable import Gateway

/// A clock that a test moves.
final class HandClock: Sendable {
  private let time = Mutex<Int64>(0)
  var now: Int64 { time.withLock { $0 } }
  func advance(_ seconds: Int64) { time.withLock { $0 += seconds * 1_000_000_000 } }
}

struct AccessKeeperTests {
  let directory: TemporaryDirectory
  let clock = HandClock()
  let path: String

  init() throws {
    directory = try TemporaryDirectory()
    path = directory.file("token")
  }

  private func writeToken(_ text: String, permissions: UInt32 = 0o600) throws {
    try write(Array(text.utf8), to: path)
    try Paths.setPermissions(path, permissions)
  }

  private func keeper(
    _ change: (inout GatewaySettings) -> Void = { _ in }, tell: @escaping @Sendable (AccessEvent) -> Void = { _ in }
  ) throws(Failure) -> AccessKeeper {
    var settings = GatewaySettings()
    change(&settings)
    let clock = clock
    return try AccessKeeper(settings, monotonic: { clock.now }, wall: { noon }, tell: tell)
  }

  private func opens(_ keeper: AccessKeeper, _ secret: String) -> Bool { (try? grant(keeper, secret)) != nil }

  private func grant(_ keeper: AccessKeeper, _ secret: String) throws -> Grant {
    let request = AccessRequest(isPeerLoopback: false, host: nil, authorization: "Bearer \(secret)")
    return try keeper.current().grant(request, on: AccessRulesTests.remote, now: noon)
  }

  @Test(arguments: ["secret", "secret\n", "  secret \r\n\n", "\tsecret"])
  func tokensAreTrimmed(text: String) throws {
    try writeToken(text)
    let path = path
    #expect(opens(try keeper { $0.tokenFile = path }, "secret"))
  }

  @Test func aChangedTokenTakesTheOldOnesPlace() throws {
    try writeToken("old")
    let path = path
    let events = Mutex<[String]>([])
    let keeper = try keeper({ $0.tokenFile = path }) { event in
      if case .reloaded(let path) = event { events.withLock { $0.append(path) } }
    }
    let old = try grant(keeper, "old")
    try writeToken("new")
    // Not looked at yet.
    #expect(opens(keeper, "old"))
    clock.advance(1)
    #expect(!opens(keeper, "old"))
    #expect(opens(keeper, "new"))
    #expect(!keeper.isStillValid(old))
    #expect(events.withLock { $0 } == [path])
    clock.advance(1)
    #expect(opens(keeper, "new"))
    #expect(events.withLock { $0.count } == 1)
  }

  @Test func aTokenFileThatIsReplacedIsNoticed() throws {
    try writeToken("old")
    let path = path
    let keeper = try keeper { $0.tokenFile = path }
    try write(Array("new".utf8), to: path + ".new")
    try Paths.setPermissions(path + ".new", 0o600)
    try Paths.replace(path + ".new", as: path)
    clock.advance(1)
    #expect(opens(keeper, "new"))
  }

  /// What becomes of a token file, and what is said of it.
  @Test(arguments: [
    ("empty", "token file is empty"), ("removed", "failed to read token file"),
    ("exposed", "token file is open to other users"), ("directory", "token file is not a regular file"),
    ("odd", "token has characters that no header can carry"), ("large", "token file is too large"),
  ])
  func aTokenFileThatCannotBeUsedOpensNothing(what: String, message: String) throws {
    try writeToken("old")
    let path = path
    let messages = Mutex<[String]>([])
    let keeper = try keeper({ $0.tokenFile = path }) { event in
      if case .unusable(let error) = event { messages.withLock { $0.append(error.message) } }
    }
    let old = try grant(keeper, "old")
    switch what {
    case "empty": try writeToken(" \n")
    case "removed": try Paths.remove(path)
    case "exposed": try Paths.setPermissions(path, 0o640)
    case "odd": try writeToken("a\u{7}b")
    case "large": try write([UInt8](repeating: 97, count: PrivateFile.limit + 1), to: path)
    default:
      try Paths.remove(path)
      try Paths.makeDirectories(path)
    }
    for _ in 0..<3 {
      clock.advance(1)
      #expect(!opens(keeper, "old"))
    }
    #expect(!opens(keeper, ""))
    #expect(!keeper.isStillValid(old))
    #expect(messages.withLock { $0 } == [message])
    // And at a start it is an error.
    let error = failure { () throws(Failure) in _ = try self.keeper { $0.tokenFile = path } }
    #expect(error?.message == message)
    #expect(error?.hint != nil)
    #expect(error?.path == path)
    // Once it is put right it counts again.
    if what == "directory" { try Paths.removeDirectory(path) }
    try writeToken("again")
    clock.advance(1)
    #expect(opens(keeper, "again"))
  }

  @Test func keysThatAreMadeAndRevokedWhileTheServerRunsAreNoticed() throws {
    let store = KeyStore(directory: directory.path)
    let keeper = try keeper { $0.keyStore = store.path }
    let made = try store.create("a", pools: [.all], permissions: .read, now: noon, expires: nil)
    clock.advance(1)
    let grant = try grant(keeper, made.secret)
    #expect(keeper.isStillValid(grant))
    _ = try store.revoke(made.key.id)
    clock.advance(1)
    #expect(!keeper.isStillValid(grant))
    #expect(!opens(keeper, made.secret))
  }

  @Test func aCorruptKeyFileOpensNothingAndIsAnErrorAtAStart() throws {
    let store = KeyStore(directory: directory.path)
    let made = try store.create("a", pools: [.all], permissions: .read, now: noon, expires: nil)
    let sound = try contents(store.path)
    let keeper = try keeper { $0.keyStore = store.path }
    #expect(opens(keeper, made.secret))
    try write(Array("{}".utf8), to: store.path)
    clock.advance(1)
    #expect(!opens(keeper, made.secret))
    #expect(failure { () throws(Failure) in _ = try self.keeper { $0.keyStore = store.path } }?.kind == .corrupt)
    try write(sound, to: store.path)
    clock.advance(1)
    #expect(opens(keeper, made.secret))
    try Paths.remove(store.path)
    clock.advance(1)
    #expect(!opens(keeper, made.secret))
  }

  @Test func tokensOfOptionsAndEnvironmentCount() throws {
    #expect(opens(try keeper { $0.token = "a" }, "a"))
    #expect(opens(try keeper { $0.environmentToken = "b" }, "b"))
    #expect(!opens(try keeper(), "a"))
  }
}
