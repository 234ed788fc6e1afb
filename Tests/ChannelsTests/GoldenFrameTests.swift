import Channels
import Platform
import Support
import Testing

/// The bytes of captures of upstream's programs: what our engine sends in each part, and what it takes.
struct GoldenFrameTests {
  private func bigEndian(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(number & 0xff)] }

  @Test(arguments: Transport.allCases)
  func aHelloIsTheFirstFrameAndNamesItsAddress(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    let listener = try RawListener(transport.address(in: folder))
    try withEngine { engine in
      let group = try engine.makeGroup()
      let posted = try group.connect(
        to: listener.address, with: engine.makeMessage(.helloRequest, id: 0x0102_0304_0506_0708))
      let peer = try listener.accept()
      let line = Array("~connect_to:\(listener.address.headerValue)\r\n".utf8)
      let head = bigEndian(posted.channel) + bytes(hex: "03 00 01 02 03 04 05 06 07 08")
      #expect(try peer.read(16 + line.count) == head + bigEndian(UInt16(line.count)) + [0, 0] + line)

      // The least that upstream takes for an answer.
      try peer.send(bytes(hex: "be ef 04 00 01 02 03 04 05 06 07 08 00 00 00 00"))
      let answer = try told(group)
      #expect(answer.opCode == .helloResponse && answer.channel == posted.channel && !answer.isNotice)
      #expect(answer.id == 0x0102_0304_0506_0708)

      var signal = engine.makeMessage(.signal, channel: posted.channel, id: 42)
      try signal.appendHeader("Progress", " [1:3] ")
      try group.post(signal)
      #expect(
        try peer.read(34) == bigEndian(posted.channel)
          + bytes(
            hex: """
              02 00 00 00 00 00 00 00 00 2a 00 12 00 00 50 72 6f 67 72 65 73 73 3a 20 5b 31 3a 33 5d 20 0d 0a
              """))

      for part in 1...3 {
        var request = engine.makeMessage(.request, channel: posted.channel, id: 77)
        request.hasMore = part < 3
        if part == 1 { try request.appendHeader("JobTicket", "PPD") }
        try request.appendBody("part-\(part)")
        try group.post(request)
      }
      let channel = bigEndian(posted.channel)
      let parts = [
        "20 00 00 00 00 00 00 00 00 4d 00 0f 00 06 4a 6f 62 54 69 63 6b 65 74 3a 50 50 44 0d 0a 70 61 72 74 2d 31",
        "20 00 00 00 00 00 00 00 00 4d 00 00 00 06 70 61 72 74 2d 32",
        "00 00 00 00 00 00 00 00 00 4d 00 00 00 06 70 61 72 74 2d 33",
      ]
      for part in parts {
        let wanted = channel + bytes(hex: part)
        #expect(try peer.read(wanted.count) == wanted)
      }

      try peer.send(bytes(hex: "00 00 01 05 00 00 00 00 00 00 00 4d 00 00 00 04 64 6f 6e 65"))
      let done = try next(group)
      #expect(done.opCode == .response && done.id == 77 && done.statusByte == 5 && !done.isNotice)
      #expect(text(done.body) == "done")

      try group.post(engine.makeMessage(.byeRequest, channel: posted.channel, id: 1))
      #expect(try peer.read(16) == channel + bytes(hex: "05 00 00 00 00 00 00 00 00 01 00 00 00 00"))
      try peer.send(bytes(hex: "00 00 06 00 00 00 00 00 00 00 00 01 00 00 00 00"))
      #expect(try told(group).opCode == .byeResponse)
      try expectEnd(group, posted.channel, "graceful")
    }
  }

  @Test(arguments: Transport.allCases)
  func aServerTakesWhatUpstreamSendsAndEchoesIt(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let peer = try RawPeer(connectingTo: server.address)
      let hello = bytes(
        hex: """
          f3 48 03 00 00 00 00 00 00 00 00 07 00 21 00 00 7e 63 6f 6e 6e 65 63 74 5f 74 6f 3a 74 63 70 7c 31 32 37 2e \
          30 2e 30 2e 31 7c 33 39 32 32 32 0d 0a
          """)
      try peer.send(hello)
      let came = try next(server.group)
      #expect(came.opCode == .helloRequest && came.id == 7)
      #expect(bytes(of: came, "~connect_to") == Array("tcp|127.0.0.1|39222".utf8))
      let channel = bigEndian(came.channel)
      let number = came.channel
      // An answer that re-uses the hello sends its address back.
      try server.group.reply(came)
      #expect(
        try peer.read(hello.count) == channel + bytes(hex: "04 00 00 00 00 00 00 00 00 07 00 21 00 00") + hello[16...])

      try peer.send(bytes(hex: "00 00 00 00 00 00 00 00 00 00 00 08 00 07 00 02 6b 3a 20 76 20 0d 0a 68 69"))
      let request = try next(server.group)
      #expect(bytes(of: request, "k") == Array("v".utf8))
      try server.group.reply(request)
      #expect(
        try peer.read(25) == channel
          + bytes(hex: "01 00 00 00 00 00 00 00 00 08 00 07 00 02 6b 3a 20 76 20 0d 0a 68 69"))

      try peer.send(bytes(hex: "f3 48 05 00 00 00 00 00 00 00 00 0c 00 00 00 00"))
      try server.group.reply(try next(server.group))
      #expect(try peer.read(16) == channel + bytes(hex: "06 00 00 00 00 00 00 00 00 0c 00 00 00 00"))
      peer.close(aborting: true)
      try expectEnd(server.group, number, "graceful")
    }
  }

  @Test func aByeSignalOnTheWireIsTheEnd() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      try peer.send(bytes(hex: "55 c5 07 00 00 00 00 00 00 00 00 02 00 00 00 00"))
      let bye = try told(server.group)
      #expect(bye.opCode == .byeSignal && bye.id == 2 && !bye.isNotice)
      try expectEnd(server.group, channel, "closed_by_peer")
      _ = try peer.readToEnd()
    }
  }

  @Test func aForcedCloseSendsNothing() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let posted = try server.group.closeAtOnce(channel)
      let bye = try told(server.group)
      #expect(bye.opCode == .byeSignal && bye.isNotice && bye.status == .channelClosed && bye.id == posted.id)
      try expectEnd(server.group, channel, "closed_here")
      let (left, end) = try peer.readToEnd()
      #expect(left == [] && end == .reset)
    }
  }

  @Test func aChannelAndAnIdMayHaveAnyValueOnTheWire() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer(id: 0)
      for number: UInt16 in [0, 1, 65_535] {
        for id: UInt64 in [0, 1, .max] {
          let frame = Frame(FrameHeader(channel: number, opCode: .response, status: 255, id: id))
          try peer.send(frame.bytes)
          let came = try told(server.group)
          #expect(came.opCode == .response && came.id == id && came.channel == channel)
          #expect(came.status == .unknownError)
        }
      }
      try peer.send(Frame(.request, id: 0, body: [5]).bytes)
      try server.group.reply(try next(server.group))
      let answer = try peer.frame()
      #expect(answer.header.opCode == .response && answer.header.id == 0 && answer.body == [5])
    }
  }
}
