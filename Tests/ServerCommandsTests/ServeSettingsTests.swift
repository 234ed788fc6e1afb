import Arguments
import CommandSupport
import Gateway
import Platform
import Support
import Testing

@testable import ServerCommands

struct ServeSettingsTests {
  private func settings(_ words: [String], environment: [String: String] = [:]) throws(CommandError) -> GatewaySettings
  {
    guard let invocation = try? parse(["serve"] + words) else { throw .usage("not a command line", hint: "") }
    return try ServeSettings(invocation, environment: { environment[$0] }).settings(directory: "pools")
  }

  @Test func withoutOptions() throws {
    let settings = try settings([])
    #expect(settings.bind.text == "127.0.0.1:9700")
    #expect(settings.access == .readWrite)
    #expect(settings.limits.bodyBytes == 1_048_576)
    #expect(settings.limits.tailTimeout == 30_000)
    #expect(settings.limits.tails == 64)
    #expect(settings.keyStore == Paths.join("pools", ".weir-keys.json"))
    #expect(settings.logFormat == nil)
    #expect(settings.logLevel == .info)
    #expect(settings.readyFile == nil)
  }

  @Test func everyOption() throws {
    let settings = try settings([
      "https://pools.example", "--bind", "[::1]:1", "--remote-bind", "0.0.0.0:2", "--access", "write-only",
      "--token-file", "t", "--require-key", "--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", "ca",
      "--allow-non-loopback", "--insecure-no-tls", "--cors-origin", "https://a", "--cors-origin", "https://b",
      "--allow-host", "h:1", "--allow-host", "i", "--max-body-bytes", "64K", "--max-tail-timeout-ms", "5",
      "--max-tail-concurrency", "6", "--ready-file", "r", "--log-format", "text", "--log-level", "debug",
    ])
    #expect(settings.server?.text == "https://pools.example")
    #expect(settings.bind.text == "[::1]:1")
    #expect(settings.remoteBind?.text == "0.0.0.0:2")
    #expect(settings.access == .writeOnly)
    #expect(settings.tokenFile == "t")
    #expect(settings.requiresKey)
    #expect(settings.tlsCertificate == "c")
    #expect(settings.tlsKey == "k")
    #expect(settings.clientAuthorities == "ca")
    #expect(settings.allowsNonLoopback)
    #expect(settings.allowsPlainText)
    #expect(settings.corsOrigins.map { $0.text } == ["https://a", "https://b"])
    #expect(settings.allowedHosts.map { $0.text } == ["h:1", "i"])
    #expect(settings.limits.bodyBytes == 65_536)
    #expect(settings.limits.tailTimeout == 5)
    #expect(settings.limits.tails == 6)
    #expect(settings.readyFile == "r")
    #expect(settings.logFormat == .text)
    #expect(settings.logLevel == .debug)
  }

  @Test func theEnvironmentCountsWhereNoOptionDoes() throws {
    let environment = [
      "WEIR_SERVE_READY_FILE": "r", "WEIR_SERVE_TOKEN": "t", "WEIR_SERVE_BIND": "x", "WEIR_TOKEN": "y",
    ]
    let one = try settings([], environment: environment)
    #expect(one.readyFile == "r")
    #expect(one.environmentToken == "t")
    let two = try settings(["--ready-file", "s", "--token-file", "f"], environment: environment)
    #expect(two.readyFile == "s")
    #expect(two.environmentToken == nil)
    #expect(two.tokenFile == "f")
    let three = try settings([], environment: ["WEIR_SERVE_TOKEN_FILE": "g", "WEIR_SERVE_TOKEN": ""])
    #expect(three.tokenFile == "g")
    #expect(three.environmentToken == nil)
    let both = failure { () throws(CommandError) in
      _ = try settings([], environment: ["WEIR_SERVE_TOKEN_FILE": "g", "WEIR_SERVE_TOKEN": "t"])
    }
    #expect(both?.message == "WEIR_SERVE_TOKEN cannot be combined with WEIR_SERVE_TOKEN_FILE")
  }

