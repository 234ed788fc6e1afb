import Platform
import Pools

/// What takes more than one process. The others are this program again, with a role as its first argument.
struct ProcessBenchmarks {
  private let workspace: Workspace
  private let count: Int
  private let executable: String

  init(count: Int) throws {
    workspace = try Workspace()
    self.count = count
    executable = try Paths.executable()
  }

  func writers(_ report: inout Report) throws {
    try twoWriters("JSON text", role: "text", target: 1.2, &report)
    try twoWriters("encoded before", role: "encoded", target: 1, &report)
  }

  /// Two writers for as long as one of them needs, against one alone.
  private func twoWriters(_ what: String, role: String, target: Double, _ report: inout Report) throws {
    let pool = try Pool.create(at: workspace.file("writers-\(role).plasmite"))
    defer { try? Pool.delete(at: pool.path) }
    let result = try sideBySide(
      ours: { try write(pool.path, role, writers: 2) }, peer: { try write(pool.path, role, writers: 1) })
    report.add(
      Row(
        name: "two writer processes, 1 KiB \(what)", figure: rate(result.ours), beside: "one writer process",
        peerFigure: rate(result.peer), ratio: result.ratio, target: target))
  }

  /// Nanoseconds for one append, all writers together. They start at one moment and count their own time.
  private func write(_ path: String, _ role: String, writers: Int) throws -> Double {
    let children = try (0..<writers).map { _ in try Peer([executable, role, path, "\(count)"]) }
    for child in children { _ = try child.word() }
    for child in children { try child.say() }
    let times = try children.map { Double(try $0.word()) }
    for child in children { try child.finish() }
    return (times.max() ?? 0) / Double(count * writers)
  }

  /// How long after an append a reader that was asleep in another process has the message, beside a byte that goes through
  /// two pipes and back.
  func follow(_ report: inout Report) throws {
    let pool = try Pool.create(at: workspace.file("follow.plasmite"))
    defer { try? Pool.delete(at: pool.path) }
    let rounds = 1000
    var middles: [(ours: Double, peer: Double)] = []
    var ends: [(ours: Double, peer: Double)] = []
    for _ in 0..<runs {
      let reader = try Peer([executable, "follower", pool.path, "\(rounds)"])
      _ = try reader.word()
      var latencies: [Double] = []
      for _ in 0..<rounds {
        Clock.sleep(until: .after(nanoseconds: 300_000))
        let start = UInt64(Clock.monotonic())
        _ = try pool.append([UInt8](repeating: 1, count: 64).span.bytes, time: start)
        latencies.append(Double(try reader.word()))
      }
      try reader.finish()
      let echo = try Peer([executable, "echo", pool.path, "\(rounds)"])
      _ = try echo.word()
      var trips: [Double] = []
      for _ in 0..<rounds {
        Clock.sleep(until: .after(nanoseconds: 300_000))
        trips.append(
          try nanoseconds(for: 1) {
            try echo.say()
            _ = try echo.word()
          })
      }
      try echo.finish()
      middles.append((median(latencies), median(trips)))
      ends.append((percentile(latencies, 0.99), median(trips)))
    }
    for (name, pairs, target) in [("p50", middles, 3.0), ("p99", ends, 20.0)] {
      report.add(
        Row(
          name: "append to a sleeping follower, \(name)", figure: duration(median(pairs.map(\.ours))),
          beside: "pipe round trip, p50", peerFigure: duration(median(pairs.map(\.peer))),
          ratio: median(pairs.map { $0.ours / $0.peer }), target: target, better: .lower))
    }
  }
}

/// A process with which one talks in words of eight bytes.
final class Peer {
  private let child: ChildProcess

  init(_ arguments: [String]) throws { child = try ChildProcess(arguments, input: .pipe, output: .pipe) }

  deinit { try? child.send(.kill) }

  /// Lets it go on.
  func say() throws { try child.writeInput([1]) }

  /// The next thing it says.
  func word() throws -> UInt64 {
    var word: UInt64 = 0
    try withUnsafeMutableBytes(of: &word) { buffer in
      var got = 0
      while got < 8 {
        let more = try child.readOutput(into: UnsafeMutableRawBufferPointer(rebasing: buffer[got...]))
        guard more > 0 else { throw PoolError(.io, "the other process ended early") }
        got += more
      }
    }
    return word
  }

  func finish() throws {
    child.closeInput()
    guard try child.wait(until: .after(nanoseconds: 60_000_000_000)) == .exited(0) else {
      throw PoolError(.io, "the other process failed")
    }
  }
}

/// The other side of `Peer`.
enum Role {
  /// Does what the first argument says; false if it is no role.
  static func run(_ arguments: [String]) throws -> Bool {
    guard arguments.count == 3, let count = Int(arguments[2]) else { return false }
    switch arguments[0] {
    case "text":
      let pool = try Pool.open(at: arguments[1])
      try write(count) { try text(Samples.record, into: pool, count: $0) }
    case "encoded":
      let pool = try Pool.open(at: arguments[1])
      let message = try Samples.encodedKibibyte()
      try write(count) { try encoded(message, into: pool, count: $0) }
    case "follower": try follow(arguments[1], count)
    case "echo":
      try say(0)
      for _ in 0..<count {
        try hear()
        try say(0)
      }
    default: return false
    }
    return true
  }

  private static func write(_ count: Int, _ body: (Int) throws -> Double) throws {
    _ = try body(1000)
    try say(0)
    try hear()
    try say(UInt64(try body(count) * Double(count)))
  }

  private static func follow(_ path: String, _ count: Int) throws {
    var cursor = try Pool.open(at: path).makeCursor(from: .live)
    try say(0)
    for _ in 0..<count {
      while try !cursor.wait(until: .never) {}
      var start: UInt64 = 0
      _ = try cursor.forEach(limit: 1) { frame in
        start = frame.time
        return true
      }
      try say(UInt64(Clock.monotonic()) - start)
    }
  }

  private static func say(_ word: UInt64) throws {
    try File.standardOutput().write((0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) })
  }

  private static func hear() throws {
    var byte: UInt8 = 0
    guard try withUnsafeMutableBytes(of: &byte, { try File.standardInput().read(into: $0) }) == 1 else {
      throw PoolError(.io, "the other process ended early")
    }
  }
}
