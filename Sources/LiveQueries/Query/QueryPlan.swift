internal import SQLite
internal import State

/// How the result of one query is kept up to date.
struct QueryPlan: Equatable, Sendable {
  /// A table that the query joins, whose key is a part of what names a row of the result.
  struct Part: Equatable, Sendable {
    /// The table's number.
    var table: Int
    /// Columns of its key.
    var keyCount: Int
    /// Gives the rows of the result that have the key whose values are its parameters.
    var narrowed: String
    /// The same as it is asked: with further parameters, whose values are these.
    var asked: String
    var values: [SQLiteValue]
    /// Whether rows without this part take its place where it is missing, so that a change of it is followed through the first part.
    var isOptional: Bool
  }

  /// What has to be done when rows of a table changed.
  enum Reaction: Equatable, Sendable {
    /// The rows of the result that have them as one of these parts are asked for.
    case parts([Int])
    /// The whole result is asked for.
    case everything
  }

  /// A table whose rows matter.
  struct Interest: Equatable, Sendable {
    var name: String
    var reaction: Reaction
    /// Columns that are read; nil for all of them.
    var columns: ColumnSet?
    /// The only keys that can be in the result; nil if any can.
    var keys: [RowKey]?

    /// Whether a change of these columns may change the result.
    func concerns(_ change: TouchedColumns) -> Bool {
      guard let columns, !change.isWhole else { return true }
      return columns.intersects(change.columns)
    }
  }

  /// Names of the columns that are shown.
  var columns: [String]
  /// Gives the whole result: the columns that are shown, then the keys of all parts.
  var whole: String
  /// Empty if a row is named by nothing but its cells.
  var parts: [Part]
  /// By the table's number.
  var interests: [Int: Interest]

  /// Whether rows keep their names when their cells change.
  var hasKeys: Bool { !parts.isEmpty }

  /// What is asked when a table changed, by the table's name.
  var statements: [String: String] {
    var found: [String: String] = [:]
    for (_, interest) in interests {
      switch interest.reaction {
      case .everything: found[interest.name] = whole
      case .parts(let places): found[interest.name] = places.map { parts[$0].narrowed }.joined(separator: "; ")
      }
    }
    return found
  }
}
