import SQLite
import Support
import Testing

@testable import State

@Suite struct CaptureBookTests {
  private static let schema = Schema.Source(
    path: "s", text: "CREATE TABLE t (a INTEGER PRIMARY KEY NOT NULL, b TEXT DEFAULT 'x')")

  private func open(_ directory: TemporaryDirectory) throws -> StateStore {
    let store = try StateStore(directory.file("db"))
    try store.apply(Schema([Self.schema]), time: 0)
    return store
  }

  private func insert(_ key: Int, into store: StateStore) throws {
    _ = try store.write(time: 1) { (transaction) throws(StateError) in
      try transaction.run("INSERT INTO t (a) VALUES (\(key))")
    }
  }

  private func numbers(_ store: StateStore) throws -> [Int64] {
    try store.outbox(after: 0, rows: 100, bytes: 1 << 20).entries.map { $0.number }
  }

  @Test func capturesAreThereWhenTheStoreIsOpenedAgain() throws {
    let directory = try TemporaryDirectory()
    let definition = CaptureDefinition(
      pool: "p", directory: "d", tables: ["t", "later"], origin: .remote, source: .config, size: 70_000)
    do {
      let store = try open(directory)
      try store.register(definition)
      try store.register(.init(pool: "all", directory: "d"))
      try insert(1, into: store)
    }
    let store = try open(directory)
    #expect(try store.captures().map { $0.definition } == [definition, .init(pool: "all", directory: "d")])
    #expect(try numbers(store) == [1])
    try insert(2, into: store)
    #expect(try numbers(store) == [1, 2])
  }

  @Test func aDatabaseOfTheVersionBeforeGetsTheTables() throws {
    let directory = try TemporaryDirectory()
    do { withExtendedLifetime(try open(directory)) {} }
    do {
      let old = try Connection(directory.file("db"), .write)
      for table in ["outbox", "capture", "capture_table"] { try old.run("DROP TABLE __weir_\(table)") }
    }
    let store = try open(directory)
    try store.register(.init(pool: "p", directory: "d"))
    try insert(1, into: store)
    #expect(try numbers(store) == [1])
  }

