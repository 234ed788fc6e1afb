import CMachine
import Platform

/// `weir serve` beside nginx, which serves a file of the same size, and Redis, which appends the same bytes to a stream.
///
/// The clients are wrk and redis-benchmark, in turn, on the same machine: so a ratio holds for a server that shares its
/// processors with its clients.
struct HTTPBenchmarks {
  private static let programs = ["wrk", "nginx", "redis-server", "redis-benchmark", "curl"]
  private static let connections = 64

  private let workspace: Workspace
  private let weir: String
  private let peer: String
  private let seconds: Int
  private let messages: Int

  /// Nil, with a word about it, where a program is missing.
  init?(count: Int, weir: String) throws {
    let directory = Paths.parent(of: try Paths.executable()) ?? "."
    peer = Paths.join(directory, "channel-peer")
    let missing = Self.programs.filter { !Tool.exists($0) } + ((try? File(peer, [.read])) == nil ? [peer] : [])
    guard missing.isEmpty else {
      try File.standardError().write(Array("  http: left out, there is no \(missing.joined(separator: ", "))\n".utf8))
      return nil
    }
    workspace = try Workspace()
    self.weir = weir
    seconds = count < 100_000 ? 1 : 3
    messages = count < 100_000 ? 50 : 300
  }

  func run(_ report: inout Report) throws {
    try requests(&report)
    try followers(&report)
  }

  /// - Parameter pools: The name of its pool directory.
  private func startWeir(_ pools: String, _ options: [String] = []) throws -> (server: Server, port: String) {
    let ready = workspace.file("ready")
    try? Paths.remove(ready)
    let directory = workspace.file(pools)
    let server = try Server(
      [weir, "--dir", directory, "serve", "--bind", "127.0.0.1:0"] + options,
      environment: ["WEIR_SERVE_READY_FILE": ready], isReady: { (try? File(ready, [.read]).info().size) ?? 0 > 0 })
    let text = try Tool.run(["cat", ready])
    let port = text.split(separator: ":").last.map { $0.prefix { $0.isNumber } } ?? ""
    return (server, String(port))
  }

  private func wrk(_ url: String, _ more: [String] = []) throws -> Double {
    let text = try Tool.run(["wrk", "-t1", "-c\(Self.connections)", "-d\(seconds)s"] + more + [url])
    guard let rate = Tool.number(in: text, behind: "Requests/sec:"), !text.contains("Non-2xx") else {
      throw RoleProcess.Failure(description: "wrk: \(text)")
    }
    return 1e9 / rate
  }

  // MARK: Requests

  private func requests(_ report: inout Report) throws {
    let data = "{\"n\":1,\"text\":\"\(String(repeating: "x", count: 1004))\"}"
    try File(workspace.file("body.json"), [.write, .create]).write(Array("{\"data\":\(data)}".utf8))
    try File(workspace.file("post.lua"), [.write, .create]).write(
      Array(
        """
        wrk.method = "POST"
        wrk.body = io.open("\(workspace.file("body.json"))"):read("*a")
        wrk.headers["content-type"] = "application/json"
        """.utf8))
    let (server, port) = try startWeir("pools")
    let base = "http://127.0.0.1:\(port)/v0/pools"
    _ = try Tool.run([
      "curl", "-sSf", "-H", "content-type: application/json", "-d", "{\"pool\":\"bench\",\"size_bytes\":67108864}",
      base,
    ])
    _ = try Tool.run([
      "curl", "-sSf", "-H", "content-type: application/json", "-d", "@\(workspace.file("body.json"))",
      "\(base)/bench/append",
    ])
    let (nginx, file) = try startNginx()
    let redis = try startRedis()
    defer { withExtendedLifetime((server, nginx, redis.server)) {} }
    let get = try sideBySide(ours: { try wrk("\(base)/bench/messages/1") }, peer: { try wrk(file) })
    report.add(
      Row(
        name: "GET a message of 1 KiB, \(Self.connections) connections", figure: rate(get.ours),
        beside: "nginx, a file of 1 KiB", peerFigure: rate(get.peer), ratio: get.ratio, target: 0.4))
    // XADD answers with the new number alone: so does the first of these.
    let receipt = "Prefer: return=minimal"
    for (title, more) in [("append 1 KiB over HTTP", ["-H", receipt]), ("the same, the message comes back", [])] {
      let append = try sideBySide(
        ours: { try wrk("\(base)/bench/append", ["-s", workspace.file("post.lua")] + more) },
        peer: { try xadd(redis.port, data) })
      report.add(
        Row(
          name: "\(title), \(Self.connections) connections", figure: rate(append.ours),
          beside: "Redis XADD, 50 clients", peerFigure: rate(append.peer), ratio: append.ratio, target: 1))
    }
  }

  private func startNginx() throws -> (Server, url: String) {
    let port = try Server.freePort()
    let folder = workspace.path
    try File(workspace.file("file"), [.write, .create]).write([UInt8](repeating: 0x78, count: 1024))
    try File(workspace.file("nginx.conf"), [.write, .create]).write(
      Array(
        """
        daemon off; user root root; worker_processes auto; pid \(folder)/nginx.pid; error_log \(folder)/nginx.log;
        events { worker_connections 1024; }
        http {
          access_log off; keepalive_requests 100000000; open_file_cache max=16;
          client_body_temp_path \(folder)/body; proxy_temp_path \(folder)/proxy; fastcgi_temp_path \(folder)/fastcgi;
          uwsgi_temp_path \(folder)/uwsgi; scgi_temp_path \(folder)/scgi;
          server { listen 127.0.0.1:\(port); root \(folder); }
        }
        """.utf8))
    let server = try Server(
      ["nginx", "-c", workspace.file("nginx.conf"), "-e", workspace.file("nginx.log")],
      isReady: { Server.listens(at: port) })
    return (server, "http://127.0.0.1:\(port)/file")
  }

