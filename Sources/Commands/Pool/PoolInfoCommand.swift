internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// `weir pool info`
enum PoolInfoCommand {
  static let name = Positional("NAME", .required, "The pool: a name in the pool directory, or a path", source: .pool)

  static let command = ProgramCommand("info", "Show what a pool holds and how full it is").with {
    $0.details = """
      Shows the layout of the file, the first and the last sequence retained, how much of the ring is in use, and when the \
      oldest and the newest message were appended. Ages are in milliseconds.
      """
    $0.positionals = [name]
    $0.options = [Globals.json]
    $0.examples = [
      ProgramCommand.Example("how full a pool is", "weir pool info events | jq .metrics.utilization")
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let reference = try PoolReference(invocation.value(name) ?? "", in: session)
    let pool = try reference.open(
      missing: "Create it with `weir pool create \(CommandLineText.quoted(reference.text))`.")
    let description = try PoolDescription(reference, pool, now: session.now())
    try session.print(description.report, prose: { description.prose }, plain: { description.plain })
    return .success
  }
}
