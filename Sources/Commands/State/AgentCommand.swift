internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents

/// `weir agent`
enum AgentCommand {
  static let printConfig = Option.flag("print-config", "Print the effective configuration")

  static let command = ProgramCommand("agent", "Look at the configuration of a node of the replicated state").with {
    $0.details = """
      With --print-config the settings are printed as TOML: those of the configuration file, of the environment and of the command \
      line, and the defaults of all others. A comment says where each comes from that is not the default. Secrets are masked.
      """
    $0.options = [printConfig] + NodeOptions.all
    $0.needsSomething = true
    $0.examples = [
      ProgramCommand.Example("what a file means", "weir agent --print-config --config node.toml")
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    guard invocation.has(printConfig) else {
      throw .usage("nothing to do", hint: "Use --print-config. Try `weir agent --help`.")
    }
    let loaded = try configuring { () throws(ConfigurationError) in
      try AgentConfiguration.load(NodeOptions.inputs(invocation))
    }
    try session.output.write(loaded.settings.text(file: loaded.file))
    warn(of: loaded, session)
    return .success
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
