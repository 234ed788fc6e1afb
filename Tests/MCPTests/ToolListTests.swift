import Documents
import Testing

@testable import MCP

struct ToolListTests {
  private func names(_ answer: String) -> [Substring] {
    answer.matches(of: /"name":"plasmite_([a-z_]+)"/).map { $0.1 }
  }

  @Test func allToolsAreListed() throws {
    let answer = try Conversation().ask(#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":null}}"#)
    #expect(
      names(answer) == ["pool_list", "pool_create", "pool_info", "pool_delete", "feed", "fetch", "read", "wait"])
    #expect(!answer.contains("nextCursor"))
  }

  @Test func whatMayNotBeUsedIsNotListed() throws {
    let conversation = try Conversation()
    conversation.access = MCPAccess(canWrite: false)
    #expect(names(conversation.ask(Self.list)) == ["pool_list", "pool_info", "fetch", "read", "wait"])
    conversation.access = MCPAccess(canRead: false)
    #expect(names(conversation.ask(Self.list)) == ["pool_create", "pool_delete", "feed"])
    conversation.access = MCPAccess(canRead: false, canWrite: false)
    #expect(conversation.ask(Self.list) == #"{"id":1,"jsonrpc":"2.0","result":{"tools":[]}}"#)
  }

  private static let list = #"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#

  @Test func aDescriptorIsComplete() {
    let json = Tool.fetch.descriptor.line(.compact)
    let text = json.output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    let kinds =
      #""error_kind":{"enum":["Internal","Usage","NotFound","AlreadyExists","Busy","Permission","Corrupt","Io","RetentionGap"],"type":"string"}"#
    #expect(
      text
        == #"{"annotations":{"destructiveHint":false,"idempotentHint":true,"openWorldHint":false,"readOnlyHint":true},"#
        + #""description":"\#(Tool.fetch.description)","#
        + #""inputSchema":{"additionalProperties":false,"properties":{"#
        + #""pool":{"description":"The pool's name","type":"string"},"#
        + #""seq":{"description":"The message's sequence number","minimum":0,"type":"integer"}},"#
        + #""required":["pool","seq"],"type":"object"},"name":"plasmite_fetch","#
        + #""outputSchema":{"oneOf":[{"additionalProperties":false,"properties":{"message":{"additionalProperties":false,"#
        + #""properties":{"data":{},"meta":{"additionalProperties":false,"properties":{"tags":{"items":{"type":"string"},"#
        + #""type":"array"}},"required":["tags"],"type":"object"},"seq":{"minimum":0,"type":"integer"},"#
        + #""time":{"type":"string"}},"required":["seq","time","meta","data"],"type":"object"}},"required":["message"],"#
        + #""type":"object"},{"description":"The call failed: error_kind is one of a fixed set.","properties":{"#
        + kinds
        + #","tool":{"type":"string"}},"required":["tool","error_kind"],"type":"object"}],"type":"object"}}"# + "\n")
  }

  @Test(
    arguments: [
      ("list", true, false, true), ("create", false, false, true), ("info", true, false, true),
      ("delete", false, true, true), ("feed", false, false, false), ("fetch", true, false, true),
      ("read", true, false, true), ("wait", true, false, true),
    ])
  func hints(name: String, isReadOnly: Bool, isDestructive: Bool, isIdempotent: Bool) throws {
    let tool = try #require(Tool.allCases.first { "\($0)" == name })
    let json = tool.descriptor.line(.compact)
    let text = json.output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    #expect(
      text.hasPrefix(
        #"{"annotations":{"destructiveHint":\#(isDestructive),"idempotentHint":\#(isIdempotent),"openWorldHint":false,"readOnlyHint":\#(isReadOnly)},"#
      ))
  }

  @Test func dataIsAnObject() throws {
    let json = Tool.feed.descriptor.line(.compact)
    let text = json.output.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    #expect(text.contains(#""data":{"description":"What the message says: any JSON object","type":"object"}"#))
    #expect(text.contains(#""required":["pool","data"]"#))
  }
}