  private func startRedis() throws -> (server: Server, port: UInt16) {
    let port = try Server.freePort()
    let server = try Server(
      [
        "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
        workspace.path,
      ],
      isReady: { Server.listens(at: port) })
    return (server, port)
  }

  private func xadd(_ port: UInt16, _ data: String) throws -> Double {
    let text = try Tool.run([
      "redis-benchmark", "-p", "\(port)", "-c", "50", "-n", "\(seconds * 40_000)", "-q", "XADD", "bench", "MAXLEN", "~",
      "50000", "*", "data", data,
    ])
    guard let rate = Tool.number(in: text, before: " requests per second") else {
      throw RoleProcess.Failure(description: "redis-benchmark: \(text.suffix(200))")
    }
    return 1e9 / rate
  }

  // MARK: Followers

  private func followers(_ report: inout Report) throws {
    let count = 1000
    guard machine_open_files_limit() > UInt64(count + 100) else {
      return try File.standardError().write(Array("  \(count) followers: left out, too few files may be open\n".utf8))
    }
    var (ours, bare) = (Following(), Following())
    var (trips, kilobytes, idle): ([Double], [Double], [Double]) = ([], [], [])
    for run in 0..<runs {
      trips.append(try roundTrip())
      let (server, port) = try startWeir(
        "followed-\(run)", ["--max-tail-concurrency", "2000", "--max-tail-timeout-ms", "600000"])
      _ = try Tool.run([
        "curl", "-sSf", "-H", "content-type: application/json", "-d", "{\"pool\":\"followed\"}",
        "http://127.0.0.1:\(port)/v0/pools",
      ])
      let before = machine_resident_bytes(server.id)
      let client = try follow(port, count)
      try client.measure()
      ours.add(client.figures)
      kilobytes.append(Double(machine_resident_bytes(server.id) - before) / 1000 / Double(count))
      Clock.sleep(until: .after(nanoseconds: 500_000_000))
      let used = machine_processor_time(server.id)
      Clock.sleep(until: .after(nanoseconds: 2_000_000_000))
      idle.append(Double(machine_processor_time(server.id) - used) / 2)
      try client.finish()
      bare.add(try followBare(count))
    }
    let title = "\(count) followers, 100 messages/s"
    let trip = median(trips)
    for (name, figures) in [("", ours), (", bare fan-out", bare)] {
      report.add(
        Row(
          name: "\(title)\(name), p99", figure: duration(median(figures.tails)), beside: "round trip over TCP, p50",
          peerFigure: duration(trip), ratio: median(zip(figures.tails, trips).map { $0 / $1 }), target: 50,
          better: .lower))
    }
    for (name, mine, theirs, target) in [
      ("p50", ours.medians, bare.medians, nil), ("p99", ours.tails, bare.tails, 1.5 as Double?),
    ] {
      report.add(
        Row(
          name: "\(title), \(name)", figure: duration(median(mine)), beside: "bare fan-out",
          peerFigure: duration(median(theirs)), ratio: median(zip(mine, theirs).map { $0 / $1 }), target: target,
          better: .lower))
    }
    report.add(
      Row(
        name: "\(title), lost", figure: decimals(ours.lost.max() ?? .nan), beside: "none", peerFigure: "0",
        ratio: ours.lost.max() ?? .nan, target: 0, better: .lower))
    report.add(
      Row(
        name: "memory a follower", figure: "\(decimals(median(kilobytes))) KB", beside: "asked for",
        peerFigure: "100 KB",
        ratio: median(kilobytes) / 100, target: 1, better: .lower))
    report.add(
      Row(
        name: "\(count) open tails at rest, processor time", figure: "\(duration(median(idle))) in 1 s",
        beside: "half a percent", peerFigure: duration(5_000_000), ratio: median(idle) / 5_000_000, target: 1,
        better: .lower))
  }

  /// What the followers of one server saw, run by run: nanoseconds from post to arrival, and how many never came.
  private struct Following {
    var (medians, tails, lost): ([Double], [Double], [Double]) = ([], [], [])

    mutating func add(_ figures: [String: Double]) {
      medians.append(figures["p50"] ?? .nan)
      tails.append(figures["p99"] ?? .nan)
      lost.append(figures["lost"] ?? .nan)
    }
  }

  private func follow(_ port: String, _ count: Int) throws -> RoleProcess {
    try RoleProcess(
      [peer, "http", "follow-pool", "place=\(port)", "connections=\(count)", "count=\(messages)"], seconds: 60)
  }

  /// The same clients at a server that only passes on what it gets.
  private func followBare(_ count: Int) throws -> [String: Double] {
    let server = try RoleProcess([peer, "bare", "fan-out", "place=0", "connections=\(count)"], seconds: 60)
    let client = try follow(try server.place(), count)
    try client.measure()
    // The server first: it takes a client that hangs up for a fault.
    try server.finish()
    try client.finish()
    return client.figures
  }

  private func roundTrip() throws -> Double {
    let duo = Duo(
      program: [peer, "bare"], server: "echo-server", client: "echo-client", measuring: .client,
      settings: ["count=5000", "size=64"])
    return try duo.run()["p50"] ?? .nan
  }
}
