internal import Arguments
internal import CommandSupport
internal import Documents
internal import Gateway

/// `weir serve check`
enum ServeCheckCommand {
  static let command = ProgramCommand("check", "Say whether the options of a server go together").with {
    $0.details = """
      Takes the options of `weir serve`, before or after its own name, and reads the files that they name: token, access keys, \
      certificate and private key. Nothing is bound, so a server may be running.
      """
    $0.positionals = [ServeOptions.server]
    $0.options = ServeOptions.all + [Globals.json]
    $0.examples = [
      ProgramCommand.Example("what `weir serve` would do", "weir serve check"),
      ProgramCommand.Example("with options", "weir serve check --access read-only --bind 127.0.0.1:9800"),
    ]
    $0.action = Action(run)
  }

  static func run(_ invocation: Invocation, _ session: Session) throws(CommandError) -> ExitCode {
    let setup = try ServerSetup(invocation, session)
    let text = ServerText(settings: setup.settings, fingerprint: setup.certificate?.fingerprint)
    let lines = prose(text, ServerText.startCommand(invocation))
    try session.print(.object([("check", report(text))]), prose: { lines }, plain: { lines })
    return .success
  }

  private static func report(_ text: ServerText) -> Report {
    let settings = text.settings
    let listeners = settings.listeners
    let base = listeners[0].baseURL
    // One that is made in memory is another at each start.
    var isLasting = false
    if case .files = settings.transport { isLasting = true }
    var members: [(String, Report)] = [
      ("status", .text("valid")), ("listen", .text(settings.bind.text)), ("base_url", .text(base)),
      ("mcp", .text(base + "/mcp")), ("web_ui", .text(base + "/ui")), ("web_ui_pool", .text(base + "/ui/pools/demo")),
      ("access", .text(settings.access.name)), ("auth", .text(text.auth)), ("tls", .text(text.tls)),
      ("tls_fingerprint", .text(isLasting ? text.fingerprint : nil)),
      ("cors_allowed_origins", .list(settings.corsOrigins.map { .text($0.text) })),
      (
        "limits",
        .object([
          ("max_body_bytes", .whole(UInt64(settings.limits.bodyBytes))),
          ("max_tail_timeout_ms", .whole(UInt64(settings.limits.tailTimeout))),
          ("max_tail_concurrency", .whole(UInt64(settings.limits.tails))),
        ])
      ),
    ]
    if listeners.count > 1 { members.append(("remote_url", .text(listeners[1].baseURL))) }
    if let server = settings.server { members.append(("server", .text(server.text))) }
    return .object(members)
  }

  private static func prose(_ text: ServerText, _ start: String) -> String {
    let settings = text.settings
    var lines = ["Configuration valid."]
    for listener in settings.listeners {
      let label = listener.isRemote ? "Remote: " : "Listen: "
      lines.append(label + listener.bind.text)
      lines.append("MCP:    \(listener.baseURL)/mcp")
    }
    lines.append("Auth: \(text.auth) / TLS: \(text.tls) / Access: \(settings.access.name) / CORS: \(text.cors)")
    lines.append("Limits: \(text.limits)")
    lines.append("Start:  \(start)")
    return lines.map { $0 + "\n" }.joinedText("")
  }
}
