internal import Documents
package import HTTP
internal import JSON
internal import LiveQueries
internal import Platform
internal import State

/// `GET /metrics` of a node, for a listener of its own: the text format of Prometheus.
package final class StateMetrics: RequestHandler, @unchecked Sendable {
  private let gateway: StateGateway
  private let version: String
  /// What other parts of the node add. Called by a worker.
  private let captures: @Sendable () -> [StateCaptureMetrics]

  package init(
    of gateway: StateGateway, version: String, captures: @escaping @Sendable () -> [StateCaptureMetrics]
  ) {
    self.gateway = gateway
    self.version = version
    self.captures = captures
    super.init()
  }

  package override func handle(_ exchange: Exchange) {
    let call = StateCall(gateway: gateway, exchange: exchange)
    guard let path = PathSegments(exchange.request.rawPath), path.count == 1, path.isWord("metrics", at: 0) else {
      return call.text(404, "")
    }
    guard exchange.request.method == .get || exchange.request.method == .head else {
      return call.text(405, "") { $0.add("allow", "GET, HEAD") }
    }
    let isTaken = gateway.workers.submit { [self] _ in answer(call) }
    if !isTaken { call.text(503, "the node is busy") }
  }

  private func answer(_ call: StateCall) {
    let now: StateNumbers
    do throws(StateError) { now = try StateNumbers(gateway.store) } catch {
      gateway.note(error)
      return call.text(500, error.message)
    }
    var text = MetricsText(ByteWriter(capacity: 8192))
    let counters = gateway.metrics.now(tails: 0, version: version)
    text.begin("weir_build_info", "gauge", "The version that runs; always 1.")
    text.sample("weir_build_info", "version", version, 1)
    text.begin("weir_start_time_seconds", "gauge", "When the node started, in seconds since 1970.")
    text.sample("weir_start_time_seconds", seconds: counters.started)
    text.append(counters.counts)
    now.write(into: &text)
    write(gateway.live.counts, into: &text)
    write(captures(), into: &text)
    var head = ResponseHead(200)
    head.add("content-type", MediaType.metrics)
    text.finish().withUnsafeBytes { call.exchange.respond(head, $0) }
  }

  private func write(_ live: LiveCounts, into text: inout MetricsText) {
    text.begin("weir_state_subscriptions", "gauge", "Live queries whose results are kept.")
    text.sample("weir_state_subscriptions", nil, "", UInt64(live.subscriptions))
    text.begin("weir_state_streams", "gauge", "Clients that follow live queries or tables.")
    text.sample("weir_state_streams", "of", "queries", UInt64(live.streams))
    text.sample("weir_state_streams", "of", "tables", UInt64(live.tableStreams))
    text.begin("weir_state_live_changes_total", "counter", "Changes of the results of live queries.")
    text.sample("weir_state_live_changes_total", nil, "", live.events)
    text.begin("weir_state_cut_off_total", "counter", "Clients that were cut off because they were too slow.")
    text.sample("weir_state_cut_off_total", nil, "", live.cutOff)
  }

  private func write(_ captures: [StateCaptureMetrics], into text: inout MetricsText) {
    if captures.isEmpty { return }
    text.begin("weir_state_capture_waiting", "gauge", "Changes that are not in the pool yet.")
    for capture in captures { text.sample("weir_state_capture_waiting", "pool", capture.pool, capture.waiting) }
    text.begin("weir_state_capture_failing", "gauge", "Whether the pool cannot be written at present.")
    for capture in captures {
      text.sample("weir_state_capture_failing", "pool", capture.pool, capture.isFailing ? 1 : 0)
    }
  }
}

/// How far one capture into a pool has come.
package struct StateCaptureMetrics: Sendable {
  package var pool: String
  package var waiting: UInt64
  package var isFailing: Bool

  package init(pool: String, waiting: UInt64, isFailing: Bool) {
    self.pool = pool
    self.waiting = waiting
    self.isFailing = isFailing
  }
}

/// What the database's books say at one moment.
struct StateNumbers {
  private(set) var tables = 0
  private(set) var gaps: UInt64 = 0
  /// Transactions of other nodes that came in part.
  private(set) var partial: UInt64 = 0
  /// Transactions of other nodes that are whole and cannot be merged, by why.
  private(set) var aside: UInt64 = 0
  private(set) var fileBytes: UInt64 = 0
  private(set) var logBytes: UInt64 = 0

  init(_ store: StateStore) throws(StateError) {
    tables = store.tables.count
    let books = try store.numbers(until: .after(nanoseconds: 10_000_000_000))
    (gaps, partial, aside) = (books.gaps, books.partial, books.aside)
    fileBytes = store.fileBytes
    logBytes = store.logBytes
  }

  func write(into text: inout MetricsText) {
    func gauge(_ name: StaticString, _ help: StaticString, _ value: UInt64) {
      text.begin(name, "gauge", help)
      text.sample(name, nil, "", value)
    }
    gauge("weir_state_tables", "Tables that replicate.", UInt64(tables))
    gauge("weir_state_gaps", "Versions of other nodes that are missing.", gaps)
    gauge("weir_state_partial", "Versions of other nodes that came in part.", partial)
    gauge("weir_state_aside", "Versions that are whole and cannot be merged: see the table __weir_aside.", aside)
    gauge("weir_state_database_bytes", "Bytes of the database's file.", fileBytes)
    gauge("weir_state_log_bytes", "Bytes of its write-ahead log.", logBytes)
    // By the name that scripts of Corrosion look for.
    gauge("corro_agent_changes_in_queue", "Changes that wait to be merged: none on a node that runs alone.", 0)
  }
}
