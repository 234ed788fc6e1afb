internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform
internal import Pools

/// `weir pool list`
enum PoolListCommand {
  static let command = ProgramCommand("list", "List the pools of the pool directory").with {
    $0.details = """
      Lists every pool file of the pool directory, sorted by name. A pool that cannot be read has a row that says why, and does \
      not fail the command. A directory that does not exist holds no pools.
      """
    $0.options = [Globals.json]
    $0.examples = [
      ProgramCommand.Example("all pools", "weir pool list"),
      ProgramCommand.Example("those of another directory", "weir pool list --dir /srv/pools"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let directory = try session.poolDirectory()
    let pools = try storing { () throws(PoolError) in try PoolDirectory.list(directory) }
    let now = session.now()
    try session.print(
      .object([("pools", .list(pools.map(row)))]), prose: { prose(pools, directory, now) },
      plain: { plain(pools) })
    return .success
  }

  private static func row(_ pool: PoolListing) -> Report {
    switch pool.summary {
    case .success(let summary):
      .object([
        ("name", .text(pool.name)), ("path", .text(pool.path)), ("bounds", PoolInfo.bounds(summary.bounds)),
        ("file_size", .whole(summary.fileSize)), ("mtime", .time(modified(pool))),
      ])
    case .failure(let error):
      .object([("name", .text(pool.name)), ("path", .text(pool.path)), ("error", Failure(error).envelope)])
    }
  }

  private static func modified(_ pool: PoolListing) -> UInt64? { pool.modified.map { UInt64(max(0, $0)) } }

  // MARK: Text

  private static func prose(_ pools: [PoolListing], _ directory: String, _ now: UInt64) -> String {
    if pools.isEmpty {
      return "No pools in \(directory).\nCreate one with `weir pool create NAME`.\n"
    }
    var table = Table(["NAME", "SIZE", "MSGS", "MODIFIED", "PATH"])
    for pool in pools {
      guard case .success(let summary) = pool.summary else { return plain(pools) }
      let count = summary.bounds.map { $0.upperBound - $0.lowerBound + 1 } ?? 0
      let age = modified(pool).map { (now > $0 ? now - $0 : 0) / 1_000_000 }
      table.add([
        pool.name, HumanFormat.size(summary.fileSize), "\(count)", HumanFormat.age(milliseconds: age),
        Paths.lastPart(of: pool.path),
      ])
    }
    return table.text
  }

  private static func plain(_ pools: [PoolListing]) -> String {
    var table = Table(["NAME", "STATUS", "SIZE", "OLDEST", "NEWEST", "MTIME", "PATH", "DETAIL"])
    for pool in pools {
      let time = modified(pool).map { timestamp($0 / 1_000_000_000 * 1_000_000_000) } ?? "-"
      let path = Paths.lastPart(of: pool.path)
      switch pool.summary {
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
