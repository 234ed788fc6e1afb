internal import Arguments
package import CommandSupport

/// The commands about pools, and those about the program itself.
package enum PoolFamily {
  package static let commands: [ProgramCommand] = [
    FeedCommand.command, FollowCommand.command, FetchCommand.command, pool, DoctorCommand.command,
    McpCommand.command,
  ]

  private static let pool = ProgramCommand("pool", "Create, list, describe and delete pools").with {
    $0.details = "A pool is a bounded ring of messages in one file that many processes append to and read from."
    $0.subcommands = [
      PoolCreateCommand.command, PoolInfoCommand.command, PoolListCommand.command, PoolDeleteCommand.command,
    ]
    $0.examples = [
      ProgramCommand.Example("make a pool", "weir pool create events"),
      ProgramCommand.Example("see what is there", "weir pool list"),
    ]
  }

  /// - Parameter root: The tree that these are part of.
  package static func commandsAboutTheProgram(root: @escaping @Sendable () -> ProgramCommand) -> [ProgramCommand] {
    [VersionCommand.command, CompletionCommand.command(root: root), ManualCommand.command(root: root)]
  }
}
