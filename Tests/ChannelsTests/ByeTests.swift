import Channels
import Platform
import Support
import Testing

/// Ends in good order, and those that are not.
struct ByeTests {
  @Test func aPeerThatNeverAnswersAByeOfBothClosesOnOurAnswer() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      // Like upstream: it has said bye, so it sends nothing more, and closes when it gets an answer.
      try server.group.sayBye(on: channel)
      #expect(try peer.frame().header.opCode == .byeRequest)
      try peer.send(Frame(.byeRequest, id: 99).bytes)
      let answer = try peer.frame()
      #expect(answer.header.opCode == .byeResponse && answer.header.id == 99)
      peer.close(aborting: true)
      #expect(try told(server.group).opCode == .byeRequest)
      try expectEnd(server.group, channel, "graceful")
    }
  }

  @Test func aPeerThatDoesNotHangUpAfterTheAnswerIsHungUpOn() throws {
    var options = EngineOptions()
    options.hangUpTimeout = 1_000_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      try peer.send(Frame(.byeRequest, id: 5).bytes)
      try server.group.reply(try next(server.group))
      #expect(try peer.frame().header.opCode == .byeResponse)
      try expectEnd(server.group, channel, "graceful")
      _ = try peer.readToEnd()
    }
  }

  @Test func aPeerThatDoesNotTakeTheAnswerIsTooSlow() throws {
    var options = EngineOptions()
    options.hangUpTimeout = 1_000_000
    options.sendQueueBytes = 1 << 20
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let posted = try fill(server.group, engine, channel)
      try peer.send(Frame(.byeRequest, id: 5).bytes)
      try server.group.reply(try next(server.group))
      var unsent = 0
      while true {
        let came = try told(server.group)
        if came.status == .channelClosed {
          #expect(came.reason == "too_slow")
          break
        }
        #expect(came.isNotice && came.status == .sendFailed)
        unsent += 1
      }
      #expect(unsent > 1 && unsent <= posted + 1)
    }
  }

  @Test(arguments: Transport.allCases)
  func bothMaySayByeAtOnce(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let group = try engine.makeGroup()
      for _ in 0..<100 {
        let (here, there) = try connect(group, server)
        try group.sayBye(on: here)
        do throws(ChannelError) {
          try server.group.sayBye(on: there)
        } catch {
          // The other's bye was there first.
          #expect(error.kind == .closed)
        }
        // The server first: if its bye was refused, the client waits for its answer.
        for (group, channel) in [(server.group, there), (group, here)] {
          var came = try told(group)
          while came.status != .channelClosed {
            #expect(came.opCode.kind == .bye && came.channel == channel, "\(came)")
            if came.opCode == .byeRequest {
              // Answered by the engine, if we have said bye ourselves.
              _ = refusal { () throws(ChannelError) in
                try group.post(engine.makeMessage(.byeResponse, channel: channel, id: came.id))
              }
            }
            came = try told(group)
          }
          #expect(came.reason == "graceful", "\(came)")
        }
      }
    }
  }

  @Test func theEnginesOwnAnswerDoesNotComeBack() throws {
    var options = EngineOptions()
    options.sendQueueBytes = 100_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      // So much waits that neither our bye nor the answer to the peer's is ever sent.
      _ = try fill(server.group, engine, channel)
      let bye = try server.group.sayBye(on: channel)
      try peer.send(Frame(.byeRequest, id: 5).bytes + Frame(.byeResponse, id: bye.id).bytes)
      #expect(try told(server.group).opCode == .byeRequest)
      let answer = try told(server.group)
      #expect(answer.opCode == .byeResponse && answer.id == bye.id && !answer.isNotice)
      var back = try told(server.group)
      while back.opCode == .signal, back.reason.isEmpty { back = try told(server.group) }
      #expect(back.opCode == .byeRequest && back.isNotice && back.id == bye.id && back.status == .channelClosed)
      try expectEnd(server.group, channel, "graceful")
    }
  }

  @Test func messagesBeforeAByeArriveBeforeIt() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      for number in 1...1000 { try group.post(try message(engine, .signal, here, id: UInt64(number), [1, 2, 3])) }
      try group.sayBye(on: here)
      for number in 1...1000 { #expect(try told(server.group).id == UInt64(number)) }
      let bye = try next(server.group)
      // Until it answers, the other side has the last word.
      try server.group.reply(bye)
      #expect(refusal { () throws(ChannelError) in try server.group.sayBye(on: there) }?.kind == .closed)
      #expect(try told(group).opCode == .byeResponse)
      try expectEnd(group, here, "graceful")
      try expectEnd(server.group, there, "graceful")
    }
  }

  @Test func theAnswerComesBehindWhatTheAnswererSentBefore() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      try group.sayBye(on: here)
      for number in 1...100 {
        // Before the bye is seen here, anything may be sent.
        let refused = refusal { () throws(ChannelError) in
          try server.group.post(engine.makeMessage(.signal, channel: there, id: UInt64(number)))
        }
        if refused != nil { break }
      }
      try server.group.reply(try next(server.group))
      var last = try told(group)
      while last.opCode == .signal { last = try told(group) }
      #expect(last.opCode == .byeResponse)
      try expectEnd(group, here, "graceful")
      try expectEnd(server.group, there, "graceful")
    }
  }

  @Test func anEndTellsTheIdOfTheHello() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let hello = try group.connect(to: server.address)
      #expect(try told(server.group).id == hello.id)
      try group.closeAtOnce(hello.channel)
      #expect(try told(group).opCode == .byeSignal)
      #expect(try told(group).id == hello.id)
      #expect(try told(server.group).id == hello.id)
    }
  }

  @Test func nothingComesAfterTheFinalNotice() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      for _ in 0..<200 {
        let (here, there) = try connect(group, server)
        // Both close at once, so that one's bye often meets a channel that has just ended.
        try group.closeAtOnce(here)
        _ = refusal { () throws(ChannelError) in try server.group.closeAtOnce(there) }
        for (group, channel) in [(group, here), (server.group, there)] {
          var came = try told(group)
          if came.opCode == .byeSignal { came = try told(group) }
          #expect(came.channel == channel && came.opCode == .signal && came.status == .channelClosed, "\(came)")
        }
      }
      #expect(try group.receive(until: .now) == nil)
    }
  }
}

/// Posts until the queue is full; how many were taken.
func fill(_ group: ChannelGroup, _ engine: Engine, _ channel: UInt16, size: Int = 10_000) throws -> Int {
  var count = 0
  while true {
    do throws(ChannelError) {
      var message = engine.makeMessage(.signal, channel: channel, id: UInt64(count + 1))
      let body = payload(UInt64(count + 1), bytes: size)
      try message.appendBody(body.span.bytes)
      try group.post(message, whenFull: .refuse)
      count += 1
    } catch {
      guard error.kind == .busy else { throw error }
      return count
    }
  }
}