  @Test(arguments: [
    (["--bind", "nonsense"], "invalid bind address"), (["--remote-bind", "a:1"], "invalid bind address"),
    (["--bind", "0.0.0.0:1"], "non-loopback bind requires explicit opt-in"),
    (["--token", "a", "--token-file", "b"], "--token cannot be combined with --token-file"),
    (["--cors-origin", "*"], "CORS wildcard origin is not allowed"),
    (["--allow-host", "a/b"], "invalid host 'a/b'"), (["--allow-host", ""], "invalid host ''"),
    (["--max-body-bytes", "0"], "--max-body-bytes must be greater than zero"),
    (["--max-body-bytes", "1MB"], "invalid size suffix"),
    (["--max-tail-timeout-ms", "5s"], "invalid value '5s' for '--max-tail-timeout-ms <MS>'"),
    (["--udp"], "UDP is not supported"), (["--udp-follow"], "UDP is not supported"),
    (["--front-cert", "c"], "--front-cert is not supported"), (["install"], "unrecognized subcommand 'install'"),
    (["http://a"], "server URL must use HTTPS"), (["https://a/b"], "invalid server URL"),
    (["https://a", "--shared-address", "https://b"], "--shared-address cannot be combined with SERVER"),
    (["--shared-address", "http://b"], "server URL must use HTTPS"),
  ])
  func refusedOptions(words: [String], message: String) {
    let refused = failure { () throws(CommandError) in _ = try settings(words) }
    #expect(refused?.message == message)
    #expect(refused?.kind == .usage)
    #expect(refused?.hint != nil)
  }

  @Test func hugeLimitsAreNoFault() throws {
    let settings = try settings(["--max-tail-concurrency", "18446744073709551615"])
    #expect(settings.limits.tails == Int.max)
  }

  @Test func optionsMayStandBeforeCheckAndBehindIt() throws {
    for words in [["--access", "read-only", "check"], ["check", "--access", "read-only"]] {
      let invocation = try parse(["serve"] + words)
      #expect(invocation.path == ["weir", "serve", "check"])
      #expect(invocation.value(ServeOptions.access) == "read-only")
      #expect(invocation.hasBeforeCommand(ServeOptions.access) == (words.last == "check"))
      #expect(ServerText.startCommand(invocation) == "weir serve --access read-only")
    }
  }

  @Test func theStartCommandKeepsTheTokenToItself() throws {
    let invocation = try parse([
      "serve", "check", "--token", "s3cret", "--dir", "a b", "https://x", "--cors-origin", "https://y",
    ])
    #expect(
      ServerText.startCommand(invocation) == #"weir serve --dir "a b" --token TOKEN --cors-origin https://y https://x"#)
  }

  @Test(
    arguments: [
      ("30d", 2_592_000), ("1s", 1), ("12h", 43_200), ("1970-01-01T00:01:40Z", nil), ("1970-01-01T00:01:41Z", 1),
      ("never", nil), ("0s", nil), ("", nil), ("d", nil), ("5", nil), ("tomorrow", nil), ("-5d", nil),
      ("18446744073709551615d", nil), ("18446744073s", nil),
    ] as [(String, UInt64?)])
  func lifetimes(text: String, seconds: UInt64?) {
    let now: UInt64 = 100_000_000_000
    let end = try? Lifetime.end(text, now: now)
    #expect(end == seconds.map { now + $0 * 1_000_000_000 })
    if text == "never" { #expect(failure { () throws(CommandError) in _ = try Lifetime.end(text, now: now) } == nil) }
  }

  @Test func aGreetingSaysWhoMayConnect() throws {
    let one = try settings([])
    let text = ServerText(settings: one, fingerprint: nil).greeting(one.listeners.map { $0.with(port: 4711) })
    #expect(text.contains("http://127.0.0.1:4711/ui"))
    #expect(text.contains("for every program on this machine"))
    let two = try settings(["--remote-bind", "0.0.0.0:9743", "--tls-self-signed"])
    let both = ServerText(settings: two, fingerprint: "SHA256:00").greeting(two.listeners)
    #expect(both.contains("https://0.0.0.0:9743"))
    #expect(both.contains("with the token or an access key"))
    #expect(both.contains("SHA256:00"))
    let token = try settings(["--token", "s3cret"])
    let warned = ServerText(settings: token, fingerprint: nil).greeting(token.listeners)
    #expect(warned.contains("--token-file"))
    #expect(!warned.contains("s3cret"))
  }
}
