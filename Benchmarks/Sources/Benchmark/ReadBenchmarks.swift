import CAllocations
import JSON
import Lite3
import Platform
import Pools

/// Scanning and fetching.
struct ReadBenchmarks {
  private let workspace: Workspace
  private let count: Int

  init(count: Int) throws {
    workspace = try Workspace()
    self.count = count
  }

  func run(_ report: inout Report) throws {
    try scanRaw(&report)
    try scanMessages(&report)
    try fetch(&report)
  }

  /// Frames of 64 bytes of payload, and a copy of as many bytes as a peer.
  private func scanRaw(_ report: inout Report) throws {
    let pool = try filled("raw.plasmite", [UInt8](repeating: 7, count: 64), frameBytes: 136)
    defer { try? Pool.delete(at: pool.path) }
    let limit = try LockAndCopy(workspace.file("limit"), size: count * 72)
    let bytes = [UInt8](repeating: 7, count: 64)
    let result = try sideBySide(
      ours: { try scan(pool) }, peer: { limit.measureCopy(bytes, count: count) })
    report.add(
      Row(
        name: "scan 64 B frames", figure: rate(result.ours), beside: "25 M/s asked for; memcpy of 64 B",
        peerFigure: rate(result.peer), ratio: 1e9 / result.ours / 25e6, target: 1))
    let allocated = try allocations(for: count) { _ = try scan(pool) }
    report.add(
      Row(
        name: "heap allocations in scan, a frame", figure: "\(decimals(allocated))", beside: "none", peerFigure: "0",
        ratio: allocated, target: 0.001, better: .lower))
  }

  /// Messages of 64 bytes of JSON text, as frames and as text.
  private func scanMessages(_ report: inout Report) throws {
    let message = try Samples.encode(Samples.small)
    let pool = try filled("small.plasmite", message, frameBytes: (message.count + 79) & ~7)
    defer { try? Pool.delete(at: pool.path) }
    let queue = try SQLiteQueue(workspace.file("scan.db"), durable: false)
    try queue.run("BEGIN")
    for _ in 0..<count { try queue.append(Samples.small) }
    try queue.run("COMMIT")
    let result = try sideBySide(
      ours: { try scan(pool) }, peer: { try nanoseconds(for: count) { _ = try queue.scan() } })
    report.add(
      Row(
        name: "scan messages of 64 B of JSON (\(message.count) B encoded)", figure: rate(result.ours),
        beside: "SQLite SELECT of the text", peerFigure: rate(result.peer), ratio: result.ratio))
    let json = try sideBySide(
      ours: { try scanToJSON(pool) }, peer: { try nanoseconds(for: count) { _ = try queue.scan() } })
    report.add(
      Row(
        name: "scan to JSON text, 64 B", figure: rate(json.ours), beside: "3 M/s asked for; SQLite SELECT",
        peerFigure: rate(json.peer), ratio: 1e9 / json.ours / 3e6, target: 1))
  }

  /// Single fetches, each timed.
  private func fetch(_ report: inout Report) throws {
    let message = try Samples.encode(Samples.small)
    let pool = try filled("fetch.plasmite", message, frameBytes: (message.count + 79) & ~7)
    defer { try? Pool.delete(at: pool.path) }
    let queue = try SQLiteQueue(workspace.file("fetch.db"), durable: false)
    try queue.run("BEGIN")
    for _ in 0..<count { try queue.append(Samples.small) }
    try queue.run("COMMIT")
    var generator = SystemRandomNumberGenerator()
    let wanted = (0..<20_000).map { _ in UInt64.random(in: 1...UInt64(count), using: &generator) }
    var total = 0
    for sequence in wanted { try pool.withMessage(sequence) { total &+= $0.payload.byteCount } }
    let result = try sideBySide(
      ours: {
        try median(
          wanted.map { sequence in
            try nanoseconds(for: 1) { try pool.withMessage(sequence) { total &+= $0.payload.byteCount } }
          })
      },
      peer: {
        median(wanted.map { sequence in nanoseconds(for: 1) { total &+= queue.fetch(Int64(sequence)) } })
      })
    report.add(
      Row(
        name: "fetch by random sequence of \(count), p50", figure: duration(result.ours),
        beside: "1 us asked for; SQLite by key", peerFigure: duration(result.peer), ratio: result.ours / 1000,
        target: 1,
        better: .lower))
  }

  private func filled(_ name: String, _ message: [UInt8], frameBytes: Int) throws -> Pool {
    let pool = try Pool.create(at: workspace.file(name), size: UInt64(count * frameBytes + (2 << 20)))
    var batch = MessageBatch()
    for _ in 0..<100 { batch.add(message.span.bytes, time: Clock.wall()) }
    for _ in 0..<count / 100 { _ = try pool.append(batch) }
    return pool
  }

  private func scan(_ pool: Pool) throws -> Double {
    var total = 0
    var cursor = try pool.makeCursor(from: .oldest)
    let time = try nanoseconds(for: count) {
      while true {
        let batch = try cursor.forEach(limit: 1024) { frame in
          total &+= frame.payload.byteCount
          return true
        }
        if batch.caughtUp { break }
      }
    }
    precondition(total > 0)
    return time
  }

  private func scanToJSON(_ pool: Pool) throws -> Double {
    var cursor = try pool.makeCursor(from: .oldest)
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    var total = 0
    var failed = false
    let time = try nanoseconds(for: count) {
      while true {
        output.removeAll()
        let batch = try cursor.forEach(limit: 256) { frame in
          do {
            try writer.writeEnvelope(
              payload: frame.payload, seq: frame.sequence, time: frame.time, style: .compact, into: &output)
          } catch {
            failed = true
          }
          return true
        }
        total += output.count
        if batch.caughtUp { break }
      }
    }
    precondition(!failed && total > count * 64)
    return time
  }
}
