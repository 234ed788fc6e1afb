import Arguments
import Documents
import JSON
import Lite3
import Platform
import Pools
import Support
import Synchronization
import Testing

@testable import CommandSupport
@testable import PoolCommands

/// Commands against pools of other machines, of which these tests make the answers up.
struct RemoteTests {
  private let output = Output(keepingAsTerminal: false)
  private let errors = Output(keepingAsTerminal: false)

  private func session(_ words: [String]) throws -> (Invocation, Session) {
    let invocation = try parse(words)
    return (invocation, Session(invocation, output: output, errors: errors, now: { 2_000_000_000 }))
  }

  private static func failure(in error: any Error) -> Failure? {
    guard let error = error as? CommandError, case .failed(let failure) = error else { return nil }
    return failure
  }

  private func failure<Value>(_ body: () throws -> Value) -> Failure? {
    do {
      _ = try body()
      return nil
    } catch {
      return Self.failure(in: error)
    }
  }

  // MARK: Where to begin

  @Test(
    arguments: [
      ([], 3...9, 10, nil), (["--tail", "2"], 3...9, 8, nil), (["--tail", "7"], 3...9, 3, nil),
      (["--tail", "99"], 3...9, 3, nil), (["--since", "1h"], 3...9, 3, nil), (["--no-follow"], 3...9, 3, 9),
      (["--no-follow", "--tail", "0"], 3...9, 10, 9), (["--no-follow", "--tail", "1"], 3...9, 9, 9),
      ([], nil, 1, nil), (["--tail", "5"], nil, 1, nil), (["--no-follow"], nil, 1, 0),
      (["--no-follow", "--tail", "18446744073709551615"], 3...9, 3, 9),
    ] as [([String], ClosedRange<UInt64>?, UInt64, UInt64?)])
  func aSelectionBeginsWhereTheSameOneHereWould(
    words: [String], bounds: ClosedRange<UInt64>?, start: UInt64, last: UInt64?
  ) throws {
    let options = try FollowOptions(parse(["follow", "p"] + words), now: 5_000_000_000_000)
    let selection = FollowCommand.selection(options, bounds)
    #expect(selection.start == start)
    #expect(selection.last == last)
    #expect(selection.newest == bounds?.upperBound ?? 0)
  }

  // MARK: Following

  /// What a stream tells, step by step; afterwards it fails.
  private final class Script: Sendable {
    struct Step: Sendable {
      var gap: ClosedRange<UInt64>?
      var sequences: [UInt64] = []
      var lost: String?
      var regained = false
    }

    private let steps: Mutex<[Step]>

    init(_ steps: [Step]) { self.steps = Mutex(steps) }

    func next() -> Step? { steps.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
  }

  private func access(_ script: Script) -> RemoteAccess {
    let unexpected = Failure(.internal, "not asked for")
    return RemoteAccess(
      text: "http://h:1/p", create: { _ throws(Failure) in throw unexpected },
      open: { () throws(Failure) in throw unexpected }, info: { () throws(Failure) in throw unexpected },
      delete: { () throws(Failure) in throw unexpected }, append: { _, _ throws(Failure) in throw unexpected },
      fetch: { _, _ throws(Failure) in throw unexpected },
      follow: { _ throws(Failure) in
        RemoteStream(
          forEach: { take throws(Failure) in
            guard let step = script.next() else { throw Failure(.notFound, "it is over") }
            var encoder = Lite3Encoder()
            for sequence in step.sequences {
              let text = Array("{\"n\":\(sequence)}".utf8)
              try? encoder.encodeMessage(data: text.span.bytes)
              if !take(encoder.bytes, sequence, 1) { break }
            }
            var changes: [RemoteStream.Change] = []
            if let lost = step.lost { changes.append(.lost(Failure(.io, lost))) }
            if step.regained { changes.append(.regained) }
            return RemoteStream.Batch(gap: step.gap, caughtUp: true, changes: changes)
          }, wait: { _ in }, wake: {})
      })
  }

  private func follow(_ steps: [Script.Step], _ words: [String] = [], last: UInt64? = nil) throws -> ExitCode? {
    let (invocation, session) = try session(["follow", "p", "--data-only"] + words)
    let options = try FollowOptions(invocation, now: session.now())
    let source = try RemoteSource(access(Script(steps)), .init(start: 1, last: last, newest: 0))
    var follower = Follower(
      options, source, through: last, PoolLabel(text: "http://h:1/p", path: "http://h:1/p"), session, command: "follow")
    do {
      return try follower.follow()
    } catch {
      guard Self.failure(in: error)?.message == "it is over" else { throw error }
      return nil
    }
  }

  @Test func whatComesIsShownAndItsTroublesAreTold() throws {
    #expect(
      try follow([
        .init(sequences: [1, 2]), .init(lost: "the server cannot be reached"),
        .init(gap: 3...7, sequences: [8], regained: true),
      ]) == nil)
    #expect(output.takeText() == "{\"n\":1}\n{\"n\":2}\n{\"n\":8}\n")
    let notices = errors.takeText().split(separator: "\n")
    #expect(notices.count == 3)
    #expect(notices[0].contains(#""next_seq":3,"state":"lost"},"kind":"reconnect""#))
    #expect(notices[0].contains(#""message":"the server cannot be reached; trying again""#))
    #expect(notices[1].contains(#""state":"connected"},"kind":"reconnect","message":"connected again""#))
    #expect(notices[2].contains(#""dropped_count":5,"last_seen_seq":2,"next_seen_seq":8,"pool_path":"http://h:1/p""#))
  }

