import Lite3
import Platform
import Pools
import Support
import Testing

@testable import MCP

struct MessageToolTests {
  @Test func aMessageIsAppendedAndFetched() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    let message =
      #"{"message":{"data":{"a":[1,null],"b":"é\n"},"meta":{"tags":["x","y"]},"seq":1,"time":"2001-09-09T01:46:40Z"}}"#
    #expect(
      conversation.call("feed", #"{"pool":"p","data":{"b":"é\n","a":[1,null]},"tags":[" x ","y"]}"#)
        == #"ok "Appended message 1 to `p`." "# + message)
    #expect(
      conversation.call("fetch", #"{"pool":"p","seq":1}"#) == #"ok "Fetched sequence 1 from `p`." "# + message)
  }

  @Test func numbersKeepAllTheirDigits() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    // What 64 bits with a sign cannot hold, the format stores as a double; the answer says what is stored.
    let data =
      #"{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740993,"d":18446744073709551615,"e":-0.0,"f":1.0,"g":0}"#
    let stored =
      #"{"a":9223372036854775807,"b":-9223372036854775808,"c":9007199254740993,"d":1.8446744073709552e+19,"e":-0.0,"f":1.0,"g":0}"#
    #expect(conversation.call("feed", #"{"pool":"p","data":\#(data)}"#).contains(#""data":\#(stored),"#))
    #expect(conversation.call("fetch", #"{"pool":"p","seq":1}"#).contains(#""data":\#(stored),"#))
  }

