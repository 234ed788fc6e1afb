import Channels
import Platform
import Support
import Testing

/// Channels that the engine keeps up.
struct SupervisedChannelTests {
  private func options(
    _ whileDisconnected: SupervisedChannel.WhileDisconnected = .refuse
  ) -> SupervisedChannel.Options {
    SupervisedChannel.Options(
      backoff: Backoff(base: 1_000_000, maximum: 4_000_000), whileDisconnected: whileDisconnected)
  }

  private func expectConnected(_ group: ChannelGroup, _ supervised: SupervisedChannel) throws -> UInt16 {
    let answer = try told(group)
    guard answer.opCode == .helloResponse, answer.id == supervised.id, !answer.isNotice else {
      throw Unexpected(answer)
    }
    let notice = try next(group)
    let isRight =
      notice.presence == .connected && notice.id == supervised.id && notice.status == .success
      && notice.channel == answer.channel
    guard isRight else { throw Unexpected(Told(notice)) }
    return answer.channel
  }

  private func expectDisconnected(
    _ group: ChannelGroup, _ supervised: SupervisedChannel, _ reason: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let message = try next(group)
    let presence = message.presence
    let notice = Told(message)
    #expect(
      presence == .disconnected && notice.id == supervised.id && notice.status == .channelClosed
        && notice.reason == reason, "\(notice)", sourceLocation: sourceLocation)
  }

  @Test(arguments: Transport.allCases)
  func itComesBackAfterEveryEnd(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    let listener = try RawListener(transport.address(in: folder))
    let counter = Counter()
    try withEngine { engine in
      let group = try engine.makeGroup()
      let supervised = try group.supervise(listener.address, options()) { hello in
        counter.add()
        try? hello.appendHeader("attempt", "\(counter.value)")
      }
      for round in 1...20 {
        let peer = try listener.accept()
        let hello = try peer.frame()
        #expect(hello.header.opCode == .helloRequest && hello.header.id == supervised.id)
        #expect(TextHeaders(hello.headers.span.bytes).first(named: "attempt")?.byteCount == "\(round)".utf8.count)
        try peer.send(Frame(.helloResponse, id: hello.header.id).bytes)
        let channel = try expectConnected(group, supervised)
        #expect(supervised.channel == channel)
        let posted = try supervised.post(engine.makeMessage(.request, id: UInt64(round)))
        #expect(posted.channel == channel)
        #expect(try peer.frame().header.id == UInt64(round))
        peer.close(aborting: round % 2 == 0)
        try expectDisconnected(group, supervised, round % 2 == 0 && transport == .tcp ? "reset" : "peer_vanished")
        #expect(supervised.channel == nil || supervised.channel != channel)
      }
      supervised.stop()
      var last = try told(group)
      while last.reason != "closed_here" { last = try told(group) }
    }
  }

  @Test func anAbsentPeerIsToldOnceAndWaitedFor() throws {
    let folder = try TemporaryDirectory()
    let address = Transport.unix.address(in: folder)
    try withEngine { engine in
      let group = try engine.makeGroup()
      let counter = Counter()
      let supervised = try group.supervise(address, options()) { _ in counter.add() }
      try expectDisconnected(group, supervised, "path_not_found")
      let deadline = Deadline.after(nanoseconds: patience)
      while counter.value < 10, !deadline.hasPassed { Thread.yield() }
      #expect(try group.receive(until: .now) == nil)
      let refused = refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(.signal)) }
      #expect(refused?.kind == .closed)

      let server = try Server(engine, address)
      try server.group.reply(try next(server.group))
      _ = try expectConnected(group, supervised)
      try supervised.post(engine.makeMessage(.signal, id: 5))
      #expect(try told(server.group).id == 5)
    }
  }

  @Test func whatIsQueuedGoesOutInOrderAndWithinBounds() throws {
    let folder = try TemporaryDirectory()
    let address = Transport.unix.address(in: folder)
    var engineOptions = EngineOptions()
    engineOptions.sendQueueBytes = 50_000
    try withEngine(engineOptions) { engine in
      let group = try engine.makeGroup()
      let supervised = try group.supervise(address, options(.queue(messages: 100, bytes: 1_000_000)))
      try expectDisconnected(group, supervised, "path_not_found")
      for id: UInt64 in 1...100 {
        let posted = try supervised.post(try message(engine, .signal, 0, id: id, payload(id, bytes: 5000)))
        #expect(posted.channel == 0 && posted.id == id)
      }
      #expect(
        refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(.signal)) }?.kind == .busy)

      let server = try Server(engine, address)
      try server.group.reply(try next(server.group))
      _ = try expectConnected(group, supervised)
      for id: UInt64 in 1...100 {
        let came = try told(server.group)
        #expect(came.id == id && came.body == payload(id, bytes: 5000))
      }
      // What is posted now stands behind whatever still waits.
      for id: UInt64 in 101...150 {
        try supervised.post(engine.makeMessage(.signal, id: id))
        #expect(try told(server.group).id == id)
      }
    }
  }

  @Test func aBigMessageDoesNotFitASmallQueue() throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let group = try engine.makeGroup()
      let supervised = try group.supervise(
        Transport.unix.address(in: folder), options(.queue(messages: 10, bytes: 1000)))
      let body = payload(1, bytes: 990)
      let held = Held(try message(engine, .signal, 0, body))
      let error = refusal { () throws(ChannelError) in
        guard let message = held.take() else { return }
        try supervised.post(message)
      }
      #expect(error?.kind == .busy)
      try supervised.post(try message(engine, .signal, 0, [1, 2]))
      #expect(engine.messagesOutside >= 1)
    }
  }

  @Test func onlyRegularMessagesAreTaken() throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let group = try engine.makeGroup()
      let supervised = try group.supervise(Transport.unix.address(in: folder), options())
      for opCode: OpCode in [.helloRequest, .byeRequest, .byeSignal, .welcomeRequest] {
        let error = refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(opCode)) }
        #expect(error?.kind == .usage)
      }
      let error = refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(.response)) }
      #expect(error?.status == .invalidMessageID)
      #expect(
        refusal { () throws(ChannelError) in _ = try group.supervise(.tls(host: "localhost", port: 1)) }?.kind == .usage
      )
      #expect(
        refusal { () throws(ChannelError) in _ = try group.supervise(.tcp(host: "", port: 1)) }?.kind
          == .invalidAddress)
    }
  }

  @Test func aPeerThatNeverAnswersTheHelloIsGivenUp() throws {
    var engineOptions = EngineOptions()
    engineOptions.connectTimeout = 1_000_000
    engineOptions.helloTimeout = 1_000_000
    let listener = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    try withEngine(engineOptions) { engine in
      let group = try engine.makeGroup()
      let supervised = try group.supervise(listener.address, options())
      let silent = try listener.accept()
      _ = try silent.readToEnd()
      let again = try listener.accept()
      _ = try again.readToEnd()
      let notice = try told(group)
      #expect(notice.reason == "hello_timed_out" || notice.reason == "connect_timed_out", "\(notice)")
      #expect(notice.id == supervised.id)
    }
  }

  @Test func aByeIsTheEnd() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let supervised = try group.supervise(server.address, options())
      try server.group.reply(try next(server.group))
      let channel = try expectConnected(group, supervised)
      try supervised.sayBye()
      let bye = try next(server.group)
      #expect(bye.opCode == .byeRequest)
      let there = bye.channel
      try server.group.reply(bye)
      #expect(try told(group).opCode == .byeResponse)
      try expectDisconnected(group, supervised, "graceful")
      try expectEnd(server.group, there, "graceful")
      #expect(supervised.channel == nil && channel != 0)
      let error = refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(.signal)) }
      #expect(error?.kind == .closed)
      #expect(try server.group.receive(until: .after(nanoseconds: 20_000_000)) == nil)
    }
  }

  @Test func droppingItStopsIt() throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let group = try engine.makeGroup()
      let counter = Counter()
      do {
        let supervised = try group.supervise(
          Transport.unix.address(in: folder), options(.queue(messages: 5, bytes: 5000))
        ) { _ in counter.add() }
        try supervised.post(engine.makeMessage(.signal))
        try expectDisconnected(group, supervised, "path_not_found")
      }
      #expect(try told(group).reason == "closed_here")
      let attempts = counter.value
      #expect(try group.receive(until: .after(nanoseconds: 20_000_000)) == nil)
      #expect(counter.value == attempts)
    }
  }

  @Test(arguments: [false, true])
  func theEndOfGroupOrEngineStopsIt(ofGroup: Bool) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let first = try group.supervise(server.address, options(.queue(messages: 5, bytes: 5000)))
      let second = try group.supervise(
        Transport.unix.address(in: folder), options(.queue(messages: 5, bytes: 5000)))
      try second.post(engine.makeMessage(.signal))
      try server.group.reply(try next(server.group))
      if ofGroup { group.close() } else { engine.shutDown() }
      for supervised in [first, second] {
        let error = refusal { () throws(ChannelError) in try supervised.post(engine.makeMessage(.signal)) }
        #expect(error != nil)
      }
    }
  }
}
