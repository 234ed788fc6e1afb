import Platform
import SQLite
import State

/// `weir agent` over HTTP: transactions beside the same ones in this process, and a query of many rows.
///
/// The client is wrk, and curl for the query, on the same machine: a ratio holds for a node that shares its processors with its clients.
struct NodeBenchmarks {
  private static let connections = 16
  private static let programs = ["wrk", "curl"]

  private let workspace: Workspace
  private let weir: String
  private let seconds: Int
  private let rows: Int

  /// Nil, with a word about it, where a program is missing.
  init?(count: Int, weir: String) throws {
    let missing = Self.programs.filter { !Tool.exists($0) }
    guard missing.isEmpty else {
      try File.standardError().write(Array("  node: left out, there is no \(missing.joined(separator: ", "))\n".utf8))
      return nil
    }
    workspace = try Workspace()
    self.weir = weir
    seconds = count < 100_000 ? 1 : 3
    rows = count < 100_000 ? 100_000 : 1_000_000
  }

  func run(_ report: inout Report) throws {
    try transactions(&report)
    try query(&report)
  }

  // MARK: Transactions

  private func transactions(_ report: inout Report) throws {
    let (node, port) = try start("http")
    try File(workspace.file("insert.lua"), [.write, .create]).write(
      Array(
        """
        wrk.method = "POST"
        wrk.headers["content-type"] = "application/json"
        local number = 0
        function init(arguments) number = tonumber(arguments[1]) end
        function request()
          number = number + 1
          return wrk.format(nil, nil, nil,
            '[["\(StateBenchmarks.insert)",[' .. number .. ',"a text of some words",7,"a text of some words",0.5]]]')
        end
        """.utf8))
    let store = try makeStore("inside")
    var next = 1
    var round = 0
    let times = try sideBySide {
      round += 1
      return try wrk("http://127.0.0.1:\(port)/v1/transactions", start: round * 100_000_000)
    } peer: {
      let count = seconds * 10_000
      return try nanoseconds(for: count) {
        for _ in 0..<count {
          _ = try store.write(time: 1) { (transaction) throws(StateError) in
            try transaction.run(StateBenchmarks.insert, .positional(StateBenchmarks.row(next)))
          }
          next += 1
        }
      }
    }
    withExtendedLifetime(node) {}
    report.add(
      Row(
        name: "transactions of one statement over HTTP, \(Self.connections) clients", figure: rate(times.ours),
        beside: "the same in the process, one after the other", peerFigure: rate(times.peer), ratio: times.ratio,
        target: 0.5))
  }

  private func wrk(_ url: String, start: Int) throws -> Double {
    let text = try Tool.run([
      "wrk", "-t1", "-c\(Self.connections)", "-d\(seconds)s", "-s", workspace.file("insert.lua"), url, "--", "\(start)",
    ])
    guard let rate = Tool.number(in: text, behind: "Requests/sec:"), !text.contains("Non-2xx") else {
      throw RoleProcess.Failure(description: "wrk: \(text)")
    }
    return 1e9 / rate
  }

  // MARK: A query

  private func query(_ report: inout Report) throws {
    do {
      let store = try makeStore("query")
      _ = try store.write(time: 1) { (transaction) throws(StateError) in
        try transaction.run(StateBenchmarks.insert, rows: (0..<rows).lazy.map { StateBenchmarks.row($0) })
      }
    }
    let (node, port) = try start("query")
    let arguments = [
      "curl", "-sSf", "-o", "/dev/null", "-w", "%{time_total}", "-H", "content-type: application/json", "-d",
      "\"SELECT * FROM t\"", "http://127.0.0.1:\(port)/v1/queries?timeout=0",
    ]
    // Once before, so that caches are as full as they get.
    _ = try Tool.run(arguments)
    let before = try residentKiB(node.id)
    var times: [Double] = []
    for _ in 0..<runs { times.append(Double(try Tool.run(arguments)) ?? .infinity) }
    let cells = Double(rows * 5) / median(times)
    report.add(
      Row(
        name: "query of \(rows) rows over HTTP", figure: "\(decimals(cells / 1e6)) M cells/s", beside: "1 M cells/s",
        peerFigure: "1.0 M cells/s", ratio: cells / 1e6, target: 1))
    let growth = Double(max(0, try residentKiB(node.id) - before)) / 1024
    report.add(
      Row(
        name: "what the node's memory grew by meanwhile", figure: "\(decimals(growth)) MB", beside: "16 MB",
        peerFigure: "16 MB", ratio: growth / 16, target: 1, better: .lower))
  }

  private func residentKiB(_ id: UInt64) throws -> Int {
    let text = try Tool.run(["grep", "VmRSS", "/proc/\(id)/status"])
    return Int(text.filter { $0.isNumber }) ?? 0
  }

  // MARK: Nodes

  private func start(_ name: String) throws -> (Server, port: String) {
    let folder = workspace.file(name)
    try Paths.makeDirectories(folder)
    let (ready, configuration) = (Paths.join(folder, "ready"), Paths.join(folder, "node.toml"))
    try File(Paths.join(folder, "schema.sql"), [.write, .create]).write(Array(StateBenchmarks.schema.utf8))
    try File(configuration, [.write, .create]).write(
      Array(
        """
        db.path = "\(folder)/state.db"
        db.schema_paths = "\(folder)/schema.sql"
        api.addr = "127.0.0.1:0"
        admin.path = "\(folder)/admin.sock"
        """.utf8))
    let server = try Server(
      [weir, "agent", "--config", configuration, "--ready-file", ready],
      isReady: { (try? File(ready, [.read]).info().size) ?? 0 > 0 })
    let text = try Tool.run(["cat", ready])
    return (server, String(text.split(separator: ":").last?.prefix { $0.isNumber } ?? ""))
  }

  private func makeStore(_ name: String) throws -> StateStore {
    try Paths.makeDirectories(workspace.file(name))
    let store = try StateStore(Paths.join(workspace.file(name), "state.db"))
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: StateBenchmarks.schema)]), time: 0)
    return store
  }
}
