internal import Documents
package import HTTP
internal import JSON
package import LiveQueries
package import Platform
package import Reactor
package import State
internal import Synchronization

/// The state over HTTP: transactions, queries, live queries and updates of tables, as section 2 of the reference has them.
///
/// The loop reads requests and looks at their heads. One thread commits transactions, those that wait together in one group; a few
/// workers run queries and feed streams.
package final class StateGateway: RequestHandler, @unchecked Sendable {
  package let loop: EventLoop
  package let store: StateStore
  let live: LiveQueries
  let settings: StateSettings
  let log: Log
  let workers: LoopWorkers
  let writes: WriteQueue
  let readers: ReaderQueue
  let metrics: Metrics
  private let failed: StateFailureObserver
  private let clockLock: Lock
  @exclusivity(unchecked) private var clock = HybridClock()
  private let turnstiles: [Turnstile]
  /// The id of the node as answers have it.
  let actor: String
  /// Streams that are open. Loop only.
  private var streams: [ObjectIdentifier: LiveFeed] = [:]
  @exclusivity(unchecked) private(set) var isEnding = false

  private static let workerCount = max(4, 2 * Processor.count)
  /// Jobs that may wait for a worker: each kind of request has its own, smaller bound.
  private static let waitingJobs = 4096

  /// - Parameter failed: is told when the database can be written no more: a full disk, a damaged file.
  package init(
    _ store: StateStore, _ live: LiveQueries, _ settings: StateSettings, on loop: EventLoop, log: Log,
    failed: @escaping StateFailureObserver
  ) throws(SystemError) {
    self.store = store
    self.live = live
    self.settings = settings
    self.loop = loop
    self.log = log
    self.failed = failed
    workers = try LoopWorkers(loop, threads: Self.workerCount, limit: Self.waitingJobs)
    writes = try WriteQueue(store)
    readers = try ReaderQueue(limit: settings.readers)
    metrics = try Metrics()
    clockLock = try Lock()
    actor = Hexadecimal.text(store.site.bytes)
    turnstiles = (0..<StateRoute.turnstiles).map { _ in Turnstile() }
    super.init()
    writes.begin(self)
  }

  /// Ends open streams, so that the server can drain. Loop only.
  package func beginEnding() {
    isEnding = true
    for stream in streams.values { stream.end() }
  }

  /// Ends the threads, when the loop is run no more. What was accepted is committed.
  package func end() {
    writes.end()
    workers.stop()
  }

  /// The time of a change that is made now. Any thread.
  package func now() -> UInt64 {
    clockLock.lock()
    defer { clockLock.unlock() }
    return clock.now(wall: Clock.wall())
  }

  /// Told of each failure of the database; what concerns the whole file ends the node.
  func note(_ error: StateError) {
    if error.endsNode { failed(Failure(error)) }
  }

  /// Nanoseconds from which on a statement is worth a word in the log.
  private static let slow: Int64 = 1_000_000_000

  /// Tells of a statement that took long.
  func noteTime(of sql: String, _ nanoseconds: Int64) {
    guard nanoseconds >= Self.slow else { return }
    log.event(.warn, "slow statement", [("ms", .whole(UInt64(nanoseconds / 1_000_000))), ("sql", .text(sql))])
  }

  // MARK: Streams. Loop only.

  func add(_ stream: LiveFeed) {
    streams[ObjectIdentifier(stream)] = stream
    if isEnding { stream.end() }
  }
  func remove(_ stream: LiveFeed) { streams[ObjectIdentifier(stream)] = nil }

  // MARK: Requests

  package override func handle(_ exchange: Exchange) {
    let call = StateCall(gateway: self, exchange: exchange)
    guard call.passesName(), call.passesBearer(), call.passesBrowser() else { return }
    let route: StateRoute
    do throws(StateRoute.Fault) { route = try StateRoute.find(exchange.request) } catch { return call.refuse(error) }
    if route.hasJSONBody, !call.hasJSONBody { return call.refuseContentType() }
    let turnstile = turnstiles[route.turnstile]
    guard turnstile.enter(limit: route.isStatus ? settings.statusConcurrency : settings.concurrency) else {
      return call.text(503, "max concurrency limit reached")
    }
    let pass = Turnstile.Pass(turnstile)
    switch route {
    case .transactions: call.transactions(pass)
    case .queries: call.queries(pass)
    case .subscriptions: work(call) { call in call.subscribe(pass) }
    case .subscription(let id): work(call) { call in call.resume(id, pass) }
    case .updates(let table): work(call) { call in call.updates(of: table, pass) }
    case .tableStatistics: work(call) { call in call.tableStatistics(pass) }
    case .health: work(call) { call in call.health(pass) }
    case .migrations: work(call) { call in call.migrations(pass) }
    }
  }

  private func work(_ call: StateCall, _ job: @escaping @Sendable (StateCall) -> Void) {
    let isTaken = workers.submit { [self] _ in
      workers.expectWait()
      job(call)
    }
    if !isTaken { call.text(503, "max concurrency limit reached") }
  }

  // MARK: What could not be read, and what was answered

  package override func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] {
    head.add("content-type", "text/plain; charset=utf-8")
    return Array(problem.message.text.utf8)
  }

  package override func answered(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) {
    metrics.count(request.method, status, nanoseconds)
    log.request(request, status: status, bytes: bytes, nanoseconds: nanoseconds)
  }
}

/// Counts what is inside, up to a limit. Any thread.
final class Turnstile: Sendable {
  private let inside = Atomic<Int>(0)

  /// Whether there was room; then a `Pass` is to be made.
  func enter(limit: Int) -> Bool {
    if inside.add(1, ordering: .relaxed).newValue <= limit { return true }
    inside.subtract(1, ordering: .relaxed)
    return false
  }

  /// Keeps a place inside until it is given back, or goes away.
  final class Pass: Sendable {
    private let turnstile: Turnstile
    private let isHeld = Atomic<Bool>(true)

    init(_ turnstile: Turnstile) { self.turnstile = turnstile }
    deinit { leave() }

    func leave() {
      if isHeld.exchange(false, ordering: .relaxed) { turnstile.inside.subtract(1, ordering: .relaxed) }
    }
  }
}

extension Failure {
  /// The same failure as every interface tells it.
  package init(_ error: StateError) {
    let kind: Kind =
      switch error.kind {
      case .usage, .sql, .schema, .constraint, .malformed: .usage
      case .unknownTable, .unknownColumn: .notFound
      case .foreignWriter, .corrupt: .corrupt
      case .busy: .busy
      case .interrupted: .timedOut
      case .full, .io: .io
      case .readOnly: .permission
      }
    var message = error.message
    if let line = error.line { message += " (line \(line))" }
    self.init(kind, message, hint: error.hint, path: error.path)
  }
}
