internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents
internal import Platform

/// `weir capture`
enum CaptureCommands {
  static let pool = Positional("POOL", .required, "The pool's name, or its path")
  static let tables = Option.values("table", "TABLE", "Capture this table; may be repeated").with {
    $0.details = "Without it all tables are captured, also those that come later."
  }
  static let origin = Option.value("origin", "ORIGIN", "Whose changes").with {
    $0.choices = AgentConfiguration.Capture.Origin.allCases.map { $0.rawValue }
    $0.fallback = "all"
    $0.details = "local: those that were written on this node; remote: those that came from others."
  }
  static let size = Option.value("size", "SIZE", "Bytes of the pool's file, if it has to be made").with {
    $0.details = "A number with an optional K, M or G, as for `weir pool create`."
  }
  static let snapshot = Option.flag("snapshot", "First capture all rows as they are now")

  static let command = ProgramCommand("capture", "Put changes of a node's tables into a pool").with {
    $0.details = """
      Every committed change of the tables becomes a message of the pool, in the order of the commits and once each, also over \
      crashes. What is captured for good can as well stand in the configuration, as [capture.POOL].
      """
    $0.subcommands = [list, add, remove]
    $0.examples = [
      ProgramCommand.Example("follow what happens to one table", "weir capture add changes --table services"),
      ProgramCommand.Example("and read it", "weir follow changes"),
    ]
  }

  private static let list = ProgramCommand("list", "List what is captured, and how far it is").with {
    $0.options = AdminTalk.options
    $0.action = Action { (invocation, session) throws(CommandError) in
      try AdminTalk.ask(.capture(.list), invocation, session)
      return .success
    }
  }

  private static let add = ProgramCommand("add", "Capture changes from now on").with {
    $0.details = "The node makes the pool if it is missing. A capture that is there already goes on with these tables."
    $0.positionals = [pool]
    $0.options = [tables, origin, size, snapshot] + AdminTalk.options
    $0.action = Action { (invocation, session) throws(CommandError) in
      let tables = invocation.values(tables)
      let origin = invocation.value(origin).flatMap { AgentConfiguration.Capture.Origin(rawValue: $0) } ?? .all
      let command = AdminCommand.Capture.add(
        pool: invocation.value(pool) ?? "", directory: try directory(session), tables: tables.isEmpty ? nil : tables,
        origin: origin, size: try invocation.value(size).map { (text) throws(CommandError) in try bytes(text) },
        snapshot: invocation.has(snapshot))
      try AdminTalk.ask(.capture(command), invocation, session)
      return .success
    }
  }

  private static let remove = ProgramCommand("remove", "Capture no more; the pool stays").with {
    $0.positionals = [pool]
    $0.options = AdminTalk.options
    $0.action = Action { (invocation, session) throws(CommandError) in
      let command = AdminCommand.Capture.remove(
        pool: invocation.value(pool) ?? "", directory: try directory(session))
      try AdminTalk.ask(.capture(command), invocation, session)
      return .success
    }
  }

  private static func bytes(_ text: String) throws(CommandError) -> UInt64 {
    try reading { () throws(ValueError) in try ByteSize.parse(text) }
  }

  /// As the node finds it, wherever it runs.
  private static func directory(_ session: Session) throws(CommandError) -> String {
    let directory = try session.poolDirectory()
    return (try? Paths.canonical(directory)) ?? directory
  }
}
