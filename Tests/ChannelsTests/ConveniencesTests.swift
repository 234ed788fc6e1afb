import Testing

@testable import Channels

/// What is read of a message in a line.
@Suite struct ConveniencesTests {
  private let engine: Engine

  init() throws {
    var options = EngineOptions()
    options.hasThread = false
    engine = try Engine(options)
  }

  @Test(arguments: [
    ("a", "1"), ("b", "2"), ("B", nil), ("c", nil), ("", nil), ("caf\u{e9}", "composed"), ("cafe\u{301}", "combined"),
  ])
  func headersAreFoundByTheirBytes(name: String, value: String?) throws {
    let message = try engine.makeMessage(
      .request, channel: 3, id: 9,
      headers: [("a", "1"), ("b", "2"), ("a", "3"), ("caf\u{e9}", "composed"), ("cafe\u{301}", "combined")],
      body: "text")
    #expect(message.header(name) == value)
    #expect((message.opCode, message.channel, message.id) == (.request, 3, 9))
    #expect(message.bodyText == "text")
    #expect(message.bodyBytes == Array("text".utf8))
  }

  @Test func textThatIsNotUTF8IsNone() throws {
    var message = engine.makeMessage(.signal)
    try message.appendHeader(Array("a".utf8), [0xff])
    let body: [UInt8] = [0xc3]
    try message.appendBody(body.span.bytes)
    #expect(message.header("a") == nil)
    #expect(message.bodyText == nil)
    #expect(message.bodyBytes == [0xc3])
    message.reset()
    #expect(message.bodyText == "")
  }

  @Test(arguments: CloseReason.plain + FrameViolation.allCases.map { .violation($0) })
  func finalNoticesSayWhy(reason: CloseReason) throws {
    #expect(notice(reason, text: reason.text).closeReason == reason)
  }

  @Test func onlyNoticesSayWhy() throws {
    #expect(notice(.graceful, text: "", origin: .application).closeReason == nil)
    #expect(notice(.graceful, text: "", opCode: .request).closeReason == nil)
    #expect(notice(.graceful, text: "", status: .recvFailed).closeReason == nil)
    #expect(notice(.violation(.afterBye), text: "something else").closeReason == nil)
    #expect(engine.makeMessage(.signal).closeReason == nil)
  }

  private func notice(
    _ reason: CloseReason, text: StaticString, origin: FrameHeader.Origin = .engine, opCode: OpCode = .signal,
    status: Status = .channelClosed
  ) -> Message {
    var message = engine.makeMessage(opCode)
    message.replaceHeader(ReservedHeader.reason, reason.name.text)
    message.replaceHeader(ReservedHeader.detail, text.text)
    message.node.pointee.origin = origin
    message.node.pointee.status = status.rawValue
    return message
  }

  @Test func listenersSayWhereTheyAre() throws {
    let group = try engine.makeGroup()
    try group.listen(at: .tcp(host: "127.0.0.1", port: 0))
    guard case .tcp(let host, let port)? = try group.receive(until: .after(nanoseconds: 10_000_000_000))?.boundAddress
    else {
      Issue.record("no address")
      return
    }
    #expect(host == "127.0.0.1")
    #expect(port != 0)
    #expect(engine.makeMessage(.welcomeResponse).boundAddress == nil)
  }
}
