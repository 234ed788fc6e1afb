import Channels
import CommandSupport
import Documents
import JSON
import Platform
import Pools
import Support
import Testing

@testable import ChannelCommands

struct MessageTests {
  private let engine: Engine
  init() throws { engine = try messages() }

  private func text(_ message: borrowing Message, style: JSONStyle = .compact) throws -> String {
    let output = Output(keepingAsTerminal: false)
    var writer = ReceivedText(style: style)
    try writer.write(message, to: output)
    return output.takeText()
  }

  @Test func messagesAreOneLine() throws {
    #expect(
      try text(
        message(engine, .request, more: true, headers: [("b", "1"), ("a", "2"), ("b", "3")], body: [0x68, 0x0A]))
        == "{\"body\":\"h\\n\",\"channel\":7,\"headers\":[[\"b\",\"1\"],[\"a\",\"2\"],[\"b\",\"3\"]],\"id\":9,\"more\":true,"
        + "\"op\":\"request\"}\n")
    #expect(
      try text(message(engine))
        == "{\"body\":\"\",\"channel\":7,\"headers\":[],\"id\":9,\"more\":false,\"op\":\"signal\"}\n")
  }

  @Test func nothingIsLostThatIsNotText() throws {
    var odd = try message(engine, body: [0xFF, 0x00, 0xFE])
    try odd.appendHeader([0x61], [0xC3])
    #expect(
      try text(odd)
        == "{\"body_base64\":\"/wD+\",\"channel\":7,\"headers_base64\":\"YTrDDQo=\",\"id\":9,\"more\":false,\"op\":\"signal\"}\n"
    )
  }

  @Test func onATerminalMessagesAreLaidOut() throws {
    #expect(
      try text(message(engine, headers: [("a", "b")], body: [0x78]), style: .pretty) == """
        {
          "body": "x",
          "channel": 7,
          "headers": [
            [
              "a",
              "b"
            ]
          ],
          "id": 9,
          "more": false,
          "op": "signal"
        }

        """)
  }

  // MARK: Into a pool

  @Test func repeatedMessagesOfOneRunAreRecognised() {
    var seen = SeenSequences()
    func origin(_ run: String, _ sequence: UInt64) -> Origin? {
      Origin(Array("pool:p\r\nrun:\(run)\r\nseq:\(sequence)\r\n".utf8))
    }
    func isNew(_ origin: Origin?) -> Bool {
      guard let origin, !seen.has(origin) else { return false }
      seen.note(origin)
      return true
    }
    #expect(isNew(origin("a", 5)))
    #expect(!isNew(origin("a", 5)))
    #expect(!isNew(origin("a", 4)))
    #expect(isNew(origin("a", 6)))
    #expect(isNew(origin("b", 5)))
    // Only so many are remembered, the newest.
    for run in 0..<SeenSequences.limit { _ = isNew(origin("r\(run)", 1)) }
    #expect(isNew(origin("a", 5)))
    #expect(!isNew(origin("r9", 1)))
  }

  @Test(arguments: ["", "pool:p\r\n", "pool:p\r\nrun:r\r\n", "pool:p\r\nrun:r\r\nseq:x\r\n", "run:r\r\nseq:1\r\n"])
  func otherMessagesHaveNoOrigin(headers: String) {
    #expect(Origin(Array(headers.utf8)) == nil)
  }

  @Test(arguments: [
    ("{\"a\":1}", "", "{\"data\":{\"a\":1},\"meta\":{\"tags\":[\"t\"]}"),
    ("{\"a\":1}", "tags:[\"x\",\"y\"]\r\n", "{\"data\":{\"a\":1},\"meta\":{\"tags\":[\"t\",\"x\",\"y\"]}"),
    ("{\"a\":1}", "tags:[1]\r\n", "{\"data\":{\"a\":1},\"meta\":{\"tags\":[\"t\"]}"),
    ("{\"a\":1}", "tags:x\r\n", "{\"data\":{\"a\":1},\"meta\":{\"tags\":[\"t\"]}"),
    ("[1]", "k:v\r\n", "{\"data\":{\"body\":\"[1]\",\"headers\":[[\"k\",\"v\"]]},\"meta\":{\"tags\":[\"t\"]}"),
    ("{\"a\":", "", "{\"data\":{\"body\":\"{\\\"a\\\":\",\"headers\":[]},\"meta\":{\"tags\":[\"t\"]}"),
  ])
  func whatIsStored(body: String, headers: String, stored: String) throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 64 << 10)
    let (session, _) = session(try parse(["listen", "unix:/x"]))
    var intake = PoolIntake(pool, tags: ["t"], session)
    guard case .stored(1) = intake.store(.init(headers: Array(headers.utf8), body: Array(body.utf8))) else {
      Issue.record("it was not stored")
      return
    }
    #expect(try shown(pool).hasPrefix(stored))
  }

  private func shown(_ pool: Pool) throws -> String {
    var text = MirrorText()
    var cursor = try pool.makeCursor(from: .oldest)
    var tags: String?
    _ = try cursor.forEach { frame in
      try? text.add(frame, isWanted: true)
      tags = text.entry(text.count - 1).tags
      return true
    }
    return "{\"data\":\(text.all),\"meta\":{\"tags\":\(tags ?? "[]")}"
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let directory = try TemporaryDirectory()
    let pool = try Pool.create(at: directory.file("p.plasmite"), size: 8192, indexCapacity: 0)
    let (session, _) = session(try parse(["listen", "unix:/x"]))
    var intake = PoolIntake(pool, tags: [], session)
    guard
      case .refused(let failure) = intake.store(.init(headers: [], body: [UInt8](repeating: 0x78, count: 9000)))
    else {
      Issue.record("it was stored")
      return
    }
    #expect(failure.kind == .usage)
  }

  // MARK: Errors

  @Test(
    arguments: [
      (.refused, .notFound), (.pathNotFound, .notFound), (.invalidAddress, .notFound), (.connectTimedOut, .timedOut),
      (.silent, .timedOut), (.certificate, .permission), (.secureHandshake, .io), (.peerVanished, .io), (.reset, .io),
      (.graceful, .io), (.closedByPeer, .io), (.listenFailed, .io), (.tooSlow, .io), (.shutdown, .io),
    ] as [(CloseReason, Failure.Kind)])
  func endsAreKinds(reason: CloseReason, kind: Failure.Kind) {
    let failure = Ending(reason).failure(.tcp(host: "h", port: 1))
    #expect(failure.kind == kind)
    #expect(failure.address == "tcp://h:1")
    #expect(failure.hint?.isEmpty == false)
    #expect(!failure.message.isEmpty)
    #expect(failure.causes.isEmpty)
  }

  @Test(
    arguments: [
      (.internal, .internal), (.usage, .usage), (.invalidAddress, .usage), (.invalidMessage, .usage), (.closed, .io),
      (.busy, .busy), (.timedOut, .timedOut), (.exhausted, .io), (.refused, .notFound), (.failed, .io),
    ] as [(ChannelError.Kind, Failure.Kind)])
  func channelErrorsAreKinds(kind: ChannelError.Kind, expected: Failure.Kind) {
    let failure = Failure(ChannelError(kind, "it went wrong"), address: "unix:/x")
    #expect(failure.kind == expected)
    #expect(failure.address == "unix:/x")
    #expect(ExitCode.failure(.timedOut).value == 124)
  }
}
