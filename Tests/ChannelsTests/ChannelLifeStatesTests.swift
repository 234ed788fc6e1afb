import Testing

@testable import Channels

/// Every event in every state that can be reached.
@Suite struct ChannelLifeStatesTests {
  enum Input {
    case post(OpCode, UInt64)
    case arrive(OpCode, UInt64)
    case handle(ChannelLife.Event)
  }

  static let inputs: [Input] =
    OpCode.allCases.flatMap { opCode in [1, 2].flatMap { [.post(opCode, $0), .arrive(opCode, $0)] } }
    + [ChannelLife.Event.opened, .byeResponseSent, .ended(.peerVanished), .ended(.shutdown)].map { .handle($0) }
    + ChannelLife.Awaited.allCases.map { .handle(.timeIsUp($0)) }

  /// What came of an input: whether something was delivered, and whether the channel was to be closed.
  struct Outcome: Equatable {
    var delivers = false
    var sends = false
    var closes = false
  }

  static func apply(_ input: Input, to life: inout ChannelLife) -> Outcome {
    switch input {
    case .post(let opCode, let id):
      let answer = life.post(opCode, id: id)
      return Outcome(sends: answer == .send, closes: answer == .close)
    case .arrive(let opCode, let id):
      switch life.receive(opCode, id: id) {
      case .deliver: return Outcome(delivers: true)
      case .deliverAndAnswerBye: return Outcome(delivers: true, sends: true)
      case .deliverAndClose: return Outcome(delivers: true, closes: true)
      case .close: return Outcome(closes: true)
      case .drop: return Outcome()
      }
    case .handle(let event):
      return Outcome(closes: life.handle(event) != nil)
    }
  }

  @Test(arguments: [ChannelLife.listener(), .client(helloID: 1), .server()])
  func everyEventHasAnAnswerInEveryState(start: ChannelLife) {
    var seen = [start]
    var next = 0
    while next < seen.count {
      let before = seen[next]
      next += 1
      for input in Self.inputs {
        var life = before
        let outcome = Self.apply(input, to: &life)
        #expect(outcome.closes == (life.isClosed && !before.isClosed), "\(input) in \(before)")
        if before.isClosed { #expect(outcome == Outcome() && life == before, "\(input) in \(before)") }
        if life.isClosed { #expect(life.awaited == nil) }
        if !seen.contains(life) { seen.append(life) }
      }
    }
    #expect(seen.contains { $0.isClosed })
    #expect(seen.count < 200)
  }

  /// Whatever happened, an end that the system reports, or the application asks for, is the end.
  @Test(arguments: [ChannelLife.listener(), .client(helloID: 1), .server()])
  func anyChannelCanBeClosed(start: ChannelLife) {
    var numbers = SeededNumbers(state: 4)
    for _ in 0..<2000 {
      var life = start
      for _ in 0..<Int.random(in: 0...8, using: &numbers) {
        if let input = Self.inputs.randomElement(using: &numbers) { _ = Self.apply(input, to: &life) }
      }
      var (ended, closed) = (life, life)
      _ = ended.handle(.ended(.shutdown))
      _ = closed.post(.byeSignal, id: 0)
      #expect(ended.isClosed && closed.isClosed)
    }
  }
}
