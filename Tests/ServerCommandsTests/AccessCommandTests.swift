import CommandSupport
import Gateway
import Platform
import Support
import Testing

@testable import ServerCommands

struct AccessCommandTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory() }

  private func access(_ words: String..., terminal: Bool = false) -> Run {
    run(["access"] + words + ["--dir", directory.file("pools")], terminal: terminal)
  }

  private var keys: [AccessKey] { get throws { try KeyStore(directory: directory.file("pools")).keys() } }

  @Test func theSecretIsShownOnceAndWorks() throws {
    let made = access("create", "alice")
    let secret = try #require(text(made.output, "access_key"))
    #expect(try keys.first?.digest.matches(SecretDigest(of: Array(secret.utf8))) == true)
    #expect(!access("list").output.contains(secret.suffix(64)))
  }

  @Test(
    arguments: [
      ([], ["read", "write"]), (["--read"], ["read"]), (["--write"], ["write"]),
      (["--read", "--write"], ["read", "write"]),
    ] as [([String], [String])])
  func permissions(words: [String], names: [String]) throws {
    #expect(run(["access", "create", "a", "--dir", directory.file("pools")] + words).status == 0)
    #expect(try keys.first?.permissions.names == names)
  }

  @Test func patternsAreKeptOnceAndDefaultToAll() throws {
    _ = access("create", "a")
    _ = access("create", "b", "--pool", "x", "--pool", "y*", "--pool", "x.plasmite")
    #expect(try keys.map(AccessCommands.pools) == ["*", "x, y*"])
  }

  @Test(arguments: [
    (["--pool", "a/b"], "invalid pool pattern 'a/b'"), (["--expires", "soon"], "invalid --expires value"),
    (["--expires", "2001-01-01T00:00:00Z"], "--expires lies in the past"),
  ])
  func refused(words: [String], message: String) throws {
    let run = run(["access", "create", "a", "--dir", directory.file("pools")] + words)
    #expect(run.status == 2)
    #expect(text(run.errors, "error", "message") == message)
    #expect(try keys.isEmpty)
  }

  @Test func aKeyInAFileIsPrivateAndNotShown() throws {
    let path = directory.file("key")
    let made = access("create", "a", "--output", path)
    let secret = String(decoding: try contents(path).dropLast(), as: UTF8.self)
    #expect(text(made.output, "path") == path)
    #expect(!made.output.contains(secret.suffix(64)))
    #expect(try File.info(path).permissions == 0o600)
    #expect(try keys.first?.digest.matches(SecretDigest(of: Array(secret.utf8))) == true)
    // Not over a file that is there, and then without a key that nobody has.
    #expect(access("create", "b", "--output", path).status == 4)
    #expect(try keys.count == 1)
    #expect(access("create", "c", "--output", directory.file("none/key")).status == 8)
    #expect(try keys.map { $0.isRevoked } == [false, true])
  }

  @Test func revokedKeysStayInTheList() throws {
    _ = access("create", "a")
    let id = try #require(try keys.first?.id)
    for _ in 0..<2 {
      let run = access("revoke", id)
      #expect(run.status == 0)
      #expect(run.output == "{\"id\":\"\(id)\",\"revoked\":true}\n")
    }
    #expect(access("list", "--format", "pretty").output.contains("revoked"))
    #expect(access("revoke", "0000000000000000").status == 3)
  }

  @Test func namesOfOtherServersMeanTheSame() throws {
    #expect(text(access("invite", "a").output, "access_key") != nil)
    #expect(access("keys").output == access("list").output)
  }

  @Test func aTerminalIsToldThatTheKeyIsShownOnlyNow() {
    let made = access("create", "a", terminal: true)
    #expect(made.output.contains("shown only now"))
    #expect(access("list", terminal: true).output.contains("active"))
  }

  @Test func anEscapeSequenceInANameDoesNotReachTheTerminal() {
    #expect(access("create", "a\u{1B}[31m").status == 2)
  }
}
