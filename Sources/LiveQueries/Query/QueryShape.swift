internal import SQLite

/// The outer SELECT of a query, as far as it has to be understood to ask for single rows of its result.
///
/// Only what can be told from words and parentheses, and only simple forms: base tables that are joined by commas, JOIN, CROSS JOIN
/// and LEFT JOIN, with any expressions. Whatever else there is makes it nil, and such a query is evaluated as a whole.
struct QueryShape {
  /// A table after FROM.
  struct Source {
    let table: String
    /// What the query calls it.
    let name: String
    /// Whether it is at the right of a LEFT JOIN, so that its columns may all be missing.
    let isOptional: Bool
  }

  /// An equality that every row of the result meets: a column of a source, and a literal.
  struct Equality {
    /// What the column was qualified with.
    let source: String?
    let column: String
    let value: SQLiteValue
  }

  private let tokens: SQLTokens
  private(set) var sources: [Source] = []
  /// Bytes of what is selected, of the FROM clause, of the condition and of what follows it.
  private let selected: Range<Int>
  private let from: Range<Int>
  private let condition: Range<Int>?
  private let order: Range<Int>?
  /// Tokens of the condition.
  private let conditionTokens: Range<Int>

  /// Whether an inner join follows a left one, so that its condition may drop rows whose optional columns are missing.
  let dropsOptional: Bool

  /// Nil if the query is not understood.
  init?(_ tokens: SQLTokens) {
    guard let clauses = QueryClauses(tokens), let joined = JoinedSources(tokens, clauses.from) else { return nil }
    func range(_ part: Range<Int>) -> Range<Int> {
      tokens.tokens[part.lowerBound].range.lowerBound..<tokens.tokens[part.upperBound - 1].range.upperBound
    }
    self.tokens = tokens
    selected = range(clauses.selected)
    from = range(clauses.from.lowerBound - 1..<clauses.from.upperBound)
    condition = clauses.condition.map { range($0) }
    conditionTokens = clauses.condition ?? 0..<0
    order = clauses.order.map { range($0) }
    sources = joined.sources
    dropsOptional = joined.dropsOptional
  }

  // MARK: Making queries of it

  /// The whole result, with these expressions after what is selected.
  func whole(_ added: [String]) -> String {
    let condition = condition.map { " WHERE \(tokens.text($0))" } ?? ""
    let order = order.map { " \(tokens.text($0))" } ?? ""
    return start(added) + condition + order
  }

  /// The rows of the result that also meet another condition.
  func narrowed(_ added: [String], also: String) -> String {
    let condition = condition.map { "(\(tokens.text($0))) AND " } ?? ""
    return start(added) + " WHERE \(condition)\(also)"
  }

  /// The same with parameters in the place of whole numbers and texts of the condition, numbered from `first` on, and their values:
  /// queries that differ in nothing else share a statement.
  func shared(_ added: [String], also: String, from first: Int) -> (sql: String, values: [SQLiteValue]) {
    guard let condition else { return (narrowed(added, also: also), []) }
    var output: [UInt8] = []
    var values: [SQLiteValue] = []
    var place = condition.lowerBound
    for index in conditionTokens {
      let token = tokens.tokens[index]
      guard token.kind == .number || token.kind == .text, let value = literal(index..<index + 1) else { continue }
      output += tokens.bytes[place..<token.range.lowerBound] + Array(" ?\(first + values.count) ".utf8)
      values.append(value)
      place = token.range.upperBound
    }
    output += tokens.bytes[place..<condition.upperBound]
    let text = String(decoding: output, as: UTF8.self)
    return ("\(start(added)) WHERE (\(text)) AND \(also)", values)
  }

  private func start(_ added: [String]) -> String {
    let keys = added.map { ", \($0)" }.joined()
    return "SELECT \(tokens.text(selected))\(keys) \(tokens.text(from))"
  }

  // MARK: Its condition

  /// Whether the condition surely says nothing about optional sources: each name in it is a function's, or a column's with its source.
  var ignoresOptional: Bool {
    let optional = sources.filter { $0.isOptional }
    if optional.isEmpty { return true }
    for index in conditionTokens {
      let token = tokens.tokens[index]
      guard token.kind == .word || token.kind == .name else { continue }
      if index > 0, tokens.isMark(index - 1, ".") { continue }
      guard let name = tokens.name(index) else { return false }
      if tokens.isMark(index + 1, ".") {
        if optional.contains(where: { $0.name.isSameName(name) }) { return false }
      } else if !(token.kind == .word && (Self.operators.contains { tokens.isWord(index, $0) })) {
        if !tokens.isMark(index + 1, "(") || tokens.isWord(index, "IN") { return false }
      }
    }
    return true
  }

  private static let operators: [StaticString] = [
    "AND", "OR", "NOT", "IS", "NULL", "ISNULL", "NOTNULL", "LIKE", "GLOB", "BETWEEN", "IN", "CASE", "WHEN", "THEN",
    "ELSE", "END", "ESCAPE", "COLLATE", "TRUE", "FALSE",
  ]

  /// The equalities with literals that the condition is made of, beside others.
  var equalities: [Equality] {
    let atTop = conditionTokens.filter { tokens.tokens[$0].depth == 0 }
    let isMixed = atTop.contains {
      tokens.isWord($0, "OR") || tokens.isWord($0, "BETWEEN") || tokens.isWord($0, "CASE")
    }
    if isMixed { return [] }
    var found: [Equality] = []
    var start = conditionTokens.lowerBound
    for index in atTop + [conditionTokens.upperBound] {
      guard index == conditionTokens.upperBound || tokens.isWord(index, "AND") else { continue }
      if let one = equality(start..<index) { found.append(one) }
      start = index + 1
    }
    return found
  }

  private func equality(_ range: Range<Int>) -> Equality? {
    guard let middle = range.first(where: { tokens.isMark($0, "=") || tokens.isMark($0, "==") }) else { return nil }
    let (left, right) = (range.lowerBound..<middle, middle + 1..<range.upperBound)
    if let column = column(left), let value = literal(right) {
      return Equality(source: column.source, column: column.name, value: value)
    }
    if let column = column(right), let value = literal(left) {
      return Equality(source: column.source, column: column.name, value: value)
    }
    return nil
  }

  private func column(_ range: Range<Int>) -> (source: String?, name: String)? {
    if range.count == 1, let name = tokens.name(range.lowerBound) { return (nil, name) }
    if range.count == 3, tokens.isMark(range.lowerBound + 1, "."), let source = tokens.name(range.lowerBound),
      let name = tokens.name(range.lowerBound + 2)
    {
      return (source, name)
    }
    return nil
  }

  private func literal(_ range: Range<Int>) -> SQLiteValue? {
    var range = range
    var sign = ""
    if range.count == 2, tokens.isMark(range.lowerBound, "-") {
      sign = "-"
      range = range.dropFirst()
    }
    guard range.count == 1 else { return nil }
    let token = tokens.tokens[range.lowerBound]
    switch token.kind {
    case .number: return Int64(sign + tokens.text(of: token)).map { .integer($0) }
    case .text where sign.isEmpty: return .text(tokens.unquoted(token.range))
    default: return nil
    }
  }
}

extension String {
  /// Whether two names are the same to SQLite: ASCII capitals do not count.
  func isSameName(_ other: String) -> Bool {
    func small(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
    return utf8.count == other.utf8.count && zip(utf8, other.utf8).allSatisfy { small($0) == small($1) }
  }
}
