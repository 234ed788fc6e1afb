internal import SQLite

/// What a query reads, as SQLite tells while it prepares it.
struct QueryReads {
  /// Columns that are read, by the table's name in small letters.
  private(set) var tables: [String: Set<String>] = [:]
  /// Tables, views among them, that are read inside of views and common table expressions, in small letters.
  private(set) var inside: Set<String> = []
  /// In small letters.
  private(set) var functions: Set<String> = []
  /// Whether it asks for more than reading.
  private(set) var isOther = false

  mutating func note(_ action: AuthorizedAction) {
    switch action.code {
    case AuthorizedAction.read:
      let table = (action.first ?? "").inSmallLetters
      tables[table, default: []].insert((action.second ?? "").inSmallLetters)
      if action.source != nil { inside.insert(table) }
    case AuthorizedAction.function: functions.insert((action.second ?? "").inSmallLetters)
    case AuthorizedAction.select, AuthorizedAction.recursive: break
    default: isOther = true
    }
  }

  /// Adds tables that are opened. Those that nothing was told of count as read in all columns.
  mutating func add(opened names: Set<String>) {
    for name in names where tables[name.inSmallLetters] == nil { tables[name.inSmallLetters] = [Self.unknownColumn] }
  }

  /// No column has this name, so that it stands for all.
  private static let unknownColumn = "?"
}

extension QueryReads {
  /// Functions that give one value for one row, and the same for the same arguments.
  private static let rowFunctions: Set<String> = [
    "abs", "char", "coalesce", "concat", "concat_ws", "format", "glob", "hex", "ifnull", "iif", "instr", "length",
    "like", "likelihood", "likely", "lower", "ltrim", "nullif", "octet_length", "printf", "quote", "replace", "round",
    "rtrim", "sign", "soundex", "substr", "substring", "trim", "typeof", "unhex", "unicode", "unlikely", "upper",
    "zeroblob", "->", "->>", "json", "json_array", "json_array_length", "json_extract", "json_insert", "json_object",
    "json_patch", "json_quote", "json_remove", "json_replace", "json_set", "json_type", "json_valid",
    "corro_json_contains", "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "ceil", "ceiling", "cos", "cosh",
    "degrees", "exp",
    "floor", "ln", "log", "log10", "log2", "mod", "pi", "pow", "power", "radians", "sin", "sinh", "sqrt", "tan", "tanh",
    "trunc",
  ]

  /// Functions that give one value for one row, but not always the same.
  private static let changingFunctions: Set<String> = [
    "random", "randomblob", "date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff",
    "current_date", "current_time", "current_timestamp",
  ]

  /// Whether each row of the result is made of one row of each table that is joined: no function makes one value of many rows.
  var isRowByRow: Bool { functions.subtracting(Self.rowFunctions).subtracting(Self.changingFunctions).isEmpty }
  /// Whether rows of the result may change although no row of a table did.
  var isChanging: Bool { !functions.isSubset(of: Self.rowFunctions) }
}

extension String {
  /// With small letters for ASCII capitals.
  var inSmallLetters: String {
    String(decoding: utf8.map { (0x41...0x5a).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
