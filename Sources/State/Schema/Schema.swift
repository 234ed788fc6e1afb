internal import Platform
internal import SQLite

/// What the tables of a node are to be: the text of its schema's files, read by SQLite itself.
///
/// Allowed are `CREATE TABLE`, `CREATE INDEX` on one of the tables, and `DROP INDEX IF EXISTS`. A comment line `-- weir retired TABLE`
/// or `-- weir retired TABLE.COLUMN` is the first step of removing one: `StateStore.dropRetired` is the second.
public struct Schema {
  /// One file.
  public struct Source: Sendable {
    /// Where it is, for messages.
    public let path: String
    /// What it says.
    public let text: String

    /// A file with this text.
    public init(path: String, text: String) {
      self.path = path
      self.text = text
    }
  }

  struct Index: Equatable {
    let name: String
    let table: String
    let sql: String

    /// Those that statements made, in the order in which they did.
    static func all(on connection: Connection) throws(SQLiteError) -> [Index] {
      try connection.rows(
        "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY rowid"
      ).map { Index(name: $0[0].string ?? "", table: $0[1].string ?? "", sql: $0[2].string ?? "") }
    }
  }

  /// A table or column that is on its way out.
  struct Retired: Equatable {
    let table: String
    let column: String?
  }

  private(set) var tables: [TableShape] = []
  private(set) var indexes: [Index] = []
  private(set) var retired: [Retired] = []

  /// Reads files, and of directories those that end with `.sql`, by name.
  ///
  /// - Throws: `.schema` with the path of what cannot be read.
  public static func sources(_ paths: [String]) throws(StateError) -> [Source] {
    var sources: [Source] = []
    for path in paths {
      do throws(SystemError) {
        guard try File.info(path).kind == .directory else {
          sources.append(try source(path))
          continue
        }
        let names = try Paths.list(path).filter { $0.utf8.count > 4 && $0.utf8.suffix(4).elementsEqual(".sql".utf8) }
        for name in names.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
          sources.append(try source(Paths.join(path, name)))
        }
      } catch {
        throw StateError(
          .schema, "the schema cannot be read: \(error.message)", hint: "check db.schema_paths", path: path)
      }
    }
    return sources
  }

  /// Bytes that a schema's file may have.
  private static let largestFile = 16 << 20

  private static func source(_ path: String) throws(SystemError) -> Source {
    guard let bytes = try File(path, .read).readToEnd(limit: largestFile) else { throw SystemError(.limit) }
    return Source(path: path, text: String(decoding: bytes, as: UTF8.self))
  }

  /// Understands the texts.
  ///
  /// - Throws: `.schema` with path and line.
  public init(_ sources: [Source]) throws(StateError) {
    var reader = try SchemaReader()
    for source in sources { try reader.read(source) }
    (tables, indexes, retired) = try reader.result()
  }
}

/// Reads a schema's texts into a database in memory, whose catalogue then says what they mean.
private struct SchemaReader {
  /// What one statement wants, as the authorizer hears it.
  private final class Wishes {
    var codes: [Int32] = []
    var names: [String] = []
  }

  private let connection: Connection
  private let wishes = Wishes()
  /// Where each table and index was made.
  private var places: [String: (path: String, line: Int)] = [:]
  private var dropped: [String] = []
  private var retired: [Schema.Retired] = []

  init() throws(StateError) {
    do throws(SQLiteError) {
      connection = try Connection("", .memory)
      try connection.onAuthorize { [wishes] action in
        wishes.codes.append(action.code)
        if [AuthorizedAction.createTable, AuthorizedAction.createIndex].contains(action.code), let name = action.first {
          wishes.names.append(name)
        }
        return true
      }
    } catch {
      throw StateError(error)
    }
  }

