package import Documents
package import Gateway
internal import HTTP
internal import LiveQueries
internal import Platform
internal import Reactor
internal import Relay
internal import SQLite
internal import State

/// One node of the replicated state, from its start to its end: the database, its API, its admin channel and what keeps it in
/// shape.
package final class Agent: @unchecked Sendable {
  /// What is being answered when the node stops has so long to come to its end, in nanoseconds.
  private static let grace: Int64 = 8_000_000_000
  /// What is not in the pools then has so long to get there, in nanoseconds; the rest is put there at the next start.
  private static let captureGrace: Int64 = 500_000_000
  /// Threads of the admin channel.
  private static let adminThreads = 2
  /// Readers of the database for everything but queries of clients.
  private static let spareReaders = 8

  let configuration: AgentConfiguration
  let log: Log
  let store: StateStore
  let live: LiveQueries
  let gateway: StateGateway
  private let loop: EventLoop
  private let server: HTTPServer
  private let metricsServer: HTTPServer
  private let adminWorkers: Workers
  private var admin: AdminServer?
  private let end: AgentEnd
  private let housekeeping: Housekeeping
  let captures: TableCapture
  /// Where clients reach it: the API's addresses, in the order of the configuration.
  package private(set) var addresses: [BindAddress] = []
  package private(set) var metricsAddress: BindAddress?

  /// Opens everything; nobody can connect yet.
  ///
  /// - Parameter version: of the program.
  /// - Throws: what is in the way: a database that another node has, a damaged file, a schema that an empty database cannot begin with.
  package init(_ configuration: AgentConfiguration, version: String, log: Log) throws(Failure) {
    self.configuration = configuration
    self.log = log
    let api = StateSettings(configuration.api)
    store = try Self.openStore(configuration, readers: api.readers + Self.spareReaders)
    do throws(SystemError) {
      end = try AgentEnd()
      loop = try EventLoop(SystemNetwork())
      adminWorkers = try Workers(threads: Self.adminThreads, limit: 64)
    } catch {
      throw Failure(.internal, "out of memory or threads", causes: [error.message])
    }
    try Self.loadSchema(configuration, store, log)
    var liveSettings = LiveQueries.Settings(directory: configuration.database.subscriptionsPath)
    liveSettings.log = { [log] message in log.event(.warn, "live queries", [("message", .text(message))]) }
    do throws(StateError) { live = try LiveQueries(store, liveSettings) } catch {
      throw Failure(error, path: configuration.database.subscriptionsPath)
    }
    try Self.setCaptures(configuration.captures, store)
    do throws(SystemError) {
      captures = try TableCapture(store) { [log] event in
        log.event(event.isTrouble ? .error : .info, "capture", [("message", .text(event.text))])
      }
      gateway = try StateGateway(store, live, api, on: loop, log: log) { [end, log] failure in
        if end.fail(failure) { log.event(.error, "the database cannot be used any more", failure) }
      }
      var limits = HTTPLimits()
      limits.bodyBytes = Self.largestBody
      server = try HTTPServer(loop, gateway, limits: limits)
      let metrics = StateMetrics(of: gateway, version: version) { [captures] in
        ((try? captures.status()) ?? []).map { $0.metrics }
      }
      metricsServer = try HTTPServer(loop, metrics)
      housekeeping = try Housekeeping(store, log, logLimit: UInt64(configuration.performance.walThreshold) << 20)
    } catch {
      throw Failure(.internal, "out of memory or threads", causes: [error.message])
    }
  }

  /// Bytes of the largest request.
  private static let largestBody = 64 << 20

  private static func openStore(_ configuration: AgentConfiguration, readers: Int) throws(Failure) -> StateStore {
    var settings = StateStore.Settings()
    settings.readers = readers
    let size = configuration.database.cacheSize
    settings.cacheKiB = size < 0 ? -size : size * 4
    do throws(SystemError) {
      if let directory = Paths.parent(of: configuration.database.path) { try Paths.makeDirectories(directory) }
    } catch {
      throw Failure(
        .io, "the directory of the database cannot be made", path: configuration.database.path, causes: [error.message])
    }
    do throws(StateError) { return try StateStore(configuration.database.path, settings) } catch {
      throw Failure(error, path: configuration.database.path)
    }
  }

  /// Applies the schema's files. A node that has tables goes on with them if that fails: others need it more than it needs the change.
  private static func loadSchema(
    _ configuration: AgentConfiguration, _ store: StateStore, _ log: Log
  ) throws(Failure) {
    do throws(StateError) {
      let report = try store.apply(
        Schema(Schema.sources(configuration.database.schemaPaths)), time: HybridClock.time(wall: Clock.wall()))
      log.event(.info, "schema", SchemaReportText(report).details)
    } catch {
      let failure = Failure(error)
      guard store.tables.count > 0 else { throw failure }
      log.event(.error, "the schema's files are not applied; the node goes on with the schema that it has", failure)
    }
  }

  // MARK: Start

  /// Binds and begins to serve.
  package func start() throws(Failure) {
    warn()
    for (number, bind) in configuration.api.listeners.enumerated() {
      addresses.append(try listen(server, bind, number: number))
    }
    if let bind = configuration.telemetry.metricsAddress {
      metricsAddress = try listen(metricsServer, bind, number: 0)
    }
    let admin = try AdminServer(loop, path: configuration.admin.path, workers: adminWorkers, adminHandler())
    self.admin = admin
    do throws(SystemError) {
      try admin.start()
      try loop.startThread()
      try housekeeping.start()
    } catch {
      throw Failure(.internal, "the node cannot start", causes: [error.message])
    }
    for address in addresses { log.event(.info, "listening", [("url", .text("http://\(address.text)"))]) }
    if let metricsAddress {
      log.event(.info, "metrics", [("url", .text("http://\(metricsAddress.text)/metrics"))])
    }
  }

  private func listen(_ server: HTTPServer, _ bind: BindAddress, number: Int) throws(Failure) -> BindAddress {
    do throws(SystemError) {
      let log = log
      let address = try server.listen(bind.socketAddress(), number: number) { error in
        log.event(.error, "listener failed", Failure(.io, error.message, address: bind.text))
      }
      return bind.with(port: address.port)
    } catch {
      let hint =
        error.kind == .addressInUse
        ? "Another program listens there. Choose another address, or port 0 for one that is free."
        : "Check that the address belongs to this machine, and that you may listen there."
      throw Failure(
        error.kind == .permission ? .permission : .io, "the node cannot listen", hint: hint, address: bind.text,
        causes: [error.message])
    }
  }

  /// Says what whoever runs the node should know.
  private func warn() {
    if let fault = Library.walFault { log.event(.warn, "sqlite", [("message", .text(fault))]) }
    let differences = store.differencesAtOpen
    if !differences.isEmpty {
      let tables = Set(differences.map { $0.table }).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      log.event(
        .warn, "rows that this node did not write",
        [
          ("count", .whole(UInt64(differences.count))), ("tables", .list(tables.map { .text($0) })),
          ("hint", .text("another program wrote to the database; weir adopt takes its changes as this node's own")),
        ])
    }
    if configuration.api.bearerToken == nil, configuration.api.listeners.contains(where: { !$0.isLoopback }) {
      log.event(
        .warn, "anybody who reaches the API may write",
        [("hint", .text("set api.authz.bearer-token, or listen on 127.0.0.1"))])
    }
  }

  // MARK: End

  /// Waits until somebody asks the process to stop, or the node can go on no more.
  ///
  /// - Returns: why it cannot; nil if it was asked.
  package func waitForEnd() -> Failure? {
    while StopRequests.wait(until: .after(nanoseconds: 200_000_000)) == nil {
      if let failure = end.failure { return failure }
    }
    return nil
  }

  /// Stops: what is being answered comes to its end, streams end, and live queries are kept.
  package func stop() {
    log.event(.info, "stopping")
    let (ended, gateway, server, metricsServer, admin) = (try? Latch(), gateway, server, metricsServer, admin)
    loop.submit {
      admin?.stop()
      gateway.beginEnding()
      server.drain(within: Self.grace) { metricsServer.drain(within: 0) { ended?.open() } }
    }
    ended?.wait(until: .after(nanoseconds: Self.grace + 500_000_000))
    loop.stopThread()
    gateway.end()
    adminWorkers.stop()
    housekeeping.stop()
    captures.stop(within: Self.captureGrace)
    live.stop()
    // The next start finds the file without a log. A disk that is full does not matter for that.
    try? store.checkpoint()
    log.event(.info, "stopped")
  }
}

