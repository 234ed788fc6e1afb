internal import Arguments
internal import CommandSupport
internal import Documents
internal import JSON

/// `weir query`
enum QueryCommand {
  static let columns = Option.flag("columns", "Print the names of the columns first").with {
    $0.details = "A table and JSON have them always."
  }

  static let command = ProgramCommand("query", "Ask a node of the replicated state with SQL").with {
    $0.details = """
      Rows are printed as they come. On a terminal they are a table. Into a pipe they are lines of cells with a bar between, as \
      they are: nothing for NULL, x'00ff' for bytes. With --json they are JSON, an object a line by the names of the columns; the \
      second column of a name gets `:1` behind it, the third `:2`.

      The statement must not change anything: see `weir exec`. The node's token is taken from $WEIR_API_TOKEN, else from the \
      configuration.
      """
    $0.positionals = [SQLOptions.sql]
    $0.options =
      [columns, SQLOptions.parameter, SQLOptions.timer, SQLOptions.timeout.with { $0.fallback = "60" }]
      + NodeOptions.all
      + [Globals.json, Globals.jsonLines]
    $0.examples = [
      ProgramCommand.Example("a table", "weir query 'SELECT * FROM services'"),
      ProgramCommand.Example("with a parameter", "weir query 'SELECT id FROM services WHERE name = ?' --param web"),
      ProgramCommand.Example("for a program", "weir query --json 'SELECT * FROM services' | jq .name"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let form = RowPrinter.form(invocation, session.output, hasNames: invocation.has(columns))
    if case .jsonLines = form, invocation.has(SQLOptions.timer) {
      throw .usage("--timer does not go with JSON", hint: "Leave one of them out.")
    }
    let query = try SQLOptions.query(invocation)
    let client = try NodeClient(try NodeAddress(invocation))
    try Stopping.beginEndingAtOnce()
    var json = JSONWriter()
    SQLOptions.write(invocation, into: &json)
    let body = json.output.withUnsafeBytes { Array($0) }
    let time = try show(client, "/v1/queries\(query)", body, form, session)
    if invocation.has(SQLOptions.timer) { try session.output.write("time: \(NodeText.Cell.decimal(time))s\n") }
    return .success
  }

  /// Prints the rows, and returns how long the node says it took, in seconds.
  private static func show(
    _ client: NodeClient, _ path: String, _ body: [UInt8], _ form: RowPrinter.Form, _ session: Session
  ) throws(CommandError) -> Double {
    var printer = RowPrinter(form, session.output)
    var parser = JSONParser()
    var time: Double?
    do throws(CommandError) {
      try client.stream(
        path, body,
        line: { (bytes) throws(CommandError) in
          switch NodeText.line(bytes, &parser) {
          case .columns(let names): try printer.begin(names)
          case .row(let cells): try printer.row(cells)
          case .end(let seconds): time = seconds
          case .error(let words): throw .failed(client.saidByNode(words))
          case nil: throw .failed(client.unexpected)
          }
        }, pieceEnded: { () throws(CommandError) in try session.output.flush() })
    } catch {
      // What came before the failure is not lost.
      if case .failed = error { try printer.end() }
      throw error
    }
    try printer.end()
    guard let time else { throw .failed(client.brokenOff) }
    return time
  }
}
