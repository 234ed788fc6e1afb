internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// `weir pool info`
enum PoolInfoCommand {
  static let name = Positional(
    "NAME", .required, "The pool: a name in the pool directory, a path, or http(s)://HOST:PORT/POOL", source: .pool)

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("info", "Show what a pool holds and how full it is").with {
    $0.details = """
      Shows the layout of the file, the first and the last sequence retained, how much of the ring is in use, and when the \
      oldest and the newest message were appended. Ages are in milliseconds.
      """
    $0.positionals = [name]
    $0.options = RemoteOptions.all + [Globals.json]
    $0.examples = [
      ProgramCommand.Example("how full a pool is", "weir pool info events | jq .metrics.utilization")
    ]
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let description: PoolDescription
    switch try PoolPlace(invocation.value(name) ?? "", invocation, session, remote) {
    case .local(let reference):
      let pool = try reference.open(
        missing: "Create it with `weir pool create \(CommandLineText.quoted(reference.text))`.")
      description = try PoolDescription(reference, pool, now: session.now())
    case .remote(let access):
      try Stopping.beginEndingAtOnce()
      let info = try remotely { () throws(Failure) in try access.info() }
      description = PoolDescription(access, info, now: session.now())
    }
    try session.print(description.report, prose: { description.prose }, plain: { description.plain })
    return .success
  }
}
