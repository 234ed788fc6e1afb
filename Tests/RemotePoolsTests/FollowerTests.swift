import Documents
import Platform
import RawServer
import Testing

@testable import RemotePools

/// Following over connections that come and go.
struct FollowerTests {
  /// What came, by its target.
  private typealias Requests = Log<RawRequest>

  @Test func messagesComeInOrderAcrossRequests() throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      tails.add(request)
      let start = request.query("since_seq") ?? 0
      connection.begin()
      for sequence in start..<start + 3 { connection.chunk(message(sequence, #"{"n":\#(sequence)}"#) + "\n") }
      connection.end()
    }
    let told = try RemoteFollower(server.pool(), .init(from: 5)).take(9)
    #expect(Array(told.sequences.prefix(9)) == Array(5...13))
    #expect(told.texts.first == #"{"n":5}"#)
    #expect(told.gaps.isEmpty && told.losses.isEmpty)
    #expect(tails.all.first?.target == "/v0/pools/demo/tail?since_seq=5&timeout_ms=30000")
    #expect(tails.all.dropFirst().first?.query("since_seq") == 8)
    #expect(server.connections == 1)
  }

  @Test func linesMayBeCutAnywhere() throws {
    let text = (1...4).map { message($0) + "\n" }.joined(separator: "\n")
    let server = try RawServer { request, connection in
      guard request.query("since_seq") == 1 else { return }
      connection.begin()
      for byte in text.unicodeScalars { connection.chunk(String(byte)) }
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 1)).take(4).sequences == [1, 2, 3, 4])
  }

  @Test func eachMessageOnceHoweverOftenItIsSent() throws {
    let server = try RawServer { request, connection in
      connection.begin()
      for sequence: UInt64 in [1, 2, 1, 3, 3, 2, 4] { connection.chunk(message(sequence) + "\n") }
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 2)).take(3).sequences == [2, 3, 4])
  }

  @Test func whatIsMissingIsToldExactly() throws {
    let server = try RawServer { request, connection in
      guard request.query("since_seq") == 3 else { return }
      connection.begin()
      for sequence: UInt64 in [10, 11, 20] { connection.chunk(message(sequence) + "\n") }
    }
    let told = try RemoteFollower(server.pool(), .init(from: 3)).take(3)
    #expect(told.sequences == [10, 11, 20])
    #expect(told.gaps == [3...9, 12...19])
  }

  // MARK: Selections with an end

  @Test func aBoundedSelectionEndsWithItsLast() throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      tails.add(request)
      connection.begin()
      for sequence in UInt64(1)...9 { connection.chunk(message(sequence) + "\n") }
    }
    let follower = try RemoteFollower(server.pool(), .init(from: 2, through: 4))
    var told = Told()
    try follower.take(into: &told) { $0.sequences.count == 3 }
    #expect(told.sequences == [2, 3, 4])
    #expect(follower.next == 5)
    #expect(tails.count == 1)
  }

  @Test func whatABoundedSelectionMissesIsAnError() throws {
    let server = try RawServer { _, connection in
      connection.begin()
      connection.chunk(message(1) + "\n" + message(8) + "\n")
    }
    let failed = try #require(try RemoteFollower(server.pool(), .init(from: 1, through: 6)).end())
    #expect(failed.kind == .retentionGap)
    #expect(failed.message == "messages 2 to 6 are no longer retained")
    #expect(failed.sequence == 2)
  }

  // MARK: Connections that break

  @Test(arguments: [true, false]) func itGoesOnWhereTheConnectionBroke(withinLine: Bool) throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 4))}"#) }
      tails.add(request)
      let start = request.query("since_seq") ?? 0
      connection.begin()
      if start == 1 {
        connection.chunk(message(1) + "\n" + message(2) + "\n" + (withinLine ? #"{"data":{},"me"# : ""))
        connection.hangUp()
      } else {
        connection.chunk(message(3) + "\n" + message(4) + "\n")
      }
    }
    var told = Told()
    let follower = try RemoteFollower(server.pool(), .init(from: 1))
    try follower.take(into: &told) { $0.sequences.count == 4 && $0.returns == 1 }
    #expect(told.sequences == [1, 2, 3, 4])
    #expect(told.losses.count == 1)
    #expect(told.losses.first?.kind == .io)
    #expect(told.returns == 1)
    #expect(tails.all.map { $0.query("since_seq") } == [1, 3])
  }

  @Test func itOutlivesAServerThatIsRestarted() throws {
    let first = try RawServer { request, connection in
      connection.begin()
      connection.chunk(message(1) + "\n")
    }
    let follower = try RemoteFollower(first.pool(), .init(from: 1))
    var told = Told()
    try follower.take(into: &told) { $0.sequences == [1] }
    first.stop()
    try follower.take(into: &told) { !$0.losses.isEmpty }
    let second = try RawServer(port: first.port) { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 2))}"#) }
      connection.begin()
      connection.chunk(message(2) + "\n")
    }
    try follower.take(into: &told) { $0.sequences.count == 2 }
    #expect(told.sequences == [1, 2])
    #expect(told.returns >= 1)
    second.stop()
  }

  @Test func anotherPoolOfTheSameNameIsNotTakenForThisOne() throws {
    let server = try RawServer { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 3))}"#) }
      connection.begin()
      connection.chunk(message(50) + "\n")
      connection.hangUp()
    }
    let failed = try #require(try RemoteFollower(server.pool(), .init(from: 50)).end())
    #expect(failed.kind == .notFound)
    #expect(failed.message == "the pool was replaced by another one")
  }

  @Test func aMessageThatNeverComesWholeIsAnErrorInTheEnd() throws {
    let server = try RawServer { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 4))}"#) }
      connection.begin()
      connection.chunk(#"{"data":"#)
      connection.hangUp()
    }
    let failed = try #require(try RemoteFollower(server.pool(), .init(from: 4)).end())
    #expect(failed.kind == .io)
    #expect(failed.message == "the server broke off within message 4")
  }

  @Test func whoWantsAnEndDoesNotWaitForEverForAServer() throws {
    let server = try RawServer { _, connection in connection.abort() }
    let failed = try #require(try RemoteFollower(server.pool(), .init(from: 1, through: 3)).end())
    #expect(failed.kind == .io)
  }

  // MARK: Refusals

  @Test(arguments: [
    (404, envelope("NotFound", "not found"), Failure.Kind.notFound), (401, envelope("Permission", "no"), .permission),
    (400, envelope("Usage", "bad"), .usage), (500, envelope("Corrupt", "malformed frame"), .corrupt), (302, "", .io),
    (405, "", .io),
  ])
  func refusalsEndIt(status: Int, body: String, kind: Failure.Kind) throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      tails.add(request)
      connection.respond(status, body)
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 1)).end()?.kind == kind)
    #expect(tails.count == 1)
  }

  @Test(arguments: [
    (423, envelope("Busy", "too many concurrent tail requests")), (503, ""), (500, envelope("Internal", "oops")),
    (500, envelope("Io", "disk")), (429, ""),
  ])
  func whatPassesIsTriedAgain(status: Int, body: String) throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 1))}"#) }
      tails.add(request)
      if tails.count < 3 { return connection.respond(status, body) }
      connection.begin()
      connection.chunk(message(1) + "\n")
    }
    let told = try RemoteFollower(server.pool(), .init(from: 1)).take(1)
    #expect(told.sequences == [1])
    #expect(told.losses.count == 1)
  }

  @Test(arguments: [
    (envelope("NotFound", "not found"), Failure.Kind.notFound), (envelope("Corrupt", "bad"), .corrupt),
    ("nonsense", .io), ("<html>", .io), ("{}", .io), ("[]", .io), (message(0), .io),
    (#"{"data":7,"meta":{"tags":[]},"seq":2,"time":"2026-11-21T01:51:38Z"}"#, .io),
  ])
  func aLineThatIsNoMessageEndsIt(line: String, kind: Failure.Kind) throws {
    let server = try RawServer { _, connection in
      connection.begin()
      connection.chunk(message(1) + "\n" + line + "\n")
    }
    let follower = try RemoteFollower(server.pool(), .init(from: 1))
    var told = Told()
    let failed = failure { try follower.take(into: &told) { _ in false } }
    #expect(told.sequences == [1])
    #expect(failed?.kind == kind)
  }

  @Test func anErrorLineThatPassesIsTriedAgain() throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      guard request.isTail else { return connection.respond(200, #"{"pool":\#(info(newest: 2))}"#) }
      tails.add(request)
      connection.begin()
      connection.chunk(tails.count == 1 ? envelope("Internal", "oops") + "\n" : message(1) + "\n")
      if tails.count == 1 { connection.end() }
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 1)).take(1).sequences == [1])
  }

  @Test func garbageEndsItToo() throws {
    let server = try RawServer { _, connection in
      connection.send("SSH-2.0-OpenSSH_9.2\r\n")
      connection.hangUp()
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 1)).end()?.kind == .io)
  }

  // MARK: How long requests stay open

  @Test(arguments: ["", #","hint":"Ask for at most timeout_ms=1200.""#])
  func itAsksForNoMoreThanTheServerAllows(hint: String) throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      tails.add(request)
      if request.query("timeout_ms") ?? .max > 1200 {
        return connection.respond(400, envelope("Usage", "tail timeout exceeds server limit", more: hint))
      }
      connection.begin()
      connection.chunk(message(1) + "\n")
    }
    let told = try RemoteFollower(server.pool(), .init(from: 1)).take(1)
    #expect(told.losses.isEmpty)
    #expect(tails.count == (hint.isEmpty ? 6 : 2))
    #expect(tails.all.last?.query("timeout_ms") == (hint.isEmpty ? 937 : 1200))
  }

  @Test func aServerThatAllowsNothingIsAnError() throws {
    let server = try RawServer { _, connection in
      connection.respond(400, envelope("Usage", "tail timeout exceeds server limit"))
    }
    #expect(try RemoteFollower(server.pool(), .init(from: 1)).end()?.kind == .usage)
    #expect(server.requests < 12)
  }

  @Test func aServerThatAnswersNothingAtOnceIsNotAskedWithoutPause() throws {
    let tails = Requests()
    let server = try RawServer { request, connection in
      tails.add(request)
      connection.begin()
      connection.end()
    }
    let follower = try RemoteFollower(server.pool(), .init(from: 1))
    var told = Told()
    try follower.take(into: &told) { _ in tails.count >= 3 }
    // 50 and 100 ms lie between the first three.
    follower.wait(until: .after(nanoseconds: 150_000_000))
    #expect(tails.count <= 4)
  }

  // MARK: Ending

  @Test func cancellingEndsItWhileItWaits() throws {
    let waits = try Happening()
    let server = try RawServer { _, connection in
      connection.begin()
      waits.mark()
    }
    let began = Clock.monotonic()
    do {
      let follower = try RemoteFollower(server.pool(), .init(from: 1))
      #expect(waits.wait())
      follower.wake()
      follower.wait(until: .never)
      follower.cancel()
    }
    #expect(Clock.monotonic() - began < 20_000_000_000)
  }

  @Test func moreThanMayWaitComesAllTheSame() throws {
    let data = #"{"x":"\#(String(repeating: "y", count: 1 << 18))"}"#
    let server = try RawServer { request, connection in
      connection.begin()
      for sequence in UInt64(1)...30 { connection.chunk(message(sequence, data) + "\n") }
    }
    let follower = try RemoteFollower(server.pool(), .init(from: 1))
    let told = try follower.take(30)
    #expect(told.sequences == Array(1...30))
  }

  // MARK: Lines

  @Test func linesHaveABound() {
    var cutter = LineCutter(limit: 10)
    func isWithinLine() -> Bool { cutter.isWithinLine }
    func take(_ text: String) -> (LineCutter.Step, [String]) {
      var lines: [String] = []
      let bytes = Array(text.utf8)
      let step = cutter.take(bytes.span.bytes) { line in
        lines.append(line.withUnsafeBytes { String(decoding: $0, as: UTF8.self) })
        return lines.last != "stop"
      }
      return (step, lines)
    }
    #expect(take("one\n\n \r\ntwo\nthr") == (.goOn, ["one", "two"]))
    #expect(isWithinLine())
    #expect(take("ee\n0123456789\n") == (.goOn, ["three", "0123456789"]))
    #expect(!isWithinLine())
    #expect(take("stop\nmore\n") == (.stop, ["stop"]))
    #expect(take("01234567890\n") == (.tooLong, []))
    cutter.removeAll()
    #expect(take("0123456789") == (.goOn, []))
    #expect(take("0") == (.tooLong, []))
  }
}
