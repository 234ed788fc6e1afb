import JSON
import Support
import Testing

@testable import MCP

struct HostileTests {
  /// Whatever comes, the answer is one JSON text, and the server goes on.
  @Test func brokenMessagesAreAnswered() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    let sound = [
      #"{"jsonrpc":"2.0","id":"é","method":"initialize","params":{"protocolVersion":"2025-11-25"}}"#,
      Conversation.request("feed", #"{"pool":"p","data":{"a":[1,2.5,"x"]},"tags":["t"],"create":true}"#),
      Conversation.request("read", #"{"pool":"p","count":3,"after_seq":1,"since":"5m","tags":["t"]}"#),
      Conversation.request("wait", #"{"pool":"p","timeout_ms":0,"after_seq":18446744073709551615}"#),
      #"{"jsonrpc":"2.0","id":-1,"method":"resources/read","params":{"uri":"plasmite:///pools/%70"}}"#,
    ]
    var random = SplitMix(seed: 3)
    var parser = JSONParser()
    for round in 0..<4000 {
      var bytes = Array(sound[round % sound.count].utf8)
      for _ in 0...(random.next() % 3) {
        if bytes.isEmpty { break }
        let place = Int(random.next() % UInt64(bytes.count))
        switch random.next() % 4 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(bytes[Int(random.next() % UInt64(bytes.count))], at: place)
        default: bytes = Array(bytes[..<max(place, 1)])
        }
      }
      switch conversation.server.handle(bytes.span.bytes, now: conversation.now) {
      case .nothing: break
      case .response(let answer):
        #expect(!answer.contains(UInt8(ascii: "\n")))
        let tape = try parser.parse(answer.span.bytes)
        #expect(tape.member("jsonrpc", of: tape.root) != nil)
      case .waiting(let wait): #expect(wait.attempt(now: .max) != nil)
      }
    }
    #expect(conversation.ask(#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#) == #"{"id":1,"jsonrpc":"2.0","result":{}}"#)
  }

  @Test(
    arguments: [
      #"{"jsonrpc":"2.0","id":1,"method":"ping""#, #"{"jsonrpc":"2.0","id":1,"method":"ping"}}"#,
      #"{"jsonrpc":"2.0","id":1,"method":"\ud800"}"#, #"{"jsonrpc":"2.0","id":1e999,"method":"ping"}"#,
      "\u{FEFF}{}", #"{"jsonrpc":"2.0","id":1,"method":"ping","x":01}"#, "{'a':1}", "\0",
    ])
  func whatIsNotJSON(text: String) throws {
    #expect(try Conversation().ask(text).hasPrefix(#"{"error":{"code":-32700,"#))
  }

  @Test func bytesThatAreNoText() throws {
    let conversation = try Conversation()
    let bytes: [UInt8] = Array(#"{"jsonrpc":"2.0","id":""#.utf8) + [0xC3, 0x28] + Array(#"","method":"ping"}"#.utf8)
    guard case .response(let answer) = conversation.server.handle(bytes.span.bytes, now: conversation.now) else {
      Issue.record("no answer")
      return
    }
    #expect(conversation.text(answer).hasPrefix(#"{"error":{"code":-32700,"#))
  }

  @Test func muchOfEverything() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    let keys = (0..<200_000).map { #""k\#($0)":0"# }.joined(separator: ",")
    #expect(conversation.call("read", "{\(keys)}").contains(#""field":"k0""#))
    let tags = Array(repeating: #""t""#, count: 500_000).joined(separator: ",")
    #expect(conversation.call("read", #"{"pool":"p","tags":[\#(tags)]}"#).contains("at most 256 entries"))
    let id = String(repeating: "i", count: 1 << 20)
    #expect(conversation.ask(#"{"jsonrpc":"2.0","id":"\#(id)","method":"ping"}"#).utf8.count > 1 << 20)
    #expect(conversation.ask(#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{\#(keys)}}"#).contains("result"))
  }
}
