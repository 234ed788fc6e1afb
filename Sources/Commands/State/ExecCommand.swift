internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON

/// `weir exec`
enum ExecCommand {
  static let command = ProgramCommand("exec", "Change the replicated state with SQL").with {
    $0.details = """
      Runs one statement in a transaction of its own, and prints how many rows it changed. The other nodes hear of it.

      The node's token is taken from $WEIR_API_TOKEN, else from the configuration.
      """
    $0.positionals = [SQLOptions.sql]
    $0.options = [SQLOptions.parameter, SQLOptions.timer, SQLOptions.timeout] + NodeOptions.all + [Globals.json]
    $0.examples = [
      ProgramCommand.Example(
        "add a row", "weir exec 'INSERT INTO services (id, name) VALUES (?, ?)' --param 7 --param web")
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let query = try SQLOptions.query(invocation)
    let client = try NodeClient(try NodeAddress(invocation))
    try Stopping.beginEndingAtOnce()
    var json = JSONWriter()
    json.beginArray()
    SQLOptions.write(invocation, into: &json)
    json.endArray()
    let body = json.output.withUnsafeBytes { Array($0) }
    let answer = try client.collect("/v1/transactions\(query)", body)
    guard let outcome = NodeText.outcome(answer) else { throw .failed(client.unexpected) }
    try show(outcome, invocation, session)
    return .success
  }

  private static func show(
    _ outcome: NodeText.Outcome, _ invocation: Invocation, _ session: Session
  ) throws(CommandError) {
    if let format = invocation.value(Globals.format), !format.hasSameBytes(as: "pretty") {
      let report = Report.object([
        ("rows_affected", .whole(outcome.rowsAffected)), ("time", .decimal(outcome.time)),
        ("version", .whole(outcome.version)),
      ])
      return try session.output.write(report.line(.compact).output.bytes)
    }
    var text = "Rows affected: \(outcome.rowsAffected)\n"
    if invocation.has(SQLOptions.timer) { text += "Run Time: real \(NodeText.Cell.decimal(outcome.time))\n" }
    try session.output.write(text)
  }
}
