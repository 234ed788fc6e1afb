import Channels
import Platform
import Support
import Testing

/// What happens when messages run out, or outlive their engine.
struct PoolPressureTests {
  private func options(messages: Int) -> EngineOptions {
    var options = EngineOptions()
    options.initialMessages = 1
    options.maximumMessages = messages
    return options
  }

  @Test func thePoolGivesAsManyAsItHas() throws {
    try withEngine(options(messages: 2)) { engine in
      let group = try engine.makeGroup()
      let first = engine.makeMessage(.pooled)
      var second = engine.makeMessage(.pooled)
      let third = engine.makeMessage(.pooled)
      let extra = engine.makeMessage(.always)
      let found = (first != nil, second != nil, third != nil, extra != nil)
      #expect(found == (true, true, false, true))
      #expect(engine.messagesOutside == 3)
      second = nil
      let again = engine.makeMessage(.pooled)
      let isThere = again != nil
      #expect(isThere)
      // Notices never wait for the pool.
      try group.update()
      #expect(try told(group).status == .receiverUpdate)
    }
  }

  @Test(arguments: Transport.allCases, [1, 2, 7])
  func anEmptyPoolIsToldOnceAndLosesNothing(transport: Transport, messages: Int) throws {
    let folder = try TemporaryDirectory()
    let network = WrappedNetwork()
    try withEngine(options(messages: messages), network: network) { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (peer, channel) = try server.greetedPeer()
      let frames = (1...300).map { Frame(.signal, id: UInt64($0), body: payload(UInt64($0), bytes: $0 * 7)) }
      let stream = frames.flatMap(\.bytes)
      let crew = try Crew()
      try crew.start { try peer.send(stream) }

      // Nobody takes anything: exactly one notice comes, and then the engine rests.
      var held: [Held] = []
      var notices = 0
      while notices == 0 {
        let came = Held(try next(server.group))
        if came.told.status == .poolEmpty {
          notices += 1
          #expect(came.told.isNotice && came.told.channel == channel)
        } else {
          held.append(came)
        }
      }
      let before = network.waits.load(ordering: .relaxed)
      #expect(try server.group.receive(until: .after(nanoseconds: 20_000_000)) == nil)
      #expect(network.waits.load(ordering: .relaxed) - before < 20)
      #expect(held.count == messages)

      var taken = 0
      var episodes = 1
      while taken < frames.count {
        let came: Told
        if held.isEmpty {
          came = try told(server.group)
        } else {
          came = held.removeFirst().give()
        }
        if came.status == .poolEmpty {
          episodes += 1
          continue
        }
        #expect(came.id == frames[taken].header.id && came.body == frames[taken].body, "message \(taken)")
        taken += 1
      }
      #expect(episodes <= frames.count)
      try crew.join()
    }
  }

  @Test func hungryChannelsAreServedInTurn() throws {
    try withEngine(options(messages: 1)) { engine in
      let server = try Server(engine)
      let (first, one) = try server.greetedPeer()
      let (second, two) = try server.greetedPeer()
      let frames = (1...50).flatMap { Frame(.signal, id: UInt64($0)).bytes }
      try first.send(frames)
      try second.send(frames)
      var counts = [one: UInt64(0), two: UInt64(0)]
      var worst = 0
      for _ in 0..<100 {
        var came = try told(server.group)
        while came.status == .poolEmpty { came = try told(server.group) }
        #expect(came.id == (counts[came.channel] ?? 0) + 1)
        counts[came.channel] = came.id
        let (a, b) = (counts[one] ?? 0, counts[two] ?? 0)
        if a < 50, b < 50 { worst = max(worst, abs(Int(a) - Int(b))) }
      }
      #expect(counts == [one: 50, two: 50])
      #expect(worst < 45)
    }
  }

  @Test(arguments: Transport.allCases)
  func aSlowReceiverSlowsItsSender(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    var sending = EngineOptions()
    sending.sendQueueBytes = 100_000
    try withEngine(options(messages: 4)) { receiver in
      try withEngine(sending) { sender in
        let server = try Server(receiver, transport.address(in: folder))
        let group = try sender.makeGroup()
        let (here, _) = try connect(group, server)
        var held: [Held] = []
        while held.count < 4 {
          _ = refusal { () throws(ChannelError) in
            try group.post(sender.makeMessage(.signal, channel: here, id: 9), whenFull: .refuse)
          }
          if let message = try server.group.receive(until: .now), message.status == .success {
            held.append(Held(message))
          }
        }
        let count = try fill(group, sender, here)
        #expect(count > 0)
        // It waits for as long as the receiver does, and not longer.
        let crew = try Crew()
        try crew.start { try group.post(try message(sender, .signal, here, id: 1_000_000, [1, 2, 3])) }
        held = []
        var last: UInt64 = 0
        while last != 1_000_000 {
          let came = try told(server.group)
          if came.status == .poolEmpty || came.id == 9 && came.body.isEmpty { continue }
          #expect(came.id == last + 1 || came.id == 1_000_000, "\(came.id) came after \(last)")
          last = came.id
        }
        try crew.join()
      }
    }
  }

  @Test func aMessageMayOutliveItsEngine() throws {
    var message: Message?
    do {
      let engine = try Engine()
      let server = try Server(engine)
      let (peer, _) = try server.greetedPeer()
      try peer.send(Frame(.signal, id: 4, headers: "a:b\r\n", body: payload(1, bytes: 20_000)).bytes)
      message = try next(server.group)
    }
    guard let message = message.take() else { throw NothingCame() }
    let told = Told(message)
    #expect(told.id == 4 && told.header("a") == [0x62] && told.body == payload(1, bytes: 20_000))
  }

  @Test func aPoolThatIsClosedGivesAndTakesForAsLongAsSomebodyAsks() throws {
    let engine = try Engine()
    var held = engine.makeMessage(.always)
    engine.shutDown()
    #expect(engine.messagesOutside == 1)
    held = nil
    for _ in 0..<3 {
      let more = engine.makeMessage(.signal)
      #expect(engine.messagesOutside == 1)
      _ = consume more
      #expect(engine.messagesOutside == 0)
    }
    _ = consume held
  }

  @Test func aStarvedChannelEndsWithAllThatCameBefore() throws {
    try withEngine(options(messages: 1)) { engine in
      let server = try Server(engine)
      for _ in 0..<20 {
        let (peer, channel) = try server.greetedPeer()
        try peer.send((1...30).flatMap { Frame(.signal, id: UInt64($0)).bytes })
        peer.close()
        for id: UInt64 in 1...30 {
          var came = try told(server.group)
          while came.status == .poolEmpty { came = try told(server.group) }
          #expect(came.id == id && came.channel == channel, "\(came)")
        }
        var end = try told(server.group)
        while end.status == .poolEmpty { end = try told(server.group) }
        #expect(end.status == .channelClosed && end.reason == "peer_vanished")
      }
    }
  }
}

/// Keeps a message in a place where only copies can be.
final class Held {
  private var message: Message?
  let told: Told

  init(_ message: consuming Message) {
    told = Told(message)
    self.message = consume message
  }

  /// What it said; it goes back to its pool.
  func give() -> Told {
    message = nil
    return told
  }
}
