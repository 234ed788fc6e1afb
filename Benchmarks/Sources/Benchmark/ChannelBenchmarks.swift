import Platform

/// Messages between processes of one machine, over loopback and Unix-domain sockets, beside the bare system and the libraries
/// that people use.
struct ChannelBenchmarks {
  private let workspace: Workspace
  private let count: Int
  private let peer: String

  /// Nil, with a word about it, where there are no peer programs: they are written for Linux.
  init?(count: Int) throws {
    let directory = Paths.parent(of: try Paths.executable()) ?? "."
    peer = Paths.join(directory, "channel-peer")
    guard (try? File(peer, [.read])) != nil else {
      try File.standardError().write(Array("  channels: left out, there is no \(peer)\n".utf8))
      return nil
    }
    workspace = try Workspace()
    self.count = count
  }

  func run(_ report: inout Report) throws {
    try roundTrip(&report)
    try oneWay("64 B", size: 64, count: count * 5, &report)
    try oneWay("1 KiB", size: 1024, count: count, &report)
    try crowd(&report)
    try large(&report)
    try idle(&report)
  }

  private func roundTrip(_ report: inout Report) throws {
    let settings = ["count=\(count / 10)", "size=64"]
    let title = "round trip 64 B over TCP, one outstanding"
    try Contest(
      figures: [
        .init(key: "p50", title: "\(title), p50", quantity: .duration),
        .init(key: "p99", title: "\(title), p99", quantity: .duration),
      ],
      rivals: [
        .init(name: "bare epoll echo in C", ways: [echo("bare", settings)], targets: ["p50": 1.3]),
        .init(name: "ZeroMQ REQ/REP", ways: [echo("zeromq", settings)], targets: ["p50": 1]),
        .init(name: "NNG REQ/REP", ways: [echo("nng", settings)], targets: ["p50": 1]),
      ]
    ).run(&report)
  }

  /// ZeroMQ with its own limit of messages that wait, and with none; `count` messages are what it then may hold in memory. NNG
  /// takes a while for each message, and gets fewer. To do as well as ZeroMQ is the aim; with 64 B, 0.7 of it is needed.
  private func oneWay(_ what: String, size: Int, count: Int, _ report: inout Report) throws {
    let settings = ["count=\(count)", "size=\(size)"]
    let fewer = ["count=\(count / 10)", "size=\(size)"]
    try Contest(
      figures: [.init(key: "rate", title: "one way \(what) over TCP", quantity: .rate)],
      rivals: [
        .init(
          name: "ZeroMQ PUSH/PULL",
          ways: [stream("zeromq", settings), stream("zeromq", settings + ["high-water=0"])], targets: ["rate": 1]),
        .init(name: "NNG PUSH/PULL", ways: [stream("nng", fewer), stream("nng", fewer + ["high-water=1000"])]),
      ]
    ).run(&report)
  }

  private func crowd(_ report: inout Report) throws {
    let settings = ["count=\(count)", "size=64", "connections=100", "outstanding=4"]
    try Contest(
      figures: [.init(key: "rate", title: "round trips 64 B, 100 connections x 4 outstanding", quantity: .rate)],
      rivals: [
        .init(name: "bare epoll echo in C", ways: [crowd("bare", settings)]),
        .init(name: "ZeroMQ DEALER/ROUTER", ways: [crowd("zeromq", settings)]),
      ],
      wishes: [.init(key: "rate", value: 150_000)]
    ).run(&report)
  }

  private func large(_ report: inout Report) throws {
    let settings = ["count=\(count / 5)", "size=65536"]
    let place = workspace.file("large.sock")
    try Contest(
      figures: [.init(key: "rate", title: "one way 64 KiB over a Unix socket", quantity: .bytes(65536))],
      rivals: [
        .init(name: "bare send and recv in C", ways: [stream("bare", settings, at: place)]),
        .init(name: "ZeroMQ PUSH/PULL, ipc", ways: [stream("zeromq", settings, at: place)]),
        .init(name: "NNG PUSH/PULL, ipc", ways: [stream("nng", settings, at: place)]),
      ],
      wishes: [.init(key: "rate", value: 1.5e9 / 65536)]
    ).run(&report)
  }

  /// What a server costs whose clients say nothing.
  private func idle(_ report: inout Report) throws {
    try IdleServer(
      name: "bare epoll echo in C", program: [peer, "bare"], connections: 1000, megabytes: 20
    ).run(&report)
    try IdleServer(name: "bare epoll echo in C", program: [peer, "bare"], connections: 10_000).run(&report)
  }

  private func echo(_ library: String, _ settings: [String]) -> Duo {
    Duo(
      program: [peer, library], server: "echo-server", client: "echo-client", measuring: .client, settings: settings)
  }

  private func crowd(_ library: String, _ settings: [String]) -> Duo {
    Duo(
      program: [peer, library], server: "crowd-server", client: "crowd-client", measuring: .client, settings: settings)
  }

  private func stream(_ library: String, _ settings: [String], at place: String = "0") -> Duo {
    Duo(
      program: [peer, library], server: "stream-receiver", client: "stream-sender", measuring: .server,
      settings: settings, place: place)
  }
}
