import Platform
import Promise
import SQLite
import State

/// Change sets as a hostile peer may send them: whatever comes, each is merged, waits, or is refused, rows agree with their clocks, and
/// the node goes on.
enum ChangeSets {
  private static let schema = """
    CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT, c INTEGER NOT NULL DEFAULT 0 CHECK (c < 100));
    CREATE TABLE u (x TEXT NOT NULL, y REAL NOT NULL, z, PRIMARY KEY (y, x)) WITHOUT ROWID;
    CREATE TABLE k (id BLOB NOT NULL PRIMARY KEY);
    """
  nonisolated(unsafe) private static var made = 0

  static func receive(_ input: Bytes) {
    var input = input
    do throws(StateError) {
      let path = try place()
      defer { for end in ["", "-wal", "-shm", "-weir"] { try? Paths.remove(path + end) } }
      let store = try StateStore(path)
      _ = try store.apply(Schema([Schema.Source(path: "schema", text: schema)]), time: 0)
      _ = try store.write(time: 1) { (transaction) throws(StateError) in
        try transaction.run("INSERT INTO t VALUES (1, 'x', 1)")
      }
      var sets: [ChangeSet] = []
      while !input.isAtEnd && sets.count < 32 { sets.append(set(&input, ours: store.site)) }
      _ = try store.receive(sets)
      _ = try? store.merge(sets.flatMap { $0.changes })
      _ = try store.retrySetAside()
      promise(try store.differences().isEmpty, "rows agree with their clocks")
      for site in try store.heads().keys { _ = try store.changeSets(of: site, 1...UInt64(Int64.max)) }
      let outcome = try store.write(time: 2) { (transaction) throws(StateError) in
        try transaction.run("REPLACE INTO t (a, b) VALUES (1, 'again')")
      }
      promise(outcome.outcome.version != nil, "writing goes on")
    } catch {
      promise(false, "nothing that a peer sends stops the node")
    }
  }

  private static func place() throws(StateError) -> String {
    made += 1
    do throws(SystemError) {
      return Paths.join(try Paths.temporaryDirectory(), "weir-fuzz-\(Process.id)-\(made)")
    } catch {
      throw StateError(.io, error.message)
    }
  }

  private static func set(_ input: inout Bytes, ours: SiteID) -> ChangeSet {
    let site = input.byte() % 8 == 0 ? ours : SiteID(high: UInt64(input.byte() % 3), low: 1)
    let version = input.number()
    let (first, last) = (input.number(), input.number())
    var changes: [Change] = []
    for _ in 0..<input.byte() % 8 { changes.append(change(&input, site, version)) }
    return ChangeSet(
      site: site, version: version, seqs: min(first, last)...max(first, last), lastSeq: input.number(),
      time: input.number(), changes: changes)
  }

  private static func change(_ input: inout Bytes, _ site: SiteID, _ version: UInt64) -> Change {
    let tables = ["t", "u", "k", "nowhere", "__weir_site"]
    let columns = [Change.row, "b", "c", "z", "a", "x", "none"]
    return Change(
      table: tables[Int(input.byte()) % tables.count], key: key(&input),
      column: columns[Int(input.byte()) % columns.count],
      value: value(&input), columnVersion: input.number(), version: version, site: site, causalLength: input.number(),
      seq: input.number(), time: input.number())
  }

  private static func key(_ input: inout Bytes) -> [UInt8] {
    switch input.byte() % 5 {
    case 0: input.run()
    case 1: PackedKey.pack([1.5, SQLiteValue("k")])
    case 2: PackedKey.pack([value(&input), value(&input)])
    case 3: PackedKey.pack([.blob(input.run())])
    default: PackedKey.pack([.integer(Int64(input.byte() % 4))])
    }
  }

  private static func value(_ input: inout Bytes) -> SQLiteValue {
    switch input.byte() % 5 {
    case 0: .null
    case 1: .integer(Int64(bitPattern: input.number()))
    case 2: .real(Double(bitPattern: input.number()))
    case 3: .text(input.run())
    default: .blob(input.run())
    }
  }
}

/// The input, taken piece by piece; zeros after its end.
struct Bytes {
  private let bytes: [UInt8]
  private var place = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { place >= bytes.count }

  mutating func byte() -> UInt8 {
    defer { place += 1 }
    return place < bytes.count ? bytes[place] : 0
  }

  /// Mostly small, sometimes of any size.
  mutating func number() -> UInt64 {
    let first = byte()
    if first < 0xf0 { return UInt64(first % 8) }
    return (0..<8).reduce(0) { number, _ in number << 8 | UInt64(byte()) }
  }

  mutating func run() -> [UInt8] { (0..<byte() % 16).map { _ in byte() } }
}

/// What libFuzzer calls with one input after the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  ChangeSets.receive(Bytes(Array(UnsafeBufferPointer(start: start, count: count))))
  return 0
}
