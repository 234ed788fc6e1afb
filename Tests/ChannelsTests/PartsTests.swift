import Channels
import Platform
import Support
import Testing

/// Bodies that are larger than a frame.
struct PartsTests {
  private func collect(_ group: ChannelGroup, _ collector: inout PartCollector) throws -> CollectedMessage {
    while true {
      switch try collector.add(try next(group)) {
      case .message(let message): throw Unexpected(Told(message))
      case .whole(let whole): return whole
      case .waiting: continue
      }
    }
  }

  static let sizes = [0, 1, 65_023, 65_024, 65_025, 130_048, 130_049, 1_000_000]

  @Test(arguments: Transport.allCases)
  func aBodyOfAnySizeArrivesWhole(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    try withEngine { engine in
      let server = try Server(engine, transport.address(in: folder))
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      var collector = PartCollector()
      for size in Self.sizes {
        let body = payload(UInt64(size), bytes: size)
        var message = engine.makeMessage(.request, channel: here)
        try message.appendHeader("name", "value")
        let crew = try Crew()
        let first = Held(message)
        try crew.start {
          guard let message = first.take() else { throw NothingCame() }
          try group.postParts(message, body: body.span.bytes)
        }
        if size <= 65_024 {
          let came = try told(server.group)
          #expect(came.body == body && !came.hasMore && came.header("name") == Array("value".utf8))
        } else {
          let whole = try collect(server.group, &collector)
          #expect(whole.body == body && whole.channel == there && whole.opCode == .request)
          #expect(whole.headerBytes == Array("name:value\r\n".utf8))
        }
        try crew.join()
        #expect(collector.waitingBytes == 0 && collector.waitingMessages == 0)
      }
    }
  }

  @Test func thePartsAreThoseOfTheProtocol() throws {
    let listener = try RawListener(.tcp(host: "127.0.0.1", port: 0))
    try withEngine { engine in
      let group = try engine.makeGroup()
      let (peer, channel) = try greetedClient(group, listener)
      var message = engine.makeMessage(.request, channel: channel, id: 77)
      try message.appendHeader("JobTicket", "PPD")
      var pieces = [3, 65_024, 0]
      let posted = try group.postParts(message) { room in
        let count = min(pieces[0], room.count)
        pieces[0] -= count
        for index in 0..<count { room[index] = 0x61 }
        if pieces[0] == 0, pieces.count > 1 { pieces.removeFirst() }
        return count
      }
      #expect(posted.channel == channel && posted.id == 77)
      let (first, second) = (try peer.frame(), try peer.frame())
      #expect(first.header.hasMore && first.headers == Array("JobTicket:PPD\r\n".utf8) && first.body.count == 65_024)
      #expect(!second.header.hasMore && second.headers == [] && second.body == [0x61, 0x61, 0x61])
      #expect(first.header.id == 77 && second.header.id == 77 && second.header.opCode == .request)
    }
  }

  @Test func aFullQueueHoldsTheSenderBack() throws {
    var options = EngineOptions()
    options.sendQueueBytes = 100_000
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let body = payload(1, bytes: 3_000_000)
      let crew = try Crew()
      try crew.start {
        try server.group.postParts(engine.makeMessage(.signal, channel: channel, id: 4), body: body.span.bytes)
      }
      var got: [UInt8] = []
      while true {
        let frame = try peer.frame()
        got += frame.body
        #expect(engine.messagesOutside < 8)
        if !frame.header.hasMore { break }
      }
      try crew.join()
      #expect(got == body)
    }
  }

  @Test func aSenderMayGiveUp() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      var left = 200_000
      let error = refusal { () throws(ChannelError) in
        try group.postParts(engine.makeMessage(.signal, channel: here, id: 9)) { room throws(ChannelError) in
          if left <= 0 { throw ChannelError(.failed, "the file is gone") }
          left -= room.count
          return room.count
        }
      }
      #expect(error?.message == "the file is gone")
      var collector = PartCollector()
      do throws(PartError) {
        while true { if case .waiting = try collector.add(heldNext(server.group)) {} else { break } }
        Issue.record("a message that was given up came whole")
      } catch {
        #expect(error.kind == .abandoned && error.channel == there && error.id == 9)
      }
      #expect(collector.waitingMessages == 0 && collector.waitingBytes == 0)
    }
  }

  private func heldNext(_ group: ChannelGroup) -> Message {
    (try? group.receive(until: .after(nanoseconds: patience))) ?? group.engine.makeMessage(.signal)
  }

  private func part(_ engine: Engine, _ channel: UInt16, _ id: UInt64, _ count: Int, more: Bool) throws -> Message {
    var part = try message(engine, .signal, channel, id: id, payload(id, bytes: count))
    part.hasMore = more
    return part
  }

  private func outcome(_ collector: inout PartCollector, _ message: consuming Message) -> String {
    do throws(PartError) {
      switch try collector.add(message) {
      case .message: return "message"
      case .whole(let whole): return "whole \(whole.body.count)"
      case .waiting: return "waiting"
      }
    } catch {
      return error.kind.name.description
    }
  }

  @Test func whatIsCollectedIsBounded() throws {
    let steps: [(channel: UInt16, id: UInt64, count: Int, more: Bool, outcome: String, waiting: Int)] = [
      (1, 1, 60, true, "waiting", 60),
      (1, 2, 41, true, "too_many_bytes", 60),
      // What is dropped is dropped to its end; nothing of it passes for a message.
      (1, 2, 10, true, "waiting", 60),
      (1, 2, 10, false, "waiting", 60),
      (1, 2, 10, false, "message", 60),
      (1, 1, 40, false, "whole 100", 0),
      (1, 3, 10, true, "waiting", 10),
      (2, 3, 10, true, "waiting", 20),
      (3, 3, 10, true, "too_many_messages", 20),
      (1, 3, 10, false, "whole 20", 10),
      // Its beginning was lost, and nobody knows what the rest belongs to.
      (3, 3, 10, true, "too_many_messages", 10),
      (3, 4, 10, false, "message", 10),
    ]
    try withEngine { engine in
      var collector = PartCollector(maximumBytes: 100, maximumMessages: 2)
      for step in steps {
        let part = try part(engine, step.channel, step.id, step.count, more: step.more)
        let outcome = outcome(&collector, part)
        #expect(outcome == step.outcome && collector.waitingBytes == step.waiting, "\(step)")
      }
      collector.forget(channel: 3)
      let again = outcome(&collector, try part(engine, 3, 3, 10, more: true))
      #expect(again == "waiting")
      collector.forget(channel: 2)
      #expect(collector.waitingBytes == 10 && collector.waitingMessages == 1)
    }
  }

  @Test func theEndOfAChannelDropsWhatIsUnfinished() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      var collector = PartCollector()
      try peer.send(Frame(.signal, id: 1, hasMore: true, body: [1, 2, 3]).bytes)
      let first = outcome(&collector, try next(server.group))
      #expect(first == "waiting" && collector.waitingBytes == 3)
      peer.close()
      let last = outcome(&collector, try next(server.group))
      #expect(last == "message")
      #expect(collector.waitingMessages == 0 && channel != 0)
    }
  }

  @Test func aMessageWithABodyIsNotForParts() throws {
    try withEngine { engine in
      let group = try engine.makeGroup()
      let none: [UInt8] = []
      let full = try message(engine, .signal, 1, [1])
      let held = Held(full)
      let error = refusal { () throws(ChannelError) in
        guard let full = held.take() else { return }
        try group.postParts(full, body: none.span.bytes)
      }
      #expect(error?.kind == .usage)
    }
  }
}
