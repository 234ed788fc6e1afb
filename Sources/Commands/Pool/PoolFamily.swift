internal import Arguments
package import CommandSupport

/// The commands about pools, and those about the program itself.
package enum PoolFamily {
  /// - Parameter remote: Makes access to pools of other machines; nil where the build has no HTTP client.
  package static func commands(remote: RemoteMaker?) -> [ProgramCommand] {
    [
      FeedCommand.command(remote), FollowCommand.command(remote), FetchCommand.command(remote),
      DuplexCommand.command(remote), TapCommand.command(remote), pool(remote), DoctorCommand.command,
      McpCommand.command,
    ]
  }

  private static func pool(_ remote: RemoteMaker?) -> ProgramCommand {
    ProgramCommand("pool", "Create, list, describe and delete pools").with {
      $0.details = "A pool is a bounded ring of messages in one file that many processes append to and read from."
      $0.subcommands = [
        PoolCreateCommand.command(remote), PoolInfoCommand.command(remote), PoolListCommand.command(remote),
        PoolDeleteCommand.command(remote),
      ]
      $0.examples = [
        ProgramCommand.Example("make a pool", "weir pool create events"),
        ProgramCommand.Example("see what is there", "weir pool list"),
        ProgramCommand.Example("see what is there on another machine", "weir pool list https://pools.example:9700"),
      ]
    }
  }

  /// - Parameter root: The tree that these are part of.
  package static func commandsAboutTheProgram(root: @escaping @Sendable () -> ProgramCommand) -> [ProgramCommand] {
    [VersionCommand.command, CompletionCommand.command(root: root), ManualCommand.command(root: root)]
  }
}
