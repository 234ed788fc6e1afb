import CAllocations
import Lite3
import Platform
import Pools

/// Appending without a wish for durability, and with one.
struct AppendBenchmarks {
  private let workspace: Workspace
  private let count: Int

  init(count: Int) throws {
    workspace = try Workspace()
    self.count = count
  }

  func run(_ report: inout Report) throws {
    let limit = try LockAndCopy(workspace.file("limit"))
    let kibibyte = [UInt8](repeating: 0x5A, count: 1024)
    let pool = try Pool.create(at: workspace.file("append.plasmite"))
    defer { try? Pool.delete(at: pool.path) }
    let message = try Samples.encodedKibibyte()

    try against(limit, kibibyte, "append 1 KiB JSON text", target: 0.20, &report) {
      try text(Samples.record, into: pool, count: count)
    }
    try against(limit, kibibyte, "append 1 KiB JSON text, array of small records", target: 0.08, &report) {
      try text(Samples.table, into: pool, count: count / 2)
    }
    try against(limit, kibibyte, "append 1 KiB encoded before", target: 0.5, &report) {
      try encoded(message, into: pool, count: count)
    }
    try against(limit, kibibyte, "append 1 KiB encoded before, batches of 100", target: 1.5, &report) {
      try batches(message, into: pool, count: count)
    }
    try besideSQLite(pool, message, &report)
    try durable(message, &report)
    let allocated = try allocations(for: count) { _ = try encoded(message, into: pool, count: count) }
    report.add(
      Row(
        name: "heap allocations in append, encoded before", figure: "\(decimals(allocated)) each", beside: "none",
        peerFigure: "0", ratio: allocated, target: 0.001, better: .lower))
  }

  private func against(
    _ limit: LockAndCopy, _ bytes: [UInt8], _ name: String, target: Double, _ report: inout Report,
    _ ours: () throws -> Double
  ) throws {
    let result = try sideBySide(ours: ours, peer: { try limit.measure(bytes, count: count) })
    report.add(
      Row(
        name: name, figure: rate(result.ours), beside: "lock pair + memcpy 1 KiB", peerFigure: rate(result.peer),
        ratio: result.ratio, target: target))
  }

  private func besideSQLite(_ pool: Pool, _ message: [UInt8], _ report: inout Report) throws {
    let queue = try SQLiteQueue(workspace.file("fast.db"), durable: false)
    let rows = count / 20
    let result = try sideBySide(
      ours: { try encoded(message, into: pool, count: rows) },
      peer: {
        try nanoseconds(for: rows) { for _ in 0..<rows { try queue.append(message) } }
      })
    report.add(
      Row(
        name: "append 1 KiB encoded before", figure: rate(result.ours), beside: "SQLite WAL insert, synchronous=OFF",
        peerFigure: rate(result.peer), ratio: result.ratio))
  }

  private func durable(_ message: [UInt8], _ report: inout Report) throws {
    let pool = try Pool.create(at: workspace.file("durable.plasmite"))
    defer { try? Pool.delete(at: pool.path) }
    let queue = try SQLiteQueue(workspace.file("durable.db"), durable: true)
    let rows = 200
    let result = try sideBySide(
      ours: {
        try nanoseconds(for: rows) {
          for _ in 0..<rows { _ = try pool.append(message.span.bytes, time: Clock.wall(), durability: .flush) }
        }
      },
      peer: { try nanoseconds(for: rows) { for _ in 0..<rows { try queue.append(message) } } })
    report.add(
      Row(
        name: "durable append 1 KiB", figure: rate(result.ours), beside: "SQLite WAL insert, synchronous=FULL",
        peerFigure: rate(result.peer), ratio: result.ratio))
  }
}

/// Nanoseconds for one append of JSON text, encoding included.
func text(_ json: [UInt8], into pool: Pool, count: Int) throws -> Double {
  var encoder = Lite3Encoder()
  return try nanoseconds(for: count) {
    for _ in 0..<count {
      try encoder.encodeMessage(data: json.span.bytes, tags: [])
      _ = try pool.append(encoder.bytes, time: Clock.wall())
    }
  }
}

/// Nanoseconds for one append of an encoded message.
func encoded(_ message: [UInt8], into pool: Pool, count: Int) throws -> Double {
  try nanoseconds(for: count) {
    for _ in 0..<count { _ = try pool.append(message.span.bytes, time: Clock.wall()) }
  }
}

/// Nanoseconds for one of a hundred messages that are appended together, filling the batch included.
func batches(_ message: [UInt8], into pool: Pool, count: Int) throws -> Double {
  var batch = MessageBatch()
  return try nanoseconds(for: count) {
    for _ in 0..<count / 100 {
      batch.removeAll()
      let now = Clock.wall()
      for _ in 0..<100 { batch.add(message.span.bytes, time: now) }
      _ = try pool.append(batch)
    }
  }
}
