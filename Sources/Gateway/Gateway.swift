internal import Documents
package import HTTP
internal import JSON
package import Platform
internal import Pools
package import Reactor

/// Pools over HTTP: decides who may do what, finds the route, and has workers do what touches files.
///
/// The loop reads requests and looks at their heads; whatever opens a pool is done by a worker, of which there are few, and of
/// whose jobs there are so many at a time as tails are allowed; when that is too much the answer is Busy, at once.
package final class Gateway: RequestHandler, @unchecked Sendable {
  /// How it is run, and by whom it may be used.
  package struct Setup: Sendable {
    /// The directory of the pools.
    package var directory: String
    package var settings: GatewaySettings
    package var keeper: AccessKeeper
    /// The version of the program.
    package var version: String

    package init(directory: String, settings: GatewaySettings, keeper: AccessKeeper, version: String) {
      self.directory = directory
      self.settings = settings
      self.keeper = keeper
      self.version = version
    }
  }

  /// The one loop that its connections live on.
  package let loop: EventLoop
  let setup: Setup
  let log: Log
  let pools: NamedPools
  let tails: TailBoard
  let agents: AgentDesk
  let metrics: Metrics
  let page: Page
  /// By the number of the listener, as they were bound. Set before the loop accepts anything.
  private(set) var listeners: [GatewayListener] = []
  private let workers: LoopWorkers
  private let desks: [DeskBox]
  private var timer: LoopTimer?
  private var checks = 0
  /// The last `Host` that was found good, and the number of its listener. Loop only.
  private var goodHost: (listener: Int, host: [UInt8]) = (-1, [])
  /// Whether requests are wanted. Set on the loop, read there.
  private(set) var isReady = false

  private final class DeskBox: @unchecked Sendable { let desk = Desk() }

  private static let workerCount = max(4, 2 * Processor.count)
  /// Pools that stay open between requests.
  private static let keptPools = 256
  /// How long one stays open that nobody asks for, in nanoseconds.
  private static let keptTime: Int64 = 60_000_000_000

  /// A gateway that does not listen yet.
  package init(_ setup: Setup, on loop: EventLoop, log: Log) throws(SystemError) {
    self.setup = setup
    self.loop = loop
    self.log = log
    let limit = setup.settings.limits.tails
    do throws(PoolError) {
      let shelf = try PoolShelf(capacity: Self.keptPools, keptTime: Self.keptTime)
      pools = NamedPools(directory: setup.directory, shelf: shelf)
    } catch {
      throw SystemError(.noMemory)
    }
    tails = try TailBoard(pools, limit: limit)
    workers = try LoopWorkers(loop, threads: Self.workerCount, limit: limit)
    desks = (0..<Self.workerCount).map { _ in DeskBox() }
    agents = try AgentDesk()
    metrics = try Metrics()
    page = Page()
    super.init()
  }

  /// Begins, when the loop runs: the listeners as they were bound, in the order of their numbers. Loop only.
  package func begin(_ listeners: [GatewayListener]) {
    self.listeners = listeners
    isReady = true
    scheduleCheck()
  }

  /// Ends open streams, so that the server can drain. Loop only.
  package func beginEnding() {
    isReady = false
    if let timer { loop.cancel(timer) }
    timer = nil
    tails.endAll()
    agents.endAll(on: self)
  }

  /// Ends the threads, when the loop is run no more.
  package func end() {
    workers.stop()
    tails.endFeeds()
  }

  private func scheduleCheck() {
    timer = loop.schedule(after: 1_000_000_000) { [self] in
      tails.check { setup.keeper.isStillValid($0) }
      checks += 1
      // Closing a file may have to wait for a disk.
      if checks % 16 == 0, pools.shelf.count > 0 { _ = work { [self] _ in pools.shelf.tidy(now: Clock.monotonic()) } }
      scheduleCheck()
    }
  }

  // MARK: Workers

  /// Has a worker do something; false when they have as much to do as they may. Any thread.
  func work(ignoringLimit: Bool = false, _ job: @escaping @Sendable (Desk) -> Void) -> Bool {
    workers.submit(ignoringLimit: ignoringLimit) { [self] number in job(desks[number].desk) }
  }

  /// Called by a job that is about to wait for a disk: what is behind it should not.
  func expectWait() { workers.expectWait() }

  // MARK: Requests

  package override func handle(_ exchange: Exchange) {
    let request = exchange.request
    let rules = setup.keeper.current()
    let question = AccessRequest(request)
    let listener = listeners[request.peer.listenerNumber]
    let corsOrigin = rules.corsOrigin(question.origin)
    var call = Call(
      gateway: self, exchange: exchange, grant: Grant.nothing, corsOrigin: corsOrigin)
    do throws(AccessRefusal) {
      try checkBrowser(question, rules, listener, request)
    } catch {
      return call.refuse(error)
    }
    if request.method == .options { return call.answerPreflight() }
    let route: Route
    do throws(Route.Fault) {
      route = try Route.find(request)
    } catch {
      return call.refuse(error)
    }
    guard route.needsGrant else { return serve(route, call) }
    do throws(AccessRefusal) {
      let grant = try rules.authorize(question, on: listener, now: Clock.wall())
      call = Call(gateway: self, exchange: exchange, grant: grant, corsOrigin: corsOrigin)
      if let refusal = route.refusal(for: grant) { throw refusal }
    } catch {
      return call.refuse(error)
    }
    serve(route, call)
  }

  /// What `AccessRules.checkBrowser` does, which is not asked again about what it was asked last: most requests come by one name.
  private func checkBrowser(
    _ question: AccessRequest, _ rules: AccessRules, _ listener: GatewayListener, _ request: Request
  ) throws(AccessRefusal) {
    guard let host = request.headerBytes("host"), question.origin == nil else {
      return try rules.checkBrowser(question, on: listener)
    }
    if request.peer.listenerNumber == goodHost.listener, host.elementsEqual(goodHost.host) { return }
    try rules.checkBrowser(question, on: listener)
    goodHost = (request.peer.listenerNumber, Array(host))
  }

  private func serve(_ route: Route, _ call: Call) {
    switch route {
    case .health: call.answer(.object([("ok", .bool(true))]))
    case .ready: call.answerReadiness(isReady)
    case .openAPI: call.answerOpenAPI()
    case .home: call.redirect(to: "/ui")
    case .page: call.answerPage(page)
    case .pageStatus: call.answerStatus()
    case .metrics:
      let now = metrics.now(tails: tails.count, version: setup.version)
      work(call) { call, desk in call.answerMetrics(now, desk) }
    case .listPools(let withFollowers):
      let tails = withFollowers ? tails.open : nil
      work(call) { call, _ in call.listPools(tails) }
    case .createPool: work(call) { call, desk in call.createPool(desk) }
    case .openPool: work(call) { call, desk in call.openPool(desk) }
    case .poolInfo(let name, let withFollowers):
      let tails = withFollowers ? tails.open : nil
      work(call) { call, _ in call.poolInfo(name, tails) }
    case .deletePool(let name): work(call) { call, _ in call.deletePool(name) }
    case .append(let name): work(call, mayWait: false) { call, desk in call.append(to: name, desk) }
    case .appendDocument(let name): work(call, mayWait: false) { call, desk in call.appendDocument(to: name, desk) }
    case .message(let name, let sequence):
      work(call, mayWait: false) { call, desk in call.message(sequence, of: name, desk) }
    case .document(let name, let sequence):
      work(call, mayWait: false) { call, desk in call.document(sequence, of: name, desk) }
    case .tail(let name, let format): openTail(call, name, format)
    case .agent: call.beginAgent()
    }
  }

  /// - Parameter mayWait: Whether it may have to wait for a disk.
  private func work(_ call: Call, mayWait: Bool = true, _ job: @escaping @Sendable (Call, Desk) -> Void) {
    let isTaken = work { [self] desk in
      if mayWait { expectWait() }
      job(call, desk)
      desk.tidy()
    }
    if !isTaken { call.fail(Failure(.busy, "server storage executor is saturated")) }
  }

  private func openTail(_ call: Call, _ name: String, _ format: TailFormat) {
    let query: TailQuery
    do throws(Failure) {
      query = try TailQuery(call.request, format, longest: setup.settings.limits.tailTimeout)
    } catch {
      return call.fail(error)
    }
    guard tails.hasRoom else { return call.fail(Failure(.busy, "too many concurrent tail requests")) }
    do throws(SystemError) {
      let tail = try Tail(call, tails, pool: name, format, query)
      tails.add(tail)
      tail.end(after: query.timeout, on: loop)
      if !work(ignoringLimit: true, { desk in tail.open(desk) }) {
        call.fail(Failure(.busy, "the server is stopping"))
      }
    } catch {
      call.fail(Failure(.internal, "out of memory", causes: [error.message]))
    }
  }

  // MARK: What could not be read, and what was answered

  package override func body(for problem: RequestProblem, _ head: inout ResponseHead) -> [UInt8] {
    head.add("content-type", MediaType.json)
    head.add("plasmite-version", "0")
    let failure = Failure(problem == .tooManyConnections ? .busy : .usage, problem.message.text, hint: hint(problem))
    return failure.envelope.line(.compact).output.withUnsafeBytes { Array($0) }
  }

  private func hint(_ problem: RequestProblem) -> String {
    switch problem {
    case .malformed: "Send a request that HTTP/1.1 allows, in one unambiguous way."
    case .headTooLarge: "Send fewer or shorter header fields."
    case .bodyTooLarge:
      "Send at most \(setup.settings.limits.bodyBytes) bytes, or start the server with --max-body-bytes."
    case .tooSlow: "Send the whole request at once."
    case .unknownTransfer: "Send the body with content-length, or chunked."
    case .unknownMethod: "Use GET, HEAD, POST, DELETE or OPTIONS."
    case .unknownVersion: "Use HTTP/1.1 or HTTP/2."
    case .unknownExpectation: "Leave the field expect out."
    case .tooManyConnections: "Try again in a moment, and use one connection for many requests."
    }
  }

  package override func answered(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) {
    metrics.count(request.method, status, nanoseconds)
    log.request(request, status: status, bytes: bytes, nanoseconds: nanoseconds)
  }
}

extension AccessRequest {
  init(_ request: Request) {
    self.init(
      isPeerLoopback: request.peer.isLoopback, host: request.header("host"),
      origin: request.headerCount("origin") > 1 ? "," : request.header("origin"),
      authorization: request.headerCount("authorization") > 1 ? "," : request.header("authorization"))
  }
}

extension Route {
  /// Whether whoever asks must be known.
  var needsGrant: Bool {
    switch self {
    case .health, .ready, .openAPI, .home, .page: false
    default: true
    }
  }

  /// Why the grant does not do; nil if it does.
  func refusal(for grant: Grant) -> AccessRefusal? {
    switch self {
    case .health, .ready, .openAPI, .home, .page, .pageStatus, .metrics, .agent: nil
    // About a pool that the body names, which is looked at there too.
    case .openPool, .listPools: grant.refusal(.read, pool: nil)
    case .createPool: grant.refusal(.write, pool: nil)
    case .poolInfo(let name, _), .message(let name, _), .document(let name, _), .tail(let name, _):
      grant.refusal(.read, pool: name)
    case .deletePool(let name), .append(let name), .appendDocument(let name): grant.refusal(.write, pool: name)
    }
  }
}
