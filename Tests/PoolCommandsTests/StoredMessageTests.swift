import JSON
import Testing

@testable import CommandSupport
@testable import PoolCommands

struct StoredMessageTests {
  private enum Reading: Equatable {
    case message(data: String, tags: [String])
    case something
    case fault(StoredMessage.Fault)
  }

  private func read(_ text: String) -> Reading {
    var parser = JSONParser()
    let bytes = Array(text.utf8)
    switch StoredMessage.read(bytes.span.bytes, readableBeyond: 0, parser: &parser) {
    case .success(nil): return .something
    case .success(let message?):
      let isPossible = StoredMessage.isPossible(bytes.span.bytes)
      #expect(isPossible)
      return .message(data: String(decoding: bytes[message.data], as: UTF8.self), tags: message.tags)
    case .failure(let fault): return .fault(fault)
    }
  }

  @Test(arguments: [
    "{\"data\":{\"a\":[1,\"}\"]},\"meta\":{\"tags\":[\"x\",\"\\u00e9\"]},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    " {\n \"time\" : \"2026-11-21T00:00:00.5+01:00\" , \"seq\" : 18446744073709551615 , \"meta\" : { \"tags\" : [ \"x\" , \"é\" ] } ,"
      + " \"data\" : {\"a\":[1,\"}\"]} \n}",
  ])
  func messages(text: String) {
    #expect(read(text) == .message(data: "{\"a\":[1,\"}\"]}", tags: ["x", "é"]))
  }

  @Test(arguments: [
    "{}", "[1]", "17", "{\"data\":{}}", "nonsense", "{\"data\":{},\"meta\":{\"tags\":[]},\"seq\":1}",
    "{\"data\":{},\"meta\":{\"tags\":[]},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\",\"more\":1}",
    "{\"data\":{},\"meta\":{\"tags\":[],\"more\":1},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    "{\"data\":{},\"meta\":{\"tags\":[1]},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    "{\"data\":{},\"meta\":{\"tags\":{}},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    "{\"data\":{},\"meta\":{},\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    "{\"data\":{},\"meta\":[],\"seq\":1,\"time\":\"2026-11-21T00:00:00Z\"}",
    "{\"data\":{},\"data\":{},\"meta\":{\"tags\":[]},\"seq\":1}",
  ])
  func others(text: String) {
    #expect(read(text) == .something)
  }

  @Test(arguments: [
    ("0", "\"2026-11-21T00:00:00Z\"", StoredMessage.Fault.sequence), ("-1", "\"2026-11-21T00:00:00Z\"", .sequence),
    ("1.5", "\"2026-11-21T00:00:00Z\"", .sequence), ("\"1\"", "\"2026-11-21T00:00:00Z\"", .sequence),
    ("1", "\"yesterday\"", .time), ("1", "17", .time), ("1", "\"2026-13-01T00:00:00Z\"", .time),
  ])
  func faults(sequence: String, time: String, fault: StoredMessage.Fault) {
    #expect(read("{\"seq\":\(sequence),\"time\":\(time),\"meta\":{\"tags\":[]},\"data\":{}}") == .fault(fault))
  }

  @Test(arguments: ["{\"kind\":1}", "", "{", "{}", "[\"data\"]", "{\"datum\":1}"])
  func impossible(text: String) {
    let bytes = Array(text.utf8)
    let isPossible = StoredMessage.isPossible(bytes.span.bytes)
    #expect(!isPossible)
  }
}
