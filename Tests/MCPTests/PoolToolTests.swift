import Platform
import Pools
import Support
import Testing

@testable import MCP

struct PoolToolTests {
  private static func emptyPool(_ name: String, file: String? = nil) -> String {
    #"{"bounds":{},"file_size":65536,"index_capacity":256,"index_offset":4096,"index_size_bytes":4096,"#
      + #""metrics":{"age":{"newest_age_ms":null,"newest_time":null,"oldest_age_ms":null,"oldest_time":null},"#
      + #""message_count":0,"seq_span":0,"utilization":{"free_bytes":57344,"used_bytes":0,"used_percent":0.0}},"#
      + #""name":"\#(name)","path":"[DIR]/\#(file ?? name).plasmite","ring_offset":8192,"ring_size":57344}"#
  }

  @Test func aPoolIsMadeDescribedAndDeleted() throws {
    let conversation = try Conversation()
    #expect(
      conversation.call("pool_create", #"{"name":"p","size":65536}"#)
        == #"ok "Created pool `p`." {"pool":\#(Self.emptyPool("p"))}"#)
    #expect(
      conversation.call("pool_info", #"{"pool":"p"}"#)
        == #"ok "Fetched metadata for pool `p`." {"pool":\#(Self.emptyPool("p"))}"#)
    #expect(conversation.call("pool_info", #"{"pool":"p.plasmite"}"#).hasPrefix("ok "))
    #expect(
      conversation.call("pool_list") == #"ok "Listed 1 pool(s)." {"pools":[\#(Self.emptyPool("p"))]}"#)
    #expect(
      conversation.call("pool_delete", #"{"pool":"p"}"#) == #"ok "Deleted pool `p`." {"deleted":{"pool":"p"}}"#)
    #expect(
      conversation.call("pool_list")
        == #"ok "There are no pools yet. plasmite_pool_create makes one, and so does plasmite_feed with create: true." {"pools":[]}"#
    )
  }

  @Test func aPoolHasADefaultSize() throws {
    let conversation = try Conversation()
    #expect(conversation.call("pool_create", #"{"name":"p"}"#).contains(#""file_size":1048576,"#))
  }

  @Test func whatAPoolHoldsIsTold() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    conversation.now.wall = 5_500_000_000
    let answer = conversation.call("pool_info", #"{"pool":"p"}"#)
    #expect(answer.contains(#""bounds":{"newest":3,"oldest":1}"#))
    #expect(
      answer.contains(
        #""age":{"newest_age_ms":2500,"newest_time":"1970-01-01T00:00:03Z","oldest_age_ms":4500,"oldest_time":"1970-01-01T00:00:01Z"},"message_count":3,"seq_span":3"#
      ))
  }

  @Test func poolsAreListedByName() throws {
    let conversation = try Conversation()
    for name in ["b", "é", "B", "a b", "a"] { try conversation.makePool(name) }
    try write([1, 2, 3], to: conversation.directory.file("no pool"))
    let names = conversation.call("pool_list").matches(of: /"name":"([^"]*)"/).map { String($0.1) }
    #expect(names == ["B", "a", "a b", "b", "é"])
  }

