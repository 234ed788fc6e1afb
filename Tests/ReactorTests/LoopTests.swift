import Platform
import Reactor
import SimulatedNetwork
import Support
import Testing

@Suite struct LoopTests {
  private final class Source: LoopSource, @unchecked Sendable {
    var events = 0
    var attends = 0
    var onReady: () -> Void = {}
    override func ready(_ readiness: Readiness) {
      events += 1
      onReady()
    }
    override func attend() { attends += 1 }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func timersFireInOrderAndCancelledOnesDoNot(seed: UInt64) throws {
    let lab = try Lab(seed: seed)
    var random = SplitMix(seed: seed)
    var fired: [(deadline: Int64, number: Int)] = []
    var timers: [LoopTimer] = []
    for number in 0..<200 {
      let deadline = lab.world.now + Int64(random.next() % 40)
      timers.append(lab.clientLoop.schedule(at: deadline) { fired.append((deadline, number)) })
    }
    var cancelled: Set<Int> = []
    for _ in 0..<80 {
      let number = Int(random.next() % 200)
      cancelled.insert(number)
      lab.clientLoop.cancel(timers[number])
    }
    // A timer may cancel another that is due in the same turn.
    let victim = lab.clientLoop.schedule(at: lab.world.now + 100) { Issue.record("was cancelled") }
    _ = lab.clientLoop.schedule(at: lab.world.now + 99) { lab.clientLoop.cancel(victim) }
    lab.world.pass(200)
    #expect(fired.map(\.number).sorted() == (0..<200).filter { !cancelled.contains($0) })
    #expect(zip(fired, fired.dropFirst()).allSatisfy { ($0.deadline, $0.number) < ($1.deadline, $1.number) })
    #expect(timers.allSatisfy { !$0.isPending })
  }

  @Test func aTimerThatAddsItselfForNowTakesOneTurnEach() throws {
    let lab = try Lab(seed: 1)
    var fired = 0
    func again() {
      fired += 1
      if fired < 10 { _ = lab.clientLoop.schedule(after: 0, again) }
    }
    _ = lab.clientLoop.schedule(after: 0, again)
    let waits = lab.client.waits
    lab.world.pass(10)
    #expect(fired == 10)
    // The timers of a turn fire before and after its events.
    #expect(lab.client.waits - waits >= 5)
  }

  @Test func aTimerLetsGoOfWhatItHeld() throws {
    final class Held {}
    let lab = try Lab(seed: 1)
    weak var fired: Held?
    weak var cancelled: Held?
    var timers: [LoopTimer] = []
    do {
      let (a, b) = (Held(), Held())
      (fired, cancelled) = (a, b)
      timers.append(lab.clientLoop.schedule(after: 1) { _ = a })
      timers.append(lab.clientLoop.schedule(after: 1) { _ = b })
    }
    #expect(fired != nil && cancelled != nil)
    lab.clientLoop.cancel(timers[1])
    lab.world.pass(2)
    #expect(fired == nil && cancelled == nil)
    #expect(timers.count == 2)
  }

  @Test func aFarTimerNeverOverflows() throws {
    let lab = try Lab(seed: 1)
    let timer = lab.clientLoop.schedule(after: .max) { Issue.record("fired") }
    #expect(timer.deadline == .max)
    lab.clientLoop.cancel(timer)
  }

  @Test func submissionsComeInOrderAndRequestsOnce() throws {
    nonisolated(unsafe) var order: [Int] = []
    let lab = try Lab(seed: 3)
    let source = Source()
    for number in 0..<100 {
      lab.clientLoop.submit { order.append(number) }
      lab.clientLoop.request(source)
    }
    #expect(lab.world.run { order.count == 100 })
    #expect(order == Array(0..<100))
    #expect(source.attends == 1)
    lab.clientLoop.request(source)
    #expect(lab.world.run { source.attends == 2 })
  }

  @Test func tasksThatASubmittedTaskSubmitsAreDoneLater() throws {
    nonisolated(unsafe) var depth = 0
    let lab = try Lab(seed: 3)
    @Sendable func nest(_ loop: EventLoop) {
      depth += 1
      if depth < 50 { loop.submit { nest(loop) } }
    }
    let loop = lab.clientLoop
    loop.submit { nest(loop) }
    #expect(lab.world.run { depth == 50 })
  }

  /// The first of two ready sources removes the other, whose socket number and place are in use again at once.
  @Test func anEventOfARemovedSourceReachesNobody() throws {
    let lab = try Lab(seed: 5, .smooth)
    let network = lab.client
    let address = try SocketAddress.literal("10.0.0.1", port: 7000)
    var sockets: [SocketNumber] = []
    for _ in 0..<2 { sockets.append(try network.connect(address).socket) }
    let sources = [Source(), Source()]
    let late = Source()
    var lateSocket: SocketNumber = -1
    for index in 0..<2 {
      try lab.clientLoop.add(sources[index], sockets[index], .write)
      sources[index].onReady = {
        let other = 1 - index
        lab.clientLoop.remove(sources[index], sockets[index])
        guard lateSocket < 0 else { return }
        lab.clientLoop.remove(sources[other], sockets[other])
        network.close(sockets[other], aborting: true)
        lateSocket = (try? network.connect(address).socket) ?? -1
        try? lab.clientLoop.add(late, lateSocket, .read)
        #expect(lateSocket == sockets[other])
      }
    }
    // Both get ready before the loop looks.
    while lab.listener.probes.count < 2, lab.world.step() {}
    lab.world.pass(10_000_000)
    #expect(sources[0].events + sources[1].events == 1)
    #expect(late.events == 0)
    #expect(lab.clientLoop.sourceCount == 1)
    #expect(lab.world.violations.isEmpty)
  }

  @Test func whatIsSubmittedToAStoppedLoopIsDropped() throws {
    final class Held: Sendable {}
    nonisolated(unsafe) weak var held: Held?
    let loop = try EventLoop(SystemNetwork())
    try loop.startThread()
    let done = Atomic32()
    loop.submit { loop.submit { done.add() } }
    loop.stopThread()
    #expect(done.value == 1)
    do {
      let late = Held()
      held = late
      loop.submit { _ = late }
    }
    #expect(held == nil)
    #expect(!loop.borrow())
  }
}
