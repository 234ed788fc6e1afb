internal import Documents
internal import HTTP
internal import JSON
internal import MCP
internal import Platform
internal import Reactor

// The Model Context Protocol over HTTP ("Streamable HTTP"): messages by POST, answers as JSON or as an event stream, streams
// that broke off by GET, and the end of a session by DELETE.

extension Call {
  private var session: ArraySlice<UInt8>? { request.headerBytes("mcp-session-id") }

  /// Begins to serve a request at `/mcp`. Loop only.
  func beginAgent() {
    if let version = request.header("mcp-protocol-version"),
      !MCPServer.protocolVersion(for: version).utf8.elementsEqual(version.utf8)
    {
      return fail(
        Failure(
          .usage, "unsupported MCP-Protocol-Version",
          hint: "Speak \(MCPServer.protocolVersion(for: nil)), or leave the header out."))
    }
    if let session, !gateway.agents.sessions.use(session) {
      return fail(Failure(.notFound, "no such session", hint: "Begin a new one with initialize."))
    }
    switch request.method {
    case .post:
      guard hasJSONBody() else { return }
      let isTaken = gateway.work { desk in
        serveAgent(desk)
        desk.tidy()
      }
      if !isTaken { fail(Failure(.busy, "server storage executor is saturated")) }
    case .delete: endSession()
    default: resumeStream()
    }
  }

  private func serveAgent(_ desk: Desk) {
    let body = request.body
    let server = desk.agent(gateway)
    let kind = server.kind(of: body.span.bytes)
    let now = MCPMoment(wall: Clock.wall(), monotonic: Clock.monotonic())
    switch server.handle(body.span.bytes, access: agentAccess, now: now) {
    case .nothing: acceptAgent()
    case .response(let text):
      if case .invalid = kind { return answerAgent(text, status: 400) }
      var newSession: String?
      if case .request(let method) = kind, method.utf8.elementsEqual("initialize".utf8) {
        newSession = gateway.agents.sessions.begin()
      }
      answerAgent(text, session: newSession)
    case .waiting(let wait):
      let box = WaitBox(wait)
      gateway.loop.submit { beginWait(box.wait) }
    }
  }

  /// Handed over from the worker to the loop; one of them has it at a time.
  private struct WaitBox: @unchecked Sendable {
    let wait: MCPWait
    init(_ wait: MCPWait) { self.wait = wait }
  }

  private var agentAccess: MCPAccess {
    let grant = grant
    return MCPAccess(
      canRead: grant.refusal(.read, pool: nil) == nil, canWrite: grant.refusal(.write, pool: nil) == nil,
      permits: { pool, mode in grant.allows(mode == .read ? .read : .write, pool: pool) })
  }

  /// Loop only.
  private func beginWait(_ wait: MCPWait) {
    guard gateway.isReady, gateway.tails.takePermit() else {
      return answerAgent(
        wait.refuse(Failure(.busy, "too many concurrent tail requests", hint: "Try again in a moment.")))
    }
    var stream: AgentWait.Stream?
    if let session, readsEvents, let number = gateway.agents.sessions.beginStream(of: session) {
      stream = AgentWait.Stream(session: Array(session), number: number)
    }
    let waiting = AgentWait(wait, self, stream)
    exchange.observer = AgentObserver(waiting, exchange)
    if let stream { beginEvents(stream.number) }
    gateway.agents.add(waiting, on: gateway)
  }

  private func resumeStream() {
    guard let session, let last = request.headerBytes("last-event-id"), request.method == .get else {
      return fail(
        Failure(
          .usage, "method not allowed",
          hint: "This server sends nothing unasked. Use POST, or GET with mcp-session-id and last-event-id to go on."),
        status: 405
      ) { $0.add("allow", "GET, HEAD, POST, DELETE") }
    }
    guard let number = AgentEvent.stream(of: last),
      let answer = gateway.agents.sessions.answer(of: number, in: session)
    else {
      return fail(Failure(.notFound, "no such stream", hint: "Its answer is kept no longer; ask again."))
    }
    if case .ready(let text) = answer {
      exchange.begin(head(200, MediaType.events))
      write(event: AgentEvent.text(number, 1, text))
      return exchange.finish()
    }
    guard let wait = gateway.agents.wait(session, number) else {
      return fail(Failure(.notFound, "no such stream", hint: "Its answer is kept no longer; ask again."))
    }
    exchange.observer = AgentObserver(wait, exchange)
    beginEvents(number)
    wait.attach(self)
  }

  private func endSession() {
    guard let session else {
      return fail(Failure(.usage, "missing mcp-session-id", hint: "Name the session that is to end."))
    }
    _ = gateway.agents.sessions.end(session)
    exchange.respond(head(204, MediaType.json), [])
  }

  private var readsEvents: Bool {
    guard let accept = request.header("accept") else { return false }
    return Array(accept.utf8).firstRange(of: Array("text/event-stream".utf8)) != nil
  }

  private func beginEvents(_ number: UInt64) {
    var head = head(200, MediaType.events)
    head.add("cache-control", "no-cache, no-transform")
    exchange.begin(head)
    write(event: AgentEvent.text(number, 0, []))
  }

  func write(event: [UInt8]) { _ = event.withUnsafeBytes { exchange.write(StreamPiece($0)) } }

  /// Answers with a message of the protocol.
  func answerAgent(_ text: [UInt8], status: UInt16 = 200, session: String? = nil) {
    var head = head(status, MediaType.json)
    if let session { head.add("mcp-session-id", text: session) }
    exchange.respond(head, text)
  }

  private func acceptAgent() { exchange.respond(head(202, MediaType.json), []) }
}
