import Documents
import Platform
import Support
import Testing

@testable import Agent

@Suite struct EffectiveConfigurationTests {
  @Test func optionsWinOverVariablesAndVariablesOverTheFile() throws {
    let variables = ["DB__PATH": "from-variable", "API__BIND_ADDR": "127.0.0.1:2", "ADMIN__PATH": "a"]
    let option = ConfigurationInputs.Option("db.path", option: "--db-path", "from-option")
    let loaded = try load(least, environment: variables, options: [option])
    #expect(loaded.configuration.database.path == "from-option")
    #expect(loaded.configuration.api.listeners.first?.port == 2)
    let text = loaded.settings.text(file: "config.toml")
    #expect(text.contains("path = \"from-option\"  # option --db-path\n"))
    #expect(text.contains("addr = [\"127.0.0.1:2\"]  # environment API__BIND_ADDR\n"))
    #expect(text.contains("path = \"a\"  # environment ADMIN__PATH\n"))
    #expect(text.contains("schema_paths = []\n"))
    #expect(text.contains("# endpoint_name is not set\n"))
  }

  @Test(arguments: [
    ("DB__SCHEMA_PATHS", "one", "schema_paths = [\"one\"]"),
    ("DB__SCHEMA_PATHS", "[\"one\", \"two\"]", "schema_paths = [\"one\", \"two\"]"),
    ("DB__CACHE_SIZE_KIB", "-5", "cache_size_kib = -5"),
    ("API__AUTHZ__BEARER", "hush", "bearer-token = \"********\""),
    ("API__AUTHORIZATION__BEARER_TOKEN", "hush", "bearer-token = \"********\""),
    ("LOG__COLORS", "false", "colors = false"),
    ("LOG__FORMAT", "json", "format = \"json\""),
    ("GOSSIP__ADDR", "[::]:8787", "addr = \"[::]:8787\""),
    ("TELEMETRY__OPEN_TELEMETRY", "from-env", "open-telemetry = \"from-env\""),
    ("PERF__APPLY_QUEUE_BATCH_THRESHOLD_RATIO", "0.5", "apply_queue_batch_threshold_ratio = 0.5"),
  ])
  func everySettingHasAVariable(name: String, value: String, line: String) throws {
    let text = try load(least, environment: [name: value]).settings.text(file: nil)
    #expect(text.contains("\(line)  # environment \(name)"), "\(text)")
    #expect(!text.contains("hush"))
  }

  @Test(arguments: [
    (["LOG__COLORS": "yes"], ConfigurationError.Kind.invalidValue, "LOG__COLORS"),
    (["PERF__SQL_TX_TIMEOUT": "1s"], .invalidValue, "PERF__SQL_TX_TIMEOUT"),
    (["DB__SCHEMA_PATHS": "[\"a\"] # b\nx = 1"], .invalidValue, "DB__SCHEMA_PATHS"),
    (["API__ADDR": "127.0.0.1:1", "API__BIND_ADDR": "127.0.0.1:2"], .duplicate, "API__BIND_ADDR"),
  ])
  func aVariableThatCannotBeIsNamed(variables: [String: String], kind: ConfigurationError.Kind, name: String) throws {
    let error = try #require(refusal(least, environment: variables))
    #expect(error.kind == kind)
    #expect(error.origin == .environment(name))
    #expect(Failure(error).message.hasPrefix("environment variable \(name): "))
  }

  @Test func aVariableThatIsEmptyIsNotSet() throws {
    let node = try load(least, environment: ["DB__PATH": "", "GOSSIP__ADDR": ""]).configuration
    #expect(node.database.path == "/var/lib/weir/state.db")
    #expect(node.gossip == nil)
  }

  @Test func whatIsPrintedIsReadAgainAsTheSame() throws {
    let printed = try load(everything).settings.text(file: nil)
    let again = try load(printed).settings.text(file: nil)
    let withoutComments = { (text: String) in
      text.split(separator: "\n").map { $0.split(separator: "  #", maxSplits: 1)[0] }.filter { !$0.hasPrefix("#") }
    }
    #expect(withoutComments(again) == withoutComments(printed))
    #expect(!printed.contains("hush"))
  }

  @Test func whatNothingReadsYetIsTold() throws {
    let loaded = try load(least + "[gossip]\naddr = \"[::]:8787\"\n[log]\ncolors = true\n[perf]\nsql_tx_timeout = 60\n")
    #expect(loaded.settings.unused == ["gossip.addr (line 6)", "perf.sql_tx_timeout (line 10)"])
    #expect(loaded.settings.text(file: nil).contains("addr = \"[::]:8787\"  # line 6, not used yet\n"))
    #expect(try load(least).settings.unused.isEmpty)
  }

  @Test func theFileIsNamedByOptionThenVariable() throws {
    let directory = try TemporaryDirectory()
    try write(Array(least.utf8), to: directory.file("named.toml"))
    try write(Array("db.path = \"v\"\napi.addr = \"127.0.0.1:9\"".utf8), to: directory.file("variable.toml"))
    let environment = ["WEIR_CONFIG": directory.file("variable.toml")]
    var inputs = ConfigurationInputs { environment[$0] }
    #expect(try AgentConfiguration.load(inputs).file == directory.file("variable.toml"))
    inputs.file = directory.file("named.toml")
    let loaded = try AgentConfiguration.load(inputs)
    #expect(loaded.file == directory.file("named.toml"))
    #expect(loaded.configuration.database.path == "/var/lib/weir/state.db")
  }

  @Test func aFileThatIsMissingComesWithTheShortestThatWorks() throws {
    let directory = try TemporaryDirectory()
    let inputs = ConfigurationInputs(file: directory.file("none.toml")) { _ in nil }
    let error = #expect(throws: ConfigurationError.self) { try AgentConfiguration.load(inputs) }
    #expect(error?.kind == .missingFile)
    #expect(error?.path == directory.file("none.toml"))
    let lines = error?.hint.split(separator: "`").filter { $0.contains(" = ") }.joined(separator: "\n") ?? ""
    #expect(throws: Never.self) { try load(lines) }
    #expect(throws: ConfigurationError.self) {
      try AgentConfiguration.load(ConfigurationInputs(file: directory.path) { _ in nil })
    }
  }

  @Test func variablesAloneAreEnough() throws {
    let variables = ["DB__PATH": "x", "API__ADDR": "127.0.0.1:8080"]
    #expect(try load("", environment: variables).configuration.database.path == "x")
  }
}
