import Channels
import Platform
import Support
import Testing

/// Peers that break the rules harm nobody but themselves.
struct HostilePeerTests {
  private static let hello = Frame(.helloRequest, id: 1).bytes

  private static func frame(proto: UInt8, id: UInt64 = 2) -> [UInt8] {
    var bytes = Frame(.signal, id: id).bytes
    bytes[2] = proto
    return bytes
  }

  /// What a peer sends, and what it is accused of. Whether it has said hello shows whether anybody hears of it.
  static let breaches: [(bytes: [UInt8], violation: FrameViolation, isKnown: Bool)] =
    (10...15).map { (hello + frame(proto: $0), .reservedOpCode, true) }
    + [
      (hello + frame(proto: 8), .localOpCode, true), (hello + frame(proto: 9), .localOpCode, true),
      (hello + frame(proto: 0x12), .forgedOrigin, true), (hello + frame(proto: 0x42), .reservedBits, true),
      (hello + frame(proto: 0x82), .reservedBits, true), (hello + frame(proto: 0x57), .forgedOrigin, true),
      (hello + frame(proto: 0x25), .moreOnControl, true), (hello + frame(proto: 0x23), .moreOnControl, true),
      (hello + hello, .unexpectedHello, true), (hello + frame(proto: 4), .unexpectedHelloResponse, true),
      (hello + frame(proto: 6), .unexpectedByeResponse, true),
      (hello + frame(proto: 5) + frame(proto: 2), .afterBye, true),
      (hello + frame(proto: 5) + frame(proto: 5), .afterBye, true),
      (frame(proto: 2), .firstNotHello, false), (frame(proto: 4), .firstNotHello, false),
      (frame(proto: 5), .firstNotHello, false), (frame(proto: 7), .firstNotHello, false),
      (frame(proto: 0x13), .forgedOrigin, false), (frame(proto: 15), .reservedOpCode, false),
    ]

