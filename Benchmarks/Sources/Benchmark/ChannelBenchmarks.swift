import Channels
import Platform

/// Messages between processes of one machine, over loopback and Unix-domain sockets, beside the bare system and the libraries
/// that people use.
struct ChannelBenchmarks {
  private let workspace: Workspace
  private let count: Int
  private let peer: String
  /// This program, which plays Weir's part.
  private let weir: [String]

  /// Nil, with a word about it, where there are no peer programs: they are written for Linux.
  init?(count: Int) throws {
    let executable = try Paths.executable()
    let directory = Paths.parent(of: executable) ?? "."
    peer = Paths.join(directory, "channel-peer")
    guard (try? File(peer, [.read])) != nil else {
      try File.standardError().write(Array("  channels: left out, there is no \(peer)\n".utf8))
      return nil
    }
    weir = [executable, "channel"]
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
      weir: echo(weir, settings),
      rivals: [
        .init(name: "bare epoll echo in C", ways: [echo([peer, "bare"], settings)], targets: ["p50": 1.3]),
        .init(name: "ZeroMQ REQ/REP", ways: [echo([peer, "zeromq"], settings)], targets: ["p50": 1]),
        .init(name: "NNG REQ/REP", ways: [echo([peer, "nng"], settings)], targets: ["p50": 1]),
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
      weir: stream(weir, settings),
      rivals: [
        .init(
          name: "ZeroMQ PUSH/PULL",
          ways: [stream([peer, "zeromq"], settings), stream([peer, "zeromq"], settings + ["high-water=0"])],
          targets: ["rate": 1]),
        .init(
          name: "NNG PUSH/PULL",
          ways: [stream([peer, "nng"], fewer), stream([peer, "nng"], fewer + ["high-water=1000"])]),
      ]
    ).run(&report)
  }

  private func crowd(_ report: inout Report) throws {
    let settings = ["count=\(count)", "size=64", "connections=100", "outstanding=4"]
    try Contest(
      figures: [.init(key: "rate", title: "round trips 64 B, 100 connections x 4 outstanding", quantity: .rate)],
      weir: crowd(weir, settings),
      rivals: [
        .init(name: "bare epoll echo in C", ways: [crowd([peer, "bare"], settings)]),
        .init(name: "ZeroMQ DEALER/ROUTER", ways: [crowd([peer, "zeromq"], settings)]),
      ],
      wishes: [.init(key: "rate", value: 150_000)]
    ).run(&report)
  }

  /// As much as fits in one frame, for everybody.
  private func large(_ report: inout Report) throws {
    let size = FrameHeader.partLimit
    let settings = ["count=\(count / 5)", "size=\(size)"]
    let place = workspace.file("large.sock")
    try Contest(
      figures: [.init(key: "rate", title: "one way 64 KiB less one byte over a Unix socket", quantity: .bytes(size))],
      weir: stream(weir, settings, at: place),
      rivals: [
        .init(name: "bare send and recv in C", ways: [stream([peer, "bare"], settings, at: place)]),
        .init(name: "ZeroMQ PUSH/PULL, ipc", ways: [stream([peer, "zeromq"], settings, at: place)]),
        .init(name: "NNG PUSH/PULL, ipc", ways: [stream([peer, "nng"], settings, at: place)]),
      ],
      wishes: [.init(key: "rate", value: 1.5e9 / Double(size))]
    ).run(&report)
  }

  /// What a server costs whose clients say nothing.
  private func idle(_ report: inout Report) throws {
    try IdleServer(name: "Weir", program: weir, connections: 1000, megabytes: 20, isWeir: true).run(&report)
    try IdleServer(name: "Weir", program: weir, connections: 10_000, isWeir: true).run(&report)
    try IdleServer(
      name: "bare epoll echo in C", program: [peer, "bare"], connections: 1000, megabytes: 20
    ).run(&report)
    try IdleServer(name: "bare epoll echo in C", program: [peer, "bare"], connections: 10_000).run(&report)
  }

  private func echo(_ program: [String], _ settings: [String]) -> Duo {
    Duo(
      program: program, server: "echo-server", client: "echo-client", measuring: .client, settings: settings)
  }

  private func crowd(_ program: [String], _ settings: [String]) -> Duo {
    Duo(
      program: program, server: "crowd-server", client: "crowd-client", measuring: .client, settings: settings)
  }

  private func stream(_ program: [String], _ settings: [String], at place: String = "0") -> Duo {
    Duo(
      program: program, server: "stream-receiver", client: "stream-sender", measuring: .server,
      settings: settings, place: place)
  }
}
