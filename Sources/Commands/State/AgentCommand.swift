internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway
internal import Platform

/// `weir agent`
enum AgentCommand {
  static let printConfig = Option.flag("print-config", "Print the effective configuration")

  static let readyFile = Option.value("ready-file", "FILE", "Write the address to a file when it is bound").with {
    $0.source = .file
    $0.details = "ADDRESS:PORT of the first listener and a newline, in one step: for scripts that let port 0 choose."
  }

  static let command = ProgramCommand("agent", "Run a node of the replicated state").with {
    $0.details = """
      Opens the database, applies the schema's files, and serves the API of the configuration until Ctrl-C or SIGTERM, then ends \
      within ten seconds with exit code 0. The log goes to standard error; WEIR_LOG or RUST_LOG say how much of it. A node that can \
      write its database no more ends with an error, so that whoever started it can look.

      With --print-config nothing is started and the settings are printed as TOML: those of the configuration file, of the \
      environment and of the command line, and the defaults of all others. A comment says where each comes from that is not the \
      default. Secrets are masked.
      """
    $0.options = [printConfig, readyFile] + NodeOptions.all
    $0.examples = [
      ProgramCommand.Example("with the file of --config or $WEIR_CONFIG", "weir agent --config node.toml"),
      ProgramCommand.Example("what a file means", "weir agent --print-config --config node.toml"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let loaded = try configuring { () throws(ConfigurationError) in
      try AgentConfiguration.load(NodeOptions.inputs(invocation))
    }
    if invocation.has(printConfig) { try session.output.write(loaded.settings.text(file: loaded.file)) }
    warn(of: loaded, session)
    if invocation.has(printConfig) { return .success }
    try Stopping.begin()
    OpenLimit.raise()
    let agent = try asking { () throws(Failure) in
      let agent = try Agent(
        loaded.configuration, version: Version.number, log: try log(loaded.configuration.log, session))
      try agent.start()
      return agent
    }
    if let path = invocation.value(readyFile), let first = agent.addresses.first {
      try SmallFile.write(first.text, to: path)
    }
    let failure = agent.waitForEnd()
    agent.stop()
    if let failure { throw .failed(failure) }
    return .success
  }

  private static func log(_ settings: AgentConfiguration.Log, _ session: Session) throws(Failure) -> Log {
    let errors = session.errors
    do throws(SystemError) {
      return try Log(
        settings.format == .json ? .json : .text, LogFilter.standard(),
        isColored: settings.isColored && session.presentation.errors == .text(isColored: true)
      ) { line in
        try? errors.write(line.span.bytes)
        try? errors.flush()
      }
    } catch {
      throw Failure(.internal, "out of memory", causes: [error.message])
    }
  }

  /// Tells of settings that nothing reads yet, so that nobody relies on them.
  static func warn(of loaded: LoadedConfiguration, _ session: Session) {
    let unused = loaded.settings.unused
    guard !unused.isEmpty else { return }
    let first = unused.prefix(5).map { $0 }.joinedText(", ")
    let rest = unused.count > 5 ? " and \(unused.count - 5) more" : ""
    session.tell(
      Notice(
        .warning, command: "agent", message: "not used yet: \(first)\(rest)",
        subject: .path(loaded.file ?? ""), details: [("settings", .list(unused.map { .text($0) }))]))
  }
}
