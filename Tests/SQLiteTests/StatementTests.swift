import SQLite
import Support
import Testing

@Suite struct StatementTests {
  @Test func keepsEveryClassOfValue() throws {
    let connection = try Connection("", .memory)
    try connection.run("CREATE TABLE t(v)")
    let values: [SQLiteValue] = [
      .null, .integer(.min), .integer(.max), .real(-0.5), .real(.infinity), "", "日本 😀", .text([0x61, 0, 0x62]),
      .text([0xff]),
      .blob([]), .blob([0, 255]),
    ]
    for value in values { try connection.run("INSERT INTO t VALUES (?)", [value]) }
    #expect(try connection.rows("SELECT v FROM t").map { $0[0] } == values)
  }

  @Test func refusesMoreThanOneStatementAndNone() throws {
    let connection = try Connection("", .memory)
    #expect(throws: SQLiteError.self) { try connection.prepare("SELECT 1; SELECT 2") }
    #expect(throws: SQLiteError.self) { try connection.prepare(" -- nothing") }
    #expect(try connection.value("SELECT 1; -- the end\n") == 1)
  }

  @Test func anErrorHasBothCodesTheTextAndThePlace() throws {
    let connection = try Connection("", .memory)
    let error = #expect(throws: SQLiteError.self) { try connection.run("SELECT 1; SELECT , 1") }
    #expect(error?.kind == .error)
    #expect(error?.sql == " SELECT , 1")
    #expect(error?.offset == 8)
    try connection.run("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
    let conflict = #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (?)", [1]) }
    #expect(conflict?.kind == .constraint)
    #expect(conflict?.extendedCode == 2067)
    #expect(conflict?.sql == "INSERT INTO t VALUES (?)")
  }

  @Test func wantsOneValueForEachParameter() throws {
    let connection = try Connection("", .memory)
    #expect(throws: SQLiteError.self) { try connection.value("SELECT ?, ?", [1]) }
    let named = try connection.prepare("SELECT :a, @b")
    #expect(named.parameter(named: "@b") == 2)
    #expect(named.parameter(named: "b") == nil)
    try named.bind([1, "x"])
    #expect(named.expandedSQL == "SELECT 1, 'x'")
  }

  @Test func knowsItsColumns() throws {
    let connection = try Connection("", .memory)
    try connection.run("CREATE TABLE t(a INTEGER, b TEXT)")
    let statement = try connection.prepare("SELECT a, b AS bee, a + 1 FROM t")
    #expect((0..<statement.columnCount).map { statement.columnName($0) } == ["a", "bee", "a + 1"])
    #expect((0..<3).map { statement.declaredType($0) } == ["INTEGER", "TEXT", nil])
    #expect(statement.isReadOnly)
  }

  @Test func aStatementThatWasUsedComesFromTheCacheWithNothingBound() throws {
    let connection = try Connection("", .memory)
    let first = try connection.cached("SELECT ?")
    try first.bind(1, 1)
    _ = try first.step()
    let again = try connection.cached("SELECT ?")
    #expect(first === again)
    #expect(try again.step())
    #expect(again.value(at: 0) == .null)
  }
}
