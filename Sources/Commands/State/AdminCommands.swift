internal import Agent
internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON

/// Asks a node over its admin channel, and prints what it answers: results on standard output, what it says of its work as
/// notices.
enum AdminTalk {
  /// The options of every command that does so.
  static let options = [NodeOptions.config, NodeOptions.admin, Globals.json]

  static func ask(_ command: AdminCommand, _ invocation: Invocation, _ session: Session) throws(CommandError) {
    let path = try NodeSocket.path(invocation)
    try Stopping.beginEndingAtOnce()
    let client = try asking { () throws(Failure) in try AdminClient(path: path) }
    try asking { () throws(Failure) in try client.send(command) }
    while let response = try asking({ () throws(Failure) in try client.next() }) {
      switch response {
      case .json(let report): try session.output.write(report.line(session.presentation.oneMessage).output.bytes)
      case .log(let level, let message, _): tell(level, message, path, invocation, session)
      case .success, .error: break
      }
    }
  }

  private static func tell(
    _ level: AdminResponse.Level, _ message: String, _ path: String, _ invocation: Invocation, _ session: Session
  ) {
    session.tell(
      Notice(
        .node, command: invocation.path.dropFirst().map { $0 }.joinedText(" "), message: message, subject: .path(path),
        details: [("level", .text(level.rawValue))]))
  }
}

/// `weir reload`
enum ReloadCommand {
  static let dropRetired = Option.flag("drop-retired", "Drop the tables and columns that are retired").with {
    $0.details = """
      The second step of removing one. The first is a line `-- weir retired TABLE` or `-- weir retired TABLE.COLUMN` in the schema: \
      what is retired goes on to be there. Drop it when every node has taken that line.
      """
  }

  static let command = ProgramCommand("reload", "Have a node read its schema files again").with {
    $0.details = """
      The node reads the files that db.schema_paths of its configuration names, and applies what has changed, all of it or nothing. \
      It is asked over its admin socket, which only its own user may use.
      """
    $0.options = [dropRetired] + AdminTalk.options
    $0.examples = [ProgramCommand.Example("after a schema file has changed", "weir reload")]
    $0.action = Action { (invocation, session) throws(CommandError) in
      try AdminTalk.ask(.reload, invocation, session)
      if invocation.has(dropRetired) { try AdminTalk.ask(.dropRetired, invocation, session) }
      return .success
    }
  }
}

/// `weir adopt`
enum AdoptCommand {
  static let command = ProgramCommand("adopt", "Have a node take over rows that another program wrote").with {
    $0.details = """
      Every write must go through the node, which refuses others as far as it can. What a program inserted or deleted all the same \
      is told of when the node starts. This takes it as if it had been written on this node now, so that it replicates. Prints how \
      many rows that were, and the version that they got.
      """
    $0.options = AdminTalk.options
    $0.examples = [ProgramCommand.Example("after the node's log has told of such rows", "weir adopt")]
    $0.action = Action { (invocation, session) throws(CommandError) in
      try AdminTalk.ask(.adopt, invocation, session)
      return .success
    }
  }
}

/// `weir subs`
enum SubsCommands {
  static let hash = Option.value("hash", "HASH", "By the hash of its query, as corro-query-hash has it").with {
    $0.conflicts = ["id"]
  }
  static let id = Option.value("id", "ID", "By its id, as corro-query-id has it")

  static let command = ProgramCommand("subs", "Look at the live queries of a node").with {
    $0.subcommands = [list, info]
    $0.examples = [ProgramCommand.Example("all of them", "weir subs list")]
  }

  private static let list = ProgramCommand("list", "List the live queries").with {
    $0.details = "Prints one list: id, hash, SQL, and what each costs the node, in milliseconds a second."
    $0.options = AdminTalk.options
    $0.action = Action { (invocation, session) throws(CommandError) in
      try AdminTalk.ask(.subscriptions(.list), invocation, session)
      return .success
    }
  }

  private static let info = ProgramCommand("info", "Describe one live query").with {
    $0.details = "Prints one object: where the node keeps it, its last change, and the statements that it is made of."
    $0.options = [hash, id] + AdminTalk.options
    $0.needsSomething = true
    $0.examples = [
      ProgramCommand.Example("by its id", "weir subs info --id ba247cbc-2a7f-486b-873c-8a9620e72182")
    ]
    $0.action = Action { (invocation, session) throws(CommandError) in
      let (hash, id) = (invocation.value(hash), invocation.value(id))
      guard hash != nil || id != nil else {
        throw .usage("subs info needs --hash or --id", hint: "`weir subs list` shows both.")
      }
      try AdminTalk.ask(.subscriptions(.info(hash: hash, id: id)), invocation, session)
      return .success
    }
  }
}
