internal import JSON

/// What a client asks for, with all that it says about it.
enum Call {
  /// - version: of the protocol, as the client proposes it.
  case initialize(version: String?)
  /// Answered with an empty result.
  case ping
  case listTools
  case callTool(Tool, Result<ToolArguments, ToolFault>)
  case listResources
  case readResource(PoolResource)

  init(_ method: String, _ tape: borrowing JSONTape) throws(Refusal) {
    let bytes = method.utf8
    if bytes.elementsEqual("initialize".utf8) {
      let parameters = try Self.parameters(tape)
      let version = parameters.flatMap { tape.member("protocolVersion", of: $0) }.flatMap { tape.text(at: $0) }
      self = .initialize(version: version)
    } else if bytes.elementsEqual("ping".utf8) || bytes.elementsEqual("notifications/initialized".utf8) {
      _ = try Self.parameters(tape)
      self = .ping
    } else if bytes.elementsEqual("tools/list".utf8) {
      _ = try Self.parameters(tape)
      self = .listTools
    } else if bytes.elementsEqual("tools/call".utf8) {
      self = try Self.toolCall(tape)
    } else if bytes.elementsEqual("resources/list".utf8) {
      _ = try Self.parameters(tape)
      self = .listResources
    } else if bytes.elementsEqual("resources/read".utf8) {
      let place = try Self.required("uri", of: Self.parameters(tape), tape)
      self = .readResource(try PoolResource(place))
    } else {
      throw Refusal(.unknownMethod, "method not found: \(repeated(method))")
    }
  }

  /// Where the parameters are; nil when there are none, or null.
  private static func parameters(_ tape: borrowing JSONTape) throws(Refusal) -> Int? {
    guard let place = tape.member("params", of: tape.root), tape.kind(at: place) != .null else { return nil }
    guard tape.kind(at: place) == .object else { throw Refusal(.invalidParameters, "params must be an object") }
    return place
  }

  private static func required(
    _ name: StaticString, of parameters: Int?, _ tape: borrowing JSONTape
  ) throws(Refusal) -> String {
    guard let parameters, let place = tape.member(name, of: parameters) else {
      throw Refusal(.invalidParameters, "params must have the string `\(name)`")
    }
    guard let text = tape.text(at: place) else {
      throw Refusal(.invalidParameters, "`\(name)` must be a string")
    }
    return text
  }

  private static func toolCall(_ tape: borrowing JSONTape) throws(Refusal) -> Call {
    let parameters = try parameters(tape)
    let name = try required("name", of: parameters, tape)
    guard let tool = Tool(name) else { throw Refusal(.invalidParameters, "unknown tool: \(repeated(name))") }
    var place = parameters.flatMap { tape.member("arguments", of: $0) }
    if let given = place, tape.kind(at: given) != .object {
      guard tape.kind(at: given) == .null else { throw Refusal(.invalidParameters, "`arguments` must be an object") }
      place = nil
    }
    do throws(ToolFault) {
      return .callTool(tool, .success(try ToolArguments(for: tool, at: place, of: tape)))
    } catch {
      return .callTool(tool, .failure(error))
    }
  }
}
