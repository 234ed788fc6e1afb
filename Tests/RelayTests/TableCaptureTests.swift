import Platform
import Pools
import State
import Support
import Testing

@testable import Relay

@Suite struct TableCaptureTests {
  @Test func eachCommitIsInThePoolInOrderWithItsOrigin() throws {
    let (node, other) = (try Node(), try Node(site: 2))
    try node.write("INSERT INTO t VALUES (9, 'before')")
    try node.register("p")
    try node.write("INSERT INTO t VALUES (1, 'x')", "UPDATE t SET v = 'y' WHERE a = 9")
    let capture = try TableCapture(node.store, .quick)
    try node.write("DELETE FROM t WHERE a = 1")
    try other.write("INSERT INTO u VALUES (5, x'ff')")
    _ = try node.store.receive(try other.store.changeSets(of: other.store.site, 1...1))
    #expect(try eventually { try capture.status().first?.waiting == 0 })
    let messages = try node.messages("p")
    #expect(messages.map { $0.op } == ["insert", "update", "delete", "insert"])
    #expect(messages.map { $0.number } == [1, 2, 3, 4])
    #expect(messages.map { $0.tags } == [["capture", "t"], ["capture", "t"], ["capture", "t"], ["capture", "u"]])
    #expect(
      messages[3].text
        == #"{"capture":{"number":4,"store":"\#(node.store.site.text)"},"key":{"a":5},"op":"insert","row":{"v":[255]},"#
        + #""site":"\#(other.store.site.text)","table":"u","time":"1970-01-01T00:00:01Z","version":1}"#)
    #expect(try capture.status().map { $0.messages } == [4])
    capture.stop(within: 1_000_000_000)
    #expect(try node.store.outboxSize() == 0 && node.store.captures().map { $0.done } == [4])
  }

  @Test func capturesOfOneStoreHaveTheirOwnPools() throws {
    let (node, other) = (try Node(), try Node(site: 2))
    let capture = try TableCapture(node.store, .quick)
    try node.register("local", origin: .local)
    try node.register("u", tables: ["u"])
    try node.write("INSERT INTO t VALUES (1, 'x')", "INSERT INTO u VALUES (2, x'')")
    try other.write("INSERT INTO u VALUES (3, x'')")
    _ = try node.store.receive(try other.store.changeSets(of: other.store.site, 1...1))
    #expect(try eventually { try capture.status().allSatisfy { $0.waiting == 0 } })
    #expect(try node.messages("local").map { $0.key } == [1, 2])
    #expect(try node.messages("u").map { $0.key } == [2, 3])
    try node.store.removeCapture(pool: "u", directory: node.directory.path)
    try node.write("INSERT INTO u VALUES (4, x'')")
    #expect(try eventually { try node.messages("local").map { $0.key } == [1, 2, 4] })
    #expect(try node.messages("u").map { $0.key } == [2, 3])
    capture.stop(within: 1_000_000_000)
  }

  @Test func aPoolThatCannotBeWrittenKeepsNobodyUpAndGetsItAllWhenItIsBack() throws {
    let (node, told) = (try Node(), try Told())
    let folder = node.directory.file("later")
    try node.register("p", in: folder)
    try node.register("q")
    try node.write("INSERT INTO t VALUES (1, 'x')")
    let capture = try TableCapture(node.store, .quick) { told.add($0) }
    #expect(try eventually { try (try? node.messages("q").count) == 1 && capture.status()[0].lastError != nil })
    #expect(try capture.status()[0].lastError?.kind == .notFound)
    try node.write("INSERT INTO t VALUES (2, 'x')")
    #expect(try eventually { try node.messages("q").count == 2 })
    try Paths.makeDirectories(folder)
    #expect(try eventually { try capture.status().allSatisfy { $0.waiting == 0 && $0.lastError == nil } })
    #expect(try node.messages("p", in: folder).map { $0.key } == [1, 2])
    // A pool that is deleted is made anew, and goes on with what comes next.
    try Pool.delete(at: Paths.join(folder, "p.plasmite"))
    try node.write("INSERT INTO t VALUES (3, 'x')")
    #expect(eventually { (try? node.messages("p", in: folder).map { $0.key }) == [3] })
    capture.stop(within: 1_000_000_000)
    let waits = told.texts.filter { $0.hasPrefix("the capture into pool p waits: the pool's directory is missing") }
    #expect(waits.count == 1 && told.texts.contains("the capture into pool p goes on"))
  }

  @Test func whatTheOutboxHadNoRoomForIsSaidToBeMissing() throws {
    let (node, told) = (try Node(outboxRows: 10), try Told())
    let folder = node.directory.file("later")
    try node.register("p", in: folder)
    try node.register("q")
    for key in 1...10 { try node.write("INSERT INTO t VALUES (\(key), 'x')") }
    try node.drain()
    for key in 11...15 { try node.write("INSERT INTO t VALUES (\(key), 'x')") }
    try Paths.makeDirectories(folder)
    let capture = try TableCapture(node.store, .quick) { told.add($0) }
    capture.stop(within: 30_000_000_000)
    let messages = try node.messages("p", in: folder)
    #expect(messages.map { $0.op } == ["gap"] + Array(repeating: "insert", count: 10))
    #expect(messages[0].text.contains(#""gap":{"first":1,"last":5},"op":"gap""#) && messages[0].tags == ["capture"])
    #expect(messages.map { $0.number } == Array(5...15))
    #expect(try node.messages("q").map { $0.key } == Array(1...15))
    #expect(told.texts == ["the outbox was full: the capture into pool p lost changes 1 to 5"])
  }

  @Test func aRowThatFitsIntoNoMessageIsLeftOut() throws {
    let node = try Node()
    try node.store.register(.init(pool: "p", directory: node.directory.path, size: 100_000))
    try node.write("INSERT INTO t VALUES (1, 'x,\"row\":{')")
    try node.write("INSERT INTO t VALUES (2, hex(zeroblob(100000)))")
    try node.write("UPDATE t SET v = 'small' WHERE a = 2")
    try node.drain()
    let messages = try node.messages("p")
    #expect(messages.map { $0.value } == ["x,\"row\":{", "", "small"])
    #expect(messages[1].text.contains(#""key":{"a":2},"omitted":["row"],"op":"insert","site":"#))
  }

  @Test func aSnapshotComesBeforeWhatFollows() throws {
    let node = try Node()
    try node.write("INSERT INTO t VALUES (2, 'y'), (1, 'x')")
    try node.store.register(.init(pool: "p", directory: node.directory.path, tables: ["t"]), snapshot: true)
    try node.write("UPDATE t SET v = 'z' WHERE a = 1")
    try node.drain()
    #expect(
      try node.messages("p").map { "\($0.op) \($0.key) \($0.value)" } == ["snapshot 1 x", "snapshot 2 y", "update 1 z"])
  }

  @Test func stoppingTwiceOrWithoutWorkIsNothingSpecial() throws {
    let node = try Node()
    let capture = try TableCapture(node.store)
    capture.stop(within: 0)
    capture.stop(within: 0)
    #expect(try capture.status().isEmpty)
  }
}
