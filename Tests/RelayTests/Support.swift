import JSON
import Lite3
import Platform
import Pools
import State
import Support
import Testing

@testable import Relay

/// A store and a directory of pools, which go away together.
final class Node {
  let directory: TemporaryDirectory
  private(set) var store: StateStore
  private let settings: StateStore.Settings
  static let schema =
    "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, v TEXT); CREATE TABLE u (a INTEGER PRIMARY KEY NOT NULL, v BLOB)"

  init(outboxRows: Int = 1_000_000, site: UInt64 = 1) throws {
    directory = try TemporaryDirectory()
    var settings = StateStore.Settings()
    settings.outboxRows = outboxRows
    settings.site = SiteID(high: site, low: site)
    self.settings = settings
    store = try StateStore(directory.file("db"), settings)
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: Self.schema)]), time: 0)
  }

  /// What a new process would do, with something done to the closed file before.
  func openAgain(_ meanwhile: (String) throws -> Void = { _ in }) throws {
    // A store of its own is needed while there is none, since the file is claimed.
    var other = StateStore.Settings()
    other.site = SiteID(high: 99, low: 99)
    store = try StateStore(directory.file("none"), other)
    try meanwhile(directory.file("db"))
    store = try Self.open(directory.file("db"), settings)
  }

  /// A process that another test starts meanwhile has the lock of the closed store too, until it becomes another program.
  private static func open(_ path: String, _ settings: StateStore.Settings) throws -> StateStore {
    var store: StateStore?
    _ = try eventually {
      do throws(StateError) { store = try StateStore(path, settings) } catch { if error.kind != .busy { throw error } }
      return store != nil
    }
    return try #require(store)
  }

  func register(
    _ pool: String, tables: [String]? = nil, origin: CaptureDefinition.Origin = .all, in folder: String? = nil
  )
    throws
  {
    try store.register(
      .init(pool: pool, directory: folder ?? directory.path, tables: tables, origin: origin, size: 4 << 20))
  }

  func write(_ sql: String...) throws {
    _ = try store.write(time: 1 << 32) { (transaction) throws(StateError) in
      for one in sql { try transaction.run(one) }
    }
  }

  /// Puts into the pools what waits, and ends.
  func drain(_ settings: CaptureSettings = .quick) throws {
    try TableCapture(store, settings).stop(within: 30_000_000_000)
  }

  func messages(_ pool: String, in folder: String? = nil) throws -> [CapturedMessage] {
    try CapturedMessage.all(of: Pool.open(at: PoolDirectory.resolve(pool, in: folder ?? directory.path)))
  }
}

extension CaptureSettings {
  /// Does not wait for the disk, nor long for anything.
  static var quick: CaptureSettings {
    var settings = CaptureSettings()
    settings.durability = .fast
    settings.firstPause = 1_000_000
    settings.longestPause = 20_000_000
    return settings
  }
}

/// A message of a capture as it lies in a pool.
struct CapturedMessage {
  let tags: [String]
  let text: String
  let number: Int64
  let version: Int64
  let op: String
  let key: Int64
  let value: String

  static func all(of pool: Pool) throws -> [CapturedMessage] {
    var found: [CapturedMessage] = []
    var cursor = try pool.makeCursor(from: .oldest)
    while true {
      let batch = try cursor.forEach { frame in
        if let message = try? CapturedMessage(frame.payload) { found.append(message) }
        return true
      }
      if batch.caughtUp { return found }
    }
  }

  private init(_ payload: RawSpan) throws {
    let root = try Lite3Document(payload).root()
    func text(_ path: [Lite3Step]) throws -> String {
      try root.value(at: path)?.string?.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } ?? ""
    }
    func number(_ path: [Lite3Step]) throws -> Int64 { try root.value(at: path)?.int64 ?? -1 }
    tags = try (0..<(root.value(at: ["meta", "tags"])?.count ?? 0)).map { try text(["meta", "tags", .index($0)]) }
    self.number = try number(["data", "capture", "number"])
    version = try number(["data", "version"])
    op = try text(["data", "op"])
    key = try number(["data", "key", "a"])
    value = try text(["data", "row", "v"])
    var writer = Lite3JSONWriter()
    var output = ByteWriter()
    try writer.writeData(ofMessage: payload, style: .compact, into: &output)
    self.text = output.bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }
}

/// What a capture told, from its thread.
final class Told: @unchecked Sendable {
  private let lock: Lock
  private var lines: [String] = []

  init() throws { lock = try Lock() }

  func add(_ event: CaptureEvent) {
    lock.lock()
    lines.append(event.text)
    lock.unlock()
  }

  var texts: [String] {
    lock.lock()
    defer { lock.unlock() }
    return lines
  }
}
