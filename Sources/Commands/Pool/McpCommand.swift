internal import Arguments
internal import CommandSupport
internal import Documents
internal import MCP
internal import Platform
internal import Pools

/// `weir mcp`
enum McpCommand {
  static let command = ProgramCommand("mcp", "Give agents access to pools, over standard input and output").with {
    $0.details = """
      Speaks the Model Context Protocol: requests come on standard input, one JSON value a line, and answers go to standard \
      output in the same order. An agent's host starts this command; people rarely do.

      An agent can list, create, describe and delete the pools of the pool directory, append messages, read them, and wait for \
      new ones. It cannot reach files elsewhere. The command ends when its input does; Ctrl-C and SIGTERM end it with exit code \
      130 or 143, also while it waits for messages.
      """
    $0.examples = [
      ProgramCommand.Example("what an agent's host is to start", "weir mcp --dir /srv/pools"),
      ProgramCommand.Example(
        "what an agent can do", "echo '{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}' | weir mcp"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let directory = try session.poolDirectory()
    try Stopping.begin()
    let pump: InputPump
    do throws(SystemError) {
      pump = try InputPump.start(File.standardInput())
    } catch {
      throw .failed(Failure(.internal, "failed to start reading", causes: [error.message]))
    }
    let shelf: PoolShelf
    do throws(PoolError) {
      shelf = try PoolShelf(capacity: MCPLimits.keptPools, keptTime: MCPLimits.keptTime)
    } catch {
      throw .failed(Failure(error))
    }
    let server = MCPServer(directory: directory, version: Version.number, shelf: shelf)
    var conversation = McpConversation(server, session)
    return try conversation.run({ pump.next(waits: true) }, recycle: { pump.recycle($0) })
  }
}

/// Answers one line of input after the other.
struct McpConversation {
  private let server: MCPServer
  private let session: Session
  private var lines = MCPLines()

  init(_ server: MCPServer, _ session: Session) {
    self.server = server
    self.session = session
  }

  /// - Parameters:
  ///   - next: what comes next of the input; it waits for it.
  ///   - recycle: takes the memory of a chunk back.
  mutating func run(
    _ next: () -> InputPump.Delivery, recycle: (consuming [UInt8]) -> Void
  ) throws(CommandError) -> ExitCode {
    while true {
      switch next() {
      case .nothing: continue
      case .chunk(let buffer, let count):
        lines.add(buffer.span.bytes.extracting(first: count))
        recycle(buffer)
        while let line = lines.next() {
          if let reason = try answer(line) { return Stopping.code(reason) }
        }
      case .end:
        if let line = lines.last(), let reason = try answer(line) { return Stopping.code(reason) }
        return .success
      case .failed(let error):
        throw .failed(Failure(.io, "failed to read the input", causes: [error.message]))
      case .stopped(let reason): return Stopping.code(reason)
      }
    }
  }

  /// Answers a line; the stop request that came meanwhile, if one did: then there may be no answer.
  private func answer(_ line: MCPLines.Line) throws(CommandError) -> StopRequests.Reason? {
    if let reason = StopRequests.requested { return reason }
    switch line {
    case .tooLong: try send(MCPServer.invalidJSON("a line of more than \(MCPLimits.messageBytes) bytes"))
    case .text(let text):
      let now = MCPMoment(wall: session.now(), monotonic: Clock.monotonic())
      switch server.handle(text.span.bytes, now: now) {
      case .nothing: break
      case .response(let response): try send(response)
      case .waiting(let wait): return try finish(wait)
      }
    }
    return nil
  }

  private func finish(_ wait: MCPWait) throws(CommandError) -> StopRequests.Reason? {
    while true {
      if let response = wait.attempt(now: Clock.monotonic()) {
        try send(response)
        return nil
      }
      if let reason = StopRequests.requested { return reason }
      wait.awaitNews()
    }
  }

  private func send(_ response: [UInt8]) throws(CommandError) {
    try session.output.write(response.span.bytes)
    try session.output.write("\n")
    try session.output.flush()
  }
}
