/// What completion may offer for a value that is not one of a fixed list.
package enum ValueSource: Sendable, Equatable {
  case anything, file, directory, pool
}

/// One option of a command, described as a value: parsing, help, completions and manual pages all read it.
package struct Option: Sendable {
  package enum Kind: Sendable, Equatable {
    /// `--name`
    case flag
    /// `--name VALUE`, at most once
    case value
    /// `--name VALUE`, as often as wanted
    case values
  }

  /// An older spelling that sets another option to a fixed value: `--json` stands for `--format json`.
  package struct Substitute: Sendable {
    package let option: String
    package let value: String
  }

  /// Without the two dashes. It also identifies the option within its command.
  package let name: String
  package let short: Unicode.Scalar?
  package let kind: Kind
  /// How help names the value: `SIZE` in `--size <SIZE>`.
  package let placeholder: String
  package let summary: String
  /// More sentences, for `--help` only.
  package var details: String?
  /// The values that are accepted and shown; empty means that the command looks at the value itself.
  package var choices: [String] = []
  /// False: `choices` are shown, and the command looks at the value itself.
  package var checksChoices = true
  /// Values that are accepted and not shown.
  package var hiddenChoices: [String] = []
  /// Shown as `[default: …]`.
  package var fallback: String?
  package var source = ValueSource.anything
  /// Older or longer names that mean the same and are not shown.
  package var hiddenNames: [String] = []
  package var isHidden = false
  package var substitute: Substitute?
  /// Names of options that cannot be given together with this one.
  package var conflicts: [String] = []
  /// Names of options that must be given too.
  package var requires: [String] = []
  /// The same option may be given again with the same value; another value is this error.
  package var conflictingValues: String?

  package static func flag(_ name: String, short: Unicode.Scalar? = nil, _ summary: String) -> Option {
    Option(name: name, short: short, kind: .flag, placeholder: "", summary: summary)
  }

  package static func value(
    _ name: String, short: Unicode.Scalar? = nil, _ placeholder: String, _ summary: String
  ) -> Option {
    Option(name: name, short: short, kind: .value, placeholder: placeholder, summary: summary)
  }

  package static func values(
    _ name: String, short: Unicode.Scalar? = nil, _ placeholder: String, _ summary: String
  ) -> Option {
    Option(name: name, short: short, kind: .values, placeholder: placeholder, summary: summary)
  }

  /// A hidden flag that means `--option value`.
  package static func synonym(_ name: String, for option: Option, value: String) -> Option {
    var synonym = Option.flag(name, "Older spelling of --\(option.name) \(value)")
    synonym.isHidden = true
    synonym.substitute = Substitute(option: option.name, value: value)
    return synonym
  }

  private init(name: String, short: Unicode.Scalar?, kind: Kind, placeholder: String, summary: String) {
    self.name = name
    self.short = short
    self.kind = kind
    self.placeholder = placeholder
    self.summary = summary
  }

  /// A copy with some members changed, so that a description stays one expression.
  package func with(_ change: (inout Option) -> Void) -> Option {
    var copy = self
    change(&copy)
    return copy
  }

  package var takesValue: Bool { kind != .flag }

  /// `--tail <TAIL>`, as messages name it.
  package var display: String { takesValue ? "--\(name) <\(placeholder)>" : "--\(name)" }

  func isCalled(_ text: String) -> Bool { name.hasSameBytes(as: text) || hiddenNames.containsBytes(of: text) }

  func accepts(_ value: String) -> Bool {
    !checksChoices || choices.isEmpty || choices.containsBytes(of: value) || hiddenChoices.containsBytes(of: value)
  }
}
