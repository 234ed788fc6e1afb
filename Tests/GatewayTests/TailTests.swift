import Gateway
import Platform
import Support
import Testing

struct TailTests {
  @Test func aTailShowsWhatIsThereAndWhatComes() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    for number in 1...3 { try gateway.append("{\"n\":\(number)}", to: "p") }
    let tail = try gateway.tail("p")
    #expect(sequences(try tail.lines(3)) == [1, 2, 3])
    for number in 4...6 { try gateway.append("{\"n\":\(number)}", to: "p") }
    #expect(sequences(try tail.lines(6)) == [1, 2, 3, 4, 5, 6])
    #expect(tail.status == 200)
  }

  @Test func aTailBeginsWhereItIsToldAndEndsAfterItsMessages() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    for number in 1...5 { try gateway.append("{\"n\":\(number)}", to: "p") }
    let tail = try gateway.tail("p", "since_seq=2&max=3")
    #expect(sequences(try tail.lines(100)) == [2, 3, 4])
    #expect(tail.isComplete)
  }

  @Test func aTailEndsWhenItsTimeIsUp() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    let tail = try gateway.tail("p", "timeout_ms=50")
    #expect(try tail.lines(1) == [])
    #expect(tail.isComplete)
  }

  @Test func tagsAreAllWanted() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    try gateway.append("{}", to: "p", tags: #"["a"]"#)
    try gateway.append("{}", to: "p", tags: #"["b","a"]"#)
    let tail = try gateway.tail("p", "tag=a&tag=b&max=2")
    #expect(sequences(try tail.lines(1)) == [2])
    try gateway.append("{}", to: "p", tags: #"["b"]"#)
    try gateway.append("{}", to: "p", tags: #"["a","b"]"#)
    #expect(sequences(try tail.lines(100)) == [2, 4])
  }

  @Test func aMissingPoolIsRefusedBeforeTheStreamBegins() throws {
    let gateway = try LiveGateway()
    let answer = try gateway.ask("GET", "/v0/pools/none/tail")
    #expect(answer.status == 404)
    #expect(answer.body.contains("\"kind\":\"NotFound\""))
  }

  @Test func aFutureSequenceIsWaitedFor() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    let tail = try gateway.tail("p", "since_seq=3&max=1")
    for number in 1...4 { try gateway.append("{\"n\":\(number)}", to: "p") }
    #expect(sequences(try tail.lines(1)) == [3])
  }

  @Test func gapsAreSkippedOrEndTheStream() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p", size: 65536)
    let data = "{\"text\":\"\(String(repeating: "x", count: 8000))\"}"
    for _ in 1...20 { try gateway.append(data, to: "p") }
    let lax = try gateway.tail("p", "since_seq=1&max=1")
    let first = try #require(sequences(try lax.lines(1)).first)
    #expect(first > 1)
    let strict = try gateway.tail("p", "since_seq=1&gap_policy=error")
    let lines = try strict.lines(100)
    #expect(lines.count == 1)
    #expect(lines[0].contains("\"kind\":\"RetentionGap\"") && lines[0].contains("\"seq\":1"))
    #expect(strict.isComplete)
  }

  @Test func tailsBeyondTheLimitAreBusyUntilOneGoes() throws {
    let gateway = try LiveGateway { $0.limits.tails = 2 }
    try gateway.makePool("p")
    try gateway.append("{}", to: "p")
    var open = [try gateway.tail("p"), try gateway.tail("p")]
    for tail in open { #expect(try tail.lines(1).count == 1) }
    let refused = try gateway.ask("GET", "/v0/pools/p/tail")
    #expect(refused.status == 423)
    #expect(refused.body.contains("too many concurrent tail requests"))
    open.removeLast()
    // The server learns of it when the system tells it.
    let deadline = Deadline.after(nanoseconds: 10_000_000_000)
    while try gateway.ask("GET", "/v0/pools/p/tail?max=1").status != 200 { #expect(!deadline.hasPassed) }
  }

  @Test func aSlowReaderKeepsNobodyElseWaitingAndMissesNothing() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p", size: 32 << 20)
    let slow = try gateway.tail("p")
    let fast = try gateway.tail("p")
    let data = "{\"text\":\"\(String(repeating: "x", count: 60_000))\"}"
    // More than sockets and queue take: the slow one falls behind, and reads the rest from the pool.
    let writer = try gateway.connect()
    for _ in 1...200 {
      try writer.send(LiveGateway.request("POST", "/v0/pools/p/append", body: "{\"data\":\(data)}"))
      #expect(try writer.readResponse()?.status == 200)
    }
    #expect(sequences(try fast.lines(200)) == Array(1...200))
    #expect(sequences(try slow.lines(200)) == Array(1...200))
  }

  @Test func manyTailsAllGetEveryMessage() throws {
    #if DEBUG
      let count = 200
    #else
      let count = 1000
    #endif
    let gateway = try LiveGateway { $0.limits.tails = 2000 }
    try gateway.makePool("p")
    try gateway.append("{\"n\":0}", to: "p")
    let tails = try (0..<count).map { _ in try gateway.tail("p") }
    for tail in tails { #expect(try tail.lines(1).count == 1) }
    for number in 1...5 { try gateway.append("{\"n\":\(number)}", to: "p") }
    for tail in tails { #expect(sequences(try tail.lines(6)) == [1, 2, 3, 4, 5, 6]) }
  }

  @Test func aStoppedServerEndsItsStreamsWhole() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    try gateway.append("{}", to: "p")
    let tail = try gateway.tail("p")
    #expect(try tail.lines(1).count == 1)
    gateway.stop()
    _ = try tail.lines(2)
    #expect(tail.isComplete)
  }

  @Test func aDeletedPoolEndsItsStreamsWithAnError() throws {
    let gateway = try LiveGateway()
    try gateway.makePool("p")
    try gateway.append("{}", to: "p")
    let tail = try gateway.tail("p")
    #expect(try tail.lines(1).count == 1)
    #expect(try gateway.ask("DELETE", "/v0/pools/p").status == 200)
    let lines = try tail.lines(100)
    #expect(lines.count == 2 && lines[1].contains("\"kind\":\"NotFound\""))
    #expect(tail.isComplete)
    // A pool of the same name is another one.
    try gateway.makePool("p")
    try gateway.append("{\"new\":1}", to: "p")
    #expect(sequences(try gateway.tail("p", "max=1").lines(1)) == [1])
  }

  @Test func aReaderResumesAcrossRestartsWithoutLossOrRepetition() throws {
    let directory = try TemporaryDirectory()
    var gateway = try LiveGateway(directory)
    let port = gateway.port
    try gateway.makePool("p", size: 4 << 20)
    var seen: [UInt64] = []
    for round in 0..<4 {
      let tail = try gateway.tail("p", "since_seq=\(seen.count + 1)")
      for number in 0..<20 { try gateway.append("{\"n\":\(number)}", to: "p") }
      // Some of it is lost with the connection, in every round but the last.
      seen += sequences(try tail.lines(round == 3 ? 80 - seen.count : 10))
      gateway.die()
      if round < 3 { gateway = try LiveGateway(directory, port: port) }
    }
    #expect(seen == Array(1...80))
  }
}
