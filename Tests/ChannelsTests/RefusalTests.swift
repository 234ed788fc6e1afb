import Channels
import Platform
import Support
import Testing

/// What cannot be posted is refused at once, with an error by name, and stays the caller's.
struct RefusalTests {
  /// Posts, and gives the error and whether the message was kept as it was.
  private func post(_ group: ChannelGroup, _ message: consuming Message) -> (ChannelError?, isKept: Bool) {
    let before = Told(message)
    var kept: Message? = message
    let error = refusal { () throws(ChannelError) in try group.post(keeping: &kept, whenFull: .refuse) }
    guard let message = kept.take() else { return (error, false) }
    let after = Told(message)
    return (error, after.id == before.id && after.headers == before.headers && after.body == before.body)
  }

  private func expect(
    _ group: ChannelGroup, _ message: consuming Message, _ kind: ChannelError.Kind, _ status: Status,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let (error, isKept) = post(group, message)
    #expect(error?.kind == kind && error?.status == status, "\(error as Any)", sourceLocation: sourceLocation)
    #expect(isKept, sourceLocation: sourceLocation)
    #expect(error?.message.isEmpty == false, sourceLocation: sourceLocation)
  }

  @Test func aMessageThatNobodyMaySendIsRefused() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      expect(group, engine.makeMessage(.response, channel: here), .invalidMessage, .invalidMessageID)
      expect(group, engine.makeMessage(.byeResponse, channel: here), .invalidMessage, .invalidMessageID)
      for opCode: OpCode in [.helloRequest, .byeRequest, .byeSignal, .welcomeRequest] {
        var message = engine.makeMessage(opCode, channel: opCode.kind == .bye ? here : 0)
        message.hasMore = true
        expect(group, message, .invalidMessage, .invalidMoreUsage)
      }
      for opCode: OpCode in [.request, .signal, .byeRequest, .byeSignal] {
        expect(group, engine.makeMessage(opCode), .usage, .invalidChannelNumber)
      }
      expect(group, engine.makeMessage(.response, id: 1), .usage, .invalidChannelNumber)
      expect(group, engine.makeMessage(.welcomeResponse, id: 1), .invalidMessage, .invalidOpCode)
      expect(group, engine.makeMessage(.helloRequest, channel: here), .usage, .invalidOpCode)
      expect(group, engine.makeMessage(.welcomeRequest, channel: here), .usage, .invalidOpCode)
      expect(group, engine.makeMessage(.helloResponse, channel: here, id: 1), .invalidMessage, .notAllowed)
      expect(group, engine.makeMessage(.byeResponse, channel: here, id: 1), .invalidMessage, .notAllowed)
      // Answered once already.
      expect(server.group, engine.makeMessage(.helloResponse, channel: there, id: 1), .invalidMessage, .notAllowed)