/// Why the node cannot go on: the first reason that came.
private final class AgentEnd: @unchecked Sendable {
  private let lock: Lock
  private var first: Failure?

  init() throws(SystemError) { lock = try Lock() }

  /// Whether it is the first.
  func fail(_ failure: Failure) -> Bool {
    lock.lock()
    defer { lock.unlock() }
    guard first == nil else { return false }
    first = failure
    return true
  }

  var failure: Failure? {
    lock.lock()
    defer { lock.unlock() }
    return first
  }
}

extension Failure {
  /// The same failure, about this file if it says nothing of one.
  fileprivate init(_ error: StateError, path: String) {
    self.init(error)
    self.path = self.path ?? path
  }
}

extension StateSettings {
  /// The part of the configuration that is about the API.
  init(_ api: AgentConfiguration.API) {
    self.init()
    endpointName = api.endpointName
    bearer = api.bearerToken.map { SecretDigest(of: Array($0.utf8)) }
  }
}

/// What applying the schema did, for the log.
struct SchemaReportText {
  let report: SchemaReport

  init(_ report: SchemaReport) { self.report = report }

  var details: [(String, Report)] {
    var details: [(String, Report)] = [("version", .whole(report.version))]
    let parts: [(String, [String])] = [
      ("tables", report.tables), ("columns", report.columns), ("indexes", report.indexes),
      ("dropped_indexes", report.droppedIndexes), ("retired", report.retired), ("restored", report.restored),
    ]
    for (name, values) in parts where !values.isEmpty { details.append((name, .list(values.map { .text($0) }))) }
    return details
  }
}
