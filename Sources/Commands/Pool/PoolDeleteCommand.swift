internal import Arguments
internal import CommandSupport
internal import Documents
internal import Pools

/// `weir pool delete`
enum PoolDeleteCommand {
  static let names = Positional(
    "NAME", .oneOrMore, "The pools to delete: names in the pool directory, paths, or http(s)://HOST:PORT/POOL",
    source: .pool)

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("delete", "Delete pools").with {
    $0.details = """
      Deletes every pool that is named and goes on when one cannot be deleted. The exit code is that of the first failure.

      Processes that have a deleted pool open learn of it at their next step.
      """
    $0.positionals = [names]
    $0.options = RemoteOptions.all + [Globals.json]
    $0.examples = [ProgramCommand.Example("two pools at once", "weir pool delete events orders")]
  }

  /// What became of one name.
  private struct Outcome {
    let name: String
    let path: String?
    let error: Failure?
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    try RemoteOptions.refuse(invocation, unlessOneOf: invocation.values(names))
    var outcomes: [Outcome] = []
    for name in invocation.values(names) { outcomes.append(try delete(name, invocation, session, remote)) }
    let shown = outcomes
    try session.print(report(shown), prose: { prose(shown) }, plain: { plain(shown, session) })
    return outcomes.lazy.compactMap { $0.error }.first.map { .failure($0.kind) } ?? .success
  }

  private static func delete(
    _ name: String, _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> Outcome {
    var path: String?
    do throws(CommandError) {
      if PoolReference.isRemote(name) {
        let access = try PoolPlace.remote(name, invocation, session, remote)
        try Stopping.beginEndingAtOnce()
        try remotely { () throws(Failure) in try access.delete() }
      } else {
        let reference = try PoolReference(name, in: session)
        path = reference.path
        try storing { () throws(PoolError) in try Pool.delete(at: reference.path) }
      }
      return Outcome(name: name, path: path, error: nil)
    } catch {
      guard case .failed(var error) = error else { throw error }
      if error.kind == .notFound, error.hint == nil { error.hint = "Check the name and --dir. Try `weir pool list`." }
      return Outcome(name: name, path: path, error: error)
    }
  }

  private static func report(_ outcomes: [Outcome]) -> Report {
    var deleted: [Report] = []
    var failed: [Report] = []
    for outcome in outcomes {
      if let error = outcome.error {
        failed.append(.object([("pool", .text(outcome.name)), ("error", error.report)]))
      } else {
        deleted.append(.object([("pool", .text(outcome.name)), ("path", .text(outcome.path))]))
      }
    }
    return .object([("deleted", .list(deleted)), ("failed", .list(failed))])
  }

  private static func prose(_ outcomes: [Outcome]) -> String {
    if outcomes.count == 1, let outcome = outcomes.first {
      guard let error = outcome.error else { return "Deleted \(outcome.name)\n" }
      return "Could not delete \(outcome.name): \(error.message)\n" + (error.hint.map { "  hint: \($0)\n" } ?? "")
    }
    return outcomes.map { outcome in
      outcome.error.map { "✗ \(outcome.name) — \($0.message)\n" } ?? "✓ \(outcome.name)\n"
    }.joinedText("")
  }

  private static func plain(_ outcomes: [Outcome], _ session: Session) -> String {
    var table = Table(["NAME", "STATUS", "PATH", "DETAIL"])
    for outcome in outcomes {
      table.add([
        outcome.name, outcome.error == nil ? "OK" : "ERR", outcome.path.map(session.shown) ?? "-",
        outcome.error?.message ?? "",
      ])
    }
    return table.text
  }
}
