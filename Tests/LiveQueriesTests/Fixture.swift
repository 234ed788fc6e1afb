import JSON
import LiveQueries
import Platform
import SQLite
import State
import Support

/// A store with a few tables and live queries over it, in a folder of its own.
final class Fixture {
  static let schema = """
    CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY, v TEXT);
    CREATE TABLE a (id INTEGER NOT NULL PRIMARY KEY, x INTEGER, s TEXT);
    CREATE TABLE b (k TEXT NOT NULL, n REAL NOT NULL, a_id INTEGER, y INTEGER, PRIMARY KEY (k, n));
    CREATE TABLE c (id INTEGER NOT NULL PRIMARY KEY, b_k TEXT, z) WITHOUT ROWID;
    CREATE TABLE d (w TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, x INTEGER, g AS (x * 2) VIRTUAL);
    """

  let directory: TemporaryDirectory
  let store: StateStore
  var settings: LiveQueries.Settings
  private(set) var live: LiveQueries
  let log = Log()

  init(_ schema: String = Fixture.schema, site: UInt64 = 1, _ change: (inout LiveQueries.Settings) -> Void = { _ in })
    throws
  {
    directory = try TemporaryDirectory()
    var storeSettings = StateStore.Settings()
    storeSettings.site = SiteID(high: site, low: site)
    store = try StateStore(directory.file("db"), storeSettings)
    try Self.load(schema, into: store)
    settings = LiveQueries.Settings(directory: directory.file("live"))
    settings.log = { [log] in log.add($0) }
    change(&settings)
    live = try LiveQueries(store, settings)
  }

  deinit { live.stop() }

  static func load(_ schema: String, into store: StateStore) throws {
    try store.apply(Schema([Schema.Source(path: "schema.sql", text: schema)]), time: 0)
  }

  /// Another process takes over what is kept.
  func openAgain() throws { live = try LiveQueries(store, settings) }

  @discardableResult
  func write(_ sql: String...) throws -> WriteOutcome { try write(sql) }

  @discardableResult
  func write(_ sql: [String]) throws -> WriteOutcome {
    try store.write(time: 1) { (transaction) throws(StateError) in
      for one in sql { try transaction.run(one) }
    }.outcome
  }

  func follow(
    _ sql: String, _ parameters: Parameters = .positional([]), from: UInt64? = nil, skipsRows: Bool = false
  ) throws -> Client {
    Client(try live.subscribe(sql, parameters, LiveStart(from: from, skipsRows: skipsRows), until: .never), of: self)
  }

  /// The rows that a query gives now, each as JSON, in an order of their own.
  func rows(_ sql: String) throws -> [String] {
    try store.read { (reader) throws(StateError) in
      do throws(SQLiteError) {
        return try reader.rows(sql).map { row in
          var writer = ByteWriter()
          writer.append(cells: row)
          return writer.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        }.sorted()
      } catch {
        throw StateError(error)
      }
    }
  }
}

/// What was logged.
final class Log: @unchecked Sendable {
  private let lock = try? Lock()
  private var lines: [String] = []

  func add(_ line: String) {
    lock?.lock()
    lines.append(line)
    lock?.unlock()
  }

  var all: [String] {
    lock?.lock()
    defer { lock?.unlock() }
    return lines
  }
}

/// A client as the reference has them: it keeps the rows that it was told of, and insists on change ids without gaps.
final class Client {
  let stream: LiveStream
  /// Stays as long as the client does.
  private let fixture: Fixture?
  private var unread = ""
  private(set) var lines: [String] = []
  private(set) var rows: [Int: String] = [:]
  /// The last change that it knows; nil before it was told where it stands.
  var lastChange: UInt64?
  private(set) var isEnded = false
  private(set) var faults: [String] = []

  init(_ stream: LiveStream, lastChange: UInt64? = nil, of fixture: Fixture? = nil) {
    self.stream = stream
    self.fixture = fixture
    self.lastChange = lastChange
  }

  deinit { stream.close() }

  /// Its rows' cells, sorted.
  var state: [String] { rows.values.sorted() }

  /// Takes all that there is; the new lines.
  @discardableResult
  func pull(limit: Int = 4_096, pulls: Int = .max) -> [String] {
    let before = lines.count
    var writer = ByteWriter()
    for _ in 0..<pulls {
      writer.removeAll()
      let outcome = stream.pull(into: &writer, limit: limit)
      writer.withUnsafeBytes { unread += String(decoding: $0, as: UTF8.self) }
      if outcome == .ended { isEnded = true }
      if outcome != .more { break }
    }
    guard let end = unread.utf8.lastIndex(of: 0x0a) else { return [] }
    for line in unread[..<end].split(separator: "\n") { take(String(line)) }
    unread = String(unread[unread.utf8.index(after: end)...])
    return Array(lines[before...])
  }

  private func take(_ line: String) {
    lines.append(line)
    if line.hasPrefix("{\"row\":[") {
      let (id, cells) = split(line.dropFirst(8).dropLast(2))
      if rows.updateValue(cells, forKey: id) != nil { faults.append("row \(id) came twice") }
    } else if line.hasPrefix("{\"eoq\":") {
      lastChange = line.dropLast(2).split(separator: ":").last.flatMap { UInt64($0) }
    } else if line.hasPrefix("{\"change\":[\"") {
      takeChange(line.dropFirst(12).dropLast(2))
    }
  }

  private func takeChange(_ text: Substring) {
    guard let quote = text.firstIndex(of: "\""), let comma = text.lastIndex(of: ","),
      let change = UInt64(text[text.index(after: comma)...])
    else { return faults.append("no change: \(text)") }
    let kind = text[..<quote]
    let (id, cells) = split(text[text.index(quote, offsetBy: 2)..<comma])
    if let lastChange, change != lastChange + 1 { faults.append("change \(change) after \(lastChange)") }
    lastChange = change
    switch (kind, rows[id]) {
    case ("insert", nil), ("update", _?): rows[id] = cells
    case ("delete", cells): rows[id] = nil
    default: faults.append("\(kind) of \(id) \(cells), which is \(rows[id] ?? "not there")")
    }
  }

  private func split(_ text: Substring) -> (Int, String) {
    guard let comma = text.firstIndex(of: ",") else { return (-1, "") }
    return (Int(text[..<comma]) ?? -1, String(text[text.index(after: comma)...]))
  }
}

/// Lines with the time that a query took left out.
func timeless(_ lines: [String]) -> [String] {
  lines.map { line in
    guard line.hasPrefix("{\"eoq\":{\"time\":"), let comma = line.firstIndex(of: ",") else { return line }
    return "{\"eoq\":{" + line[line.index(after: comma)...]
  }
}

func stateFailure(_ body: () throws -> Void) -> StateError? {
  do {
    try body()
    return nil
  } catch {
    return error as? StateError
  }
}

/// A thread that an array can hold.
final class Joined {
  private var thread: Thread?
  init(_ thread: consuming Thread) { self.thread = consume thread }
  func join() { thread = nil }
}
