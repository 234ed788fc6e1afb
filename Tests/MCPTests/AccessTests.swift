import Support
import Testing

@testable import MCP

struct AccessTests {
  private static let readers = [
    ("pool_list", "{}"), ("pool_info", #"{"pool":"p"}"#), ("fetch", #"{"pool":"p","seq":1}"#),
    ("read", #"{"pool":"p"}"#),
    ("wait", #"{"pool":"p","timeout_ms":0}"#),
  ]
  private static let writers = [
    ("feed", #"{"pool":"p","data":{}}"#), ("feed", #"{"pool":"p","data":{},"create":true}"#),
    ("pool_create", #"{"name":"q"}"#), ("pool_delete", #"{"pool":"p"}"#),
  ]

  private static func refusal(_ tool: String, _ mode: String) -> String {
    let message = "forbidden: access mode disallows \(mode) operations"
    let hint = "The tools that may be used are listed by tools/list."
    return
      #"error "\#(message). \#(hint)" {"error_kind":"Permission","hint":"\#(hint)","message":"\#(message)","tool":"plasmite_\#(tool)"}"#
  }

  @Test func whoMayOnlyReadCannotWrite() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 1)
    conversation.access = MCPAccess(canWrite: false)
    for (tool, arguments) in Self.readers { #expect(conversation.call(tool, arguments).hasPrefix("ok ")) }
    for (tool, arguments) in Self.writers {
      #expect(conversation.call(tool, arguments) == Self.refusal(tool, "write"))
    }
    // Also when the call is wrong in other ways.
    #expect(conversation.call("feed", "{}") == Self.refusal("feed", "write"))
    #expect(conversation.call("pool_list").hasPrefix(#"ok "Listed 1 pool(s).""#))
    #expect(conversation.ask(Self.resources).contains(#""name":"p""#))
  }

  @Test func whoMayOnlyWriteCannotRead() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 1)
    conversation.access = MCPAccess(canRead: false)
    for (tool, arguments) in Self.readers {
      #expect(conversation.call(tool, arguments) == Self.refusal(tool, "read"))
    }
    let error =
      #"{"error":{"code":-32000,"data":{"error_kind":"Permission","hint":"The tools that may be used are listed by tools/list."},"message":"forbidden: access mode disallows read operations"},"id":1,"jsonrpc":"2.0"}"#
    #expect(conversation.ask(Self.resources) == error)
    #expect(conversation.ask(Self.resource("p")) == error)
    for (tool, arguments) in Self.writers { #expect(conversation.call(tool, arguments).hasPrefix("ok ")) }
  }

  private static let resources = #"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#

  private static func resource(_ name: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"plasmite:///pools/\#(name)"}}"#
  }

  @Test func aPoolThatIsNotPermittedIsNotThere() throws {
    let conversation = try Conversation()
    for name in ["mine", "shared", "secret"] { try conversation.makePool(name, messages: 1) }
    conversation.access = MCPAccess(permits: { pool, mode in
      pool == "mine" || (pool == "shared" && mode == .read) || (pool == "box" && mode == .write)
    })
    #expect(conversation.call("pool_list").hasPrefix(#"ok "Listed 2 pool(s).""#))
    #expect(!conversation.call("pool_list").contains("secret"))
    #expect(!conversation.ask(Self.resources).contains("secret"))
    for name in ["secret", "secret.plasmite", "none"] {
      for (tool, arguments) in Self.readers + Self.writers where arguments.contains(#""p""#) {
        let answer = conversation.call(tool, arguments.replacing(#""p""#, with: #""\#(name)""#))
        #expect(answer.contains(#""error_kind":"Permission""#) && !answer.contains("path"), "\(answer)")
      }
      #expect(conversation.ask(Self.resource(name)).contains(#""error_kind":"Permission""#))
    }
    #expect(conversation.call("pool_create", #"{"name":"new"}"#).contains(#""error_kind":"Permission""#))
    #expect(
      conversation.call("feed", #"{"pool":"shared","data":{}}"#).hasPrefix(
        #"error "forbidden: this access may not write the pool. "#))
    #expect(conversation.call("read", #"{"pool":"shared"}"#).hasPrefix("ok "))
    #expect(conversation.call("read", #"{"pool":"mine.plasmite"}"#).hasPrefix("ok "))
    #expect(conversation.call("feed", #"{"pool":"mine","data":{}}"#).hasPrefix("ok "))
    // A box that messages can be put into, and none taken out.
    #expect(conversation.call("feed", #"{"pool":"box","data":{},"create":true}"#).hasPrefix("ok "))
    #expect(conversation.call("read", #"{"pool":"box"}"#).contains(#""error_kind":"Permission""#))
    #expect(conversation.call("pool_list").hasPrefix(#"ok "Listed 2 pool(s).""#))
  }

  @Test func accessIsThatOfTheCall() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 1)
    #expect(conversation.call("read", #"{"pool":"p"}"#).hasPrefix("ok "))
    conversation.access = MCPAccess(permits: { _, _ in false })
    #expect(conversation.call("read", #"{"pool":"p"}"#).contains(#""error_kind":"Permission""#))
  }
}
