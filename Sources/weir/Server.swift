import Arguments
import CommandSupport

// As in Secure.swift: not on a system, but on whether a module of ours is part of this build.
#if canImport(ServerCommands)
  import ServerCommands

  /// The commands about the gateway.
  enum Server {
    static let commands: [ProgramCommand] = ServerFamily.commands
  }
#else
  /// What builds without the gateway say.
  enum Server {
    static let commands: [ProgramCommand] = [
      missing("serve", "Let other programs and machines use the pools over HTTP"),
      missing("access", "Make, list and revoke keys for `weir serve`"),
    ]

    private static func missing(_ name: String, _ summary: String) -> ProgramCommand {
      .missing(
        name, summary, "this build has no server", hint: "Serve the pools with a build for Linux or macOS.")
    }
  }
#endif