      var none: Message?
      let error = refusal { () throws(ChannelError) in try group.post(keeping: &none) }
      #expect(error?.kind == .usage && error?.status == .nullMessage)
    }
  }

  @Test func aChannelThatIsNotOursIsRefused() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      expect(server.group, engine.makeMessage(.signal, channel: here), .usage, .invalidMchnGroup)
      expect(group, engine.makeMessage(.signal, channel: there), .usage, .invalidMchnGroup)
      expect(group, engine.makeMessage(.byeSignal, channel: there), .usage, .invalidMchnGroup)
      expect(group, engine.makeMessage(.signal, channel: server.listener), .usage, .invalidMchnGroup)
      expect(group, engine.makeMessage(.byeSignal, channel: server.listener), .usage, .invalidMchnGroup)
      let unknown = (1...UInt16.max).first { ![here, there, server.listener].contains($0) } ?? 0
      expect(group, engine.makeMessage(.signal, channel: unknown), .closed, .invalidChannelNumber)
      expect(group, engine.makeMessage(.byeSignal, channel: unknown), .closed, .invalidChannelNumber)
      expect(group, engine.makeMessage(.signal, channel: .max), .closed, .invalidChannelNumber)
    }
  }

  @Test func aListenerSendsNothing() throws {
    try withEngine { engine in
      let server = try Server(engine)
      for opCode: OpCode in [.request, .response, .signal, .byeRequest, .byeResponse, .helloResponse] {
        expect(
          server.group, engine.makeMessage(opCode, channel: server.listener, id: 1), .usage, .notAllowed)
      }
      try server.group.closeAtOnce(server.listener)
      #expect(try told(server.group).opCode == .byeSignal)
      try expectEnd(server.group, server.listener, "closed_here")
      expect(
        server.group, engine.makeMessage(.byeSignal, channel: server.listener), .closed, .invalidChannelNumber)
    }
  }

  @Test func afterAByeOnlyAnAnswerIsSent() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      try group.sayBye(on: here)
      expect(group, engine.makeMessage(.signal, channel: here), .closed, .channelClosed)
      expect(group, engine.makeMessage(.byeRequest, channel: here), .closed, .channelClosed)
      let bye = try told(server.group)
      #expect(bye.opCode == .byeRequest)
      expect(server.group, engine.makeMessage(.signal, channel: there), .closed, .channelClosed)
      expect(server.group, engine.makeMessage(.byeRequest, channel: there), .closed, .channelClosed)
      expect(
        server.group, engine.makeMessage(.byeResponse, channel: there, id: bye.id + 1), .invalidMessage,
        .invalidMessageID)
      #expect(post(server.group, engine.makeMessage(.byeResponse, channel: there, id: bye.id)).0 == nil)
      let again = post(server.group, engine.makeMessage(.byeResponse, channel: there, id: bye.id))
      #expect(again.0?.kind == .closed)
      #expect(try told(group).opCode == .byeResponse)
      try expectEnd(group, here, "graceful")
      try expectEnd(server.group, there, "graceful")
      expect(group, engine.makeMessage(.signal, channel: here), .closed, .invalidChannelNumber)
    }
  }

  @Test func aServerSpeaksWhenItWasSpokenTo() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let peer = try RawPeer(connectingTo: server.address)
      try peer.send(Frame(.helloRequest, id: 9).bytes)
      let hello = try told(server.group)
      expect(
        server.group, engine.makeMessage(.helloResponse, channel: hello.channel, id: 8), .invalidMessage,
        .invalidMessageID)
      // It need not answer the hello first.
      #expect(post(server.group, engine.makeMessage(.signal, channel: hello.channel)).0 == nil)
      #expect(try peer.frame().header.opCode == .signal)
    }
  }

  @Test func aHelloAndAWelcomeNeedAnAddress() throws {
    try withEngine { engine in
      let group = try engine.makeGroup()
      expect(group, engine.makeMessage(.helloRequest), .invalidAddress, .wrongAddress)
      expect(group, engine.makeMessage(.welcomeRequest), .invalidAddress, .wrongAddress)
      var crossed = engine.makeMessage(.helloRequest)
      try crossed.appendHeader("~listen_on", "tcp|127.0.0.1|1")
      expect(group, crossed, .invalidAddress, .wrongAddress)
      for value in ["tcp|127.0.0.1", "tcp|a|b|1", "banana|127.0.0.1|1", "uds|", "tcp||1", "tcp|h|0", "tcp|h|65536"] {
        var message = engine.makeMessage(.helloRequest)
        try message.appendHeader("~connect_to", value)
        expect(group, message, .invalidAddress, .invalidAddress)
      }
      var secure = engine.makeMessage(.helloRequest)
      try secure.appendHeader("~connect_to", "tls|localhost|1")
      #expect(post(group, secure).0?.kind == .usage)
    }
  }

  @Test func partsThatAreTooLongAreRefusedWhenTheyAreMade() throws {
    try withEngine { engine in
      var message = engine.makeMessage(.signal)
      let limit = [UInt8](repeating: 0x61, count: 65_535)
      try message.appendBody(limit.span.bytes)
      let one: [UInt8] = [1]
      var status: Status?
      do throws(ChannelError) { try message.appendBody(one.span.bytes) } catch { status = error.status }
      #expect(status == .invalidBodyLen)
      try message.appendHeader([0x6e], Array(limit[..<65_531]))
      status = nil
      do throws(ChannelError) { try message.appendHeader([0x6e], [0x61]) } catch { status = error.status }
      #expect(status == .invalidHeadersLen)
      #expect(message.headerBytes.byteCount == 65_535 && message.body.byteCount == 65_535)
      message.removeHeaders()
      #expect(message.body.withUnsafeBytes { $0.elementsEqual(limit) })
    }
  }

  @Test func channelsBeyondTheLimitAreRefused() throws {
    var options = EngineOptions()
    options.maximumChannels = 3
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, first) = try server.greetedPeer()
      let (second, _) = try server.greetedPeer()
      let error = refusal { () throws(ChannelError) in try server.group.connect(to: server.address) }
      #expect(error?.kind == .exhausted)
      // One more connection is closed at once.
      let third = try RawPeer(connectingTo: server.address)
      #expect(try third.readToEnd().bytes == [])
      try server.group.closeAtOnce(first)
      #expect(try told(server.group).opCode == .byeSignal)
      try expectEnd(server.group, first, "closed_here")
      let (_, fourth) = try server.greetedPeer()
      #expect(fourth != first)
      peer.close()
      second.close()
    }
  }

  @Test func nothingGoesOnAfterTheEnd() throws {
    let engine = try Engine()
    let group = try engine.makeGroup()
    let other = try engine.makeGroup()
    other.close()
    let closed = refusal { () throws(ChannelError) in try other.listen(at: .tcp(host: "127.0.0.1", port: 0)) }
    #expect(closed?.kind == .shuttingDown)
    engine.shutDown()
    engine.shutDown()
    let address = ChannelAddress.tcp(host: "127.0.0.1", port: 1)
    let errors = [
      refusal { () throws(ChannelError) in try group.connect(to: address) },
      refusal { () throws(ChannelError) in try group.listen(at: address) },
      refusal { () throws(ChannelError) in try group.post(engine.makeMessage(.signal, channel: 1)) },
      refusal { () throws(ChannelError) in try group.post(engine.makeMessage(.byeSignal, channel: 1)) },
      refusal { () throws(ChannelError) in try group.update() },
      refusal { () throws(ChannelError) in _ = try group.receive() },
      refusal { () throws(ChannelError) in _ = try group.receive(until: .now) },
      refusal { () throws(ChannelError) in _ = try engine.makeGroup() },
    ]
    for error in errors { #expect(error?.kind == .shuttingDown && error?.status == .shutdownStarted) }
    let none = engine.makeMessage(.pooled)
    let isNone = none == nil
    #expect(isNone)
    #expect(engine.messagesOutside == 0)
  }
}
