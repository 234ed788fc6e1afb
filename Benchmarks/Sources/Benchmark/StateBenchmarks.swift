import Platform
import SQLite
import State

/// What replicated tables cost beside plain ones, and how fast changes of other nodes are merged.
struct StateBenchmarks {
  static let schema =
    "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER, d TEXT, e REAL)"
  static let insert = "INSERT INTO t VALUES (?, ?, ?, ?, ?)"
  static let text = Array("a text of some words".utf8)

  private let workspace: Workspace
  private let count: Int

  init(count: Int) throws {
    workspace = try Workspace()
    self.count = count / 2
  }

  func run(_ report: inout Report) throws {
    try bulk(&report)
    try single(&report)
    try merge(&report)
    try LiveBenchmarks(workspace, writes: count / 40).run(&report)
  }

  static func row(_ number: Int) -> [SQLiteValue] {
    [
      .integer(Int64(number)), .text(Self.text), .integer(Int64(number &* 7)), .text(Self.text),
      .real(Double(number) + 0.5),
    ]
  }

  /// Many rows in one transaction: time, and what the file has grown to.
  private func bulk(_ report: inout Report) throws {
    var sizes: [(Double, Double)] = []
    var ourSize = 0.0
    let times = try sideBySide {
      let store = try makeStore("bulk.db")
      let time = try nanoseconds(for: count) {
        _ = try store.write(time: 1) { (transaction) throws(StateError) in
          try transaction.run(Self.insert, rows: (0..<count).lazy.map { Self.row($0) })
        }
      }
      try store.checkpoint()
      ourSize = try size("bulk.db")
      return time
    } peer: {
      let plain = try makePlain("plain.db")
      let time = try nanoseconds(for: count) { try plain.insert(0..<count) }
      try plain.run("PRAGMA wal_checkpoint(TRUNCATE)")
      sizes.append((ourSize, try size("plain.db")))
      return time
    }
    report.add(
      Row(
        name: "insert \(count) rows in one transaction, replicated", figure: duration(times.ours) + " a row",
        beside: "plain SQLite", peerFigure: duration(times.peer), ratio: 1 / times.ratio, target: 3.5, better: .lower))
    let (ours, plain) = sizes[sizes.count / 2]
    report.add(
      Row(
        name: "size of that file", figure: "\(decimals(ours / 1e6)) MB", beside: "plain SQLite",
        peerFigure: "\(decimals(plain / 1e6)) MB", ratio: ours / plain, target: 2.0, better: .lower))
  }

  /// One row in each transaction.
  private func single(_ report: inout Report) throws {
    let transactions = count / 5
    let times = try sideBySide {
      let store = try makeStore("single.db")
      return try nanoseconds(for: transactions) {
        for number in 0..<transactions {
          _ = try store.write(time: 1) { (transaction) throws(StateError) in
            try transaction.run(Self.insert, .positional(Self.row(number)))
          }
        }
      }
    } peer: {
      let plain = try makePlain("plain.db")
      return try nanoseconds(for: transactions) {
        for number in 0..<transactions { try plain.insert(number..<number + 1) }
      }
    }
    report.add(
      Row(
        name: "insert one row in a transaction, replicated", figure: duration(times.ours), beside: "plain SQLite",
        peerFigure: duration(times.peer), ratio: 1 / times.ratio, target: 1.5, better: .lower))
  }

  /// Changes of another site, in transactions of 1,000 changes.
  private func merge(_ report: inout Report) throws {
    let source = try makeStore("source.db")
    let perTransaction = 250
    for start in stride(from: 0, to: count, by: perTransaction) {
      _ = try source.write(time: 1) { (transaction) throws(StateError) in
        try transaction.run(Self.insert, rows: (start..<min(start + perTransaction, count)).lazy.map { Self.row($0) })
      }
    }
    let sets = try source.changeSets(of: source.site, 1...UInt64(count))
    let changes = sets.reduce(0) { $0 + $1.changes.count }
    var rates: [Double] = []
    for _ in 0..<runs {
      let target = try makeStore("target.db")
      let time = try nanoseconds(for: changes) {
        for start in stride(from: 0, to: sets.count, by: 8) {
          _ = try target.receive(Array(sets[start..<min(start + 8, sets.count)]))
        }
      }
      rates.append(1e9 / time)
    }
    let rate = median(rates)
    report.add(
      Row(
        name: "merge changes of another node", figure: "\(rateText(rate))", beside: "150 k/s", peerFigure: "150 k/s",
        ratio: rate / 150_000, target: 1, better: .higher))
  }

  private func rateText(_ rate: Double) -> String { "\(decimals(rate / 1e3)) k/s" }

  private func makeStore(_ name: String) throws -> StateStore {
    remove(name)
    let store = try StateStore(workspace.file(name))
    _ = try store.write(time: 0) { (transaction) throws(StateError) in try transaction.run(Self.schema) }
    try store.track(["t"])
    return store
  }

  private func makePlain(_ name: String) throws -> PlainTable {
    remove(name)
    return try PlainTable(workspace.file(name), Self.schema)
  }

  private func remove(_ name: String) {
    for end in ["", "-wal", "-shm", "-weir"] { try? Paths.remove(workspace.file(name) + end) }
  }

  private func size(_ name: String) throws -> Double { Double(try File.info(workspace.file(name)).size) }
}
