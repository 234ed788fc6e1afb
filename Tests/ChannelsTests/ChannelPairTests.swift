import Testing

@testable import Channels

/// A client and a server, the frames between them, and what their applications still want to send.
private struct Pair: Hashable {
  struct Frame: Hashable {
    let opCode: OpCode
    let id: UInt64
  }

  /// One end of the connection.
  struct Side: Hashable {
    var life: ChannelLife
    /// What its application sends, in this order, whenever it comes to that.
    var script: [OpCode]
    /// The ids of its own messages tell the sides apart.
    var id: UInt64
    /// Answers that its application owes, in order.
    var owed: [Frame] = []
    /// What the peer's engine handed to the system, and this one has not read.
    var inbound: [Frame] = []
    /// What this engine has yet to hand to the system.
    var outbound: [Frame] = []
    var reason: CloseReason?
    /// Whether the system reports nothing more from the peer.
    var isCut = false
  }

  var sides: [Side]
  var faults: [String] = []
  var mayBreak: Bool

  init(_ client: [OpCode], _ server: [OpCode], mayBreak: Bool) {
    var life = ChannelLife.client(helloID: 1)
    _ = life.handle(.opened)
    let hello = Frame(opCode: .helloRequest, id: 1)
    sides = [
      Side(life: life, script: client, id: 100, outbound: [hello]),
      Side(life: .server(), script: server, id: 200),
    ]
    self.mayBreak = mayBreak
  }

  enum Move {
    case post(Int), answer(Int), write(Int), read(Int), loseUnread(Int), noticeEnd(Int), breakDown, timeIsUp(Int)
  }

  /// What can happen next. Time runs out only when nothing else can happen.
  var moves: [Move] {
    var moves: [Move] = []
    for (index, side) in sides.enumerated() {
      if !side.inbound.isEmpty { moves.append(.read(index)) }
      if side.isCut, !side.inbound.isEmpty { moves.append(.loseUnread(index)) }
      if side.life.isClosed { continue }
      if !side.script.isEmpty, side.life.isKnown { moves.append(.post(index)) }
      if !side.owed.isEmpty { moves.append(.answer(index)) }
      if !side.outbound.isEmpty { moves.append(.write(index)) }
      if side.isCut, side.inbound.isEmpty { moves.append(.noticeEnd(index)) }
    }
    if mayBreak { moves.append(.breakDown) }
    if moves.isEmpty || (moves.count == 1 && mayBreak) {
      moves += sides.indices.filter { sides[$0].life.awaited != nil }.map { .timeIsUp($0) }
    }
    return moves
  }

  mutating func make(_ move: Move) {
    switch move {
    case .post(let index):
      let opCode = sides[index].script.removeFirst()
      sides[index].id += 1
      post(Frame(opCode: opCode, id: sides[index].id), from: index)
    case .answer(let index):
      post(sides[index].owed.removeFirst(), from: index)
    case .write(let index):
      let frame = sides[index].outbound.removeFirst()
      if !sides[1 - index].isCut { sides[1 - index].inbound.append(frame) }
      if frame.opCode == .byeResponse { end(index, sides[index].life.handle(.byeResponseSent)) }
    case .read(let index):
      read(sides[index].inbound.removeFirst(), at: index)
    case .loseUnread(let index):
      // A reset may take with it what was not read yet.
      sides[index].inbound = []
    case .noticeEnd(let index):
      end(index, sides[index].life.handle(.ended(.peerVanished)))
    case .breakDown:
      mayBreak = false
      for index in sides.indices { sides[index].isCut = true }
    case .timeIsUp(let index):
      if let awaited = sides[index].life.awaited { end(index, sides[index].life.handle(.timeIsUp(awaited))) }
    }
  }

  private mutating func post(_ frame: Frame, from index: Int) {
    switch sides[index].life.post(frame.opCode, id: frame.id) {
    case .send: sides[index].outbound.append(frame)
    case .close: end(index, .closedHere)
    case .refuse: break
    }
  }

  private mutating func read(_ frame: Frame, at index: Int) {
    let wasClosed = sides[index].life.isClosed
    let arrival = sides[index].life.receive(frame.opCode, id: frame.id)
    if wasClosed, arrival != .drop { faults.append("\(frame) was delivered after the end") }
    switch arrival {
    case .deliver:
      if let reply = frame.opCode.reply, frame.opCode.kind != .regular {
        sides[index].owed.append(Frame(opCode: reply, id: frame.id))
      }
    case .deliverAndAnswerBye(let id):
      sides[index].outbound.append(Frame(opCode: .byeResponse, id: id))
    case .deliverAndClose(let reason):
      end(index, reason)
    case .close(let reason):
      faults.append("a peer that keeps the rules was accused: \(reason)")
      end(index, reason)
    case .drop:
      break
    }
  }

  /// The engine closes abortively: what it has not written is lost, and the peer is cut off.
  private mutating func end(_ index: Int, _ reason: CloseReason?) {
    guard let reason else { return }
    if sides[index].reason != nil { faults.append("ended twice") }
    sides[index].reason = reason
    sides[index].outbound = []
    sides[index].isCut = true
    sides[1 - index].isCut = true
  }
}

@Suite struct ChannelPairTests {
  /// Walks every order of moves, each state once, and looks at every end.
  private func walk(_ start: Pair, _ check: (Pair) -> Void) -> Int {
    var stack = [start]
    var seen: Set<Pair> = []
    var ends = 0
    while let pair = stack.popLast() {
      let moves = pair.moves
      if moves.isEmpty || !pair.faults.isEmpty {
        ends += 1
        check(pair)
        continue
      }
      for move in moves {
        var next = pair
        next.make(move)
        if seen.insert(next).inserted { stack.append(next) }
      }
    }
    return ends
  }

  static let scripts: [([OpCode], [OpCode])] = [
    ([.byeRequest], []), ([], [.byeRequest]), ([.byeRequest], [.byeRequest]),
    ([.request, .byeRequest], [.signal, .byeRequest]), ([.request, .byeRequest], [.signal, .signal]),
    ([.byeRequest, .signal], [.request, .byeRequest, .signal]),
  ]

  @Test(arguments: scripts.indices)
  func whoeverSaysByeBothEndInGoodOrder(index: Int) {
    let (client, server) = Self.scripts[index]
    let ends = walk(Pair(client, server, mayBreak: false)) { pair in
      #expect(pair.faults.isEmpty, "\(pair)")
      #expect(pair.sides.map(\.reason) == [.graceful, .graceful], "\(pair)")
    }
    #expect(ends > 0)
  }

  static let breaking: [([OpCode], [OpCode])] =
    scripts + [
      ([], []), ([.byeSignal], []), ([.request], [.byeSignal]), ([.byeRequest, .byeSignal], [.byeRequest]),
      ([.byeSignal], [.byeSignal]),
    ]

  @Test(arguments: breaking.indices)
  func whateverBreaksBothEnd(index: Int) {
    let (client, server) = Self.breaking[index]
    let ends = walk(Pair(client, server, mayBreak: true)) { pair in
      #expect(pair.faults.isEmpty, "\(pair)")
      #expect(pair.sides.allSatisfy { $0.life.isClosed && $0.reason != nil }, "\(pair)")
    }
    #expect(ends > 0)
  }
}
