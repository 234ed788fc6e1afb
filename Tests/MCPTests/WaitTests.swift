import Documents
import Lite3
import Platform
import Pools
import Support
import Testing

@testable import MCP

struct WaitTests {
  private func rest(_ result: String) -> String { Conversation.rest(result) }

  @Test func messagesThatAreThereComeAtOnce() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 4)
    let answer = conversation.call("wait", #"{"pool":"p","after_seq":1,"count":2}"#)
    #expect(answer.hasPrefix(#"ok "Received 2 message(s) from `p`.""#))
    #expect(Conversation.numbers(answer) == [2, 3])
    #expect(
      rest(answer)
        == #"{"fell_behind":false,"last_returned_seq":3,"newest_available_seq":4,"next_after_seq":3,"oldest_available_seq":1,"timed_out":false}"#
    )
  }

  @Test(arguments: [("", 4), (#","after_seq":4"#, 4), (#","after_seq":1,"tags":["none"]"#, 4), (#","after_seq":9"#, 9)])
  func withoutTimeItIsALook(arguments: String, next: Int) throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 4)
    #expect(
      conversation.call("wait", #"{"pool":"p","timeout_ms":0\#(arguments)}"#)
        == #"ok "No new messages arrived in `p` before the timeout." {"fell_behind":false,"last_returned_seq":null,"messages":[],"newest_available_seq":4,"next_after_seq":\#(next),"oldest_available_seq":1,"timed_out":true}"#
    )
  }

  @Test func anEmptyPoolIsWaitedForFromItsBeginning() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p")
    #expect(
      conversation.call("wait", #"{"pool":"p","timeout_ms":0}"#).hasSuffix(
        #""newest_available_seq":null,"next_after_seq":0,"oldest_available_seq":null,"timed_out":true}"#))
    let wait = try conversation.wait(#"{"pool":"p"}"#)
    #expect(wait.next == 1)
    try conversation.append(pool, 1...1)
    #expect(
      Conversation.numbers(conversation.text(try #require(wait.attempt(now: conversation.now.monotonic)))) == [1])
  }

  @Test func aWaitIsToldWhatItNeedsToGoOn() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p"}"#)
    #expect(wait.path == conversation.path("p"))
    #expect(wait.next == 4)
    #expect(wait.deadline.nanoseconds == conversation.now.monotonic + 10_000_000_000)
    #expect(try conversation.wait(#"{"pool":"p","timeout_ms":60000}"#).deadline.nanoseconds == 65_000_000_000)
    #expect(try conversation.wait(#"{"pool":"p","timeout_ms":1}"#).deadline.nanoseconds == 5_001_000_000)
    #expect(try conversation.wait(#"{"pool":"p","after_seq":18446744073709551615}"#).next == .max)
  }

  @Test func itIsOverWhenMessagesCome() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p"}"#)
    #expect(wait.attempt(now: wait.deadline.nanoseconds - 1) == nil)
    try conversation.append(pool, 4...5)
    let answer = conversation.result(conversation.text(try #require(wait.attempt(now: 0))))
    #expect(answer.hasPrefix(#"ok "Received 2 message(s) from `p`.""#))
    #expect(Conversation.numbers(answer) == [4, 5])
    #expect(
      rest(answer)
        == #"{"fell_behind":false,"last_returned_seq":5,"newest_available_seq":5,"next_after_seq":5,"oldest_available_seq":1,"timed_out":false}"#
    )
  }

  @Test func itIsOverAtTheDeadline() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p","timeout_ms":500}"#)
    #expect(wait.attempt(now: 5_499_999_999) == nil)
    let answer = conversation.result(conversation.text(try #require(wait.attempt(now: 5_500_000_000))))
    #expect(answer.hasPrefix(#"ok "No new messages arrived in `p` before the timeout.""#))
    #expect(answer.hasSuffix(#""next_after_seq":3,"oldest_available_seq":1,"timed_out":true}"#))
  }

  @Test func messagesThatAreNotWantedDoNotEndIt() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p","tags":["x"]}"#)
    try conversation.append(pool, 4...6)
    #expect(wait.attempt(now: 0) == nil)
    #expect(wait.next == 7)
    // What was looked at is told, so that the next call does not look at it again.
    let inVain = try conversation.wait(#"{"pool":"p","tags":["x"],"after_seq":3}"#)
    let answer = conversation.text(try #require(inVain.attempt(now: .max)))
    #expect(answer.contains(#""last_returned_seq":null,"messages":[],"newest_available_seq":6,"next_after_seq":6,"#))
    try conversation.append(pool, 7...9) { $0 == 8 ? ["x"] : [] }
    let last = conversation.text(try #require(wait.attempt(now: 0)))
    #expect(Conversation.numbers(last) == [8])
    #expect(last.contains(#""newest_available_seq":9,"next_after_seq":9,"#))
  }

  @Test func whoFellBehindIsToldAlsoLater() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", size: 8192, messages: 200)
    let wait = try conversation.wait(#"{"pool":"p","after_seq":5,"tags":["x"]}"#)
    // The loss was noticed by the first look, and nothing was there to be told of.
    try conversation.append(pool, 201...201) { _ in ["x"] }
    let answer = conversation.text(try #require(wait.attempt(now: 0)))
    #expect(Conversation.numbers(answer) == [201])
    #expect(answer.contains(#""fell_behind":true,"#))
    let live = try conversation.wait(#"{"pool":"p"}"#)
    try conversation.append(pool, 202...500)
    #expect(conversation.text(try #require(live.attempt(now: 0))).contains(#""fell_behind":true,"#))
    let quick = try conversation.wait(#"{"pool":"p"}"#)
    try conversation.append(pool, 501...501)
    #expect(conversation.text(try #require(quick.attempt(now: 0))).contains(#""fell_behind":false,"#))
  }

  @Test func aPoolThatGoesAwayEndsIt() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    conversation.now.monotonic = Clock.monotonic()
    let wait = try conversation.wait(#"{"pool":"p","timeout_ms":60000}"#)
    try Pool.delete(at: conversation.path("p"))
    wait.awaitNews()
    let answer = conversation.result(conversation.text(try #require(wait.attempt(now: 0))))
    #expect(answer.hasPrefix(#"error "pool was deleted while it was open. "#))
    #expect(answer.contains(#""error_kind":"NotFound""#) && answer.hasSuffix(#""tool":"plasmite_wait"}"#))
  }

  @Test func aServerCanEndIt() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p"}"#)
    #expect(
      conversation.result(conversation.text(wait.refuse(Failure(.busy, "too many concurrent tail requests"))))
        == #"error "too many concurrent tail requests. Another process holds it. Try again." {"error_kind":"Busy","hint":"Another process holds it. Try again.","message":"too many concurrent tail requests","tool":"plasmite_wait"}"#
    )
    #expect(conversation.result(conversation.text(wait.giveUp())).hasSuffix(#""timed_out":true}"#))
  }

  @Test func aSleeperIsWoken() throws {
    let conversation = try Conversation()
    conversation.now.monotonic = Clock.monotonic()
    let pool = try conversation.makePool("p", messages: 3)
    let wait = try conversation.wait(#"{"pool":"p","timeout_ms":60000}"#)
    let writer = try Thread {
      var encoder = Lite3Encoder()
      let text = Array(#"{"n":4}"#.utf8)
      try? encoder.encodeMessage(data: text.span.bytes)
      _ = try? encoder.withUnsafeBytes { (bytes) throws(PoolError) in
        try pool.append(RawSpan(_unsafeBytes: bytes), time: 1)
      }
    }
    var answer: [UInt8]?
    while answer == nil {
      answer = wait.attempt(now: Clock.monotonic())
      if answer == nil { wait.awaitNews() }
    }
    writer.join()
    #expect(Conversation.numbers(conversation.text(answer ?? [])) == [4])
  }

  @Test func aSleeperWakesAtTheDeadline() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 3)
    for after in ["3", "18446744073709551615"] {
      conversation.now.monotonic = Clock.monotonic()
      let wait = try conversation.wait(#"{"pool":"p","timeout_ms":20,"after_seq":\#(after)}"#)
      while wait.attempt(now: Clock.monotonic()) == nil { wait.awaitNews() }
      #expect(wait.deadline.hasPassed)
    }
  }

  @Test func aWaitDoesNotHoldUpTheServer() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 1)
    let waits = try (0..<10).map { _ in try conversation.wait(#"{"pool":"p"}"#) }
    #expect(conversation.call("feed", #"{"pool":"p","data":{"n":2}}"#).hasPrefix("ok "))
    for wait in waits {
      #expect(Conversation.numbers(conversation.text(try #require(wait.attempt(now: 0)))) == [2])
    }
  }
}
