import Platform
import SQLite
import Support
import Testing

@testable import State

/// Disks, files and crowds that make trouble.
@Suite struct TroubleTests {
  private func store(_ directory: TemporaryDirectory) throws -> StateStore {
    let store = try StateStore(directory.file("state.db"))
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: NodeProcess.schema)]), time: 0)
    return store
  }

  @Test func aFullDatabaseRefusesWritesLosesNothingAndGoesOnWhenThereIsRoom() throws {
    let directory = try TemporaryDirectory()
    let store = try store(directory)
    func limit(_ pages: Int) throws {
      try store.database.write { (connection) throws(SQLiteError) in
        try connection.setPragma("max_page_count", "\(pages)")
      }
    }
    try limit(60)
    var written = 0
    var refusal: StateError?
    while refusal == nil {
      do throws(StateError) {
        _ = try store.write(time: 1) { (transaction) throws(StateError) in
          try transaction.run("INSERT INTO t VALUES (\(written + 1), '\(String(repeating: "x", count: 500))', 1)")
        }
        written += 1
      } catch {
        refusal = error
      }
    }
    #expect(refusal?.kind == .full)
    #expect(written > 50)
    #expect(try store.differences().isEmpty)
    try limit(1_000_000)
    let outcome = try store.write(time: 2) { (transaction) throws(StateError) in
      try transaction.run("INSERT INTO t VALUES (\(written + 1), 'y', 1)")
    }.outcome
    #expect(outcome.version == UInt64(written + 1))
    #expect(try store.differences().isEmpty)
  }

  /// A limit on the size of files stands for a disk that takes no more.
  @Test func aNodeThatCannotWriteEndsWithAnErrorAndLosesNothing() throws {
    let directory = try TemporaryDirectory()
    try NodeProcess.prepare(directory)
    var acknowledged = 0
    do {
      let node = try NodeProcess(in: directory, shell: "trap '' XFSZ; ulimit -f 2000")
      let client = try node.connect()
      let text = String(repeating: "x", count: 4000)
      while true {
        try? client.send(
          NodeProcess.request("/v1/transactions", "[\"INSERT INTO t VALUES (\(acknowledged + 1),'\(text)',1)\"]"))
        guard let answer = try client.readResponse(), answer.status == 200 else { break }
        acknowledged += 1
        guard acknowledged < 100_000 else { break }
      }
      let end = try #require(try node.wait())
      #expect(end != .exited(0))
      if case .signaled = end { Issue.record("the node was killed: \(end)") }
    }
    #expect(acknowledged > 10)
    let node = try NodeProcess(in: directory)
    #expect(try node.number("SELECT count(*) FROM t") ?? 0 >= acknowledged)
    #expect(try node.stop() == .exited(0))
    #expect(try StateStore(directory.file("state.db")).differencesAtOpen.isEmpty)
  }

  @Test func aPlaceThatCannotBeWrittenIsSaid() throws {
    let error = #expect(throws: StateError.self) { try StateStore("/proc/state.db") }
    #expect([.readOnly, .io].contains(error?.kind))
    #expect(error?.path == "/proc/state.db")
  }

  @Test func damageIsAnErrorAndNeverTheEndOfTheProcess() throws {
    let directory = try TemporaryDirectory()
    do {
      let store = try store(directory)
      for start in stride(from: 1, to: 2000, by: 50) {
        _ = try store.write(time: 1) { (transaction) throws(StateError) in
          for key in start..<start + 50 { try transaction.run("INSERT INTO t VALUES (\(key), 'text', \(key))") }
        }
      }
      _ = try store.write(time: 1) { (transaction) throws(StateError) in
        try transaction.run("UPDATE t SET n = n + 1 WHERE id % 3 = 0")
        try transaction.run("DELETE FROM t WHERE id % 7 = 0")
      }
      try store.checkpoint()
    }
    let good = try contents(directory.file("state.db"))
    var generator = SplitMix(seed: 11)
    var refused = 0
    for round in 0..<120 {
      var bytes = good
      if round % 4 == 0 {
        bytes.removeSubrange(Int.random(in: 0..<bytes.count, using: &generator)...)
      } else {
        for _ in 0..<(round % 4 == 1 ? 1 : 40) {
          let place = Int.random(in: 0..<bytes.count, using: &generator)
          bytes[place] = UInt8.random(in: 0...255, using: &generator)
        }
      }
      let copy = try TemporaryDirectory()
      try write(bytes, to: copy.file("state.db"))
      do throws(StateError) {
        let store = try StateStore(copy.file("state.db"))
        _ = try store.allChanges()
        _ = try store.write(time: 3) { (transaction) throws(StateError) in
          try transaction.run("INSERT OR REPLACE INTO t VALUES (3, 'new', 1)")
          try transaction.run("DELETE FROM t WHERE id < 100")
        }
        try store.checkpoint()
      } catch {
        refused += 1
        #expect(!error.message.isEmpty)
      }
    }
    #expect(refused > 20)
  }

  @Test func aFileThatIsNoDatabaseKeepsTheNodeFromStarting() throws {
    let directory = try TemporaryDirectory()
    try NodeProcess.prepare(directory)
    try write(Array(repeating: 0x41, count: 8192), to: directory.file("state.db"))
    let child = try ChildProcess(
      [try NodeProcess.weir(), "agent", "--config", "node.toml"], input: .null, output: .null, error: .pipe,
      directory: directory.path)
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = try buffer.withUnsafeMutableBytes { try child.readError(into: $0) }
      if count == 0 { break }
      text += buffer[..<count]
    }
    #expect(try child.wait(until: .after(nanoseconds: 20_000_000_000)) == .exited(7))
    #expect(String(decoding: text, as: UTF8.self).contains("\"kind\":\"Corrupt\""))
  }

  @Test func twoHundredClientsAreAllServed() throws {
    let directory = try TemporaryDirectory()
    try NodeProcess.prepare(directory)
    let node = try NodeProcess(in: directory)
    let clients = try (0..<200).map { _ in try node.connect() }
    for round in 0..<3 {
      for (number, client) in clients.enumerated() {
        let body =
          number % 2 == 0
          ? NodeProcess.request("/v1/transactions", "[\"INSERT INTO t VALUES (\(round * 1000 + number),'x',1)\"]")
          : NodeProcess.request("/v1/queries", "\"SELECT count(*) FROM t\"")
        try client.send(body)
      }
      for client in clients {
        let answer = try #require(try client.readResponse(within: 60))
        // More of one kind than may be under way are refused at once, in words.
        #expect(answer.status == 200 || answer.status == 503 && answer.body == "max concurrency limit reached")
      }
    }
    #expect(try node.number("SELECT count(*) FROM t") ?? 0 > 100)
    #expect(try node.stop() == .exited(0))
  }
}