  @Test func whoBreaksARuleIsClosedAndNobodyElse() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (good, goodChannel) = try server.greetedPeer()
      for (bytes, violation, isKnown) in Self.breaches {
        let peer = try RawPeer(connectingTo: server.address)
        // What follows is not looked at.
        try peer.send(bytes + Self.frame(proto: 0, id: 666))
        let (answer, _) = try peer.readToEnd()
        #expect(answer == [])
        if isKnown {
          var came = try told(server.group)
          #expect(came.opCode == .helloRequest)
          let channel = came.channel
          came = try told(server.group)
          while came.opCode == .byeRequest { came = try told(server.group) }
          #expect(came.channel == channel && came.reason == "violation", "\(came)")
          #expect(came.detail == violation.text.description)
        }
        try good.send(Frame(.request, id: 3, body: [7]).bytes)
        let request = try next(server.group)
        #expect(request.channel == goodChannel && request.opCode == .request && request.id == 3)
        try server.group.reply(request)
        #expect(try good.frame().body == [7])
      }
    }
  }

  @Test func aServerThatBreaksARuleIsClosedByItsClient() throws {
    let listener = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    let breaches: [(OpCode, UInt64, FrameViolation)] = [
      (.helloRequest, 1, .unexpectedHello), (.helloResponse, 999, .unexpectedHelloResponse),
      (.byeResponse, 1, .unexpectedByeResponse),
    ]
    try withEngine { engine in
      let group = try engine.makeGroup()
      for (opCode, id, violation) in breaches {
        let posted = try group.connect(to: listener.address, with: engine.makeMessage(.helloRequest, id: 1))
        let peer = try listener.accept()
        _ = try peer.frame()
        try peer.send(Frame(opCode, id: id).bytes)
        let end = try told(group)
        #expect(end.channel == posted.channel && end.reason == "violation", "\(end)")
        #expect(end.detail == violation.text.description)
      }
      // A second answer to one hello.
      let (peer, channel) = try greetedClient(group, listener)
      try peer.send(Frame(.helloResponse, id: 1).bytes)
      try expectEnd(group, channel, "violation")
    }
  }

  @Test(arguments: Transport.allCases)
  func randomBytesHarmNobody(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    var options = EngineOptions()
    options.maximumMessages = 64
    try withEngine(options) { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (good, goodChannel) = try server.greetedPeer()
      var random = SplitMix(seed: transport == .tcp ? 1 : 2)
      for round in 0..<300 {
        let peer = try RawPeer(connectingTo: server.address)
        var bytes = (0..<Int.random(in: 1...400, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        // Every other one begins well, and may go on with frames whose headers are right.
        if round % 2 == 0 { bytes = Self.hello + bytes }
        if round % 4 == 0 { bytes[16 + 2] &= 0x27 }
        // The engine may have closed before all was sent.
        _ = peer.trySending(bytes[...])
        if round % 3 == 0 { try? peer.finish() } else { peer.close(aborting: round % 3 == 1) }
        try good.send(Frame(.request, id: UInt64(round + 1), body: [7]).bytes)
        while true {
          let came = try next(server.group)
          guard came.channel == goodChannel else { continue }
          #expect(came.opCode == .request && came.id == UInt64(round + 1))
          try server.group.reply(came)
          break
        }
        #expect(try good.frame().header.id == UInt64(round + 1))
      }
    }
  }

  @Test func lengthsThatLieAreWaitedForAndNoMore() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (good, goodChannel) = try server.greetedPeer()
      for (headers, body) in [(UInt16.max, UInt16.max), (0, .max), (.max, 0), (1, 0)] {
        let (peer, channel) = try server.greetedPeer()
        let header = FrameHeader(opCode: .signal, id: 1, headersLength: headers, bodyLength: body)
        try peer.send(encode(header))
        try good.send(Frame(.request, id: 3).bytes)
        #expect(try told(server.group).channel == goodChannel)
        peer.close()
        try expectEnd(server.group, channel, "peer_vanished")
      }
    }
  }

  @Test func manyWhoNeverSayHelloMakeRoomForOthers() throws {
    // 10,000 connections in all; at most 400 sockets are open at once, here and there together.
    var options = EngineOptions()
    options.maximumUngreeted = 100
    try withEngine(options) { engine in
      let server = try Server(engine)
      var line: [RawPeer] = []
      for number in 0..<10_000 {
        line.append(try RawPeer(connectingTo: server.address))
        if line.count > 200 {
          let oldest = line.removeFirst()
          if number % 100 == 0 {
            #expect(try oldest.readToEnd().bytes == [])
            let (_, channel) = try server.greetedPeer()
            try expectEnd(server.group, channel, "peer_vanished")
          }
        }
      }
      #expect(engine.channelCount <= 102)
      #expect(try server.group.receive(until: .now) == nil)
    }
  }

  @Test func aFloodOfPingsIsAnsweredWithinBounds() throws {
    var options = EngineOptions()
    options.sendQueueBytes = 10_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let (good, _) = try server.greetedPeer()
      let pings = (1...2000).flatMap { Frame(.signal, id: UInt64($0), headers: "~heartbeat:ping\r\n").bytes }
      // It never looks at the answers.
      for _ in 0..<100 { try peer.send(pings) }
      try good.send(Frame(.request, id: 3).bytes)
      #expect(try told(server.group).id == 3)
      #expect(engine.messagesOutside < 10)
      try peer.send(Frame(.signal, id: 5).bytes)
      let last = try told(server.group)
      #expect(last.id == 5 && last.channel == channel)
      #expect(try peer.frame().headers == Array("~heartbeat:pong\r\n".utf8))
    }
  }

  @Test func whoNeverReadsIsBounded() throws {
    var options = EngineOptions()
    options.sendQueueBytes = 100_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let (good, _) = try server.greetedPeer()
      _ = try fill(server.group, engine, channel)
      // The system's own buffers grow while they are full, and take a little more now and then.
      var refusals = 0
      for _ in 0..<1000 {
        let refused = refusal { () throws(ChannelError) in
          var message = engine.makeMessage(.signal, channel: channel)
          let body = [UInt8](repeating: 0, count: 60_000)
          try message.appendBody(body.span.bytes)
          try server.group.post(message, whenFull: .refuse)
        }
        if refused != nil { refusals += 1 }
        #expect(refused == nil || refused?.kind == .busy)
      }
      #expect(refusals > 900)
      #expect(engine.messagesOutside < 10)
      try good.send(Frame(.request, id: 3).bytes)
      try server.group.reply(try next(server.group))
      #expect(try good.frame().header.id == 3)
      peer.close()
    }
  }
}
