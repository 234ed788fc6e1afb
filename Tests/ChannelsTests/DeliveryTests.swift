import Channels
import Platform
import Support
import Testing

/// What a peer sends arrives whole, in order, and once, however it is cut.
struct DeliveryTests {
  @Test(arguments: Transport.allCases)
  func aConversationMayBeCutAtEveryByte(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    let frames = [
      Frame(.helloRequest, id: 1, headers: "a:b\r\n"),
      Frame(.signal, id: 2, headers: "k:v\r\n", body: [1, 2, 3]),
      Frame(.request, id: 3, hasMore: true, body: [9]),
      Frame(.byeRequest, id: 4),
    ]
    let stream = frames.flatMap(\.bytes)
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      for cut in 1..<stream.count {
        let peer = try RawPeer(connectingTo: server.address)
        try peer.send(Array(stream[..<cut]))
        // What is whole already arrives before the rest is sent.
        var taken = 0
        var sent = 0
        var channel: UInt16 = 0
        for frame in frames {
          sent += frame.bytes.count
          if sent > cut, taken < cut {
            taken = cut
            try peer.send(Array(stream[cut...]))
          }
          let came = try told(server.group)
          channel = came.channel
          #expect(came.opCode == frame.header.opCode && came.id == frame.header.id, "cut at \(cut)")
          #expect(came.headers == frame.headers && came.body == frame.body, "cut at \(cut)")
          #expect(came.hasMore == frame.header.hasMore)
        }
        try server.group.post(engine.makeMessage(.byeResponse, channel: channel, id: 4))
        #expect(try peer.frame().header.opCode == .byeResponse)
        peer.close()
        try expectEnd(server.group, channel, "graceful")
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func aThousandFramesOfOneWriteArriveInOrder(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (peer, channel) = try server.greetedPeer()
      let stream = (1...1000).flatMap { Frame(.signal, id: UInt64($0), body: [UInt8]($0.description.utf8)).bytes }
      try peer.send(stream)
      for number in 1...1000 {
        let came = try next(server.group)
        #expect(came.id == UInt64(number) && came.channel == channel)
        #expect(text(came.body) == "\(number)")
      }
    }
  }

  static let sizes = [0, 1, 511, 512, 4096, 16_367, 16_368, 65_534, 65_535]

  @Test(arguments: Transport.allCases)
  func everySizeArrivesWhole(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let group = try engine.makeGroup()
      let (here, _) = try connect(group, server)
      for headers in Self.sizes {
        for body in Self.sizes {
          var request = engine.makeMessage(.request, channel: here)
          if headers > 0 {
            // A name, a colon, and the end of the line; a single byte cannot be a header.
            let value = payload(UInt64(headers), bytes: max(1, headers - 4)).map { $0 == 13 || $0 == 10 ? 1 : $0 }
            try request.appendHeader([0x6e], value)
          }
          let bytes = payload(UInt64(body), bytes: body)
          try request.appendBody(bytes.span.bytes)
          let sent = request.headerBytes.withUnsafeBytes { Array($0) }
          let posted = try group.post(request)
          let came = try next(server.group)
          let asked = Told(came)
          #expect(asked.id == posted.id)
          #expect(asked.headers == sent && asked.body == bytes, "\(headers) and \(body)")
          try server.group.reply(came)
          let back = try told(group)
          #expect(back.opCode == .response && back.id == posted.id)
          #expect(back.headers == sent && back.body == bytes, "\(headers) and \(body)")
        }
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func theLargestFramesOfAPeerArriveWhole(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (peer, _) = try server.greetedPeer()
      let part = [UInt8](repeating: 0x61, count: 65_535)
      let crew = try Crew()
      let frames = [(part, part), ([], part), (part, []), ([0x61], [0x62]), (part, part)].map {
        Frame(FrameHeader(opCode: .signal), headers: $0, body: $1)
      }
      let stream = frames.flatMap(\.bytes)
      try crew.start { try peer.send(stream) }
      for frame in frames {
        let came = try told(server.group)
        #expect(came.headers == frame.headers && came.body == frame.body)
      }
      try crew.join()
    }
  }

  @Test(arguments: Transport.allCases, [false, true])
  func whatWasSentBeforeACloseArrivesBeforeTheNotice(transport: Transport, withHello: Bool) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      for _ in 0..<20 {
        let peer = try RawPeer(connectingTo: server.address)
        var stream = Frame(.helloRequest, id: 1).bytes
        for number in 1...10 { stream += Frame(.signal, id: UInt64(number), body: [1, 2, 3]).bytes }
        try peer.send(stream)
        peer.close()
        let hello = try told(server.group)
        #expect(hello.opCode == .helloRequest)
        for number in 1...10 {
          let came = try told(server.group)
          #expect(came.opCode == .signal && came.id == UInt64(number) && came.channel == hello.channel, "\(came)")
        }
        try expectEnd(server.group, hello.channel, "peer_vanished")
      }
    }
  }

  @Test(arguments: Transport.allCases)
  func aFrameThatIsCutOffIsDropped(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    let frame = Frame(.signal, id: 9, headers: "a:b\r\n", body: [1, 2, 3, 4]).bytes
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      for count in 1..<frame.count {
        let (peer, channel) = try server.greetedPeer()
        try peer.send(Array(frame[..<count]))
        peer.close()
        try expectEnd(server.group, channel, "peer_vanished")
      }
    }
  }

  /// How far a peer gets before it breaks the connection.
  enum Step: Int, CaseIterable { case connected, helloBegun, saidHello, answered, asked, saidBye, byeAnswered }

  @Test(arguments: Step.allCases)
  func aResetAfterAnyStepIsTold(step: Step) throws {
    try withEngine { engine in
      let server = try Server(engine)
      let peer = try RawPeer(connectingTo: server.address)
      var channel: UInt16 = 0
      if step == .helloBegun { try peer.send(Array(Frame(.helloRequest, id: 1).bytes[..<9])) }
      if step.rawValue >= Step.saidHello.rawValue {
        try peer.send(Frame(.helloRequest, id: 1).bytes)
        let hello = try next(server.group)
        channel = hello.channel
        if step != .saidHello {
          try server.group.reply(hello)
          #expect(try peer.frame().header.opCode == .helloResponse)
        }
      }
      if step == .asked {
        try peer.send(Frame(.request, id: 2).bytes)
        #expect(try told(server.group).opCode == .request)
      }
      if step.rawValue >= Step.saidBye.rawValue {
        try peer.send(Frame(.byeRequest, id: 3).bytes)
        let bye = try next(server.group)
        #expect(bye.opCode == .byeRequest)
        if step == .byeAnswered {
          try server.group.reply(bye)
          #expect(try peer.frame().header.opCode == .byeResponse)
        }
      }
      peer.close(aborting: true)
      if channel != 0 { try expectEnd(server.group, channel, step == .byeAnswered ? "graceful" : "reset") }
      // Nobody hears of a connection that never said hello; the listener serves on.
      let (_, other) = try server.greetedPeer()
      #expect(other != channel)
    }
  }

  @Test func partsOfSeveralMessagesMayAlternate() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      for part in 0..<100 {
        for id: UInt64 in 1...3 {
          var message = engine.makeMessage(.signal, channel: here, id: id)
          message.hasMore = part < 99
          try message.appendBody("\(id).\(part)")
          try group.post(message)
        }
      }
      for part in 0..<100 {
        for id: UInt64 in 1...3 {
          let came = try next(server.group)
          #expect(came.channel == there && came.id == id && came.hasMore == (part < 99))
          #expect(text(came.body) == "\(id).\(part)")
        }
      }
    }
  }
}
