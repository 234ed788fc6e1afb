import RawServer
import Testing

@testable import StateCommands

@Suite struct ExecTests {
  private static let done =
    #"{"results":[{"rows_affected":3,"time":0.00012}],"time":0.0031,"version":7,"actor_id":"604101e5975f4e67a074f50b96c051d5"}"#

  @Test func saysHowManyRowsChanged() throws {
    let node = try FakeNode { $1.respond(200, Self.done) }
    #expect(run(node.words("exec", "DELETE FROM t")).output == "Rows affected: 3\n")
    let timed = run(node.words("exec", "DELETE FROM t", "--timer", "--timeout", "5"))
    #expect(timed.output == "Rows affected: 3\nRun Time: real 0.0031\n")
    let json = run(node.words("exec", "DELETE FROM t WHERE id = ?", "--param", "x", "--json"))
    #expect(json.output == "{\"rows_affected\":3,\"time\":0.0031,\"version\":7}\n")
    #expect(
      node.requests.map { $0.text } == [
        #"["DELETE FROM t"]"#, #"["DELETE FROM t"]"#, #"[["DELETE FROM t WHERE id = ?",["x"]]]"#,
      ])
    #expect(node.requests.map { $0.target } == ["/v1/transactions", "/v1/transactions?timeout=5", "/v1/transactions"])
  }

  @Test func aStatementThatChangedNothingMakesNoVersion() throws {
    let node = try FakeNode { $1.respond(200, #"{"results":[{"rows_affected":1,"time":0}],"time":0,"version":null}"#) }
    #expect(run(node.words("exec", "X", "--json")).output == "{\"rows_affected\":1,\"time\":0.0,\"version\":null}\n")
  }

  @Test(arguments: [
    (
      500, #"{"results":[{"error":"rusqlite: no such table: nope (actor_id: None, version: None)"}],"time":0.1}"#,
      Int32(2), "\"message\":\"no such table: nope\""
    ),
    (400, #"{"results":[{"error":"at least 1 statement is required"}],"time":0.0}"#, 2, "at least 1 statement"),
    (401, "", 6, "the node wants another token"),
    (415, "expected JSON", 8, "none of a node's"),
    (200, "[]", 8, "none of a node's"),
    (200, #"{"results":[]}"#, 8, "none of a node's"),
  ])
  func whatGoesWrongIsTold(status: Int, body: String, code: Int32, words: String) throws {
    let node = try FakeNode { $1.respond(status, body) }
    let result = run(node.words("exec", "X"))
    #expect(result.status == code)
    #expect(result.output.isEmpty)
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  @Test func whatMayHaveHappenedIsSaidSo() throws {
    let node = try FakeNode { $1.abort() }
    let result = run(node.words("exec", "X"))
    #expect(result.status == 8)
    #expect(result.errors.contains("Whether the node did it is not known"), "\(result.errors)")
    #expect(node.requests.count == 1)
  }
}
