internal import Platform
internal import Reactor
internal import Synchronization

/// The inside of an engine: its loop, its channels, and the way of messages between them and the groups.
///
/// `lock` guards which channels there are and what their lives allow. It is held for a moment only, never while the system is
/// called. The loop's side is in `EngineCore+Loop.swift`.
final class EngineCore: @unchecked Sendable {
  let options: EngineOptions
  let loop: EventLoop
  let pool: MessagePool
  let chunks: ChunkPool
  let lock: Lock

  // Guarded by `lock`.
  @exclusivity(unchecked) var endpoints: [Endpoint?]
  @exclusivity(unchecked) var numbers = ChannelNumbers()
  var mailboxes: [Mailbox] = []
  private var nextMailbox: UInt32 = 0
  private var random: SeededNumbers?
  @exclusivity(unchecked) private(set) var phase = Phase.running

  // Loop only.
  var starved: [Channel] = []
  var notified: [UInt32] = []
  var ungreeted = UngreetedLine()
  private var attendant: PoolAttendant?

  enum Phase { case running, draining, over }

  /// What a channel number stands for.
  enum Endpoint {
    case channel(Channel)
    case listener(ListenerEntry)
  }

  /// A listener from the welcome that asks for it until it is closed.
  final class ListenerEntry: @unchecked Sendable {
    let number: UInt16
    let mailbox: Mailbox
    let noticeID: UInt64
    // Loop only.
    var listener: ChannelListener?
    var isClosed = false

    init(_ number: UInt16, _ mailbox: Mailbox, noticeID: UInt64) {
      self.number = number
      self.mailbox = mailbox
      self.noticeID = noticeID
    }
  }

  init(_ options: EngineOptions, _ network: Network?) throws(SystemError) {
    self.options = options
    let world: Network
    if let network { world = network } else { world = try SystemNetwork() }
    loop = try EventLoop(world)
    pool = try MessagePool(initial: options.initialMessages, limit: options.maximumMessages)
    chunks = try ChunkPool()
    lock = try Lock()
    endpoints = [Endpoint?](repeating: nil, count: 65_536)
    if let seed = options.seed { random = SeededNumbers(seed) }
    let attendant = PoolAttendant(self)
    self.attendant = attendant
    let loop = loop
    pool.onRelief = { loop.request(attendant) }
    if options.hasThread { try loop.startThread() }
  }

  private static let counter = Atomic<UInt64>(0)

  /// One more than the last, of all engines of this process.
  func nextID() -> UInt64 { Self.counter.add(1, ordering: .relaxed).newValue }

  // MARK: Groups

  func makeMailbox() throws(ChannelError) -> Mailbox {
    let mailbox: Mailbox
    lock.lock()
    let id = nextMailbox
    nextMailbox &+= 1
    lock.unlock()
    do throws(SystemError) {
      mailbox = try Mailbox(id: id)
    } catch {
      throw ChannelError(error, "cannot make a group")
    }
    lock.lock()
    defer { lock.unlock() }
    guard phase == .running else { throw Self.shuttingDown }
    mailboxes.append(mailbox)
    return mailbox
  }

  /// Closes the group's channels and its mailbox.
  func close(_ mailbox: Mailbox) {
    lock.lock()
    mailboxes.removeAll { $0 === mailbox }
    let gone = endpoints.compactMap { $0 }.filter { $0.mailbox === mailbox }
    lock.unlock()
    shut(mailbox)
    loop.submit { [self] in gone.forEach { end($0, .shutdown) } }
  }

  private func shut(_ mailbox: Mailbox) {
    let (left, runsLoop) = mailbox.close()
    pool.put(left)
    if runsLoop { loop.wake() }
  }

  static let shuttingDown = ChannelError(.shuttingDown, "the engine or group is being shut down")

  // MARK: Delivery

