import Documents
import Testing

@testable import Agent

@Suite struct AdminMessageTests {
  @Test(arguments: [
    (#""Ping""#, AdminCommand.ping),
    (#""Reload""#, .reload),
    (#""ReloadDicts""#, .reloadDictionaries),
    (#"{"Sync":"Generate"}"#, .sync(.generate)),
    (#"{"Sync":"ReconcileGaps"}"#, .sync(.reconcileGaps)),
    (#"{"Sync":"CheckBookieConsistency"}"#, .sync(.checkBookieConsistency)),
    (
      #"{"Sync":{"ProcessBufferedChanges":{"actor_id":"604101e5-975f-4e67-a074-f50b96c051d5","chunk_size":1000,"version":5}}}"#,
      .sync(
        .processBufferedChanges(actor: "604101e5-975f-4e67-a074-f50b96c051d5", version: 5, chunkSize: 1000))
    ),
    (#"{"Cluster":"Rejoin"}"#, .cluster(.rejoin)),
    (#"{"Cluster":"Members"}"#, .cluster(.members)),
    (#"{"Cluster":"MembershipStates"}"#, .cluster(.membershipStates)),
    (#"{"Cluster":{"SetId":3}}"#, .cluster(.setID(3))),
    (#"{"Actor":{"Version":{"actor_id":"x","version":5}}}"#, .actorVersion(actor: "x", version: 5)),
    (#"{"Subs":"List"}"#, .subscriptions(.list)),
    (
      #"{"Subs":{"Info":{"hash":"0011223344556677","id":null}}}"#,
      .subscriptions(.info(hash: "0011223344556677", id: nil))
    ),
    (#"{"Subs":{"Info":{"hash":null,"id":"x"}}}"#, .subscriptions(.info(hash: nil, id: "x"))),
    (#"{"Log":{"Set":{"filter":"debug"}}}"#, .log(.set(filter: "debug"))),
    (#"{"Log":"Reset"}"#, .log(.reset)),
    (#"{"Plumtree":"Stats"}"#, .plumtreeStatistics),
    (#"{"Locks":{"top":10}}"#, .locks(top: 10)),
  ])
  func commandsAreWrittenAsTheReferenceHasThem(text: String, command: AdminCommand) throws {
    #expect(try AdminCommand(json: Array(text.utf8)) == command)
    #expect(String(decoding: command.json, as: UTF8.self) == text)
  }

  @Test(arguments: [
    "", "{", "1", "[]", "null", "{}", #""Pong""#, #"{"Ping":1}"#, #"{"Sync":"Nothing"}"#,
    #"{"Sync":{"Generate":1,"x":2}}"#,
    #"{"Cluster":{"SetId":65536}}"#, #"{"Cluster":{"SetId":-1}}"#, #"{"Cluster":{"SetId":"3"}}"#,
    #"{"Cluster":"SetId"}"#,
    #"{"Actor":{"Version":{"actor_id":5,"version":5}}}"#, #"{"Actor":{"Version":{"actor_id":"x"}}}"#,
    #"{"Subs":{"Info":{"hash":null,"id":null}}}"#, #"{"Log":"Set"}"#, #"{"Log":{"Set":{}}}"#, #"{"Locks":10}"#,
    #"{"Ping":1,"Reload":2}"#, String(repeating: "[", count: 10_000),
  ])
  func whatIsNoCommandIsRefusedWithWords(text: String) {
    let fault = #expect(throws: AdminMessageFault.self) { try AdminCommand(json: Array(text.utf8)) }
    #expect(fault?.message.isEmpty == false)
  }

  @Test func answersAreReadAsTheyAreWritten() throws {
    let log = try AdminResponse(json: AdminResponse.log(.warn, "low", time: 0).json)
    guard case .log(.warn, "low", _) = log else { return #expect(Bool(false), "\(log)") }
    let error = try AdminResponse(json: Array(#"{"Error":{"msg":"no"}}"#.utf8))
    guard case .error("no") = error, error.isLast else { return #expect(Bool(false), "\(error)") }
    let json = try AdminResponse(json: AdminResponse.json(.object([("a", .whole(1))])).json)
    guard case .json(let report) = json else { return #expect(Bool(false), "\(json)") }
    #expect(report.member("a")?.whole == 1)
    #expect(String(decoding: AdminResponse.success.json, as: UTF8.self) == #""Success""#)
  }

  @Test(arguments: [
    // nanoseconds since 1970, year, day of the year
    (UInt64(0), "[1970,1,0,0,0,0,0,0,0]"),
    (1_709_164_799_000_000_005, "[2024,59,23,59,59,5,0,0,0]"),
    (1_735_603_200_000_000_000, "[2024,366,0,0,0,0,0,0,0]"),
    (1_735_689_600_000_000_000, "[2025,1,0,0,0,0,0,0,0]"),
  ])
  func timesAreNineNumbers(time: UInt64, shown: String) {
    let json = String(decoding: AdminResponse.log(.info, "", time: time).json, as: UTF8.self)
    #expect(json.hasSuffix("\"ts\":\(shown)}}"), "\(json)")
  }

  @Test func framesAreCutWhereverThePiecesEnd() throws {
    let contents = ["", "a", String(repeating: "x", count: 300)].map { Array($0.utf8) }
    let stream = contents.flatMap { AdminFrame.around($0.span.bytes) }
    #expect(Array(stream[..<5]) == [0, 0, 0, 0, 0])
    for size in [1, 2, 3, 5, 7, stream.count] {
      var cutter = AdminFrameCutter(limit: 300)
      var found: [[UInt8]] = []
      for start in Swift.stride(from: 0, to: stream.count, by: size) {
        stream[start..<min(start + size, stream.count)].withUnsafeBytes { cutter.append($0) }
        while let frame = try cutter.next() { found.append(frame) }
      }
      #expect(found == contents)
      #expect(!cutter.isWithinFrame)
    }
  }

  @Test func aFrameBeyondTheLimitIsRefusedByItsHead() {
    var cutter = AdminFrameCutter(limit: 300)
    [UInt8]([0, 0, 1, 45]).withUnsafeBytes { cutter.append($0) }
    let error = #expect(throws: AdminFrameCutter.TooLong.self) { try cutter.next() }
    #expect(error?.length == 301)
  }
}