  @Test func quietDropsAreNotTold() throws {
    #expect(try follow([.init(gap: 1...7, sequences: [8])], ["--quiet-drops"]) == nil)
    #expect(errors.takeText().isEmpty)
  }

  @Test func aBoundedSelectionEnds() throws {
    #expect(try follow([.init(sequences: [1, 2, 3])], ["--no-follow"], last: 2) == .success)
    #expect(output.takeText() == "{\"n\":1}\n{\"n\":2}\n")
  }

  @Test func oneIsEnough() throws {
    #expect(try follow([.init(sequences: [1, 2, 3])], ["--one"]) == .success)
    #expect(output.takeText() == "{\"n\":1}\n")
  }

  @Test func silenceEndsWithTheTimeout() throws {
    #expect(try follow([.init()], ["--timeout", "0s"]) == .timedOut)
  }

  @Test func aCompanionEndsItWhenAllIsShown() throws {
    let (invocation, session) = try session(["follow", "p", "--data-only"])
    let options = try FollowOptions(invocation, now: session.now())
    let source = try RemoteSource(
      access(Script([.init(sequences: [1]), .init(sequences: [2]), .init(sequences: [3])])),
      .init(start: 1, last: nil, newest: 0))
    var follower = Follower(
      options, source, through: nil, PoolLabel(text: "p", path: "p"), session, command: "duplex",
      muted: MutedSender("me"))
    let companion = try Companion()
    companion.end(.ended(2))
    // What was said first counts.
    companion.end(.failed(.outputClosed))
    #expect(try follower.follow(companion) == .success)
    #expect(output.takeText() == "{\"n\":1}\n{\"n\":2}\n")
  }

  @Test(arguments: [
    (#"{"from":"me"}"#, true), (#"{"from":"me","msg":1}"#, true), (#"{"from":"you"}"#, false),
    (#"{"from":"mee"}"#, false), (#"{"from":1}"#, false), (#"{"from":{"from":"me"}}"#, false), (#"{"x":"me"}"#, false),
    ("{}", false),
  ])
  func whoIsMuted(text: String, isMuted: Bool) throws {
    var encoder = Lite3Encoder()
    let bytes = Array(text.utf8)
    try encoder.encodeMessage(data: bytes.span.bytes)
    #expect(try MutedSender("me").sent(encoder.bytes) == isMuted)
  }

  // MARK: Options

  private func settings(_ words: [String], isExposed: Bool = false) throws -> RemoteMaker.Settings {
    let (invocation, session) = try session(["fetch", "http://h:1/p", "1"] + words)
    return try RemoteOptions.settings(invocation, session, isExposed: isExposed, text: "http://h:1/p")
  }

  @Test func whatTheOptionsSay() throws {
    let given = try settings([
      "--token", "secret", "--tls-ca", "ca.pem", "--tls-pin", "pin", "--tls-cert", "c.pem", "--tls-key", "k.pem",
    ])
    #expect(given.token == "secret" && given.authorities == "ca.pem" && given.pin == "pin")
    #expect(given.certificate == "c.pem" && given.key == "k.pem" && !given.skipsVerification)
    #expect(errors.takeText().isEmpty)
  }

  @Test func aTokenMayStandInAFile() throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("token")
    try write(Array("  secret\r\n\n".utf8), to: path)
    #expect(try settings(["--token-file", path]).token == "secret")
    try write(Array("\n \n".utf8), to: path)
    #expect(failure { try settings(["--token-file", path]) }?.message == "token file is empty")
    try Paths.remove(path)
    #expect(failure { try settings(["--token-file", path]) }?.message == "failed to read token file")
  }

  @Test func whatIsNotSafeIsTold() throws {
    #expect(try settings(["--tls-skip-verify"]).skipsVerification)
    #expect(errors.takeText().contains(#""kind":"warning","message":"the server's certificate is not verified"#))
    #expect(try settings(["--token", "x"], isExposed: true).token == "x")
    #expect(errors.takeText().contains(#""kind":"warning","message":"the token goes over the network unencrypted"#))
    #expect(try settings([]).token == nil)
    #expect(errors.takeText().isEmpty)
  }

  @Test(arguments: [
    ["--token", "x"], ["--token-file", "x"], ["--tls-ca", "x"], ["--tls-skip-verify"], ["--tls-pin", "x"],
    ["--tls-cert", "x", "--tls-key", "x"],
  ])
  func optionsOfOtherMachinesHaveNoMeaningHere(words: [String]) throws {
    for command in [
      ["fetch", "p", "1"], ["feed", "p", "{}"], ["follow", "p"], ["duplex", "p"], ["pool", "info", "p"],
    ] {
      let (invocation, session) = try session(command + words)
      let failed = failure { try PoolPlace("p", invocation, session, nil) }
      #expect(failed?.kind == .usage)
      #expect(failed?.message.hasSuffix(" is for pools of other machines") == true)
    }
  }

  @Test func aBuildWithoutAClientSaysSo() throws {
    let (invocation, session) = try session(["fetch", "http://h:1/p", "1"])
    let failed = failure { try PoolPlace("http://h:1/p", invocation, session, nil) }
    #expect(failed?.message == "this build has no HTTP client")
  }

  @Test func secretsAreNotRepeated() throws {
    let plain = try parse(["feed", "http://h:1/p", "{}"])
    #expect(RemoteOptions.repeated(plain, adding: "--create") == "`weir feed http://h:1/p \"{}\" --create`")
    let secret = try parse(["feed", "http://h:1/p", "{}", "--token", "secret"])
    #expect(RemoteOptions.repeated(secret, adding: "--create") == "`--create`")
  }
}
