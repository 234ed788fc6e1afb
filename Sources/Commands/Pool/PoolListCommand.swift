internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// `weir pool list`
enum PoolListCommand {
  static let server = Positional(
    "SERVER", .optional, "List the pools of this server instead: http(s)://HOST:PORT", source: .anything)

  /// - Parameter remote: Makes access to pools of other machines; nil where the build cannot.
  static func command(_ remote: RemoteMaker?) -> ProgramCommand {
    description.with {
      $0.action = Action { (invocation, session) throws(CommandError) in try run(invocation, session, remote) }
    }
  }

  private static let description = ProgramCommand("list", "List the pools of the pool directory, or of a server").with {
    $0.details = """
      Lists every pool file of the pool directory, sorted by name. A pool that cannot be read has a row that says why, and does \
      not fail the command. A directory that does not exist holds no pools.
      """
    $0.positionals = [server]
    $0.options = RemoteOptions.all + [Globals.json]
    $0.examples = [
      ProgramCommand.Example("all pools", "weir pool list"),
      ProgramCommand.Example("those of another directory", "weir pool list --dir /srv/pools"),
    ]
  }

  /// What is listed of one pool.
  private struct Row {
    let name: String
    let path: String
    /// Nanoseconds since 1970-01-01 UTC; nil where it is not known.
    let modified: UInt64?
    let outcome: Result<(bounds: ClosedRange<UInt64>?, fileSize: UInt64), Failure>

    init(_ pool: PoolListing) {
      name = pool.name
      path = pool.path
      modified = pool.modified.map { UInt64(max(0, $0)) }
      outcome = pool.summary.map { ($0.bounds, $0.fileSize) }.mapError { Failure($0) }
    }

    init(_ row: RemoteMaker.Row) {
      name = row.name
      path = row.path
      modified = nil
      outcome = row.outcome.map { ($0.info.bounds, $0.info.geometry.fileSize) }
    }
  }

  private static func run(
    _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> ExitCode {
    let directory: String
    let pools: [Row]
    if let server = invocation.value(server) {
      directory = server
      pools = try list(server, invocation, session, remote)
    } else {
      try RemoteOptions.refuse(invocation)
      let path = try session.poolDirectory()
      directory = path
      pools = try storing { () throws(PoolError) in try PoolDirectory.list(path) }.map { Row($0) }
    }
    let now = session.now()
    try session.print(
      .object([("pools", .list(pools.map(row)))]), prose: { prose(pools, directory, now) },
      plain: { plain(pools) })
    return .success
  }

  private static func list(
    _ server: String, _ invocation: Invocation, _ session: Session, _ remote: RemoteMaker?
  ) throws(CommandError) -> [Row] {
    guard PoolReference.isRemote(server) else {
      throw .usage(
        "not the address of a server: \(server)", hint: "Write http(s)://HOST:PORT, or name a directory with --dir.")
    }
    let maker = try PoolPlace.required(remote)
    let settings = try RemoteOptions.settings(
      invocation, session, isExposed: maker.isExposed(server), text: server)
    try Stopping.beginEndingAtOnce()
    return try remotely { () throws(Failure) in try maker.list(server, settings) }.map { Row($0) }
  }

  private static func row(_ pool: Row) -> Report {
    switch pool.outcome {
    case .success(let summary):
      .object([
        ("name", .text(pool.name)), ("path", .text(pool.path)), ("bounds", PoolInfo.bounds(summary.bounds)),
        ("file_size", .whole(summary.fileSize)), ("mtime", .time(pool.modified)),
      ])
    case .failure(let error):
      .object([("name", .text(pool.name)), ("path", .text(pool.path)), ("error", error.envelope)])
    }
  }

  // MARK: Text

  private static func prose(_ pools: [Row], _ directory: String, _ now: UInt64) -> String {
    if pools.isEmpty {
      return "No pools in \(directory).\nCreate one with `weir pool create NAME`.\n"
    }
    var table = Table(["NAME", "SIZE", "MSGS", "MODIFIED", "PATH"])
    for pool in pools {
      guard case .success(let summary) = pool.outcome else { return plain(pools) }
      let count = summary.bounds.map { $0.upperBound - $0.lowerBound + 1 } ?? 0
      let age = pool.modified.map { (now > $0 ? now - $0 : 0) / 1_000_000 }
      table.add([
        pool.name, HumanFormat.size(summary.fileSize), "\(count)", HumanFormat.age(milliseconds: age),
        Paths.lastPart(of: pool.path),
      ])
    }
    return table.text
  }

  private static func plain(_ pools: [Row]) -> String {
    var table = Table(["NAME", "STATUS", "SIZE", "OLDEST", "NEWEST", "MTIME", "PATH", "DETAIL"])
    for pool in pools {
      let time = pool.modified.map { timestamp($0 / 1_000_000_000 * 1_000_000_000) } ?? "-"
      let path = Paths.lastPart(of: pool.path)
      switch pool.outcome {
      case .success(let summary):
        let oldest = summary.bounds.map { "\($0.lowerBound)" } ?? "-"
        let newest = summary.bounds.map { "\($0.upperBound)" } ?? "-"
        table.add([pool.name, "OK", "\(summary.fileSize)", oldest, newest, time, path, ""])
      case .failure(let error):
        table.add([pool.name, "ERR", "-", "-", "-", time, path, error.message])
      }
    }
    return table.text
  }
}
