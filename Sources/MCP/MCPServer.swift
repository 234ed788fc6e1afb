internal import Documents
internal import JSON
internal import Lite3
internal import Platform
public import Pools

/// What became of a message.
public enum MCPOutcome {
  /// It is not answered.
  case nothing
  /// Its answer: one compact JSON text without a newline.
  case response([UInt8])
  /// Its answer comes later.
  case waiting(MCPWait)
}

/// Pools as tools and resources for agents, by the Model Context Protocol: a message in, a message out.
///
/// Every message stands for itself; of what came before only open pools are kept, on a shelf. It reads no clock and knows no transport. One
/// thread at a time. `Documentation/mcp.md` has the tools and their rules.
public final class MCPServer {
  let directory: String
  private let version: String
  private var parser = JSONParser()
  var encoder = Lite3Encoder()
  var texts = MessageTexts()
  let shelf: PoolShelf

  /// - Parameters:
  ///   - directory: where pools are found by name.
  ///   - version: what the server says it is.
  ///   - shelf: keeps pools open between calls, by their paths. Others may use it too.
  public init(directory: String, version: String, shelf: PoolShelf) {
    self.directory = directory
    self.shelf = shelf
    self.version = version
  }

  /// What kind of message a text is, without doing what it asks for.
  public func kind(of message: RawSpan) -> MCPMessageKind { ClientMessage(message, parser: &parser).kind }

  /// Does what a message asks for.
  ///
  /// - Parameters:
  ///   - message: one JSON text.
  ///   - access: what its sender may do.
  ///   - now: the time on both clocks.
  public func handle(_ message: RawSpan, access: MCPAccess = .everything, now: MCPMoment) -> MCPOutcome {
    shelf.tidy(now: now.monotonic)
    switch ClientMessage(message, parser: &parser) {
    case .response: return .nothing
    case .invalid(let id, let refusal): return .response(Response.error(id, refusal))
    case .request(let id, _, let call):
      return perform(Asked(id: id, text: message, access: access, now: now), call)
    case .notification(_, let call):
      // Nobody would hear what a wait brings.
      if case .success(.callTool(.wait, _)) = call { return .nothing }
      _ = perform(Asked(id: .null, text: message, access: access, now: now), call)
      return .nothing
    }
  }

  /// The answer to what is not JSON, or more than a transport takes.
  ///
  /// - Parameter detail: what is wrong.
  public static func invalidJSON(_ detail: String) -> [UInt8] {
    Response.error(.null, .invalidJSON(detail))
  }

  /// The answer to what is no request, in a transport's view.
  ///
  /// - Parameter message: what is wrong.
  public static func invalidRequest(_ message: String) -> [UInt8] {
    Response.error(.null, Refusal(.invalidRequest, message))
  }

  private func perform(_ asked: borrowing Asked, _ call: Result<Call, Refusal>) -> MCPOutcome {
    switch call {
    case .failure(let refusal): .response(Response.error(asked.id, refusal))
    case .success(.initialize(let wanted)): .response(initialize(asked.id, wanted))
    case .success(.ping): .response(Response.result(asked.id) { $0.append("{}") })
    case .success(.listTools): .response(listTools(asked))
    case .success(.callTool(let tool, let arguments)): perform(asked, tool, arguments)
    case .success(.listResources): .response(listResources(asked))
    case .success(.readResource(let resource)): .response(readResource(asked, resource))
    }
  }

  // MARK: The protocol

  /// The versions of the protocol that are spoken, the newest first. What they differ in, this server does not use.
  static let protocolVersions: [StaticString] = ["2025-11-25", "2025-06-18", "2025-03-26"]

  /// The version to speak with a client that proposes `wanted`.
  public static func protocolVersion(for wanted: String?) -> String {
    let known = wanted.flatMap { wanted in
      protocolVersions.first { $0.text.utf8.elementsEqual(wanted.utf8) }
    }
    return (known ?? protocolVersions[0]).text
  }

  private func initialize(_ id: RequestID, _ wanted: String?) -> [UInt8] {
    let answer: Report = .object([
      ("protocolVersion", .text(Self.protocolVersion(for: wanted))),
      (
        "capabilities",
        .object([
          ("tools", .object([("listChanged", .bool(false))])),
          ("resources", .object([("subscribe", .bool(false)), ("listChanged", .bool(false))])),
        ])
      ),
      ("serverInfo", .object([("name", .text("weir")), ("version", .text(version))])),
      ("instructions", .text(Self.instructions)),
    ])
    return Response.result(id) { $0.append(answer) }
  }

  private static let instructions = """
    Pools are bounded logs of JSON messages in files of this machine, shared with other programs. A message has data (a JSON \
    object), tags, a time, and a sequence number that its pool gives it. A pool's size is fixed: when it is full, new messages \
    overwrite the oldest, so what is there now may be gone later. Call plasmite_pool_list to learn which pools there are. \
    plasmite_read shows the latest messages, or with since those of the last minutes or hours. plasmite_wait sleeps until \
    messages come; use it instead of calling plasmite_read again and again. To miss nothing from call to call, pass \
    next_after_seq of one result as after_seq of the next; if fell_behind is true, messages were overwritten before you saw \
    them. Of several tags, a message must carry all. plasmite_feed appends a message each time it is called: if a result got \
    lost, look with plasmite_read whether the message is there before you call again. A call that fails says isError, and \
    why, in error_kind. Tools that you may not use are not listed.
    """

  private func listTools(_ asked: borrowing Asked) -> [UInt8] {
    let access = asked.access
    let tools = Tool.allCases.filter { access.allows($0.mode) }
    return Response.result(asked.id) { $0.append(Report.object([("tools", .list(tools.map { $0.descriptor }))])) }
  }
}

/// A request with what it needs to be served.
struct Asked: ~Escapable {
  let id: RequestID
  let text: RawSpan
  let access: MCPAccess
  let now: MCPMoment

  @_lifetime(copy text)
  init(id: RequestID, text: RawSpan, access: MCPAccess, now: MCPMoment) {
    self.id = id
    self.text = text
    self.access = access
    self.now = now
  }
}
