import Channels
import Platform
import Support
import Synchronization
import Testing

/// Receivers, those who wake them, and how all of it ends.
struct ReceivingTests {
  @Test func anUpdateComesInItsTurn() throws {
    try withEngine { engine in
      let group = try engine.makeGroup()
      try group.update()
      var message = engine.makeMessage(.request, channel: 9, id: 77)
      try message.appendHeader("a", "b")
      try group.update(message)
      let first = try told(group)
      #expect(first.opCode == .signal && first.status == .receiverUpdate && first.isNotice)
      #expect(first.channel == 0 && first.id == 0)
      let second = try told(group)
      #expect(second.opCode == .request && second.status == .receiverUpdate && !second.isNotice)
      #expect(second.channel == 9 && second.id == 77 && second.header("a") == [0x62])
    }
  }

  @Test func updatesOfManyThreadsAllArrive() throws {
    try withEngine { engine in
      let group = try engine.makeGroup()
      let crew = try Crew()
      for thread in 0..<4 {
        try crew.start {
          for number in 0..<2000 { try group.update(engine.makeMessage(.signal, id: UInt64(thread * 10_000 + number))) }
        }
      }
      var next = [UInt64](repeating: 0, count: 4)
      for _ in 0..<8000 {
        let came = try told(group)
        let thread = Int(came.id / 10_000)
        #expect(came.id % 10_000 == next[thread])
        next[thread] += 1
      }
      try crew.join()
    }
  }

  @Test func severalReceiversShareWhatComes() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let (peer, channel) = try server.greetedPeer()
      let crew = try Crew()
      let counter = Counter()
      for _ in 0..<4 {
        try crew.start {
          while true {
            let came = try told(server.group)
            if came.status == .receiverUpdate { return }
            guard came.channel == channel else { throw Unexpected(came) }
            counter.add()
          }
        }
      }
      for round in 1...200 {
        // So many at once that one receiver is not enough for those who wait.
        try peer.send((1...5).flatMap { Frame(.signal, id: UInt64($0)).bytes })
        let deadline = Deadline.after(nanoseconds: patience)
        while counter.value < round * 5, !deadline.hasPassed { Thread.yield() }
        #expect(counter.value == round * 5)
      }
      for _ in 0..<4 { try server.group.update() }
      try crew.join()
    }
  }

  @Test func aDeadlineIsKept() throws {
    try withEngine { engine in
      let group = try engine.makeGroup()
      let start = Clock.monotonic()
      #expect(try group.receive(until: .now) == nil)
      #expect(try group.receive(until: .after(nanoseconds: 5_000_000)) == nil)
      #expect(Clock.monotonic() - start >= 5_000_000)
    }
  }

  @Test(arguments: [false, true], 0..<10)
  func receiversAreWokenByTheEnd(ofGroup: Bool, round: Int) throws {
    let engine = try Engine()
    let group = try engine.makeGroup()
    let other = try engine.makeGroup()
    let crew = try Crew()
    let counter = Counter()
    for number in 0..<4 {
      let waited = number == 3 && !ofGroup ? other : group
      try crew.start {
        counter.add()
        let error = refusal { () throws(ChannelError) in _ = try waited.receive() }
        guard error?.kind == .shuttingDown else { throw NothingCame() }
      }
    }
    // Now and then before they sleep, so that the end comes at every moment.
    let deadline = Deadline.after(nanoseconds: patience)
    while round % 3 > 0, counter.value < 4, !deadline.hasPassed { Thread.yield() }
    if ofGroup { group.close() } else { engine.shutDown() }
    try crew.join()
    if ofGroup { try other.update() }
    engine.shutDown()
    #expect(engine.messagesOutside == 0)
  }

  @Test func manyGroupsOfOneEngineTalkAtOnce() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let crew = try Crew()
      try crew.start { try echo(server.group, byes: 8) }
      for number in 0..<8 {
        let group = try engine.makeGroup()
        try crew.start {
          let posted = try group.connect(to: server.address)
          guard try told(group).opCode == .helloResponse else { throw NothingCame() }
          for round in 0..<200 {
            let body = payload(UInt64(number * 1000 + round), bytes: 100)
            let id = try group.post(try message(engine, .request, posted.channel, body)).id
            let back = try told(group)
            guard back.id == id, back.body == body else { throw Unexpected(back) }
          }
          try group.sayBye(on: posted.channel)
          guard try told(group).opCode == .byeResponse, try told(group).reason == "graceful" else {
            throw NothingCame()
          }
        }
      }
      try crew.join()
    }
  }

  @Test(arguments: [true, false])
  func aShutdownSendsWhatWaitsOrDropsIt(drains: Bool) throws {
    let engine = try Engine()
    let server = try Server(engine)
    let (peer, channel) = try server.greetedPeer()
    let count = try fill(server.group, engine, channel, size: 60_000)
    let crew = try Crew()
    let counter = Counter()
    try crew.start {
      for number in 1...count {
        guard let frame = try? peer.frame() else { return }
        guard frame.header.id == UInt64(number) else { throw NothingCame() }
        counter.add()
      }
      // The end of the stream, not a reset: nothing was lost.
      guard try peer.readToEnd().end == .ended else { throw NothingCame() }
    }
    engine.shutDown(drainingUntil: drains ? .after(nanoseconds: patience) : nil)
    try crew.join()
    #expect(drains ? counter.value == count : counter.value <= count)
    #expect(engine.messagesOutside == 0 && engine.channelCount == 0)
  }

  @Test func drainingEndsAtItsDeadline() throws {
    let engine = try Engine()
    let server = try Server(engine)
    let (peer, channel) = try server.greetedPeer()
    _ = try fill(server.group, engine, channel, size: 60_000)
    engine.shutDown(drainingUntil: .after(nanoseconds: 5_000_000))
    #expect(engine.messagesOutside == 0)
    peer.close()
  }

  @Test func anEngineThatIsDroppedEnds() throws {
    let peer: RawPeer
    do {
      let engine = try Engine()
      let server = try Server(engine)
      (peer, _) = try server.greetedPeer()
    }
    _ = try peer.readToEnd()
  }

  @Test func aClosedGroupTakesItsChannelsWithIt() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (_, there) = try connect(group, server)
      let (peer, _) = try server.greetedPeer()
      group.close()
      try expectEnd(server.group, there, "peer_vanished")
      server.group.close()
      _ = try peer.readToEnd()
      let deadline = Deadline.after(nanoseconds: patience)
      while engine.channelCount > 0, !deadline.hasPassed { Thread.yield() }
    }
  }
}

/// Counts for several threads.
final class Counter: Sendable {
  private let count = Atomic<Int>(0)
  func add() { count.add(1, ordering: .sequentiallyConsistent) }
  var value: Int { count.load(ordering: .sequentiallyConsistent) }
}

/// Answers hellos, requests and byes until so many byes were answered and their channels are gone.
func echo(_ group: ChannelGroup, byes: Int) throws {
  var left = byes
  while left > 0 {
    let came = try next(group)
    if came.isNotice {
      guard came.status == .channelClosed, reason(of: came) == "graceful" else { throw Unexpected(Told(came)) }
      left -= 1
    } else if came.opCode.role == .request {
      try group.reply(came)
    }
  }
}
