/// One positional argument of a command.
package struct Positional: Sendable {
  package enum Count: Sendable, Equatable {
    case required, optional, oneOrMore, zeroOrMore
  }

  package let name: String
  package let count: Count
  package let summary: String
  package var details: String?
  package var choices: [String] = []
  package var source = ValueSource.anything

  package init(
    _ name: String, _ count: Count = .required, _ summary: String, details: String? = nil, choices: [String] = [],
    source: ValueSource = .anything
  ) {
    self.name = name
    self.count = count
    self.summary = summary
    self.details = details
    self.choices = choices
    self.source = source
  }

  package var isRequired: Bool { count == .required || count == .oneOrMore }
  package var isRepeated: Bool { count == .oneOrMore || count == .zeroOrMore }

  /// `<POOL>`, `[DATA]`, `<NAME>...`, as usage lines and messages name it.
  package var display: String {
    switch count {
    case .required: "<\(name)>"
    case .optional: "[\(name)]"
    case .oneOrMore: "<\(name)>..."
    case .zeroOrMore: "[\(name)]..."
    }
  }
}
