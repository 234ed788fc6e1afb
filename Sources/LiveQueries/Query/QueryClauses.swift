/// Where the clauses of an outer SELECT are, in tokens. Nil if there is any that is not one of SELECT, FROM, WHERE and ORDER BY.
struct QueryClauses {
  private(set) var selected: Range<Int> = 0..<0
  /// Without the word FROM.
  private(set) var from: Range<Int> = 0..<0
  private(set) var condition: Range<Int>?
  /// With the words ORDER BY.
  private(set) var order: Range<Int>?

  private static let refused: [StaticString] = [
    "GROUP", "HAVING", "WINDOW", "UNION", "INTERSECT", "EXCEPT", "LIMIT", "RIGHT", "FULL", "NATURAL", "INDEXED",
    "VALUES",
  ]

  init?(_ tokens: SQLTokens) {
    var end = tokens.tokens.count
    while end > 0, tokens.isMark(end - 1, ";") { end -= 1 }
    guard tokens.isWord(0, "SELECT"), !tokens.isWord(1, "DISTINCT"), !tokens.isWord(1, "ALL") else { return nil }
    var starts: (from: Int?, condition: Int?, order: Int?)
    for index in 0..<end where tokens.tokens[index].kind == .word {
      // What a window is for is a set of rows, not a row.
      if tokens.isWord(index, "OVER") { return nil }
      guard tokens.tokens[index].depth == 0, !(index > 0 && tokens.isMark(index - 1, ".")) else { continue }
      if Self.refused.contains(where: { tokens.isWord(index, $0) }) { return nil }
      // IS DISTINCT FROM is an operator.
      if tokens.isWord(index, "FROM"), !tokens.isWord(index - 1, "DISTINCT") {
        guard starts.from == nil else { return nil }
        starts.from = index
      } else if tokens.isWord(index, "WHERE") {
        guard starts.condition == nil, starts.from != nil else { return nil }
        starts.condition = index
      } else if tokens.isWord(index, "ORDER") {
        guard starts.order == nil, starts.from != nil, tokens.isWord(index + 1, "BY") else { return nil }
        starts.order = index
      }
    }
    guard let fromStart = starts.from else { return nil }
    let orderStart = starts.order ?? end
    let conditionStart = starts.condition ?? orderStart
    selected = 1..<fromStart
    from = fromStart + 1..<max(fromStart + 1, conditionStart)
    if starts.condition != nil { condition = min(conditionStart + 1, orderStart)..<orderStart }
    if starts.order != nil { order = orderStart..<end }
    guard fromStart > 1, conditionStart > fromStart + 1, conditionStart <= orderStart, condition?.isEmpty != true else {
      return nil
    }
  }
}

/// The tables of a FROM clause. Nil if there is anything else in it, such as a query in parentheses.
struct JoinedSources {
  private(set) var sources: [QueryShape.Source] = []
  private(set) var dropsOptional = false

  private let tokens: SQLTokens
  private let end: Int
  private var place: Int

  private static let joining: [StaticString] = ["JOIN", "INNER", "CROSS", "LEFT", "OUTER"]
  private static let ending: [StaticString] = ["ON", "USING", "NOT"]

  init?(_ tokens: SQLTokens, _ range: Range<Int>) {
    self.tokens = tokens
    place = range.lowerBound
    end = range.upperBound
    guard take(isOptional: false) else { return nil }
    while place < end {
      guard let isOptional = takeJoin(), take(isOptional: isOptional), takeConstraint() else { return nil }
    }
  }

  /// Takes a table and the name that it gets.
  private mutating func take(isOptional: Bool) -> Bool {
    guard place < end, var table = tokens.name(place), !isJoining(place) else { return false }
    place += 1
    if place + 1 < end, tokens.isMark(place, ".") {
      guard table.isSameName("main"), let real = tokens.name(place + 1) else { return false }
      table = real
      place += 2
    }
    var name = table
    if tokens.isWord(place, "AS"), place + 1 < end, let given = tokens.name(place + 1) {
      name = given
      place += 2
    } else if place < end, let given = tokens.name(place), !isJoining(place),
      !Self.ending.contains(where: { tokens.isWord(place, $0) })
    {
      name = given
      place += 1
    }
    if !isOptional, sources.contains(where: { $0.isOptional }) { dropsOptional = true }
    // Two of one name cannot be told apart.
    guard !sources.contains(where: { $0.name.isSameName(name) }) else { return false }
    sources.append(QueryShape.Source(table: table, name: name, isOptional: isOptional))
    return true
  }

  private func isJoining(_ index: Int) -> Bool { Self.joining.contains { tokens.isWord(index, $0) } }

  /// Takes what joins the next table, and tells whether that one is optional.
  private mutating func takeJoin() -> Bool? {
    if tokens.isMark(place, ",") {
      place += 1
      return false
    }
    var isOptional = false
    if tokens.isWord(place, "LEFT") {
      isOptional = true
      place += tokens.isWord(place + 1, "OUTER") ? 2 : 1
    } else if tokens.isWord(place, "INNER") || tokens.isWord(place, "CROSS") {
      place += 1
    }
    guard place < end, tokens.isWord(place, "JOIN") else { return nil }
    place += 1
    return isOptional
  }

  /// Takes ON or USING, if there is one.
  private mutating func takeConstraint() -> Bool {
    if tokens.isWord(place, "USING") {
      place += 1
      guard tokens.isMark(place, "(") else { return false }
      while place < end, !(tokens.isMark(place, ")") && tokens.tokens[place].depth == 0) { place += 1 }
      place += 1
      return place <= end
    }
    guard tokens.isWord(place, "ON") else { return true }
    place += 1
    let start = place
    while place < end, !(tokens.tokens[place].depth == 0 && (tokens.isMark(place, ",") || isJoinStart(place))) {
      place += 1
    }
    return place > start
  }

  private func isJoinStart(_ index: Int) -> Bool {
    guard isJoining(index), !tokens.isMark(index - 1, ".") else { return false }
    return tokens.isWord(index, "JOIN") || tokens.isWord(index + 1, "JOIN") || tokens.isWord(index + 1, "OUTER")
  }
}