  /// Hands messages to a group, from the loop.
  func deliver(_ list: NodeList, to mailbox: Mailbox) {
    var refused = NodeList()
    if case .waiter = mailbox.put(list, &refused) { loop.lend() }
    pool.put(refused)
  }

  /// Hands a message to a group, from any thread. False when the group is closed; the message is then the caller's.
  func put(_ node: MessageNode.Pointer, to mailbox: Mailbox) -> Bool {
    var list = NodeList()
    list.append(node)
    var refused = NodeList()
    if case .loop = mailbox.put(list, &refused) { loop.wake() }
    return refused.isEmpty
  }

  // MARK: Numbers

  /// A free number. With the lock.
  func takeNumber() throws(ChannelError) -> UInt16 {
    guard phase == .running else { throw Self.shuttingDown }
    guard numbers.count < options.maximumChannels, let number = numbers.take(random: nextRandom()) else {
      throw ChannelError(
        .exhausted, "\(numbers.count) channels are open, and no more are allowed", status: .notAllowed,
        hint: "close some, or raise the engine's limit")
    }
    return number
  }

  private func nextRandom() -> UInt64 {
    if random != nil { return random?.next() ?? 0 }
    return (try? SystemRandom.word()) ?? UInt64(bitPattern: loop.network.now())
  }

  /// Forgets a channel. With the lock.
  func forget(_ number: UInt16) {
    endpoints[Int(number)] = nil
    numbers.release(number)
  }

  /// How many channels there are, listeners included.
  var channelCount: Int {
    lock.lock()
    defer { lock.unlock() }
    return numbers.count
  }

  // MARK: The end

  /// Ends everything. With a deadline what waits to be sent is sent first, as far as that works in time.
  func shutDown(drainingUntil deadline: Deadline?) {
    lock.lock()
    guard phase == .running else { return lock.unlock() }
    phase = .draining
    let open = endpoints.compactMap { $0 }
    lock.unlock()
    if let deadline {
      for case .channel(let channel) in open { _ = waitForSpace(channel, atMost: 0, until: deadline) }
    }
    lock.lock()
    phase = .over
    let groups = mailboxes
    mailboxes = []
    lock.unlock()
    loop.submit { [self] in
      lock.lock()
      let left = endpoints.compactMap { $0 }
      lock.unlock()
      left.forEach { end($0, .shutdown) }
    }
    loop.stopThread()
    groups.forEach(shut)
    pool.close()
    // The loop is run no more, so nobody else looks at this.
    attendant?.core = nil
  }

  /// Waits until little is queued; runs the loop meanwhile where nobody else does.
  func waitForSpace(_ channel: Channel, atMost bytes: Int? = nil, until deadline: Deadline) -> Bool {
    if options.hasThread { return channel.waitForSpace(atMost: bytes, until: deadline) }
    let enough = bytes ?? options.sendQueueBytes / 2
    guard loop.borrow() else { return channel.waitingBytes <= enough }
    loop.run(until: deadline) { channel.isOver || channel.waitingBytes <= enough }
    loop.giveBack()
    return channel.isOver || channel.waitingBytes <= enough
  }
}

extension EngineCore.Endpoint {
  /// Whether its final notice was given. Loop only.
  var isOver: Bool {
    switch self {
    case .channel(let channel): channel.isOver
    case .listener(let entry): entry.isClosed
    }
  }

  var mailbox: Mailbox {
    switch self {
    case .channel(let channel): channel.mailbox
    case .listener(let entry): entry.mailbox
    }
  }
}

/// Numbers that a seed repeats.
private struct SeededNumbers {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 16
  }
}

/// Attends to the channels that wait for the pool, when it has messages again.
private final class PoolAttendant: LoopSource, @unchecked Sendable {
  /// Loop only; nil when it is over, so that the two do not keep each other.
  var core: EngineCore?
  init(_ core: EngineCore) {
    self.core = core
    super.init()
  }

  override func attend() { core?.relieve() }
}
