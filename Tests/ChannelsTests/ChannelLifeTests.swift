import Testing

@testable import Channels

/// One thing that happens to a channel, and what has to come of it.
enum Step: Equatable {
  case post(OpCode, UInt64 = 0, ChannelLife.PostAnswer = .send)
  case arrive(OpCode, UInt64 = 0, ChannelLife.Arrival = .deliver)
  case handle(ChannelLife.Event, CloseReason? = nil)
}

extension ChannelLife {
  /// Does a step, and tells whether what came of it is what the step says.
  mutating func does(_ step: Step) -> Bool {
    switch step {
    case .post(let opCode, let id, let answer): post(opCode, id: id) == answer
    case .arrive(let opCode, let id, let arrival): receive(opCode, id: id) == arrival
    case .handle(let event, let reason): handle(event) == reason
    }
  }
}

@Suite struct ChannelLifeTests {
  static let clientOpen: [Step] = [.handle(.opened), .arrive(.helloResponse, 1)]
  static let serverOpen: [Step] = [.arrive(.helloRequest, 1), .post(.helloResponse, 1)]

  static let clients: [[Step]] = [
    // Messages queue behind the hello, and traffic may come before its answer.
    [.post(.request, 5), .handle(.opened), .arrive(.signal), .arrive(.helloResponse, 1), .arrive(.response, 5)],
    [.handle(.opened), .arrive(.helloResponse, 2, .close(.violation(.unexpectedHelloResponse)))],
    clientOpen + [.arrive(.helloResponse, 1, .close(.violation(.unexpectedHelloResponse)))],
    clientOpen + [.arrive(.helloRequest, 1, .close(.violation(.unexpectedHello)))],
    clientOpen + [.arrive(.welcomeRequest, 1, .close(.violation(.localOpCode)))],
    // Nothing opens a channel twice.
    [.post(.helloRequest, 1, .refuse(.opensChannels)), .post(.welcomeRequest, 1, .refuse(.opensChannels))],
    [.post(.helloResponse, 1, .refuse(.noHelloOpen)), .post(.byeResponse, 1, .refuse(.noByeOpen))],
    // Our bye: what the peer still sends is read, nothing more is sent.
    clientOpen + [
      .post(.byeRequest, 7), .post(.signal, 0, .refuse(.afterOwnBye)), .post(.byeRequest, 8, .refuse(.afterOwnBye)),
      .post(.byeResponse, 7, .refuse(.noByeOpen)), .arrive(.response, 3),
      .arrive(.byeResponse, 7, .deliverAndClose(.graceful)), .arrive(.signal, 0, .drop),
      .post(.signal, 0, .refuse(.closed)),
    ],
    // It may be said before the hello is answered.
    [
      .post(.byeRequest, 7), .handle(.opened), .arrive(.helloResponse, 1),
      .arrive(.byeResponse, 7, .deliverAndClose(.graceful)),
    ],
    clientOpen + [.post(.byeRequest, 7), .arrive(.byeResponse, 8, .close(.violation(.unexpectedByeResponse)))],
    clientOpen + [.arrive(.byeResponse, 0, .close(.violation(.unexpectedByeResponse)))],
    // A peer that hangs up on our bye has not answered it.
    clientOpen + [.post(.byeRequest, 7), .handle(.ended(.peerVanished), .peerVanished)],
    // The peer's bye: only its answer is left to send.
    clientOpen + [
      .arrive(.byeRequest, 9), .post(.signal, 0, .refuse(.afterPeersBye)),
      .post(.byeRequest, 1, .refuse(.afterPeersBye)),
      .post(.byeResponse, 8, .refuse(.wrongID)), .post(.byeResponse, 9), .post(.byeResponse, 9, .refuse(.byeAnswered)),
      .handle(.byeResponseSent), .handle(.ended(.reset), .graceful), .handle(.ended(.reset)),
    ],
    clientOpen + [
      .arrive(.byeRequest, 9), .post(.byeResponse, 9), .handle(.byeResponseSent),
      .handle(.timeIsUp(.hangUp), .graceful),
    ],
    // An answer that was not sent is none.
    clientOpen + [.arrive(.byeRequest, 9), .handle(.byeResponseSent), .handle(.ended(.peerVanished), .peerVanished)],
    clientOpen + [.arrive(.byeRequest, 9), .post(.byeResponse, 9), .handle(.ended(.peerVanished), .peerVanished)],
    clientOpen + [
      .arrive(.byeRequest, 9), .post(.byeResponse, 9), .handle(.byeResponseSent),
      .handle(.ended(.sendFailed), .sendFailed),
    ],
    // Nothing follows a bye.
    clientOpen + [.arrive(.byeRequest, 9), .arrive(.signal, 0, .close(.violation(.afterBye)))],
    clientOpen + [.arrive(.byeRequest, 9), .arrive(.byeRequest, 9, .close(.violation(.afterBye)))],
    [.handle(.opened), .arrive(.byeRequest, 9), .arrive(.helloResponse, 1, .close(.violation(.afterBye)))],
    // Both say bye at once: the engine answers, and either end is a good one.
    clientOpen + [
      .post(.byeRequest, 7), .arrive(.byeRequest, 9, .deliverAndAnswerBye(9)),
      .post(.byeResponse, 9, .refuse(.byeAnswered)),
      .arrive(.byeResponse, 7, .deliverAndClose(.graceful)),
    ],
    clientOpen + [
      .post(.byeRequest, 7), .arrive(.byeRequest, 9, .deliverAndAnswerBye(9)), .handle(.byeResponseSent),
      .handle(.ended(.peerVanished), .graceful),
    ],
    clientOpen + [
      .post(.byeRequest, 7), .arrive(.byeRequest, 9, .deliverAndAnswerBye(9)), .handle(.byeResponseSent),
      .handle(.timeIsUp(.hangUp), .graceful),
    ],
    clientOpen + [
      .post(.byeRequest, 7), .arrive(.byeRequest, 9, .deliverAndAnswerBye(9)),
      .handle(.ended(.peerVanished), .peerVanished),
    ],
    clientOpen + [
      .post(.byeRequest, 7), .arrive(.byeRequest, 9, .deliverAndAnswerBye(9)),
      .arrive(.byeRequest, 9, .close(.violation(.afterBye))),
    ],
    // Closing at once.
    [
      .post(.byeSignal, 0, .close), .post(.byeSignal, 0, .refuse(.closed)), .handle(.opened),
      .arrive(.helloResponse, 1, .drop),
    ],
    clientOpen + [.post(.byeRequest, 7), .post(.byeSignal, 0, .close), .handle(.ended(.reset))],
    clientOpen + [.arrive(.byeSignal, 0, .deliverAndClose(.closedByPeer)), .handle(.ended(.reset))],
    clientOpen + [.arrive(.byeRequest, 9), .arrive(.byeSignal, 0, .deliverAndClose(.closedByPeer))],
    // Time.
    [.handle(.timeIsUp(.hello)), .handle(.timeIsUp(.hangUp)), .handle(.timeIsUp(.connection), .connectTimedOut)],
    [.handle(.opened), .handle(.timeIsUp(.connection)), .handle(.ended(.silent), .silent)],
    [.handle(.ended(.refused), .refused), .handle(.ended(.reset)), .handle(.timeIsUp(.connection))],
  ]