  mutating func read(_ source: Schema.Source) throws(StateError) {
    try readRetirements(source)
    var rest = Substring(source.text)
    while true {
      let start = source.text.utf8.count - rest.utf8.count
      let text = SQLText(String(rest))
      guard let first = text.tokens.first(where: { $0.text != ";" || $0.isName }) else { return }
      let line = SQLText.line(of: start + first.range.lowerBound, in: source.text)
      (wishes.codes, wishes.names) = ([], [])
      let statement: Statement?
      do throws(SQLiteError) {
        statement = try Statement(nextOf: &rest, on: connection)
      } catch {
        let at = error.offset.map { SQLText.line(of: start + $0, in: source.text) } ?? line
        throw StateError(.schema, error.message, path: source.path, line: at)
      }
      guard let statement else { return }
      try take(statement, source.path, line)
    }
  }

  private mutating func take(_ statement: Statement, _ path: String, _ line: Int) throws(StateError) {
    func no(_ message: String, _ hint: String? = nil) -> StateError {
      StateError(.schema, message, hint: hint, path: path, line: line)
    }
    let text = SQLText(statement.sql)
    if text.begins(with: "DROP", "INDEX", "IF", "EXISTS"), text.tokens.count > 4 {
      let name = text.tokens[4].text
      if places[name] != nil { throw no("index \(name) is both made and dropped", "leave one of the two out") }
      dropped.append(name)
      return
    }
    if wishes.codes.contains(AuthorizedAction.createTemporaryTable) {
      throw no("a temporary table cannot be part of a schema", "leave out TEMP")
    }
    // A table whose key needs an index makes that too.
    let makesTable = wishes.codes.contains(AuthorizedAction.createTable)
    guard makesTable || wishes.codes.contains(AuthorizedAction.createIndex), text.begins(with: "CREATE"),
      !wishes.codes.contains(AuthorizedAction.createView)
    else {
      throw no(
        "unsupported command in a schema",
        "a schema has CREATE TABLE, CREATE INDEX and DROP INDEX IF EXISTS, nothing else")
    }
    if makesTable, wishes.codes.contains(AuthorizedAction.select) {
      throw no("a table of a schema cannot be made from a SELECT", "declare its columns")
    }
    if text.begins(with: "CREATE", "UNIQUE") {
      throw no(
        "unique indexes are not supported",
        "two nodes may write the same value at once; make what must be unique the key")
    }
    do throws(SQLiteError) { try statement.run() } catch {
      throw StateError(.schema, error.message, path: path, line: line)
    }
    for name in wishes.names {
      if dropped.contains(where: { $0.isSame(word: name) }) {
        throw no("index \(name) is both made and dropped", "leave one of the two out")
      }
      places[name] = (path, line)
    }
  }

  /// `-- weir retired TABLE` or `-- weir retired TABLE.COLUMN`, each on a line of its own.
  private mutating func readRetirements(_ source: Schema.Source) throws(StateError) {
    for (number, line) in source.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "\r" })
      guard words.count > 2, words[0].utf8.elementsEqual("--".utf8), words[1].utf8.elementsEqual("weir".utf8) else {
        continue
      }
      let parts =
        words[2...].last.map { $0.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false) } ?? []
      guard words.count == 4, words[2].utf8.elementsEqual("retired".utf8), let table = parts.first else {
        throw StateError(
          .schema, "a line for weir is not understood",
          hint: "write -- weir retired TABLE or -- weir retired TABLE.COLUMN",
          path: source.path, line: number + 1)
      }
      retired.append(Schema.Retired(table: String(table), column: parts.count > 1 ? String(parts[1]) : nil))
    }
  }

  func result() throws(StateError) -> ([TableShape], [Schema.Index], [Schema.Retired]) {
    let (names, indexes) = try state { () throws(SQLiteError) in
      (
        try connection.rows(
          "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid"),
        try Schema.Index.all(on: connection)
      )
    }
    var tables: [TableShape] = []
    for row in names {
      guard let name = row[0].string, let shape = try TableShape(name, on: connection) else { continue }
      if var refusal = try shape.refusal() {
        refusal.path = places[name]?.path
        refusal.line = places[name]?.line
        throw refusal
      }
      tables.append(shape)
    }
    return (tables, indexes, retired)
  }
}
