import Arguments
import CommandSupport
import Platform
import Reactor
import Support
import TLS
import Testing

@testable import ServerCommands

struct ServeInitTests {
  let directory: TemporaryDirectory
  init() throws { directory = try TemporaryDirectory() }

  private func initialise(_ words: String...) -> Run { run(["serve", "init", "--output-dir", directory.path] + words) }
  private var token: String { directory.file("weir-auth-token.txt") }
  private var certificate: String { directory.file("weir-tls-cert.pem") }
  private var key: String { directory.file("weir-tls-key.pem") }

  @Test func theFilesArePrivateAndWhole() throws {
    let run = initialise()
    #expect(run.status == 0)
    #expect(run.errors.isEmpty)
    for path in [token, certificate, key] { #expect(try File.info(path).permissions == 0o600) }
    #expect(try Paths.list(directory.path).count == 3)
    let secret = String(decoding: try contents(token), as: UTF8.self)
    #expect(secret.wholeMatch(of: /[0-9a-f]{64}\n/) != nil)
    #expect(!run.output.contains(secret.dropLast()))
    #expect(text(run.output, "init", "artifact_paths", "token_file") == token)
  }

  /// What clients that trust the certificate make of this host.
  private func connects(to host: String) throws -> Bool {
    var servers = TLSSettings(.server)
    servers.identity = .init(certificates: .file(certificate), privateKey: .file(key))
    var clients = TLSSettings(.client)
    clients.trust = .certificates(.file(certificate))
    let server = try TLSContext(servers).server()
    let client = try TLSContext(clients).client(host: host)
    var buffer = [UInt8](repeating: 0, count: 32 << 10)
    do {
      try client.start()
      for _ in 0..<8 where !client.isEstablished || !server.isEstablished {
        for (from, to) in [(client as SecureLayer, server as SecureLayer), (server, client)] {
          try buffer.withUnsafeMutableBytes { raw in
            let count = from.takeWire(into: raw)
            if count > 0 { try to.receive(UnsafeRawBufferPointer(rebasing: raw[..<count])) }
          }
        }
      }
    } catch {
      return false
    }
    return client.isEstablished && server.isEstablished
  }

  @Test func theCertificateIsForEveryNameOfTheServer() throws {
    #expect(initialise("--bind", "192.0.2.7:9700", "--name", "db.example", "--name", "2001:db8::5").status == 0)
    for host in ["localhost", "127.0.0.1", "::1", try Paths.hostName(), "192.0.2.7", "db.example", "2001:db8::5"] {
      #expect(try connects(to: host), "\(host)")
    }
    #expect(try !connects(to: "other.example"))
  }

  @Test func itIsValidForWhatSystemsAccept() throws {
    let before = Int64(Clock.wall() / 1_000_000_000)
    #expect(initialise().status == 0)
    let end = try CertificateDescription(.file(certificate)).end
    #expect((before + 825 * 86_400...before + 825 * 86_400 + 60).contains(end))
  }

  @Test func nothingIsReplacedUnlessForced() throws {
    #expect(initialise().status == 0)
    let old = try [token, certificate, key].map { try contents($0) }
    let again = initialise()
    #expect(again.status == 4)
    #expect(text(again.errors, "error", "kind") == "AlreadyExists")
    #expect(text(again.errors, "error", "message") == "serve init artifact already exists")
    #expect(try [token, certificate, key].map { try contents($0) } == old)
    #expect(initialise("--force").status == 0)
    for (path, old) in zip([token, certificate, key], old) {
      #expect(try contents(path) != old)
      #expect(try File.info(path).permissions == 0o600)
    }
  }

  @Test func oneFileThatIsThereLeavesTheOthersUnmade() throws {
    try write([1], to: certificate)
    #expect(initialise().status == 4)
    #expect(try Paths.list(directory.path) == ["weir-tls-cert.pem"])
  }

  @Test func aFileThatOthersCouldReadIsReplacedByAPrivateOne() throws {
    try write([1], to: token)
    try Paths.setPermissions(token, 0o644)
    #expect(initialise("--force").status == 0)
    #expect(try File.info(token).permissions == 0o600)
  }

  @Test(arguments: [
    ["--token-file", "a", "--tls-cert", "a"], ["--tls-cert", "a", "--tls-key", "./a"],
    ["--token-file", "x/../a", "--tls-key", "a"], ["--token-file", "weir-tls-key.pem"],
  ])
  func pathsMustDiffer(words: [String]) throws {
    try Paths.makeDirectories(directory.file("x"))
    let run = run(["serve", "init", "--force", "--output-dir", directory.path] + words)
    #expect(run.status == 2)
    #expect(text(run.errors, "error", "message") == "serve init requires distinct artifact paths")
  }

  @Test func missingDirectoriesAreMade() throws {
    let run = run(["serve", "init", "--output-dir", directory.file("a/b"), "--tls-key", "c/key.pem"])
    #expect(run.status == 0)
    #expect(try File.info(directory.file("a/b/c/key.pem")).permissions == 0o600)
    #expect(try File.info(directory.file("a")).permissions == 0o700)
  }

  @Test(arguments: [
    ("--access", "read-only"), ("--bind", "127.0.0.1:1"), ("--token-file", "t"), ("--max-body-bytes", "5"),
  ])
  func optionsOfServeAreRefused(option: String, value: String) {
    let run = run(["serve", option, value, "init", "--output-dir", directory.path])
    #expect(run.status == 2)
    #expect(text(run.errors, "error", "message") == "serve init does not use parent option \(option)")
  }

  @Test(arguments: ["", "a b", "http://a", "a:1", "a/b", "1.2.3.4:5", "fe80::1%lo", "[::1]"])
  func refusedNames(name: String) {
    let run = initialise("--name", name)
    #expect(run.status == 2)
    #expect(text(run.errors, "error", "message") == "invalid name '\(name)'")
  }

  @Test func theSamplesNameTheServerAsItsCertificateDoes() throws {
    let named = initialise("--name", "db.example")
    #expect(named.output.contains("https://db.example:9700/v0/pools/demo/append"))
    #expect(named.output.contains(#"-d '{\"data\":{\"hello\":\"world\"}"#))
    let specific = initialise("--force", "--bind", "[::1]:9800")
    #expect(specific.output.contains("https://[::1]:9800/demo"))
    #expect(!specific.output.contains("--allow-non-loopback"))
    let wild = initialise("--force", "--name", "*.example.org")
    #expect(wild.output.contains("https://\(try Paths.hostName()):9700/"))
  }

  @Test func theServerAcceptsWhatInitMade() throws {
    #expect(initialise().status == 0)
    let check = run([
      "serve", "check", "--bind", "0.0.0.0:9700", "--allow-non-loopback", "--token-file", token, "--tls-cert",
      certificate,
      "--tls-key", key, "--dir", directory.file("pools"),
    ])
    #expect(check.errors.isEmpty)
    #expect(check.status == 0)
    #expect(text(check.output, "check", "tls") == "enabled")
    #expect(text(check.output, "check", "auth") == "bearer token (--token-file)")
    #expect(
      text(check.output, "check", "tls_fingerprint") == (try CertificateDescription(.file(certificate)).fingerprint))
    // The wrong key.
    #expect(run(["serve", "init", "--output-dir", directory.file("other")]).status == 0)
    let wrong = run([
      "serve", "check", "--tls-cert", certificate, "--tls-key", directory.file("other/weir-tls-key.pem"), "--dir",
      directory.file("pools"),
    ])
    #expect(wrong.status == 2)
    #expect(text(wrong.errors, "error", "hint")?.isEmpty == false)
  }
}