  @Test func aNewCaptureBeginsBehindWhatWasWrittenAndAnOldOneGoesOn() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let store = try open(directory)
    let first = try store.register(.init(pool: "p", directory: "d"))
    try insert(1, into: store)
    let second = try store.register(.init(pool: "q", directory: "d"))
    #expect(first.done == 0 && second.done == 1)
    let again = try store.register(.init(pool: "p", directory: "d", tables: ["t"], origin: .local))
    #expect(again.id == first.id && again.done == 0 && again.definition.tables == ["t"])
    try store.removeCapture(pool: "p", directory: "d")
    #expect(try numbers(store).isEmpty)
    #expect(try store.register(.init(pool: "p", directory: "d")).id > second.id)
  }

  @Test func whatAllCapturesHaveIsDropped() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let store = try open(directory)
    let ids = try ["p", "q"].map { try store.register(.init(pool: $0, directory: "d")).id }
    for key in 1...4 { try insert(key, into: store) }
    try store.mark([CaptureMark(id: ids[0], done: 3)])
    #expect(try numbers(store) == [1, 2, 3, 4])
    try store.mark([CaptureMark(id: ids[1], done: 2), CaptureMark(id: ids[0], done: 1), CaptureMark(id: 99, done: 9)])
    #expect(try numbers(store) == [3, 4])
    #expect(try store.captures().map { $0.done } == [3, 2])
    try insert(5, into: store)
    #expect(try numbers(store) == [3, 4, 5])
    let batch = try store.outbox(after: 3, rows: 1, bytes: 1)
    #expect(batch.entries.map { $0.number } == [4] && !batch.isLast)
  }

  @Test func aSourceTakesAwayWhatItDoesNotAskForAnyMore() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let store = try open(directory)
    try store.register(.init(pool: "byHand", directory: "d"))
    try store.setCaptures([.init(pool: "p", directory: "d"), .init(pool: "q", directory: "d")], of: .config)
    try store.setCaptures([.init(pool: "q", directory: "d", tables: ["t"])], of: .config)
    #expect(try store.captures().map { $0.definition.pool } == ["byHand", "q"])
    #expect(try store.captures().map { $0.definition.source } == [.command, .config])
  }

  @Test(arguments: [
    CaptureDefinition(pool: "", directory: "d"), CaptureDefinition(pool: "p", directory: "d", tables: []),
    CaptureDefinition(pool: "p", directory: "d", tables: ["t", "__weir_site"]),
  ])
  func whatCannotBeCapturedIsRefused(definition: CaptureDefinition) throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let store = try open(directory)
    #expect(#expect(throws: StateError.self) { try store.register(definition) }?.kind == .usage)
    #expect(try store.captures().isEmpty)
  }

  @Test func aSnapshotIsForItsCaptureOnly() throws {
    let directory = try TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let store = try open(directory)
    for key in [2, 1] { try insert(key, into: store) }
    let other = try store.register(.init(pool: "q", directory: "d"))
    let capture = try store.register(.init(pool: "p", directory: "d", tables: ["t"]), snapshot: true, time: 1 << 32)
    try insert(3, into: store)
    let entries = try store.outbox(after: 0, rows: 100, bytes: 1 << 20).entries
    #expect(entries.map { capture.wants($0) } == [true, true, true])
    #expect(entries.map { other.wants($0) } == [false, false, true])
    #expect(
      String(decoding: entries[0].data, as: UTF8.self)
        == #"{"table":"t","op":"snapshot","key":{"a":1},"site":"\#(store.site.text)","version":2,"#
        + #""time":"1970-01-01T00:00:01Z","row":{"b":"x"}}"#)
  }

  /// `known` nil: the pool was looked at before. The pool's newest number, and what comes of it.
  @Test(
    arguments: [
      (5, 0, 9, nil, 5, 0),  // an empty pool: the books count
      (5, 0, 9, 5, 5, 0),  // as it should be
      (5, 0, 9, 8, 8, 0),  // a crash between append and mark
      (5, 0, 9, 3, 5, 0),  // the pool lost its newest
      (5, 0, 9, 12, 9, 3),  // the database lost 10 to 12
      (5, 3, 9, 12, 9, 3),  // and did so before
      (5, 3, 9, 14, 9, 5),  // and once more
      (5, 3, nil, 14, 11, 3),  // the pool was opened again by the same process
    ] as [(Int64, Int64, Int64?, Int64?, Int64, Int64)])
  func afterACrashTheNewestMessageSaysWhereToGoOn(
    done: Int64, shift: Int64, known: Int64?, newest: Int64?, then: Int64, newShift: Int64
  ) {
    let capture = RegisteredCapture(
      id: 1, definition: .init(pool: "p", directory: "d"), done: done, shift: shift, known: known)
    let settled = capture.settled(newest: newest)
    #expect(settled.done == then && settled.shift == newShift && settled.known == nil)
  }

  @Test func whatIsSettledStaysSo() throws {
    let directory = try TemporaryDirectory()
    do {
      let store = try open(directory)
      let capture = try store.register(.init(pool: "p", directory: "d"))
      try insert(1, into: store)
      #expect(try store.settle(capture.id, newest: nil)?.done == 0)
      #expect(try store.settle(99, newest: nil) == nil)
    }
    let store = try open(directory)
    let capture = try #require(try store.captures().first)
    #expect(capture.known == 1 && capture.shift == 0)
    #expect(try store.settle(capture.id, newest: 4)?.shift == 3)
    let settled = try #require(try store.captures().first)
    #expect(settled.known == nil && settled.done == 1 && settled.shift == 3)
  }
}
