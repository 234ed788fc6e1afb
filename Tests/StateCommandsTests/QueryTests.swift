import RawServer
import Support
import Testing

@testable import StateCommands

@Suite struct QueryTests {
  private static let answer = rows(
    #"["id","text","id"]"#, [#"[1,"hello",null]"#, #"[-9223372036854775808,[222,173],1.5]"#, #"[0,"é|b\nc",[]]"#])

  @Test func pipesGetCellsWithABarBetween() throws {
    let node = try FakeNode { $1.respond(200, Self.answer) }
    let result = run(node.words("query", "SELECT 1"))
    #expect(result.status == 0)
    #expect(result.output == "1|hello|\n-9223372036854775808|x'dead'|1.5\n0|é|b\nc|x''\n")
    #expect(result.errors.isEmpty)
  }

  @Test func namesAndTimeArePrintedWhenAskedFor() throws {
    let node = try FakeNode { $1.respond(200, Self.answer) }
    let result = run(node.words("query", "SELECT 1", "--columns", "--timer"))
    #expect(result.output.hasPrefix("id|text|id\n1|hello|\n"))
    #expect(result.output.hasSuffix("\ntime: 8e-8s\n"))
  }

  @Test func terminalsGetATable() throws {
    let node = try FakeNode { $1.respond(200, Self.answer) }
    let result = run(node.words("query", "SELECT 1"), terminal: true)
    #expect(
      result.output == """
        id                    text     id
        1                     hello
        -9223372036854775808  x'dead'  1.5
        0                     é|b\\nc   x''

        """)
  }

