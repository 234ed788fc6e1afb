import Platform
import SQLite
import State
import Support
import Testing

/// A node that is killed while clients write.
@Suite struct CrashLoopTests {
  /// What clients were told is there after each death, the books agree with the tables, and versions go on without a hole.
  @Test func aNodeSurvivesAHundredDeathsWithAllThatItAcknowledged() throws {
    let directory = try TemporaryDirectory()
    try Paths.makeDirectories(directory.file("pools"))
    try NodeProcess.prepare(
      directory, more: "[capture.changes]\ntables = \"*\"\ndirectory = \"pools\"\nsize = \"64M\"")
    var generator = SplitMix(seed: 5)
    var acknowledged: [Int: Int] = [:]
    var nextKey = 1
    var highestVersion = 0
    for round in 0..<100 {
      let node = try NodeProcess(in: directory)
      try check(node, acknowledged)
      let clients = try (0..<3).map { _ in try node.connect() }
      let enough = Int.random(in: 1...30, using: &generator)
      var answers = 0
      while answers < enough {
        let before = highestVersion
        var versions: Set<Int> = []
        var sent: [(client: RawConnection, keys: [Int], value: Int)] = []
        for client in clients {
          let (keys, value) = ([nextKey, nextKey + 1], Int.random(in: 1...1_000_000, using: &generator))
          nextKey += 2
          try client.send(NodeProcess.request("/v1/transactions", Self.transaction(keys, value, &generator)))
          sent.append((client, keys, value))
        }
        for (client, keys, value) in sent {
          let answer = try #require(try client.readResponse())
          #expect(answer.status == 200, "\(answer.body)")
          for key in keys { acknowledged[key] = value }
          answers += 1
          if let version = answer.body.firstMatch(of: /"version":([0-9]+)/).flatMap({ Int($0.1) }) {
            // Whose transaction of these comes first is left open.
            #expect(version > before && versions.insert(version).inserted)
            highestVersion = max(highestVersion, version)
          }
        }
      }
      // Some more that nobody waits for, so that death comes in the middle of something.
      for client in clients {
        let keys = [nextKey, nextKey + 1]
        nextKey += 2
        try client.send(NodeProcess.request("/v1/transactions", Self.transaction(keys, 7, &generator)))
      }
      for _ in 0..<Int.random(in: 0...200_000, using: &generator) { Processor.pause() }
      try node.kill()
      #expect(try node.wait() == .signaled(9))
      if round % 10 == 9 { highestVersion = try checkFile(directory, acknowledged, atLeast: highestVersion) }
    }
    let node = try NodeProcess(in: directory)
    try check(node, acknowledged)
    #expect(try node.stop() == .exited(0))
    try checkPool(directory, acknowledged)
  }

  /// Every change is in the pool once, in the order of the outbox, and none is missing.
  private func checkPool(_ directory: TemporaryDirectory, _ acknowledged: [Int: Int]) throws {
    let lines = try NodeProcess.run(
      ["--dir", "pools", "follow", "changes", "--no-follow", "--data-only"], in: directory
    ).split(separator: "\n")
    let numbers = lines.compactMap { $0.firstMatch(of: /"number":([0-9]+)/).flatMap { Int($0.1) } }
    #expect(numbers == Array(1...lines.count))
    let keys = Set(lines.compactMap { $0.firstMatch(of: /"key":\{"id":([0-9]+)\}/).flatMap { Int($0.1) } })
    #expect(keys.isSuperset(of: acknowledged.keys))
  }

  /// Two rows, sometimes with an update, a deletion of something else, or a statement that fails and takes nothing with it.
  private static func transaction(_ keys: [Int], _ value: Int, _ generator: inout SplitMix) -> String {
    var statements = keys.map { "\"INSERT INTO t VALUES (\($0),'x',\(value - 1))\"" }
    statements.append("\"UPDATE t SET n = \(value) WHERE id IN (\(keys[0]),\(keys[1]))\"")
    if Int.random(in: 0...3, using: &generator) == 0 {
      statements.append("\"INSERT OR REPLACE INTO t VALUES (-\(keys[0] % 50 + 1),'y',1)\"")
      statements.append("\"DELETE FROM t WHERE id = -\(keys[1] % 50 + 1)\"")
    }
    return "[\(statements.joined(separator: ","))]"
  }

  private func check(_ node: NodeProcess, _ acknowledged: [Int: Int]) throws {
    #expect(try node.number("SELECT count(*) FROM t WHERE id > 0") ?? 0 >= acknowledged.count)
    // Both rows of a transaction are there, or none.
    #expect(
      try node.number(
        "SELECT count(*) FROM t a WHERE id > 0 AND NOT EXISTS (SELECT 1 FROM t b WHERE b.id = a.id + iif(a.id % 2, 1, -1)"
          + " AND b.n = a.n)") == 0)
  }

  /// Opens the file without a node; the version that it has come to.
  private func checkFile(
    _ directory: TemporaryDirectory, _ acknowledged: [Int: Int], atLeast version: Int
  ) throws -> Int {
    let store = try StateStore(directory.file("state.db"))
    #expect(store.differencesAtOpen.isEmpty)
    #expect(try store.sitesWhoseBooksDiffer().isEmpty)
    let rows = try store.read { (reader) throws(StateError) in
      do throws(SQLiteError) {
        #expect(try reader.value("PRAGMA integrity_check") == "ok")
        return try reader.rows("SELECT id, n FROM t WHERE id > 0")
      } catch {
        throw StateError(error)
      }
    }
    var found: [Int: Int] = [:]
    for row in rows { found[Int(row[0].integer ?? 0)] = Int(row[1].integer ?? -1) }
    for (key, value) in acknowledged { #expect(found[key] == value) }
    let head = Int(try store.heads()[store.site] ?? 0)
    #expect(head >= version)
    // Each row that is there has its changes, at versions up to the head.
    let changes = try store.allChanges()
    #expect(changes.allSatisfy { $0.version <= UInt64(head) && $0.site == store.site })
    #expect(Set(changes.filter { $0.causalLength % 2 == 1 && $0.column == "n" }.map { $0.key }).count >= rows.count)
    return head
  }
}
