/// The arguments that were given to the chosen command, checked against its description.
package struct Invocation: Sendable {
  struct Given: Sendable {
    let option: String
    let value: String
    /// How many names of `path` came before it.
    let depth: Int
  }

  /// The names from the program down to the chosen command.
  package internal(set) var path: [String]
  /// The words after the program name, as they were given.
  package let words: [String]

  var given: [Given] = []
  var placed: [(name: String, value: String)] = []

  /// Of nothing but the program.
  package init<Action>(_ root: Command<Action>) { self.init(program: root.name, words: []) }

  init(program: String, words: [String]) {
    path = [program]
    self.words = words
  }

  package func has(_ option: Option) -> Bool {
    given.contains { $0.option.hasSameBytes(as: option.name) }
  }

  /// Whether the option was given before the name of the chosen command: it is then one of a command above.
  package func hasBeforeCommand(_ option: Option) -> Bool {
    given.contains { $0.option.hasSameBytes(as: option.name) && $0.depth < path.count }
  }

  /// The value of an option, or nil when it was not given.
  package func value(_ option: Option) -> String? {
    given.last { $0.option.hasSameBytes(as: option.name) }?.value
  }

  /// All values of a repeated option, in the order given.
  package func values(_ option: Option) -> [String] {
    given.filter { $0.option.hasSameBytes(as: option.name) }.map { $0.value }
  }

  package func value(_ positional: Positional) -> String? {
    placed.first { $0.name.hasSameBytes(as: positional.name) }?.value
  }

  package func values(_ positional: Positional) -> [String] {
    placed.filter { $0.name.hasSameBytes(as: positional.name) }.map { $0.value }
  }

  /// The program and the command: `weir pool create`.
  package var commandLine: String { path.joinedText(" ") }
}
