import Platform
import Pools
import Relay
import State
import Support

/// The other process of a test. It says on its output what was committed, in records of two numbers, each in one write.
///
///     StateWorker capture DATABASE DIRECTORY POOL   writes to a table without end, and captures it into the pool: a record
///                                                   (version, rows) for each transaction that was committed
@main enum StateWorker {
  static func main() {
    let arguments = Process.arguments
    do {
      switch arguments.first {
      case "capture" where arguments.count == 4:
        try capture(arguments[1], .init(pool: arguments[3], directory: arguments[2]))
      default: Process.exit(64)
      }
    } catch {
      try? File.standardError().write(Array("\(error)\n".utf8))
      Process.exit(1)
    }
    Process.exit(0)
  }

  private static let schema = """
    CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, version INTEGER, text TEXT);
    CREATE TABLE u (a INTEGER PRIMARY KEY NOT NULL, version INTEGER);
    """

  private static func capture(_ database: String, _ definition: CaptureDefinition) throws {
    let store = try StateStore(database)
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: schema)]), time: 0)
    try store.register(definition)
    let capture = try TableCapture(store)
    defer { capture.stop(within: 0) }
    let output = File.standardOutput()
    var version = try store.heads()[store.site] ?? 0
    while true {
      version += 1
      try write(version, to: store)
      try output.write(littleEndian(version) + littleEndian(rows(of: version)))
    }
  }

  /// How many rows the transaction of a version changes.
  private static func rows(of version: UInt64) -> UInt64 { 1 + version % 3 }

  private static func write(_ version: UInt64, to store: StateStore) throws {
    let outcome = try store.write(time: version << 32) { (transaction) throws(StateError) in
      for row in 0..<rows(of: version) {
        // New rows and old ones.
        let key = version % 2 == 0 ? version * 10 + row : row
        let table = version % 5 == 0 ? "u" : "t"
        try transaction.run(
          "INSERT INTO \(table) (a, version) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET version = ?2",
          .positional([.integer(Int64(key)), .integer(Int64(version))]))
      }
    }.outcome
    guard outcome.version == version else { throw StateError(.corrupt, "version \(version) became another") }
  }
}
