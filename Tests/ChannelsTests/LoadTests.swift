import Channels
import Platform
import Support
import Testing

#if DEBUG
  /// Builds without optimisation take ten times as long: they do a tenth of the work.
  private let share = 10
#else
  private let share = 1
#endif

/// Much of everything: nothing is lost, and nothing is left over.
struct LoadTests {
  /// 1,000 connections, one after the other, with 100 messages each; a tenth of that in debug builds.
  @Test(arguments: Transport.allCases, [true, false])
  func reconnectsLoseNothing(transport: Transport, withinOneEngine: Bool) throws {
    let folder = try TemporaryDirectory()
    try withEngine { serving in
      let server = try Server(serving, transport.address(in: folder))
      let run: (Engine) throws -> Void = { calling in
        let group = try calling.makeGroup()
        for _ in 0..<(1000 / share) {
          let (here, there) = try connect(group, server)
          for id: UInt64 in 1...100 { try group.post(try message(calling, .signal, here, id: id, [1, 2, 3])) }
          try group.sayBye(on: here)
          for id: UInt64 in 1...100 {
            let came = try told(server.group)
            guard came.id == id, came.channel == there else { throw Unexpected(came) }
          }
          try server.group.reply(try next(server.group))
          guard try told(group).opCode == .byeResponse else { throw NothingCame() }
          try expectEnd(group, here, "graceful")
          try expectEnd(server.group, there, "graceful")
        }
      }
      if withinOneEngine { try run(serving) } else { try withEngine(EngineOptions(), run) }
      #expect(serving.channelCount == 1)
      #expect(serving.messagesOutside == 0)
    }
  }

