import Channels
import ChannelsAsync
import Platform
import Testing

/// What a test waits for did not come.
private struct NothingCame: Error {}

/// Messages of a group, awaited.
struct GroupMessagesTests {
  private func pair() throws -> (engine: Engine, server: ChannelGroup, client: ChannelGroup) {
    let engine = try Engine()
    return (engine, try engine.makeGroup(), try engine.makeGroup())
  }

  private func address(_ welcome: borrowing Message) throws -> ChannelAddress {
    let value = welcome.headers.first(named: "~listen_on")?.withUnsafeBytes { Array($0) } ?? []
    return try ChannelAddress(headerValue: value.span.bytes, for: .connecting)
  }

  @Test func aServerThatAwaitsEchoes() async throws {
    let (engine, serving, calling) = try pair()
    try serving.listen(at: .tcp(host: "127.0.0.1", port: 0))
    let server = Task {
      var count = 0
      for try await received in try GroupMessages(of: serving) {
        guard let message = received.take() else { continue }
        if message.opCode == .welcomeResponse {
          try calling.connect(to: try address(message))
        } else if !message.isNotice, message.opCode.role == .request {
          count += 1
          try serving.reply(message)
        }
      }
      return count
    }
    var iterator = try GroupMessages(of: calling).makeAsyncIterator()
    guard let hello = try await iterator.next()?.take() else { throw NothingCame() }
    let (channel, opCode) = (hello.channel, hello.opCode)
    _ = consume hello
    #expect(opCode == .helloResponse)
    for round in 1...100 {
      let posted = try calling.post(engine.makeMessage(.request, channel: channel, id: UInt64(round)))
      guard let received = try await iterator.next(), let back = received.take() else { throw NothingCame() }
      let isRight = back.id == posted.id && back.opCode == .response
      let isTaken = received.take() == nil
      #expect(isRight && isTaken)
    }
    engine.shutDown()
    #expect(try await iterator.next() == nil)
    #expect(try await iterator.next() == nil)
    #expect(try await server.value == 101)
    #expect(engine.messagesOutside == 0)
  }

  @Test func whoIsCancelledLosesNothing() async throws {
    let (engine, group, _) = try pair()
    let messages = try GroupMessages(of: group)
    // Whether a message is there before, while or after somebody awaits it is left to chance.
    for round in 1...200 {
      let task = Task {
        var iterator = messages.makeAsyncIterator()
        return try await iterator.next()
      }
      if round % 3 == 0 { await Task.yield() }
      if round % 2 == 0 { try group.update(engine.makeMessage(.signal, id: UInt64(round))) }
      task.cancel()
      let got = try await task.value?.take()?.id
      if round % 2 == 1 {
        #expect(got == nil)
      } else if got == nil {
        // It stayed for the next who asks.
        var iterator = messages.makeAsyncIterator()
        let kept = try await iterator.next()?.take()?.id
        #expect(kept == UInt64(round))
      } else {
        #expect(got == UInt64(round))
      }
    }
    engine.shutDown()
    #expect(engine.messagesOutside == 0)
  }

  @Test func severalTasksShareWhatComes() async throws {
    let (engine, group, _) = try pair()
    let messages = try GroupMessages(of: group)
    let total = try await withThrowingTaskGroup(of: Int.self) { tasks in
      for _ in 0..<4 {
        tasks.addTask {
          var count = 0
          for try await received in messages {
            if received.take()?.id == 0 { break }
            count += 1
          }
          return count
        }
      }
      for id: UInt64 in 1...1000 { try group.update(engine.makeMessage(.signal, id: id)) }
      for _ in 0..<4 { try group.update() }
      return try await tasks.reduce(0, +)
    }
    #expect(total == 1000)
    engine.shutDown()
  }

  @Test func aMessageThatNobodyAsksForStaysWithTheGroup() async throws {
    let (engine, group, _) = try pair()
    do {
      let messages = try GroupMessages(of: group)
      try group.update(engine.makeMessage(.signal, id: 5))
      _ = messages
    }
    let id = try group.receive(until: .now)?.id
    #expect(id == 5)
    engine.shutDown()
  }

  @Test func anIteratorThatIsDroppedLeavesTheGroupToOthers() async throws {
    let (engine, group, _) = try pair()
    for id: UInt64 in 1...50 {
      var iterator = try GroupMessages(of: group).makeAsyncIterator()
      try group.update(engine.makeMessage(.signal, id: id))
      let came = try await iterator.next()?.take()?.id
      #expect(came == id)
    }
    engine.shutDown()
  }
}
