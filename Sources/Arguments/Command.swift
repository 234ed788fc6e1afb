/// A command, or a group of commands, described as a value.
///
/// `Action` is whatever the program wants back when the command is chosen; nothing here looks at it.
package struct Command<Action: Sendable>: Sendable {
  /// A command line worth showing, and what it is for.
  package struct Example: Sendable {
    package let purpose: String
    package let line: String

    package init(_ purpose: String, _ line: String) {
      self.purpose = purpose
      self.line = line
    }
  }

  package let name: String
  /// One line without a full stop.
  package let summary: String
  /// Paragraphs for `--help`, separated by empty lines. A line that begins with two spaces is kept as it is.
  package var details: String?
  package var positionals: [Positional] = []
  package var options: [Option] = []
  package var subcommands: [Command] = []
  package var examples: [Example] = []
  package var isHidden = false
  /// What to do when this command is chosen; nil for a group.
  package var action: Action?
  /// Options that every command below accepts too, before or after its name. Read at the root only.
  package var globals: [Option] = []
  /// With nothing given at all, show help, even though nothing is required by the parts.
  package var needsSomething = false

  package init(_ name: String, _ summary: String) {
    self.name = name
    self.summary = summary
  }

  /// A copy with some members changed, so that a description stays one expression.
  package func with(_ change: (inout Command) -> Void) -> Command {
    var copy = self
    change(&copy)
    return copy
  }

  package func subcommand(named text: String) -> Command? {
    subcommands.first { $0.name.hasSameBytes(as: text) }
  }

  var isGroup: Bool { !subcommands.isEmpty }

  /// True when the command can do nothing without an argument.
  var requiresSomething: Bool {
    needsSomething || (isGroup && action == nil) || positionals.contains { $0.isRequired }
  }

  var shownOptions: [Option] { options.filter { !$0.isHidden } }
  var shownSubcommands: [Command] { subcommands.filter { !$0.isHidden } }
}

/// What a command line asks for.
package enum Request<Action: Sendable>: Sendable {
  case run(Action, Invocation)
  /// Print the text. `isMissing`: it was not asked for, but the command was given nothing to work on.
  case help(text: String, isMissing: Bool, Invocation)
  case version(Invocation)
}