  @Test(arguments: clients.indices)
  func aClientLivesByTheRules(index: Int) {
    expect(.client(helloID: 1), Self.clients[index])
  }

  static let servers: [[Step]] = [
    [.arrive(.helloRequest, 1), .arrive(.request, 2), .post(.response, 2), .post(.helloResponse, 1), .post(.signal)],
    [.post(.signal, 0, .refuse(.notGreeted)), .post(.byeSignal, 0, .close)],
    serverOpen + [.post(.helloResponse, 1, .refuse(.noHelloOpen))],
    [.arrive(.helloRequest, 1), .post(.helloResponse, 2, .refuse(.wrongID)), .post(.helloResponse, 1)],
    serverOpen + [.arrive(.helloRequest, 1, .close(.violation(.unexpectedHello)))],
    serverOpen + [.arrive(.helloResponse, 1, .close(.violation(.unexpectedHelloResponse)))],
    serverOpen + [
      .arrive(.byeRequest, 0), .post(.byeResponse, 0), .handle(.byeResponseSent), .handle(.ended(.reset), .graceful),
    ],
    // It may say bye instead of answering the hello.
    [.arrive(.helloRequest, 1), .post(.byeRequest, 4), .post(.helloResponse, 1, .refuse(.afterOwnBye))],
    [.arrive(.helloRequest, 1), .post(.byeSignal, 0, .close)],
    [.handle(.timeIsUp(.connection)), .handle(.timeIsUp(.hello), .helloTimedOut), .arrive(.helloRequest, 1, .drop)],
    [.arrive(.helloRequest, 1), .handle(.timeIsUp(.hello))],
    [.handle(.ended(.peerVanished), .peerVanished)],
  ]

