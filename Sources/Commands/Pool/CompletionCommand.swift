internal import Arguments
internal import CommandSupport
internal import Pools

/// `weir completion` and `weir man`: the description of the commands in other words.
enum CompletionCommand {
  static let shell = Positional(
    "SHELL", .required, "The shell to make the script for", choices: Shell.allCases.map { $0.name })

  /// - Parameter root: The tree of commands to describe.
  static func command(root: @escaping @Sendable () -> ProgramCommand) -> ProgramCommand {
    ProgramCommand("completion", "Print a completion script for a shell").with {
      $0.details = """
        The script completes commands, options, fixed values, and the names of pools. It is always text, whatever --format says.
        """
      $0.positionals = [shell]
      $0.examples = [
        ProgramCommand.Example("bash, for this session", "source <(weir completion bash)"),
        ProgramCommand.Example("fish, for good", "weir completion fish > ~/.config/fish/completions/weir.fish"),
      ]
      $0.action = Action { (invocation, session) throws(CommandError) in
        let name = invocation.value(shell) ?? ""
        for shell in Shell.allCases where shell.name.hasSameBytes(as: name) {
          try session.output.write(root().completionScript(for: shell))
        }
        return .success
      }
    }
  }
}

enum ManualCommand {
  static let path = Positional("COMMAND", .zeroOrMore, "The command to describe; all of Weir without one")

  static func command(root: @escaping @Sendable () -> ProgramCommand) -> ProgramCommand {
    ProgramCommand("man", "Print a manual page").with {
      $0.isHidden = true
      $0.positionals = [path]
      $0.action = Action { (invocation, session) throws(CommandError) in
        let root = root()
        var command = root
        var names = [root.name]
        for name in invocation.values(path) {
          guard let next = command.subcommand(named: name) else {
            throw .usage("unrecognized subcommand '\(name)'", hint: "Try `\(names.joinedText(" ")) --help`.")
          }
          command = next
          names.append(name)
        }
        try session.output.write(
          command.manualPage(path: names, globals: root.globals, version: Version.number))
        return .success
      }
    }
  }
}