  @Test func tenClientsAreEchoedOverBothTransports() throws {
    let folder = try TemporaryDirectory()
    try withEngine { serving in
      let group = try serving.makeGroup()
      let servers = try Transport.allCases.map { try Server(group, $0.address(in: folder)) }
      let crew = try Crew()
      try crew.start { try echo(group, byes: 20) }
      for client in 0..<20 {
        try crew.start {
          try withEngine { engine in
            let group = try engine.makeGroup()
            let channel = try group.connect(to: servers[client % 2].address).channel
            guard try told(group).opCode == .helloResponse else { throw NothingCame() }
            // Sixteen at a time on their way.
            var (sent, got) = (0, 0)
            while got < 1000 / share {
              while sent < 1000 / share, sent - got < 16 {
                sent += 1
                let body = payload(UInt64(sent), bytes: sent % 3000)
                try group.post(try message(engine, .request, channel, id: UInt64(sent), body))
              }
              got += 1
              let back = try told(group)
              guard back.id == UInt64(got), back.body == payload(back.id, bytes: got % 3000) else {
                throw Unexpected(back)
              }
            }
            try group.sayBye(on: channel)
            guard try told(group).opCode == .byeResponse else { throw NothingCame() }
            try expectEnd(group, channel, "graceful")
          }
        }
      }
      try crew.join()
      for server in servers { #expect(server.listener != 0) }
    }
  }

  @Test func byesMayCrossUnderLoad() throws {
    try withEngine { serving in
      try withEngine { calling in
        let server = try Server(serving)
        let group = try calling.makeGroup()
        for _ in 0..<(500 / share) {
          let (here, there) = try connect(group, server)
          let crew = try Crew()
          for (engine, group, channel) in [(calling, group, here), (serving, server.group, there)] {
            try crew.start {
              for id: UInt64 in 1...50 {
                let refused = refusal { () throws(ChannelError) in
                  try group.post(engine.makeMessage(.signal, channel: channel, id: id))
                }
                if refused != nil { break }
              }
              _ = refusal { () throws(ChannelError) in try group.sayBye(on: channel) }
              while true {
                let came = try told(group)
                if came.status == .channelClosed, came.opCode == .signal, !came.reason.isEmpty {
                  guard came.reason == "graceful" else { throw Unexpected(came) }
                  return
                }
                guard came.opCode == .byeRequest else { continue }
                // The engine has answered already if both have said it.
                _ = refusal { () throws(ChannelError) in
                  try group.post(engine.makeMessage(.byeResponse, channel: channel, id: came.id))
                }
              }
            }
          }
          try crew.join()
        }
      }
    }
  }

  @Test func numbersComeBackAfterTheirRest() throws {
    var options = EngineOptions()
    options.seed = 7
    try withEngine(options) { engine in
      let group = try engine.makeGroup()
      let folder = try TemporaryDirectory()
      var recent: [UInt16] = []
      for _ in 0..<3000 {
        let channel = try group.connect(to: .unix(path: folder.file("none"))).channel
        #expect(!recent.contains(channel))
        recent.append(channel)
        if recent.count > 1000 { recent.removeFirst() }
        #expect(try told(group).opCode == .helloRequest)
        try expectEnd(group, channel, "path_not_found")
      }
      #expect(engine.channelCount == 0)
    }
  }

  @Test(arguments: Transport.allCases)
  func manySendersOfOneChannelKeepTheirOrder(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    var options = EngineOptions()
    options.sendQueueBytes = 100_000
    try withEngine(options) { engine in
      let server = try Server(engine, transport.address(in: folder))
      let group = try engine.makeGroup()
      let (here, _) = try connect(group, server)
      let crew = try Crew()
      for sender in 0..<4 {
        try crew.start {
          for number in 0..<(10_000 / share) {
            let id = UInt64(sender * 1_000_000 + number + 1)
            try group.post(
              try message(engine, .signal, here, id: id, payload(id, bytes: number % 7 == 0 ? 20_000 : 50)))
          }
        }
      }
      var last = [UInt64](repeating: 0, count: 4)
      for _ in 0..<(4 * 10_000 / share) {
        let came = try toldUnhurried(server.group)
        let sender = Int((came.id - 1) / 1_000_000)
        let number = Int((came.id - 1) % 1_000_000)
        #expect(number == Int(last[sender]), "of sender \(sender)")
        last[sender] += 1
        guard came.body == payload(came.id, bytes: number % 7 == 0 ? 20_000 : 50) else { throw Unexpected(came) }
      }
      try crew.join()
    }
  }

  @Test(arguments: Transport.allCases)
  func enginesThatOnlySendToEachOtherBothGoOn(transport: Transport) throws {
    let folder = try TemporaryDirectory()
    var options = EngineOptions()
    options.maximumMessages = 4
    options.sendQueueBytes = 64 << 20
    try withEngine(options) { one in
      try withEngine(options) { other in
        let server = try Server(one, transport.address(in: folder))
        let group = try other.makeGroup()
        let (here, there) = try connect(group, server)
        // More than sockets hold, so that most of it waits in queues while nobody has received anything yet.
        let count = 800
        for id in 1...UInt64(count) {
          try group.post(try message(other, .signal, here, id: id, payload(id, bytes: 25_000)))
          try server.group.post(try message(one, .signal, there, id: id, payload(id, bytes: 25_000)))
        }
        for id in 1...UInt64(count) {
          #expect(try toldUnhurried(server.group).id == id)
          #expect(try toldUnhurried(group).id == id)
        }
      }
    }
  }

  @Test func framesGoBothWaysAtOnce() throws {
    try withEngine { engine in
      let server = try Server(engine)
      let group = try engine.makeGroup()
      let (here, there) = try connect(group, server)
      let crew = try Crew()
      let count = 20_000 / share
      for (group, channel) in [(group, here), (server.group, there)] {
        try crew.start {
          for id in 1...count { try group.post(try message(engine, .signal, channel, id: UInt64(id), [1, 2, 3, 4])) }
        }
        try crew.start {
          for id in 1...count {
            let came = try toldUnhurried(group)
            guard came.id == UInt64(id), came.channel == channel else { throw Unexpected(came) }
          }
        }
      }
      try crew.join()
    }
  }
}
