internal import Arguments
internal import CommandSupport
internal import Documents

/// `weir version`
enum VersionCommand {
  static let command = ProgramCommand("version", "Print the version").with {
    $0.options = [Globals.json]
    $0.examples = [ProgramCommand.Example("the version alone", "weir version | jq -r .version")]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let line = "weir \(Version.number)\n"
    try session.print(
      .object([("name", .text("weir")), ("version", .text(Version.number))]), prose: { line }, plain: { line })
    return .success
  }
}
