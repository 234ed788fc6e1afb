import Gateway
import HTTP
import LiveQueries
import Platform
import Reactor
import State
import Support
import Testing

/// A node's API on loopback, in this process, on a database of its own.
final class LiveState {
  let directory: TemporaryDirectory
  let port: UInt16
  let store: StateStore
  let gateway: StateGateway
  private let live: LiveQueries
  private let loop: EventLoop
  private let server: HTTPServer
  private var isStopped = false

  static let schema = "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT);"

  init(
    _ schema: String = LiveState.schema, in directory: TemporaryDirectory? = nil,
    _ change: (inout StateSettings) -> Void = { _ in }
  ) throws {
    let directory = try directory ?? TemporaryDirectory()
    self.directory = directory
    var settings = StateSettings()
    settings.readers = 4
    change(&settings)
    loop = try EventLoop(SystemNetwork())
    store = try StateStore(directory.file("db"))
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: schema)]), time: 0)
    live = try LiveQueries(store, LiveQueries.Settings(directory: directory.file("live")))
    gateway = try StateGateway(store, live, settings, on: loop, log: Log(.json, .error) { _ in }) { _ in }
    server = try HTTPServer(loop, gateway)
    port = try server.listen(.literal("127.0.0.1", port: 0)).port
    try loop.startThread()
  }

  deinit { stop() }

  /// Ends it as a stop request does.
  func stop(within seconds: Int64 = 1) {
    if isStopped { return }
    isStopped = true
    let gateway = gateway
    endServing(server, within: seconds) { gateway.beginEnding() }
    gateway.end()
    live.stop()
  }

  /// Sends one request on a connection of its own and reads the whole answer.
  func ask(
    _ method: String, _ path: String, _ fields: [String] = [], body: String? = nil, within seconds: Double = 20
  ) throws -> RawResponse {
    try askOnce(port, LiveGateway.request(method, path, fields, body: body), within: seconds)
  }

  func post(_ path: String, _ body: String) throws -> RawResponse { try ask("POST", path, body: body) }

  /// Runs a transaction; the answer with the times taken out.
  func transact(_ body: String) throws -> (status: Int, body: String) {
    let answer = try post("/v1/transactions", body)
    return (answer.status, withoutTimes(answer.body))
  }

  /// The lines of a query's answer, the times taken out.
  func query(_ body: String) throws -> [String] {
    let answer = try post("/v1/queries", body)
    #expect(answer.status == 200, "\(answer.body)")
    return answer.body.split(separator: "\n").map { withoutTimes(String($0)) }
  }

  /// Opens a stream; what comes is read by the test.
  func stream(_ method: String, _ path: String, body: String? = nil) throws -> TailReader {
    let client = try RawConnection(port: port)
    try client.send(LiveGateway.request(method, path, body: body))
    return TailReader(client)
  }
}

/// The text with `"time":` and its number taken out.
func withoutTimes(_ text: String) -> String {
  text.replacing(/"time":[-+.e0-9]+,?/, with: "").replacing(",}", with: "}")
}
