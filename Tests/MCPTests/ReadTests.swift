import Lite3
import Platform
import Pools
import Support
import Testing

@testable import MCP

struct ReadTests {
  private func state(
    last: Int?, newest: Int?, next: Int?, oldest: Int?, fellBehind: Bool = false
  ) -> String {
    func number(_ number: Int?) -> String { number.map { "\($0)" } ?? "null" }
    return
      #"{"fell_behind":\#(fellBehind),"last_returned_seq":\#(number(last)),"newest_available_seq":\#(number(newest)),"next_after_seq":\#(number(next)),"oldest_available_seq":\#(number(oldest))}"#
  }

  @Test func aResultInFull() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 2, tags: { ["t\($0)"] })
    #expect(
      conversation.call("read", #"{"pool":"p"}"#)
        == #"ok "Read 2 message(s) from `p`." {"fell_behind":false,"last_returned_seq":2,"messages":["#
        + #"{"data":{"n":1},"meta":{"tags":["t1"]},"seq":1,"time":"1970-01-01T00:00:01Z"},"#
        + #"{"data":{"n":2},"meta":{"tags":["t2"]},"seq":2,"time":"1970-01-01T00:00:02Z"}],"#
        + #""newest_available_seq":2,"next_after_seq":2,"oldest_available_seq":1}"#)
  }

  @Test func anEmptyPool() throws {
    let conversation = try Conversation()
    try conversation.makePool("p")
    #expect(
      conversation.call("read", #"{"pool":"p"}"#)
        == #"ok "Read 0 message(s) from `p`." {"fell_behind":false,"last_returned_seq":null,"messages":[],"newest_available_seq":null,"next_after_seq":null,"oldest_available_seq":null}"#
    )
    #expect(
      conversation.call("read", #"{"pool":"p","after_seq":7}"#).hasSuffix(
        #""newest_available_seq":null,"next_after_seq":7,"oldest_available_seq":null}"#))
  }

  @Test(
    arguments: [
      ("", Array(1...5)), (#","count":2"#, [4, 5]), (#","count":1"#, [5]), (#","count":200"#, Array(1...5)),
      (#","tags":["odd"]"#, [1, 3, 5]), (#","tags":["odd"],"count":2"#, [3, 5]), (#","tags":["odd","three"]"#, [3]),
      (#","tags":[" odd ","odd"]"#, [1, 3, 5]), (#","tags":["none"]"#, []), (#","tags":[]"#, Array(1...5)),
      (#","since":"1970-01-01T00:00:03Z""#, [3, 4, 5]), (#","since":"1970-01-01T00:00:03.000000001Z""#, [4, 5]),
      (#","since":"3s""#, [3, 4, 5]), (#","since":"1960-01-01T00:00:00Z""#, Array(1...5)),
      (#","since":"9999-01-01T00:00:00Z""#, []), (#","since":"3s","tags":["odd"],"count":1"#, [5]),
    ] as [(String, [Int])])
  func theLatestMessages(arguments: String, numbers: [Int]) throws {
    let conversation = try Conversation()
    conversation.now.wall = 6_000_000_000
    try conversation.makePool("p", messages: 5) { $0 == 3 ? ["three", "odd"] : $0 % 2 == 1 ? ["odd"] : [] }
    let answer = conversation.call("read", #"{"pool":"p"\#(arguments)}"#)
    #expect(Conversation.numbers(answer) == numbers)
    #expect(answer.hasPrefix(#"ok "Read \#(numbers.count) message(s) from `p`.""#))
    #expect(Conversation.rest(answer) == state(last: numbers.last, newest: 5, next: 5, oldest: 1))
  }

  @Test(
    arguments: [
      (#","after_seq":0"#, Array(1...5), 5), (#","after_seq":3"#, [4, 5], 5), (#","after_seq":5"#, [], 5),
      (#","after_seq":99"#, [], 99), (#","after_seq":0,"count":2"#, [1, 2], 2),
      (#","after_seq":0,"tags":["odd"]"#, [1, 3, 5], 5), (#","after_seq":0,"tags":["odd"],"count":2"#, [1, 3], 3),
      (#","after_seq":1,"tags":["even"],"count":2"#, [2, 4], 4), (#","after_seq":2,"tags":["even"],"count":2"#, [4], 5),
      (#","after_seq":0,"tags":["none"]"#, [], 5), (#","after_seq":2,"since":"2s""#, [4, 5], 5),
    ] as [(String, [Int], Int)])
  func theFirstMessagesAfterAPlace(arguments: String, numbers: [Int], next: Int) throws {
    let conversation = try Conversation()
    conversation.now.wall = 6_000_000_000
    try conversation.makePool("p", messages: 5) { $0 % 2 == 1 ? ["odd"] : ["even"] }
    let answer = conversation.call("read", #"{"pool":"p"\#(arguments)}"#)
    #expect(Conversation.numbers(answer) == numbers)
    #expect(Conversation.rest(answer) == state(last: numbers.last, newest: 5, next: next, oldest: 1))
  }

  @Test func thePlaceBehindEverythingIsSafe() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", messages: 2)
    #expect(
      conversation.call("read", #"{"pool":"p","after_seq":18446744073709551615}"#).hasSuffix(
        #"{"fell_behind":false,"last_returned_seq":null,"messages":[],"newest_available_seq":2,"next_after_seq":18446744073709551615,"oldest_available_seq":1}"#
      ))
  }

  @Test func aReaderWalksThroughAPoolWithoutLoss() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", size: 1 << 20, messages: 1000) { $0 % 7 == 0 ? ["seven"] : [] }
    for (tags, count) in [("", 1000), (#","tags":["seven"]"#, 142)] {
      var numbers: [Int] = []
      var next = 0
      while true {
        let answer = conversation.call("read", #"{"pool":"p","after_seq":\#(next),"count":33\#(tags)}"#)
        let page = Conversation.numbers(answer)
        if page.isEmpty { break }
        numbers += page
        next = try #require(answer.firstMatch(of: /"next_after_seq":(\d+)/).flatMap { Int($0.1) })
      }
      #expect(numbers.count == count)
      #expect(numbers == numbers.sorted() && Set(numbers).count == count)
      #expect(next == 1000)
    }
  }

  @Test(arguments: [1, 255, 256, 257, 511, 512, 513, 999, 1000])
  func rareMessagesAreFoundHoweverFarBack(place: Int) throws {
    let conversation = try Conversation()
    try conversation.makePool("p", size: 1 << 20, messages: 1000) { $0 == place ? ["rare"] : ["common"] }
    #expect(Conversation.numbers(conversation.call("read", #"{"pool":"p","tags":["rare"]}"#)) == [place])
    #expect(
      Conversation.numbers(conversation.call("read", #"{"pool":"p","tags":["common"],"count":200}"#))
        == (1...1000).filter { $0 != place }.suffix(200))
  }

  @Test func whoFellBehindIsTold() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", size: 8192, messages: 200)
    let held = try #require(try pool.bounds())
    let (oldest, newest) = (Int(held.lowerBound), Int(held.upperBound))
    #expect(oldest > 10)
    let cases = [(0, true), (1, true), (oldest - 2, true), (oldest - 1, false), (oldest, false), (newest, false)]
    for (after, fellBehind) in cases {
      let answer = conversation.call("read", #"{"pool":"p","after_seq":\#(after),"count":200}"#)
      let first = max(after + 1, oldest)
      #expect(Conversation.numbers(answer) == Array(first..<newest + 1))
      #expect(
        Conversation.rest(answer)
          == state(
            last: first <= newest ? newest : nil, newest: newest, next: newest, oldest: oldest, fellBehind: fellBehind))
    }
    // Also when nothing that is left is wanted.
    #expect(
      conversation.call("read", #"{"pool":"p","after_seq":1,"tags":["none"]}"#).contains(#"{"fell_behind":true,"#))
    // Who asks for the latest did not lose anything.
    #expect(conversation.call("read", #"{"pool":"p"}"#).contains(#"{"fell_behind":false,"#))
  }

  @Test func aResultHasASize() throws {
    let conversation = try Conversation()
    let pool = try conversation.makePool("p", size: 64 << 20)
    try conversation.append(pool, 1...4, padding: 3 << 20)
    // Each message has about 3 MiB: a result ends with the one that takes it past 8 MiB, or before it.
    let selection = Selection(count: 20)
    func first(after place: UInt64) throws -> Reading {
      var ahead = try ReadingAhead(pool, after: place, selection)
      return try ahead.read()
    }
    #expect(try summary(first(after: 0)) == "3 messages, last 3, next 3, of 1...4")
    #expect(try summary(first(after: 3)) == "1 messages, last 4, next 4, of 1...4")
    #expect(try summary(ReadingBack.read(pool, selection)) == "2 messages, last 4, next 4, of 1...4")
    try conversation.append(pool, 5...5, padding: 9 << 20)
    #expect(try summary(first(after: 4)) == "1 messages, last 5, next 5, of 1...5")
    #expect(try summary(ReadingBack.read(pool, selection)) == "1 messages, last 5, next 5, of 1...5")
  }

  private func summary(_ reading: Reading) -> String {
    let numbers = [reading.lastReturned, reading.nextAfter, reading.bounds?.lowerBound, reading.bounds?.upperBound]
    let texts = numbers.map { $0.map { "\($0)" } ?? "none" }
    return "\(reading.messages.count) messages, last \(texts[0]), next \(texts[1]), of \(texts[2])...\(texts[3])"
  }

  @Test func thereIsNoEndToAWriterButToAReading() throws {
    let conversation = try Conversation()
    try conversation.makePool("p", size: 65_536, messages: 10)
    let writer = try Writer(conversation)
    // Readings of a pool that is written all the time, and that forgets quickly.
    for _ in 0..<50 {
      for arguments in ["", #","tags":["x"]"#, #","after_seq":1"#, #","after_seq":1,"tags":["x"]"#] {
        let answer = conversation.call("read", #"{"pool":"p"\#(arguments)}"#)
        let numbers = Conversation.numbers(answer)
        #expect(answer.hasPrefix("ok "), "\(answer)")
        #expect(numbers == numbers.sorted() && Set(numbers).count == numbers.count)
      }
    }
    try writer.end()
  }
}

/// Appends to the pool `p` on a thread of its own until it is told to end.
final class Writer: @unchecked Sendable {
  private let lock: Lock
  private let changed: Condition
  private var isOver = false
  private var hasBegun = false
  private var failure: PoolError?
  private var thread: Running?

  private struct Running: ~Copyable {
    let thread: Thread
  }

  init(_ conversation: Conversation) throws {
    lock = try Lock()
    changed = try Condition()
    let path = conversation.path("p")
    thread = nil
    thread = Running(thread: try Thread { [self] in run(path) })
    lock.lock()
    while !hasBegun { _ = changed.wait(lock) }
    lock.unlock()
  }

  func end() throws {
    lock.lock()
    isOver = true
    lock.unlock()
    thread = nil
    if let failure { throw failure }
  }

  private func run(_ path: String) {
    var encoder = Lite3Encoder()
    var number = 0
    do throws(PoolError) {
      let pool = try Pool.open(at: path)
      while true {
        lock.lock()
        let isOver = isOver
        hasBegun = true
        changed.broadcast()
        lock.unlock()
        if isOver { return }
        number += 1
        let text = Array("{\"n\":\(1_000_000 + number)}".utf8)
        do throws(Lite3Error) {
          try encoder.encodeMessage(data: text.span.bytes, tags: number % 3 == 0 ? ["x"] : [])
        } catch {
          return
        }
        _ = try encoder.withUnsafeBytes { (bytes) throws(PoolError) in
          try pool.append(RawSpan(_unsafeBytes: bytes), time: UInt64(number))
        }
      }
    } catch {
      lock.lock()
      failure = error
      hasBegun = true
      changed.broadcast()
      lock.unlock()
    }
  }
}
