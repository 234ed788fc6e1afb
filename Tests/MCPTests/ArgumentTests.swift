import Testing

@testable import MCP

struct ArgumentTests {
  @Test(
    arguments: [
      ("pool_list", #"{"x":1}"#, "x", "unknown argument"),
      ("pool_list", #"{"":1}"#, "", "unknown argument"),
      ("pool_create", "{}", "name", "missing required `name` argument"),
      ("pool_create", #"{"name":null}"#, "name", "`name` must be a string"),
      ("pool_create", #"{"name":5}"#, "name", "`name` must be a string"),
      ("pool_create", #"{"name":"p","extra":5,"size":"x"}"#, "extra", "unknown argument"),
      ("pool_create", #"{"name":"p","pool":"q"}"#, "pool", "unknown argument"),
      ("pool_create", #"{"name":"p","size":-1}"#, "size", "`size` must be a non-negative integer"),
      ("pool_create", #"{"name":"p","size":1.5}"#, "size", "`size` must be a non-negative integer"),
      ("pool_create", #"{"name":"p","size":65536.0}"#, "size", "`size` must be a non-negative integer"),
      ("pool_create", #"{"name":"p","size":"1M"}"#, "size", "`size` must be a non-negative integer"),
      ("pool_create", #"{"name":"p","size":null}"#, "size", "`size` must be a non-negative integer"),
      ("pool_create", #"{"name":"p","size":18446744073709551616}"#, "size", "`size` must be a non-negative integer"),
      ("pool_info", "{}", "pool", "missing required `pool` argument"),
      ("pool_delete", #"{"pool":["p"]}"#, "pool", "`pool` must be a string"),
      ("feed", #"{"pool":"p"}"#, "data", "missing required `data` argument"),
      ("feed", #"{"data":{}}"#, "pool", "missing required `pool` argument"),
      ("feed", #"{"tags":5}"#, "pool", "missing required `pool` argument"),
      ("feed", #"{"pool":"p","data":{},"tags":"a"}"#, "tags", "`tags` must be an array of strings"),
      ("feed", #"{"pool":"p","data":{},"tags":null}"#, "tags", "`tags` must be an array of strings"),
      ("feed", #"{"pool":"p","data":{},"tags":["a",5]}"#, "tags", "`tags` must be an array of strings"),
      ("feed", #"{"pool":"p","data":{},"tags":["",5]}"#, "tags", "`tags` must be an array of strings"),
      ("feed", #"{"pool":"p","data":{},"tags":["a",""]}"#, "tags", "`tags` entries must not be empty"),
      ("feed", #"{"pool":"p","data":{},"tags":[" \t\u2003\u3000"]}"#, "tags", "`tags` entries must not be empty"),
      ("feed", #"{"pool":"p","data":{},"create":1}"#, "create", "`create` must be a boolean"),
      ("feed", #"{"pool":"p","data":{},"seq":1}"#, "seq", "unknown argument"),
      ("fetch", #"{"pool":"p"}"#, "seq", "missing required `seq` argument"),
      ("fetch", #"{"pool":"p","seq":"1"}"#, "seq", "`seq` must be a non-negative integer"),
      ("fetch", #"{"pool":"p","seq":null}"#, "seq", "`seq` must be a non-negative integer"),
      ("fetch", #"{"pool":"p","seq":-1}"#, "seq", "`seq` must be a non-negative integer"),
      ("fetch", #"{"pool":"p","seq":true}"#, "seq", "`seq` must be a non-negative integer"),
      ("read", #"{"pool":"p","count":0}"#, "count", "count must be between 1 and 200"),
      ("read", #"{"pool":"p","count":201}"#, "count", "count must be between 1 and 200"),
      ("read", #"{"pool":"p","count":18446744073709551615}"#, "count", "count must be between 1 and 200"),
      ("read", #"{"pool":"p","count":null}"#, "count", "`count` must be a non-negative integer"),
      ("read", #"{"pool":"x/y","count":0}"#, "count", "count must be between 1 and 200"),
      ("read", #"{"pool":"p","after_seq":null}"#, "after_seq", "`after_seq` must be a non-negative integer"),
      ("read", #"{"pool":"p","after_seq":-1}"#, "after_seq", "`after_seq` must be a non-negative integer"),
      ("read", #"{"pool":"p","since":5}"#, "since", "`since` must be a string"),
      ("read", #"{"pool":"p","timeout_ms":5}"#, "timeout_ms", "unknown argument"),
      ("read", #"{"pool":"p","where":".n"}"#, "where", "expressions are not supported here: select by tags"),
      ("wait", #"{"pool":"p","where":".n"}"#, "where", "unknown argument"),
      ("wait", #"{"pool":"p","since":"5m"}"#, "since", "unknown argument"),
      ("wait", #"{"pool":"p","timeout_ms":60001}"#, "timeout_ms", "timeout_ms must be <= 60000"),
      ("wait", #"{"pool":"p","timeout_ms":-1}"#, "timeout_ms", "`timeout_ms` must be a non-negative integer"),
      ("wait", #"{"pool":"p","timeout_ms":0.5}"#, "timeout_ms", "`timeout_ms` must be a non-negative integer"),
      ("wait", #"{"pool":"p","count":500,"timeout_ms":70000}"#, "count", "count must be between 1 and 200"),
    ] as [(String, String, String, String)])
  func refusals(tool: String, arguments: String, field: String, detail: String) throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(
      conversation.call(tool, arguments)
        == #"error "Invalid `\#(field)` for plasmite_\#(tool): \#(detail)" "#
        + #"{"detail":"\#(detail)","error_kind":"Usage","field":"\#(field)","tool":"plasmite_\#(tool)"}"#)
  }

  @Test(arguments: ["", "5", "yesterday", "5ms", "2026-01-01", "2026-01-01T00:00:00", "-5m", "5 m"])
  func refusedTimes(since: String) throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    let answer = conversation.call("read", #"{"pool":"p","since":"\#(since)"}"#)
    #expect(answer.hasPrefix(#"error "Invalid `since` for plasmite_read: since must be "#))
    #expect(answer.hasSuffix(#""error_kind":"Usage","field":"since","tool":"plasmite_read"}"#))
  }

  @Test func nullIsTheSameAsNothingForSome() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"create":null}"#).hasPrefix("ok"))
    #expect(conversation.call("read", #"{"pool":"p","since":null}"#).hasPrefix("ok"))
    #expect(conversation.call("pool_list", "null").hasPrefix("ok"))
  }

  @Test func theLastOfSeveralArgumentsCounts() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(
      conversation.call("feed", #"{"pool":5,"data":7,"tags":[7],"pool":"p","data":{"n":1},"tags":["b"]}"#)
        .contains(#"{"data":{"n":1},"meta":{"tags":["b"]},"seq":1,"#))
  }

  @Test func tagsHaveANumber() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    func tags(_ count: Int) -> String {
      "[" + (0..<count).map { #""t\#($0)""# }.joined(separator: ",") + "]"
    }
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"tags":\#(tags(256))}"#).hasPrefix("ok"))
    #expect(
      conversation.call("read", #"{"pool":"p","tags":\#(tags(257))}"#)
        .hasPrefix(#"error "Invalid `tags` for plasmite_read: `tags` must have at most 256 entries""#))
    #expect(conversation.call("read", #"{"pool":"p","tags":\#(tags(256))}"#).contains(#""last_returned_seq":1,"#))
  }

  @Test func longNamesAreRepeatedOnlyInPart() throws {
    let long = String(repeating: "x", count: 100_000)
    let answer = try Conversation().call("read", #"{"pool":"p","\#(long)":1}"#)
    #expect(answer.utf8.count < 1000)
    #expect(answer.contains(#"xxx…","tool":"plasmite_read"}"#))
  }

  @Test(
    arguments: [
      ("a", "a"), (" a b ", "a b"), ("\t\r\n\u{0B}\u{0C}a", "a"),
      ("\u{A0}\u{1680}\u{2000}\u{202F}\u{205F}a\u{3000}", "a"),
      ("\u{200B}a", "\u{200B}a"), ("", ""), (" ", ""), ("\u{85}\u{2028}é\u{2029}", "é"), ("a\u{0}", "a\u{0}"),
    ])
  func whiteSpaceAroundATagIsDropped(tag: String, trimmed: String) {
    #expect(Array(ToolArguments.trimmed(tag).utf8) == Array(trimmed.utf8))
  }
}
