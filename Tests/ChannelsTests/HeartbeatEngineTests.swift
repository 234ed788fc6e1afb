import Channels
import Platform
import Support
import Testing

/// Heartbeats on real connections.
struct HeartbeatEngineTests {
  private func options(_ interval: Int64, limit: UInt32 = 2) -> EngineOptions {
    var options = EngineOptions()
    options.heartbeat = HeartbeatOptions(interval: interval, missedLimit: limit)
    return options
  }

  @Test func aPeerThatFallsSilentIsPingedAndThenGivenUp() throws {
    try withEngine(options(3_000_000)) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      for _ in 0..<2 {
        let ping = try peer.frame()
        #expect(ping.header.opCode == .signal && ping.headers == Array("~heartbeat:ping\r\n".utf8))
      }
      try expectEnd(server.group, channel, "silent")
      #expect(try peer.readToEnd().end == .reset)
    }
  }

  @Test func aPeerThatAnswersStaysAndItsAnswersAreNotSeen() throws {
    try withEngine(options(3_000_000)) { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      for _ in 0..<10 {
        #expect(try peer.frame().headers == Array("~heartbeat:ping\r\n".utf8))
        try peer.send(Frame(.signal, id: 1, headers: "~heartbeat:pong\r\n").bytes)
      }
      try peer.send(Frame(.request, id: 2).bytes)
      #expect(try told(server.group).id == 2)
      try expectEnd(server.group, channel, "silent")
    }
  }

  @Test func enginesKeepEachOtherAlive() throws {
    try withEngine(options(2_000_000, limit: 50)) { pinging in
      try withEngine { answering in
        let server = try Server(answering)
        let group = try pinging.makeGroup()
        let (here, there) = try connect(group, server)
        // Many intervals without a word of the applications.
        #expect(try group.receive(until: .after(nanoseconds: 200_000_000)) == nil)
        #expect(try server.group.receive(until: .now) == nil)
        try group.post(pinging.makeMessage(.signal, channel: here, id: 5))
        let came = try told(server.group)
        #expect(came.id == 5 && came.channel == there)
      }
    }
  }

  @Test func whatOnlyLooksLikeAHeartbeatIsDelivered() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, _) = try server.greetedPeer()
      let frames = [
        Frame(.request, id: 1, headers: "~heartbeat:ping\r\n"),
        Frame(.signal, id: 2, headers: "~heartbeat:ping\r\n", body: [1]),
        Frame(.signal, id: 3, headers: "~heartbeat:pint\r\n"),
        Frame(.signal, id: 4, headers: "a:b\r\n~heartbeat:ping\r\n"),
      ]
      for frame in frames {
        try peer.send(frame.bytes)
        #expect(try told(server.group).id == frame.header.id)
      }
    }
  }

  @Test func whoWaitsForMessagesDoesNotTakeItsPeerForSilent() throws {
    var options = options(2_000_000)
    options.maximumMessages = 1
    try withEngine(options) { engine in
      let server = try Server(engine)
      let (peer, _) = try server.greetedPeer()
      try peer.send((1...3).flatMap { Frame(.signal, id: UInt64($0)).bytes })
      let first = Held(try next(server.group))
      #expect(first.told.id == 1)
      #expect(try told(server.group).status == .poolEmpty)
      // It cannot read, so all that it can do is to show that it lives itself.
      for _ in 0..<20 { #expect(try peer.frame().headers == Array("~heartbeat:ping\r\n".utf8)) }
      _ = first.give()
      #expect(try told(server.group).id == 2)
    }
  }
}
