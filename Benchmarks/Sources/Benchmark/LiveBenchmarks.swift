import JSON
import LiveQueries
import Platform
import SQLite
import State

/// How soon one of many clients is told of what concerns it, and what following costs who writes.
struct LiveBenchmarks {
  private let workspace: Workspace
  private let writes: Int

  init(_ workspace: Workspace, writes: Int) {
    (self.workspace, self.writes) = (workspace, writes)
  }

  func run(_ report: inout Report) throws {
    let thousand = try Crowd(workspace, 1_000)
    let few = try thousand.delays(writes)
    let slowed = try slowdown(thousand)
    thousand.close()
    report.add(
      Row(
        name: "from a write to the one of 1,000 clients, p50", figure: duration(median(few)), beside: "5 ms",
        peerFigure: "5 ms", ratio: median(few) / 5e6, target: 1, better: .lower))
    report.add(
      Row(
        name: "write with 1,000 subscriptions", figure: duration(slowed.ours), beside: "without any",
        peerFigure: duration(slowed.peer), ratio: 1 / slowed.ratio, target: 1.5, better: .lower))
    let many = try Crowd(workspace, 10_000)
    let delays = try many.delays(writes)
    let slowedMore = try slowdown(many)
    report.add(
      Row(
        name: "from a write to the one of 10,000 clients, p50", figure: duration(median(delays)),
        beside: "1,000 clients",
        peerFigure: duration(median(few)), ratio: median(delays) / median(few), target: 2, better: .lower))
    report.add(
      Row(
        name: "write with 10,000 subscriptions", figure: duration(slowedMore.ours), beside: "without any",
        peerFigure: duration(slowedMore.peer), ratio: 1 / slowedMore.ratio, target: 3, better: .lower))
    report.add(
      Row(
        name: "subscribe to one row, 10,000 times", figure: rate(many.nanosecondsToSubscribe), beside: "",
        peerFigure: "",
        ratio: .nan, target: nil))
    many.close()
  }

  /// Writes one after the other, with the subscriptions and without.
  private func slowdown(_ crowd: Crowd) throws -> (ours: Double, peer: Double, ratio: Double) {
    let alone = try Crowd(workspace, 0, rows: crowd.rows)
    defer { alone.close() }
    return try sideBySide {
      try crowd.write(writes)
    } peer: {
      try alone.write(writes)
    }
  }
}

/// Clients that each follow a row of their own.
private final class Crowd {
  let rows: Int
  private(set) var nanosecondsToSubscribe = 0.0
  private let store: StateStore
  private let live: LiveQueries?
  private var streams: [LiveStream] = []
  private let bell: Bell
  private var turn = 0

  init(_ workspace: Workspace, _ count: Int, rows: Int? = nil) throws {
    self.rows = rows ?? count
    let directory = workspace.file("live-\(count)")
    let path = workspace.file("live-\(count).db")
    for end in ["", "-wal", "-shm", "-weir"] { try? Paths.remove(path + end) }
    for name in (try? Paths.list(directory)) ?? [] { try? Paths.remove(Paths.join(directory, name)) }
    store = try StateStore(path)
    _ = try store.write(time: 0) { (transaction) throws(StateError) in try transaction.run(StateBenchmarks.schema) }
    try store.track(["t"])
    let all = 0..<self.rows
    _ = try store.write(time: 1) { (transaction) throws(StateError) in
      try transaction.run(
        StateBenchmarks.insert,
        rows: all.lazy.map { [.integer(Int64($0)), .text(StateBenchmarks.text), 0, .null, .null] })
    }
    bell = try Bell()
    live = count > 0 ? try LiveQueries(store, LiveQueries.Settings(directory: directory)) : nil
    guard let live else { return }
    nanosecondsToSubscribe = try nanoseconds(for: count) {
      for number in 0..<count {
        streams.append(
          try live.subscribe(
            "SELECT b, c FROM t WHERE a = ?", .positional([.integer(Int64(number))]), LiveStart(), until: .never))
      }
    }
    var writer = ByteWriter()
    for stream in streams {
      stream.onReady { [bell] in bell.ring() }
      while case .more = stream.pull(into: &writer, limit: 1 << 16) {}
      writer.removeAll()
    }
  }

  func close() {
    for stream in streams { stream.close() }
    live?.stop()
  }

  /// Nanoseconds from the beginning of a write to its line, of single writes that wait for each other.
  func delays(_ count: Int) throws -> [Double] {
    var writer = ByteWriter()
    return try (0..<count).map { _ in
      let number = next()
      let start = Clock.monotonic()
      try change(number)
      bell.wait()
      writer.removeAll()
      while case .more = streams[number].pull(into: &writer, limit: 1 << 16) {}
      return Double(Clock.monotonic() - start)
    }
  }

  /// Nanoseconds of one write, of many that do not wait for those who follow.
  func write(_ count: Int) throws -> Double {
    let time = try nanoseconds(for: count) { for _ in 0..<count { try change(next()) } }
    var writer = ByteWriter()
    for stream in streams {
      while case .more = stream.pull(into: &writer, limit: 1 << 16) {}
      writer.removeAll()
    }
    return time
  }

  private func next() -> Int {
    turn += 7
    return turn % rows
  }

  private func change(_ number: Int) throws {
    _ = try store.write(time: 1) { (transaction) throws(StateError) in
      try transaction.run("UPDATE t SET c = c + 1 WHERE a = ?", .positional([.integer(Int64(number))]))
    }
  }
}

/// Wakes the one who waits for a client to be told.
private final class Bell: Sendable {
  private let lock: Lock
  private let rung: Condition
  private let count = Count()

  private final class Count: @unchecked Sendable { var rings = 0 }

  init() throws {
    lock = try Lock()
    rung = try Condition()
  }

  func ring() {
    lock.lock()
    count.rings += 1
    lock.unlock()
    rung.signal()
  }

  func wait() {
    lock.lock()
    while count.rings == 0 { _ = rung.wait(lock) }
    count.rings = 0
    lock.unlock()
  }
}
