package import Arguments
package import CommandSupport

/// The commands about a node of the replicated state.
package enum StateFamily {
  package static let commands: [ProgramCommand] = [
    AgentCommand.command, QueryCommand.command, ExecCommand.command, ReloadCommand.command, SubsCommands.command,
    AdoptCommand.command, CaptureCommands.command,
  ]

  /// What they also take before their names. Not shown there: each of them shows what it uses.
  package static let options: [Option] = NodeOptions.all.map { $0.with { $0.isHidden = true } }
}
