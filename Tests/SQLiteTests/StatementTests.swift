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

  @Test(arguments: [
    ("generate_series(1, 5)", "1 2 3 4 5"), ("generate_series(1, 10, 4)", "1 5 9"), ("generate_series(3, 3)", "3"),
    ("generate_series(5, 1)", ""), ("generate_series(1, 6, -2)", "5 3 1"), ("generate_series(6, 1, -2)", ""),
    ("generate_series(2, 4, 0)", "2 3 4"), ("generate_series(1, NULL)", ""), ("generate_series(NULL, 3)", ""),
    ("generate_series('2', 3.9)", "2 3"), ("generate_series(-2, 2, 2)", "-2 0 2"),
    ("generate_series(9223372036854775806, 9223372036854775807)", "9223372036854775806 9223372036854775807"),
    ("generate_series(-9223372036854775808, 9223372036854775807, -9223372036854775808)", "0 -9223372036854775808"),
    ("generate_series(0, 9223372036854775807, 9223372036854775807)", "0 9223372036854775807"),
    ("generate_series WHERE start = 2 AND stop = 4", "2 3 4"),
    ("(SELECT * FROM generate_series LIMIT 3)", "0 1 2"),
    ("(SELECT * FROM generate_series(4294967294))", "4294967294 4294967295"),
    ("(VALUES (1), (3)) AS v JOIN generate_series(v.column1, 3)", "1 2 3 3"),
  ])
  func givesASeriesOfNumbersAsRows(source: String, numbers: String) throws {
    let connection = try Connection("", .memory)
    try connection.makeSeries()
    let rows = try connection.rows("SELECT CAST(value AS TEXT) FROM \(source)")
    #expect(rows.map { $0[0].string ?? "" }.joined(separator: " ") == numbers)
    // A view may use it, and nobody may write to it.
    try connection.run("CREATE VIEW three AS SELECT value FROM generate_series(1, 3)")
    #expect(try connection.value("SELECT sum(value) FROM three") == 6)
    #expect(throws: SQLiteError.self) { try connection.run("DELETE FROM generate_series") }
  }
}