  @Test func aPoolIsMadeIfItIsWanted() throws {
    let conversation = try Conversation()
    let hint = "There is no pool `p`: call plasmite_feed with create: true, or plasmite_pool_create first."
    #expect(
      conversation.call("feed", #"{"pool":"p","data":{}}"#)
        == #"error "not found. \#(hint)" {"error_kind":"NotFound","hint":"\#(hint)","message":"not found","path":"[DIR]/p.plasmite","tool":"plasmite_feed"}"#
    )
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"create":false}"#).hasPrefix("error "))
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"create":true}"#).contains(#""seq":1,"#))
    #expect(conversation.call("feed", #"{"pool":"p","data":{},"create":true}"#).contains(#""seq":2,"#))
    #expect(conversation.call("pool_info", #"{"pool":"p"}"#).contains(#""file_size":1048576,"#))
  }

  @Test(arguments: ["5", "null", "[]", "[{}]", #""text""#, "true", "1.5"])
  func dataIsAnObject(data: String) throws {
    let conversation = try Conversation()
    #expect(
      conversation.call("feed", #"{"pool":"p","data":\#(data),"create":true}"#)
        == #"error "data must be object. Put the value into an object, for example {\"value\": …}." "#
        + #"{"error_kind":"Usage","hint":"Put the value into an object, for example {\"value\": …}.","message":"data must be object","tool":"plasmite_feed"}"#
    )
    // Nothing was made for it.
    #expect(conversation.call("pool_list").hasSuffix(#"{"pools":[]}"#))
  }

  @Test func dataHasADepth() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    func nested(_ depth: Int) -> String {
      String(repeating: #"{"a":"#, count: depth - 1) + "{}" + String(repeating: "}", count: depth - 1)
    }
    #expect(conversation.call("feed", #"{"pool":"p","data":\#(nested(31))}"#).hasPrefix("ok "))
    let answer = conversation.call("feed", #"{"pool":"p","data":\#(nested(32))}"#)
    #expect(answer.hasPrefix("error ") && answer.contains(#""hint":"Data may nest 31 levels deep, itself included.""#))
  }

  @Test func aMessageMustFitIntoThePool() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    let answer = conversation.call("feed", #"{"pool":"p","data":{"x":"\#(String(repeating: "y", count: 60_000))"}}"#)
    #expect(answer.contains(#""error_kind":"Usage""#) && answer.contains(#""message":"payload exceeds ring capacity""#))
    #expect(conversation.call("feed", #"{"pool":"p","data":{"x":1}}"#).contains(#""seq":1,"#))
  }

  @Test(arguments: [#"{"a\u0000":1}"#])
  func someKeysAreRefused(data: String) throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(conversation.call("feed", #"{"pool":"p","data":\#(data)}"#).contains(#""error_kind":"Usage""#))
  }

  @Test func tagsKeepTheirOrderAndMayRepeat() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(
      conversation.call("feed", #"{"pool":"p","data":{},"tags":["b","a","b","\u00a0c\u3000","é"]}"#)
        .contains(#""meta":{"tags":["b","a","b","c","é"]}"#))
  }

  @Test(arguments: ["0", "3", "18446744073709551615"])
  func whatIsNotHeldIsNotFound(sequence: String) throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 2)
    #expect(
      conversation.call("fetch", #"{"pool":"p","seq":\#(sequence)}"#)
        == #"error "message not found. This pool holds 1 to 2." {"error_kind":"NotFound","hint":"This pool holds 1 to 2.","message":"message not found","seq":\#(sequence),"tool":"plasmite_fetch"}"#
    )
    // The pool stays open: it was not the pool that was missing.
    #expect(conversation.server.shelf.count == 1)
  }

  @Test func damageIsTold() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", messages: 3)
    let ring = pool.geometry.ringOffset
    // The last byte of the first message's text: its checksum fails from now on.
    try patch(conversation.path("p"), at: ring + 64 + 8, [0xFF, 0xFF])
    let answer = conversation.call("fetch", #"{"pool":"p","seq":1}"#)
    #expect(answer.contains(#""error_kind":"Corrupt","#), "\(answer)")
    #expect(
      answer.contains(
        #""message":"malformed frame in the retained ring","offset":0,"path":"[DIR]/p.plasmite","seq":1,"#))
    #expect(conversation.call("fetch", #"{"pool":"p","seq":2}"#).hasPrefix("ok "))
  }

  @Test func whatIsNoMessageIsTold() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", messages: 1)
    let garbage: [UInt8] = Array(repeating: 0xA5, count: 200)
    _ = try pool.append(garbage.span.bytes, time: 1)
    for (tool, arguments) in [
      ("fetch", #"{"pool":"p","seq":2}"#), ("read", #"{"pool":"p"}"#), ("read", #"{"pool":"p","after_seq":1}"#),
      ("read", #"{"pool":"p","tags":["x"]}"#), ("wait", #"{"pool":"p","after_seq":1}"#),
    ] {
      let answer = conversation.call(tool, arguments)
      #expect(answer.contains(#""error_kind":"Corrupt","#) && answer.contains(#""seq":2,"#), "\(answer)")
    }
    #expect(conversation.call("fetch", #"{"pool":"p","seq":1}"#).hasPrefix("ok "))
  }

  @Test func sequencesMayBeAsLargeAsTheyGet() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    // As if 2^64 - 3 messages had been appended and were gone.
    try patch(conversation.path("p"), at: 96, littleEndian(.max - 2))
    #expect(
      conversation.call("feed", #"{"pool":"p","data":{"n":1}}"#)
        .hasPrefix(#"ok "Appended message 18446744073709551614 to `p`.""#))
    #expect(conversation.call("feed", #"{"pool":"p","data":{"n":2}}"#).contains(#""seq":18446744073709551615,"#))
    #expect(conversation.call("feed", #"{"pool":"p","data":{"n":3}}"#).hasPrefix("error "))
    #expect(
      conversation.call("fetch", #"{"pool":"p","seq":18446744073709551615}"#).contains(#""seq":18446744073709551615,"#))
    let rest =
      #""last_returned_seq":18446744073709551615,"newest_available_seq":18446744073709551615,"next_after_seq":18446744073709551615,"oldest_available_seq":18446744073709551614}"#
    for arguments in ["", #","after_seq":18446744073709551613"#, #","since":"1s""#] {
      let answer = conversation.call("read", #"{"pool":"p"\#(arguments)}"#)
      #expect(Conversation.numbers(answer) == [1, 2])
      #expect(Conversation.rest(answer) == #"{"fell_behind":false,"# + rest, "\(answer)")
    }
    let answer = conversation.call("read", #"{"pool":"p","after_seq":5}"#)
    #expect(Conversation.rest(answer) == #"{"fell_behind":true,"# + rest, "\(answer)")
    #expect(
      conversation.call("read", #"{"pool":"p","after_seq":18446744073709551615}"#).contains(#""messages":[]"#))
    #expect(
      conversation.call("wait", #"{"pool":"p","timeout_ms":0}"#)
        .contains(#""next_after_seq":18446744073709551615,"#))
  }
}