  @Test func programsGetAnObjectALine() throws {
    let node = try FakeNode { $1.respond(200, Self.answer) }
    for terminal in [false, true] {
      let result = run(node.words("query", "SELECT 1", "--json"), terminal: terminal)
      #expect(
        result.output == """
          {"id":1,"text":"hello","id:1":null}
          {"id":-9223372036854775808,"text":[222,173],"id:1":1.5}
          {"id":0,"text":"é|b\\nc","id:1":[]}

          """)
    }
  }

  @Test(arguments: [
    (["a", "a", "a"], ["a", "a:1", "a:2"]), (["a", "a:1", "a"], ["a", "a:1", "a:2"]), (["", ""], ["", ":1"]), ([], []),
  ])
  func namesAreMadeDistinct(names: [String], distinct: [String]) {
    #expect(RowPrinter.distinct(names) == distinct)
  }

  @Test func theStatementGoesOutAsTheApiTakesIt() throws {
    let node = try FakeNode { $1.respond(200, rows("[]", [])) }
    _ = run(node.words("query", "SELECT \"x\""))
    _ = run(node.words("query", "SELECT ?, ?", "--param", "a'b", "--param=-5", "--timeout", "7"))
    _ = run(["--api-addr", node.address, "query", "SELECT 3"])
    #expect(node.requests.map { $0.text } == [#""SELECT \"x\"""#, #"["SELECT ?, ?",["a'b","-5"]]"#, #""SELECT 3""#])
    #expect(node.requests.map { $0.target } == ["/v1/queries", "/v1/queries?timeout=7", "/v1/queries"])
    #expect(node.requests.allSatisfy { $0.method == "POST" && $0.header("content-type") == "application/json" })
    #expect(node.requests.allSatisfy { $0.header("authorization") == nil })
  }

  @Test func theTokenOfTheConfigurationIsShown() throws {
    let node = try FakeNode { $1.respond(200, rows("[]", [])) }
    let directory = try TemporaryDirectory()
    let text = "db.path = \"x\"\n[api]\naddr = \"\(node.address)\"\nauthz.bearer-token = \"hush\"\n"
    try write(Array(text.utf8), to: directory.file("node.toml"))
    #expect(run(["query", "SELECT 1", "-c", directory.file("node.toml")]).status == 0)
    #expect(run(["-c", directory.file("node.toml"), "query", "SELECT 1"]).status == 0)
    #expect(node.requests.map { $0.header("authorization") } == ["Bearer hush", "Bearer hush"])
  }

  @Test func rowsArePrintedAlsoWhenTheAnswerComesInPieces() throws {
    let node = try FakeNode { _, connection in
      connection.begin()
      for byte in Self.answer.utf8 { connection.chunk(String(decoding: [byte < 0x80 ? byte : 0x3F], as: UTF8.self)) }
      connection.end()
    }
    #expect(run(node.words("query", "SELECT 1")).output.hasPrefix("1|hello|\n-9223372036854775808|x'dead'|1.5\n"))
  }

  @Test(arguments: [
    // status, body, exit code, a part of the error
    (400, #"{"error":"near \"SELEC\": syntax error"}"#, Int32(2), "syntax error"),
    (500, #"{"error":"no connection"}"#, 2, "no connection"),
    (401, "", 6, "the node wants another token"),
    (503, "max concurrency limit reached", 5, "the node is busy"),
    (404, "not found", 8, "none of a node's"),
    (200, "<html>\n", 8, "none of a node's"),
    (200, "{\"columns\":[\"a\"]}\n{\"row\":[1,[1]]}\n", 8, "broke off"),
    (200, "{\"columns\":[\"a\"]}\n{\"row\":[1,[1]]}\n{\"eoq\"", 8, "broke off"),
    (200, "{\"columns\":[\"a\"]}\n{\"row\":[1,[1]]}\n{\"error\":\"interrupted\"}\n", 2, "interrupted"),
  ])
  func whatGoesWrongIsTold(status: Int, body: String, code: Int32, words: String) throws {
    let node = try FakeNode { $1.respond(status, body) }
    for terminal in [false, true] {
      let result = run(node.words("query", "SELECT 1"), terminal: terminal)
      #expect(result.status == code)
      #expect(result.errors.contains(words), "\(result.errors)")
      // Rows that came before are not lost.
      #expect(result.output.contains("1\n") == body.contains("[1,[1]]"), "\(result.output)")
    }
  }

  @Test func aNodeThatIsNotThereIsNotFound() {
    let result = run(["query", "SELECT 1", "--api-addr", "127.0.0.1:1"])
    #expect(result.status == 3)
    #expect(result.errors.contains("no node answers at the address"))
  }

  @Test(arguments: [
    (["query", "SELECT 1", "--api-addr", "nowhere"], "invalid value 'nowhere'"),
    (["query", "SELECT 1", "--api-addr", "127.0.0.1:1", "--timeout", "1.5"], "invalid value '1.5'"),
    (["query", "SELECT 1", "--api-addr", "127.0.0.1:1", "--timer", "--json"], "--timer does not go with JSON"),
    (["query", "SELECT 1", "SELECT 2"], "unexpected argument 'SELECT 2' found"),
    (["query", "SELECT 1", "--db-path", "x", "--db-path", "y"], "cannot be used multiple times"),
  ])
  func commandLinesThatCannotBeAreRefused(words: [String], message: String) {
    let result = run(words)
    #expect(result.status == 2)
    #expect(result.errors.contains(message), "\(result.errors)")
  }
}

@Suite struct RowTableTests {
  @Test func theFirstRowsDecideHowWideColumnsAre() {
    var table = RowTable()
    #expect(table.add(["a", "b"]).isEmpty)
    var text = ""
    for number in 0..<RowTable.rows { text += table.add(["\(number % 10)", "x"]) }
    #expect(text.split(separator: "\n").count == RowTable.rows + 1)
    #expect(table.add(["wide", "x"]) == "wide  x\n")
    #expect(table.add(["1", "x"]) == "1  x\n")
    #expect(table.rest().isEmpty)
  }

  @Test func whatWaitsIsBounded() {
    var table = RowTable()
    #expect(table.add(["a"]).isEmpty)
    #expect(table.add([String(repeating: "x", count: RowTable.bytes)]).utf8.count == RowTable.bytes + 3)
  }

  @Test func nothingInACellActsOnTheTerminal() {
    var table = RowTable()
    _ = table.add(["a\u{1B}[2J", "b\r\n"])
    #expect(table.rest() == "a?[2J  b\\r\\n\n")
  }
}
