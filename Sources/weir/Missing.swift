import Arguments
import CommandSupport

extension Command where Action == CommandSupport.Action {
  /// What builds that lack something say instead of doing it.
  static func missing(_ name: String, _ summary: String, _ message: String, hint: String) -> ProgramCommand {
    ProgramCommand(name, summary).with {
      $0.positionals = [Positional("ARGUMENT", .zeroOrMore, "Not used")]
      $0.action = Action { (_, _) throws(CommandError) in throw .usage(message, hint: hint) }
    }
  }
}
