import Arguments
import CommandSupport

// As in Secure.swift: not on a system, but on whether a module of ours is part of this build.
#if canImport(StateCommands)
  import StateCommands

  /// The commands about the replicated state.
  enum State {
    static let commands: [ProgramCommand] = StateFamily.commands
    /// What they take before their names.
    static let options: [Option] = StateFamily.options
  }
#else
  /// What builds without the state say.
  enum State {
    static let commands: [ProgramCommand] = [
      missing("agent", "Run a node of the replicated state"),
      missing("query", "Ask a node of the replicated state with SQL"),
      missing("exec", "Change the replicated state with SQL"),
      missing("reload", "Have a node read its schema files again"),
      missing("subs", "Look at the live queries of a node"),
      missing("adopt", "Have a node take over rows that another program wrote"),
      missing("capture", "Put changes of a node's tables into a pool"),
    ]
    static let options: [Option] = []

    private static func missing(_ name: String, _ summary: String) -> ProgramCommand {
      .missing(
        name, summary, "this build has no replicated state", hint: "Use a build for Linux or macOS.")
    }
  }
#endif
