import Channels
import Platform
import Support
import Testing

/// The send queue: what happens when it is full, and what comes back from it.
struct QueueTests {
  private func options(queue bytes: Int) -> EngineOptions {
    var options = EngineOptions()
    options.sendQueueBytes = bytes
    return options
  }

  @Test(arguments: Transport.allCases, [1000, 60_000])
  func aFullQueueRefusesOrWaits(transport: Transport, size: Int) throws {
    let folder = try TemporaryDirectory()
    try withEngine(options(queue: 200_000)) { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (peer, channel) = try server.greetedPeer()
      let count = try fill(server.group, engine, channel, size: size)
      #expect(engine.messagesOutside <= count)

      let soon = Deadline.after(nanoseconds: 3_000_000)
      let late = refusal { () throws(ChannelError) in
        try server.group.post(engine.makeMessage(.signal, channel: channel), whenFull: .wait(until: soon))
      }
      // A little one may have found room where the next large one did not.
      #expect(late == nil || late?.kind == .timedOut)

      let crew = try Crew()
      try crew.start {
        for id in 1...50 {
          let body = payload(UInt64(id), bytes: size)
          try server.group.post(try message(engine, .signal, channel, id: UInt64(100_000 + id), body))
        }
      }
      var last: UInt64 = 0
      while last < 100_050 {
        let frame = try peer.frame()
        if frame.body.isEmpty { continue }
        let isNext = frame.header.id == last + 1 || (last == count && frame.header.id == 100_001)
        #expect(isNext, "\(frame.header.id) came after \(last)")
        last = frame.header.id
        #expect(frame.body == payload(last > 100_000 ? last - 100_000 : last, bytes: size))
      }
      try crew.join()
    }
  }

  @Test func aWaitForRoomEndsWithTheChannel() throws {
    try withEngine(options(queue: 100_000)) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      _ = try fill(server.group, engine, channel)
      let crew = try Crew()
      for _ in 0..<3 {
        try crew.start {
          let error = refusal { () throws(ChannelError) in
            while true {
              var message = engine.makeMessage(.signal, channel: channel)
              let body = [UInt8](repeating: 0, count: 20_000)
              try message.appendBody(body.span.bytes)
              try server.group.post(message)
            }
          }
          guard error?.kind == .closed else { throw NothingCame() }
        }
      }
      peer.close(aborting: true)
      try crew.join()
      var last = try told(server.group)
      while last.status != .channelClosed { last = try told(server.group) }
      #expect(last.reason == "reset")
    }
  }

  /// Small messages are copied into the queue, large ones are lent to it.
  static let sizes = [[10], [5000], [15_000, 40_000], [16_000, 65_535, 1, 16_384]]

  @Test(arguments: Transport.allCases, sizes)
  func whatWasNotSentComesBackInOrder(transport: Transport, sizes: [Int]) throws {
    let folder = try TemporaryDirectory()
    try withEngine(options(queue: 2 << 20)) { engine in
      let server = try Server(engine, transport.address(in: folder))
      let (peer, channel) = try server.greetedPeer()
      var posted = 0
      do throws(ChannelError) {
        while true {
          let id = UInt64(posted + 1)
          var message = engine.makeMessage(posted % 2 == 0 ? .request : .signal, channel: channel, id: id)
          message.hasMore = posted % 3 == 0
          if posted % 5 == 0 { try message.appendHeader("number", "\(id)") }
          let body = payload(id, bytes: sizes[posted % sizes.count])
          try message.appendBody(body.span.bytes)
          try server.group.post(message, whenFull: .refuse)
          posted += 1
        }
      } catch {
        #expect(error.kind == .busy)
      }
      try server.group.closeAtOnce(channel)
      #expect(try told(server.group).opCode == .byeSignal)
      var next: Int?
      while true {
        let back = try told(server.group)
        if back.opCode == .signal, back.status == .channelClosed, !back.reason.isEmpty { break }
        #expect(back.isNotice && back.status == .channelClosed && back.channel == channel)
        let number = Int(back.id) - 1
        #expect(next == nil || next == number, "\(number) came back instead of \(next ?? 0)")
        #expect(back.opCode == (number % 2 == 0 ? .request : .signal) && back.hasMore == (number % 3 == 0))
        #expect(back.header("number") == (number % 5 == 0 ? Array("\(back.id)".utf8) : []))
        #expect(back.body == payload(back.id, bytes: sizes[number % sizes.count]))
        next = number + 1
      }
      #expect(next == posted)
      // The peer got whole frames from the first on, and at most a part of one that came back.
      let (bytes, _) = try peer.readToEnd()
      #expect(bytes.count > 0 || transport == .tcp)
    }
  }

  @Test func largeMessagesThatWaitAreStillOut() throws {
    var options = options(queue: 4 << 20)
    options.maximumMessages = 4096
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      _ = try fill(server.group, engine, channel, size: 65_535)
      #expect(engine.messagesOutside > 0)
      peer.close()
      var last = try told(server.group)
      while last.reason.isEmpty { last = try told(server.group) }
      #expect(engine.messagesOutside == 0)
    }
  }

  @Test func aQueueTakesOneMessageHoweverSmallItIs() throws {
    try withEngine(options(queue: 1)) { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, _) = try connect(group, server)
      for id: UInt64 in 1...20 {
        try group.post(try message(engine, .signal, here, id: id, payload(id, bytes: 65_535)))
        #expect(try told(server.group).body == payload(id, bytes: 65_535))
      }
    }
  }
}
