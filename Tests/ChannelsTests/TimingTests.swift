import Testing

@testable import Channels

@Suite struct BackoffTests {
  @Test func ceilingsGrowAndStayAtTheMaximum() {
    var backoff = Backoff(base: 100, factor: 3, maximum: 1000)
    let waits = (0..<5).map { _ in backoff.next(random: .max) }
    #expect(waits == [100, 300, 900, 1000, 1000])
    backoff.reset()
    #expect(backoff.next(random: .max) == 100)
  }

  @Test func chanceChoosesEvenlyUpToTheCeiling() {
    var random = SeededNumbers(state: 7)
    var counts = [Int](repeating: 0, count: 4)
    for _ in 0..<40_000 {
      var backoff = Backoff(base: 3, factor: 2, maximum: 3)
      counts[Int(backoff.next(random: random.next()))] += 1
    }
    #expect(counts.allSatisfy { (9_500...10_500).contains($0) })
    var backoff = Backoff(base: 100, factor: 2, maximum: 100)
    #expect(backoff.next(random: 0) == 0)
    #expect(backoff.next(random: 1 << 63) == 50)
  }

  @Test(
    arguments: [(0, 0, 0), (-5, -5, -5), (.max, .max, .max), (5, 1, 3), (1, .max, .max)] as [(Int64, Int64, Int64)])
  func extremeSettingsAreServed(base: Int64, factor: Int64, maximum: Int64) {
    var backoff = Backoff(base: base, factor: factor, maximum: maximum)
    for _ in 0..<70 {
      let wait = backoff.next(random: .max)
      #expect(wait >= 0 && wait <= backoff.maximum)
    }
  }
}

@Suite struct HeartbeatTests {
  @Test func pingsWhenNothingComesAndGivesUpAfterTheLimit() {
    var heartbeat = Heartbeat(interval: 10, missedLimit: 2, now: 100)
    let findings = [109, 110, 119, 120, 129, 130, 140].map { heartbeat.check(at: $0) }
    #expect(
      findings == [
        .wait, .ping, .wait, .ping, .wait, .lost, .lost,
      ])
  }

  @Test func whateverComesShowsThatThePeerLives() {
    var heartbeat = Heartbeat(interval: 10, missedLimit: 1, now: 0)
    #expect(heartbeat.check(at: 10) == .ping)
    heartbeat.heard(at: 19)
    #expect(heartbeat.deadline == 29)
    let findings = [20, 29, 38, 39].map { heartbeat.check(at: $0) }
    #expect(findings == [.wait, .ping, .wait, .lost])
  }

  @Test func aMachineThatSleptMissesOneInterval() {
    var heartbeat = Heartbeat(interval: 10, missedLimit: 2, now: 0)
    #expect(heartbeat.check(at: 1_000_000) == .ping)
    #expect(heartbeat.check(at: 1_000_009) == .wait)
    #expect(heartbeat.check(at: 1_000_010) == .ping)
  }

  @Test(arguments: [(0, 0, 0), (-1, 1, .max), (.max, .max, .max), (.max, 1, .min)] as [(Int64, UInt32, Int64)])
  func extremeSettingsAreServed(interval: Int64, limit: UInt32, now: Int64) {
    var heartbeat = Heartbeat(interval: interval, missedLimit: limit, now: now)
    heartbeat.heard(at: now)
    _ = heartbeat.check(at: .max)
    _ = heartbeat.check(at: .min)
    #expect(heartbeat.interval >= 1 && heartbeat.missedLimit >= 1)
  }

  @Test(
    arguments: [
      (Heartbeat.Mark.ping.headers.description, .ping), (Heartbeat.Mark.pong.headers.description, .pong),
      ("a:b\r\n~heartbeat: ping ", .ping), ("~heartbeat:PING\r\n", nil), ("~heartbeat:\r\n", nil), ("ping", nil),
      ("", nil),
    ] as [(String, Heartbeat.Mark?)])
  func itsHeaderIsRecognised(text: String, mark: Heartbeat.Mark?) {
    let bytes = Array(text.utf8)
    #expect(Heartbeat.Mark(TextHeaders(bytes.span.bytes)) == mark)
  }
}

@Suite struct ReasonTests {
  static let reasons: [CloseReason] =
    [
      .graceful, .closedHere, .closedByPeer, .peerVanished, .reset, .invalidAddress, .pathNotFound, .refused,
      .connectFailed,
      .connectTimedOut, .helloTimedOut, .sendFailed, .receiveFailed, .listenFailed, .acceptFailed, .silent, .tooSlow,
      .shutdown, .secureHandshake, .certificate,
    ] + [.violation(.afterBye)]

  @Test func everyReasonHasANameOfItsOwnThatFitsAHeader() {
    let names = Self.reasons.map(\.name.description)
    #expect(Set(names).count == names.count)
    for name in names { #expect(line("~reason", name).value == "~reason:\(name)\r\n") }
    #expect(Self.reasons.allSatisfy { $0.status != .success })
  }
}
