import Platform
import Pools
import Support
import Testing

@testable import MCP

struct ResourceTests {
  private static let list = #"{"jsonrpc":"2.0","id":1,"method":"resources/list"}"#

  private static func read(_ uri: String) -> String {
    #"{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"\#(uri)"}}"#
  }

  @Test func thereIsOneForEachPool() throws {
    let conversation = try Conversation()
    #expect(conversation.ask(Self.list) == #"{"id":1,"jsonrpc":"2.0","result":{"resources":[]}}"#)
    for name in ["b", "a c%é", "a"] { try conversation.makePool(name) }
    func resource(_ name: String, _ uri: String) -> String {
      #"{"description":"The latest 20 messages of the pool \#(name), which holds 65536 bytes and overwrites its oldest messages when it is full","mimeType":"application/json","name":"\#(name)","uri":"plasmite:///pools/\#(uri)"}"#
    }
    #expect(
      conversation.ask(Self.list)
        == #"{"id":1,"jsonrpc":"2.0","result":{"resources":[\#(resource("a", "a")),\#(resource("a c%é", "a%20c%25%C3%A9")),\#(resource("b", "b"))]}}"#
    )
  }

  @Test func onePoolThatCannotBeReadDoesNotHideTheOthers() throws {
    let conversation = try Conversation()
    try conversation.makePool("good")
    try write([UInt8](repeating: 0x5A, count: 100), to: conversation.path("bad"))
    let answer = conversation.ask(Self.list)
    #expect(answer.hasPrefix(#"{"id":1,"jsonrpc":"2.0","result":{"_meta":{"errors":[{"error":{"#))
    #expect(answer.contains(#""name":"bad","path":"[DIR]/bad.plasmite"}]},"resources":[{"description":"The latest 20"#))
    #expect(answer.hasSuffix(#""name":"good","uri":"plasmite:///pools/good"}]}}"#))
  }

  @Test func itIsTheLatestMessagesAsText() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 25)
    let answer = conversation.ask(Self.read("plasmite:///pools/p"))
    #expect(
      answer.hasPrefix(
        #"{"id":1,"jsonrpc":"2.0","result":{"contents":[{"mimeType":"application/json","text":"{\"fell_behind\":false,\"last_returned_seq\":25,\"messages\":[{\"data\":{\"n\":6},"#
      ))
    #expect(
      answer.hasSuffix(
        #"],\"newest_available_seq\":25,\"next_after_seq\":25,\"oldest_available_seq\":1}","uri":"plasmite:///pools/p"}]}}"#
      ))
  }

  @Test(
    arguments: [
      ("p", "plasmite:///pools/p"), ("p", "PlasMite:///pools/p"), ("p", "plasmite:/pools/p"),
      ("p", "plasmite:///pools/%70"),
      ("a c%é", "plasmite:///pools/a%20c%25%C3%A9"), ("a c%é", "plasmite:///pools/a%20c%25%c3%a9"),
      ("é", "plasmite:///pools/é"), ("?#", "plasmite:///pools/%3F%23"), ("a+b", "plasmite:///pools/a+b"),
    ])
  func addresses(name: String, uri: String) throws {
    let conversation = try Conversation()
    try conversation.makePool(name, messages: 1)
    let answer = conversation.ask(Self.read(uri))
    #expect(answer.contains(#"\"last_returned_seq\":1"#) && answer.hasSuffix(#""uri":"\#(uri)"}]}}"#), "\(answer)")
  }

  @Test(
    arguments: [
      ("", "resource uri must use plasmite scheme"), ("p", "resource uri must use plasmite scheme"),
      ("http:///pools/p", "resource uri must use plasmite scheme"),
      ("plasmite", "resource uri must use plasmite scheme"),
      ("plasmite:", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/a/b", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/p/", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///Pools/p", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite://host/pools/p", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/%", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/%4", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/%zz", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/%FF", "resource uri must be in plasmite:///pools/{name} format"),
      ("plasmite:///pools/p?x=1", "resource uri must not include query or fragment"),
      ("plasmite:///pools/p#x", "resource uri must not include query or fragment"),
      ("plasmite:///pools/a%2Fb", "pool name must not contain path separators"),
      ("plasmite:///pools/..%5Cp", "pool name must not contain path separators"),
      ("plasmite:///pools/%00", "pool name must be nonempty and must not contain NUL or a path prefix"),
    ])
  func whatIsNoAddress(uri: String, message: String) throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(
      conversation.ask(Self.read(uri))
        == #"{"error":{"code":-32602,"message":"\#(message)"},"id":1,"jsonrpc":"2.0"}"#)
  }

  @Test func whatCannotBeReadIsAnErrorOfStorage() throws {
    let conversation = try Conversation()
    #expect(
      conversation.ask(Self.read("plasmite:///pools/no"))
        == #"{"error":{"code":-32000,"data":{"error_kind":"NotFound","hint":"There is no pool `no`: plasmite_pool_list tells which there are.","path":"[DIR]/no.plasmite"},"message":"not found"},"id":1,"jsonrpc":"2.0"}"#
    )
    try write([UInt8](repeating: 0x5A, count: 5000), to: conversation.path("bad"))
    #expect(
      conversation.ask(Self.read("plasmite:///pools/bad"))
        .hasPrefix(#"{"error":{"code":-32000,"data":{"error_kind":"Corrupt","#))
    let pool = try conversation.makePool("p", messages: 2)
    let garbage: [UInt8] = Array(repeating: 0xA5, count: 200)
    _ = try pool.append(garbage.span.bytes, time: 1)
    let answer = conversation.ask(Self.read("plasmite:///pools/p"))
    #expect(answer.contains(#""error_kind":"Corrupt","#) && answer.contains(#""path":"[DIR]/p.plasmite","seq":3}"#))
  }

  @Test func aDirectoryThatCannotBeListedIsAnErrorOfStorage() throws {
    let directory = try TemporaryDirectory()
    try write([1], to: directory.file("file"))
    let server = MCPServer(directory: directory.file("file"), version: "1", shelf: try Conversation.shelf())
    let bytes = Array(Self.list.utf8)
    guard case .response(let answer) = server.handle(bytes.span.bytes, now: MCPMoment(wall: 0, monotonic: 0)) else {
      Issue.record("no answer")
      return
    }
    #expect(String(decoding: answer, as: UTF8.self).hasPrefix(#"{"error":{"code":-32000,"data":{"error_kind":"Io","#))
    try Paths.remove(directory.file("file"))
  }
}
