internal import JSON
internal import Lite3
internal import MCP

/// What one worker works with: buffers that are used for call after call. One thread.
final class Desk {
  @exclusivity(unchecked) var encoder = Lite3Encoder()
  @exclusivity(unchecked) var parser = JSONParser()
  @exclusivity(unchecked) var writer = Lite3JSONWriter()
  @exclusivity(unchecked) var text = ByteWriter(capacity: 4096)

  private var agentServer: MCPServer?

  /// What serves agents at this desk.
  func agent(_ gateway: Gateway) -> MCPServer {
    if let agentServer { return agentServer }
    let server = MCPServer(
      directory: gateway.setup.directory, version: gateway.setup.version, shelf: gateway.pools.shelf)
    agentServer = server
    return server
  }

  /// Memory that a large message left behind is given back.
  func tidy() { text.shrink(above: 1 << 20) }
}

extension JSONParser {
  /// Calls `body` with the parsed text.
  mutating func withTape<R>(of text: [UInt8], _ body: (borrowing JSONTape) -> R) throws(JSONError) -> R {
    let tape = try parse(text.span.bytes)
    return body(tape)
  }
}

extension Lite3Encoder {
  /// Calls `body` with the document of the last successful call.
  borrowing func withDocument<R, E: Error>(_ body: (RawSpan) throws(E) -> R) throws(E) -> R { try body(bytes) }
}