  @Test(arguments: servers.indices)
  func aServerLivesByTheRules(index: Int) {
    expect(.server(), Self.servers[index])
  }

  @Test(arguments: OpCode.allCases)
  func aServerIsGreetedFirst(opCode: OpCode) {
    var life = ChannelLife.server()
    let arrival = life.receive(opCode, id: 1)
    switch opCode {
    case .helloRequest: #expect(arrival == .deliver && life.isKnown)
    case .welcomeRequest, .welcomeResponse: #expect(arrival == .close(.violation(.localOpCode)))
    default: #expect(arrival == .close(.violation(.firstNotHello)) && !life.isKnown)
    }
  }

  static let listeners: [[Step]] = [
    [.handle(.opened), .post(.byeSignal, 0, .close), .handle(.ended(.acceptFailed))],
    [.post(.signal, 0, .refuse(.isListener)), .post(.byeRequest, 0, .refuse(.isListener)), .handle(.opened)],
    [.handle(.ended(.listenFailed), .listenFailed), .post(.byeSignal, 0, .refuse(.closed))],
    [.handle(.opened), .arrive(.helloRequest, 1, .drop), .handle(.ended(.shutdown), .shutdown)],
  ]

  @Test(arguments: listeners.indices)
  func aListenerLivesByTheRules(index: Int) {
    expect(.listener(), Self.listeners[index])
  }

  private func expect(_ start: ChannelLife, _ steps: [Step], _ location: SourceLocation = #_sourceLocation) {
    var life = start
    for (index, step) in steps.enumerated() {
      let before = life
      let isAsSaid = life.does(step)
      #expect(isAsSaid, "step \(index): \(step) in \(before)", sourceLocation: location)
    }
  }

  @Test func saysWhatItWaitsFor() {
    var client = ChannelLife.client(helloID: 1)
    #expect(client.awaited == .connection)
    _ = client.handle(.opened)
    #expect(client.awaited == nil)
    _ = client.receive(.byeRequest, id: 2)
    _ = client.post(.byeResponse, id: 2)
    #expect(client.awaited == nil)
    _ = client.handle(.byeResponseSent)
    #expect(client.awaited == .hangUp)
    _ = client.handle(.timeIsUp(.hangUp))
    #expect(client.awaited == nil && client.isClosed)
    var server = ChannelLife.server()
    #expect(server.awaited == .hello)
    _ = server.receive(.helloRequest, id: 1)
    #expect(server.awaited == nil)
    #expect(ChannelLife.listener().awaited == nil)
  }

  @Test func everyRefusalIsAnErrorWithWords() {
    for refusal in PostRefusal.allCases {
      let error = ChannelError(refusal, channel: 9)
      #expect(error.channel == 9 && !error.message.isEmpty && error.status != .success)
    }
  }
}
