import JSON
import Testing

@testable import MCP

struct ProtocolTests {
  private static func error(_ code: Int, _ message: String, id: String = "null", data: String? = nil) -> String {
    let data = data.map { ",\"data\":\($0)" } ?? ""
    return #"{"error":{"code":\#(code)\#(data),"message":"\#(message)"},"id":\#(id),"jsonrpc":"2.0"}"#
  }

  @Test(
    arguments: [
      (#"nonsense"#, error(-32700, "invalid JSON", data: #"{"detail":"invalid json: unexpected token","offset":1}"#)),
      ("", error(-32700, "invalid JSON", data: #"{"detail":"invalid json: no value"}"#)),
      ("[]", error(-32600, "request must be a JSON object")),
      (#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#, error(-32600, "request must be a JSON object")),
      ("5", error(-32600, "request must be a JSON object")),
      ("null", error(-32600, "request must be a JSON object")),
      ("{}", error(-32600, "missing jsonrpc field")),
      (#"{"id":7,"method":"ping"}"#, error(-32600, "missing jsonrpc field", id: "7")),
      (#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, error(-32600, #"jsonrpc must be \"2.0\""#, id: "7")),
      (#"{"jsonrpc":2.0,"id":7,"method":"ping"}"#, error(-32600, #"jsonrpc must be \"2.0\""#, id: "7")),
      (#"{"jsonrpc":null,"id":7,"method":"ping"}"#, error(-32600, #"jsonrpc must be \"2.0\""#, id: "7")),
      (#"{"jsonrpc":"2.0","id":7}"#, error(-32600, "missing method field", id: "7")),
      (#"{"jsonrpc":"2.0"}"#, error(-32600, "missing method field")),
      (#"{"jsonrpc":"2.0","result":{}}"#, error(-32600, "missing method field")),
      (#"{"jsonrpc":"2.0","id":7,"method":5}"#, error(-32600, "method must be a string", id: "7")),
      (#"{"jsonrpc":"2.0","id":7,"method":null}"#, error(-32600, "method must be a string", id: "7")),
      (#"{"jsonrpc":"2.0","method":{}}"#, error(-32600, "method must be a string")),
      (#"{"jsonrpc":"2.0","id":7,"method":"nope"}"#, error(-32601, "method not found: nope", id: "7")),
      (#"{"jsonrpc":"2.0","id":7,"method":""}"#, error(-32601, "method not found: ", id: "7")),
      (#"{"jsonrpc":"2.0","id":7,"method":"prompts/list"}"#, error(-32601, "method not found: prompts/list", id: "7")),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"resources/templates/list"}"#,
        error(-32601, "method not found: resources/templates/list", id: "7")
      ),
      (#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}"#, error(-32602, "params must be an object", id: "7")),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"initialize","params":5}"#,
        error(-32602, "params must be an object", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/list","params":"x"}"#,
        error(-32602, "params must be an object", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"resources/list","params":true}"#,
        error(-32602, "params must be an object", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call"}"#,
        error(-32602, "params must have the string `name`", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{}}"#,
        error(-32602, "params must have the string `name`", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":5}}"#,
        error(-32602, "`name` must be a string", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"nope"}}"#,
        error(-32602, "unknown tool: nope", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"plasmite_read","arguments":[]}}"#,
        error(-32602, "`arguments` must be an object", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"resources/read"}"#,
        error(-32602, "params must have the string `uri`", id: "7")
      ),
      (
        #"{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":null}}"#,
        error(-32602, "`uri` must be a string", id: "7")
      ),
    ] as [(String, String)])
  func refusals(message: String, answer: String) throws {
    #expect(try Conversation().ask(message) == answer)
  }

  @Test(
    arguments: [
      "0", "7", "-5", "-9223372036854775808", "9223372036854775807", "9223372036854775808", "18446744073709551615",
      "null",
      #""""#, #""a""#, #""7""#, #""\u0001\"\\é😀""#,
    ])
  func anIDComesBackAsItCame(id: String) throws {
    let conversation = try Conversation()
    #expect(
      conversation.ask(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
        == #"{"id":\#(id),"jsonrpc":"2.0","result":{}}"#)
    #expect(
      conversation.ask(#"{"jsonrpc":"2.0","id":\#(id),"method":"nope"}"#)
        == Self.error(-32601, "method not found: nope", id: id))
  }

  @Test(arguments: ["1.5", "1.0", "1e3", "18446744073709551616", "-9223372036854775809", "true", "[1]", "{}"])
  func otherIDsAreRefused(id: String) throws {
    #expect(
      try Conversation().ask(#"{"jsonrpc":"2.0","id":\#(id),"method":"ping"}"#)
        == Self.error(-32600, "id must be a string, an integer or null"))
  }

  @Test func theLastOfSeveralMembersCounts() throws {
    #expect(
      try Conversation().ask(#"{"id":1,"jsonrpc":"1.0","method":"nope","method":"ping","jsonrpc":"2.0","id":2}"#)
        == #"{"id":2,"jsonrpc":"2.0","result":{}}"#)
  }

  @Test(
    arguments: [
      "2025-11-25", "2025-06-18", "2025-03-26",
    ])
  func aKnownVersionIsSpoken(version: String) throws {
    let answer = try Conversation().ask(Self.initialize(#""\#(version)""#))
    #expect(answer.contains(#""protocolVersion":"\#(version)""#))
  }

  @Test(arguments: [#""2024-11-05""#, #""2099-01-01""#, #""""#, "5", "null"])
  func anotherVersionIsAnsweredWithTheNewest(version: String) throws {
    let answer = try Conversation().ask(Self.initialize(version))
    #expect(answer.contains(#""protocolVersion":"2025-11-25""#))
  }

  private static func initialize(_ version: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":\#(version),"capabilities":{},"clientInfo":{"name":"c","version":"1"}}}"#
  }

  @Test(arguments: ["", #","params":null"#, #","params":{}"#])
  func initializeSaysWhatIsThere(parameters: String) throws {
    let answer = try Conversation().ask(#"{"jsonrpc":"2.0","id":1,"method":"initialize"\#(parameters)}"#)
    #expect(
      answer.hasPrefix(
        #"{"id":1,"jsonrpc":"2.0","result":{"capabilities":{"resources":{"listChanged":false,"subscribe":false},"tools":{"listChanged":false}},"instructions":""#
      ))
    #expect(
      answer.hasSuffix(#"","protocolVersion":"2025-11-25","serverInfo":{"name":"weir","version":"1.2.3"}}}"#))
  }

  @Test(
    arguments: [
      #"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
      #"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#,
      #"{"jsonrpc":"2.0","method":"ping"}"#,
      #"{"jsonrpc":"2.0","method":"nope"}"#,
      #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"nope"}}"#,
      #"{"jsonrpc":"2.0","method":"tools/call","params":[]}"#,
      #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"plasmite_fetch","arguments":{}}}"#,
      #"{"jsonrpc":"2.0","id":1,"result":{}}"#,
      #"{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}"#,
    ])
  func whatIsNoRequestIsNotAnswered(message: String) throws {
    #expect(try Conversation().ask(message) == "")
  }

  @Test func aNotificationIsCarriedOut() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    let feed =
      #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"plasmite_feed","arguments":{"pool":"p","data":{"n":1}}}}"#
    #expect(conversation.ask(feed) == "")
    #expect(Conversation.numbers(conversation.call("read", #"{"pool":"p"}"#)) == [1])
    let wait = #"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"plasmite_wait","arguments":{"pool":"p"}}}"#
    #expect(conversation.ask(wait) == "")
  }

  @Test func aTransportCanAskForTheKind() throws {
    let server = try Conversation().server
    func kind(_ text: String) -> String {
      let bytes = Array(text.utf8)
      return switch server.kind(of: bytes.span.bytes) {
      case .request(let method): "request \(method)"
      case .notification(let method): "notification \(method)"
      case .response: "response"
      case .invalid: "invalid"
      }
    }
    #expect(kind(#"{"jsonrpc":"2.0","id":1,"method":"initialize"}"#) == "request initialize")
    #expect(kind(#"{"jsonrpc":"2.0","id":null,"method":"nope","params":[]}"#) == "request nope")
    #expect(
      kind(#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#) == "notification notifications/initialized")
    #expect(kind(#"{"jsonrpc":"2.0","id":1,"result":5}"#) == "response")
    #expect(kind(#"{"jsonrpc":"2.0","id":1,"error":5}"#) == "response")
    #expect(kind(#"{"jsonrpc":"2.0","id":1}"#) == "invalid")
    #expect(kind("{") == "invalid")
  }

  @Test func transportsHaveTheirOwnRefusals() {
    #expect(
      String(decoding: MCPServer.invalidJSON("too long"), as: UTF8.self)
        == Self.error(-32700, "invalid JSON", data: #"{"detail":"too long"}"#))
    #expect(
      String(decoding: MCPServer.invalidRequest("wrong \"version\""), as: UTF8.self)
        == Self.error(-32600, #"wrong \"version\""#))
  }

  @Test func whatAClientSaysIsRepeatedOnlyInPart() throws {
    let long = String(repeating: "é", count: 1 << 20)
    let answer = try Conversation().ask(#"{"jsonrpc":"2.0","id":7,"method":"\#(long)"}"#)
    #expect(answer == Self.error(-32601, "method not found: " + String(repeating: "é", count: 128) + "…", id: "7"))
    #expect(repeated(String(repeating: "a", count: 256)) == String(repeating: "a", count: 256))
    #expect(repeated("a" + long) == "a" + String(repeating: "é", count: 127) + "…")
    #expect(repeated("ab" + String(repeating: "😀", count: 100)) == "ab" + String(repeating: "😀", count: 63) + "…")
  }

  @Test func aMessageHasAnEnd() throws {
    let long = #"{"jsonrpc":"2.0","id":"\#(String(repeating: "a", count: MCPLimits.messageBytes))","method":"ping"}"#
    #expect(
      try Conversation().ask(long)
        == Self.error(-32700, "invalid JSON", data: #"{"detail":"more than 16777216 bytes"}"#))
  }

  @Test func nestingHasAnEnd() throws {
    func nested(_ depth: Int) -> String {
      let text = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
      return #"{"jsonrpc":"2.0","id":7,"method":"ping","x":\#(text)}"#
    }
    let conversation = try Conversation()
    #expect(conversation.ask(nested(126)) == #"{"id":7,"jsonrpc":"2.0","result":{}}"#)
    #expect(conversation.ask(nested(128)).hasPrefix(#"{"error":{"code":-32700,"#))
    #expect(conversation.ask(nested(1_000_000)).hasPrefix(#"{"error":{"code":-32700,"#))
  }
}