  @Test func aDirectoryThatIsNotThereHoldsNoPools() throws {
    let directory = try TemporaryDirectory()
    let server = MCPServer(directory: directory.file("none"), version: "1", shelf: try Conversation.shelf())
    let request = Array(Conversation.request("pool_list", "{}").utf8)
    guard case .response(let answer) = server.handle(request.span.bytes, now: MCPMoment(wall: 0, monotonic: 0)) else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: answer, as: UTF8.self).contains(#""structuredContent":{"pools":[]}"#))
    let feed = Array(Conversation.request("feed", #"{"pool":"p","data":{},"create":true}"#).utf8)
    guard case .response(let fed) = server.handle(feed.span.bytes, now: MCPMoment(wall: 0, monotonic: 0)) else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: fed, as: UTF8.self).contains(#""seq":1"#))
    try Pool.delete(at: Paths.join(directory.file("none"), "p.plasmite"))
  }

  @Test func onePoolThatCannotBeReadDoesNotHideTheOthers() throws {
    let conversation = try Conversation()
    try conversation.makePool("good")
    try write([UInt8](repeating: 0x5A, count: 100), to: conversation.path("bad"))
    try Paths.makeDirectories(conversation.path("folder"))
    let answer = conversation.call("pool_list")
    #expect(
      answer.hasPrefix(
        #"ok "Listed 1 pool(s). 2 more cannot be read: see errors." {"errors":[{"error":{"causes":["#))
    #expect(
      answer.contains(
        #""kind":"Corrupt","message":"file is too short to be a pool","path":"[DIR]/bad.plasmite"},"name":"bad","path":"[DIR]/bad.plasmite"},{"error":{"#
      ))
    #expect(answer.contains(#"},"name":"folder","path":"[DIR]/folder.plasmite"}],"pools":[{"#))
    #expect(answer.hasSuffix(#""pools":[\#(Self.emptyPool("good"))]}"#))
  }

  private static func failure(
    _ tool: String, _ kind: String, _ message: String, _ hint: String, path: String? = nil
  ) -> String {
    let path = path.map { #","path":"[DIR]/\#($0).plasmite""# } ?? ""
    return
      #"error "\#(message). \#(hint)" {"error_kind":"\#(kind)","hint":"\#(hint)","message":"\#(message)"\#(path),"tool":"plasmite_\#(tool)"}"#
  }

  @Test func aPoolThatIsThereStaysAsItIs() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 2)
    #expect(
      conversation.call("pool_create", #"{"name":"p"}"#)
        == Self.failure(
          "pool_create", "AlreadyExists", "pool already exists",
          "The pool and its messages are as they were: use it, or choose another name.", path: "p"))
    #expect(Conversation.numbers(conversation.call("read", #"{"pool":"p"}"#)) == [1, 2])
  }

  @Test(
    arguments: [
      ("pool_info", "{}"), ("pool_delete", "{}"), ("fetch", #"{"seq":1}"#), ("read", "{}"),
      ("read", #"{"after_seq":1}"#),
      ("wait", "{}"),
    ])
  func aPoolThatIsNotThere(tool: String, others: String) throws {
    let conversation = try Conversation()
    let arguments = others == "{}" ? #"{"pool":"no"}"# : #"{"pool":"no","# + others.dropFirst()
    #expect(
      conversation.call(tool, arguments)
        == Self.failure(
          tool, "NotFound", tool == "pool_delete" ? "pool not found" : "not found",
          "There is no pool `no`: plasmite_pool_list tells which there are.", path: "no"))
  }

  @Test(
    arguments: ["x/y", "../p", #"..\\p"#, "/etc/passwd", #"C:\\x"#, "/", "p/"],
    ["pool_create", "pool_info", "pool_delete", "feed", "fetch", "read", "wait"])
  func aNameIsNoPath(name: String, tool: String) throws {
    let others = ["feed": #","data":{},"create":true"#, "fetch": #","seq":1"#][tool] ?? ""
    let arguments = #"{"\#(tool == "pool_create" ? "name" : "pool")":"\#(name)"\#(others)}"#
    #expect(
      try Conversation().call(tool, arguments)
        == Self.failure(
          tool, "Usage", "pool name must not contain path separators",
          "Give a plain name, as plasmite_pool_list shows them."))
  }

  @Test(arguments: ["", #"a\u0000b"#, "C:x"])
  func someNamesAreNone(name: String) throws {
    #expect(
      try Conversation().call("pool_create", #"{"name":"\#(name)"}"#)
        == Self.failure(
          "pool_create", "Usage", "pool name must be nonempty and must not contain NUL or a path prefix",
          "Give a plain name, as plasmite_pool_list shows them."))
  }

  @Test(arguments: ["0", "100", "4096", "18446744073709551615"])
  func someSizesAreNone(size: String) throws {
    let conversation = try Conversation()
    let answer = conversation.call("pool_create", #"{"name":"p","size":\#(size)}"#)
    #expect(answer.hasPrefix("error ") && answer.contains(#""error_kind":"Usage""#), "\(answer)")
    #expect(conversation.call("pool_list").hasSuffix(#"{"pools":[]}"#))
  }

  @Test func aNameOfAnyLengthIsAnError() throws {
    let name = String(repeating: "n", count: 100_000)
    let answer = try Conversation().call("feed", #"{"pool":"\#(name)","data":{},"create":true}"#)
    #expect(answer.hasPrefix("error "))
  }

  // MARK: Pools that others change

  @Test func aPoolThatSomebodyElseReplacedIsOpenedAgain() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    #expect(Conversation.numbers(conversation.call("read", #"{"pool":"p"}"#)) == [1, 2, 3])
    #expect(conversation.server.shelf.count == 1)
    for round in 1...3 {
      try Pool.delete(at: conversation.path("p"))
      // The path is believed for a moment; a different file is noticed by then.
      let pool = try conversation.makePool("p", messages: round)
      try untilNoticed(conversation, "p")
      #expect(
        conversation.call("feed", #"{"pool":"p","data":{"n":9}}"#).contains(#""seq":\#(round + 1),"#))
      #expect(try pool.bounds() == 1...UInt64(round + 1))
    }
    try Pool.delete(at: conversation.path("p"))
    try untilNoticed(conversation, "p")
    #expect(conversation.call("feed", #"{"pool":"p","data":{}}"#).contains(#""error_kind":"NotFound""#))
    #expect(conversation.server.shelf.count == 0)
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"create":true}"#).contains(#""seq":1,"#))
  }

  /// Waits until an open pool notices that its path has another file, or none, which it looks at once a millisecond.
  private func untilNoticed(_ conversation: Conversation, _ name: String) throws {
    guard let pool = conversation.server.shelf.find(conversation.path(name), now: 0) else { return }
    let isNoticed = eventually(within: 20) { Support.failure({ _ = try pool.bounds() }) != nil }
    try #require(isNoticed, "a pool that was replaced is never noticed")
  }

  @Test func onlySoManyPoolsStayOpen() throws {
    let conversation = try Conversation()
    for number in 0..<70 {
      #expect(
        conversation.call("feed", #"{"pool":"p\#(number)","data":{"n":1},"create":true}"#).hasPrefix("ok "))
    }
    #expect(conversation.server.shelf.count == MCPLimits.keptPools)
    for number in 0..<70 {
      #expect(Conversation.numbers(conversation.call("read", #"{"pool":"p\#(number)"}"#)) == [1])
    }
    #expect(conversation.call("pool_list").hasPrefix(#"ok "Listed 70 pool(s).""#))
    #expect(conversation.server.shelf.count == MCPLimits.keptPools)
    conversation.now.monotonic += MCPLimits.keptTime + 1
    _ = conversation.ask(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#)
    #expect(conversation.server.shelf.count == 0)
  }
}
