extension Command {
  /// Reads the words after the program name, by this description; `self` is the root.
  ///
  /// Options may stand anywhere, before and after positionals. `--` ends them. `--name=value`, `--name value`, `-nvalue`,
  /// `-n value` and `-n=value` are the same, and flags of one letter may share a dash. `-h`, `--help`, `-V`, `--version`
  /// and `help COMMAND…` are understood everywhere.
  package func parse(_ words: [String]) throws(ArgumentError) -> Request<Action> {
    var parser = Parser(root: self, words: words)
    return try parser.run()
  }
}

private struct Parser<Action: Sendable> {
  let root: Command<Action>
  let words: [String]
  var command: Command<Action>
  var invocation: Invocation
  var position = 0
  var loose: [String] = []

  init(root: Command<Action>, words: [String]) {
    self.root = root
    self.words = words
    command = root
    invocation = Invocation(program: root.name, words: words)
  }

  mutating func run() throws(ArgumentError) -> Request<Action> {
    var optionsEnded = false
    while position < words.count {
      let word = words[position]
      position += 1
      if optionsEnded || !word.hasBytePrefix("-") || word.utf8.count == 1 {
        if let request = try takePlain(word, mayBeCommand: !optionsEnded) { return request }
      } else if word.hasSameBytes(as: "--") {
        optionsEnded = true
      } else if let request = try word.hasBytePrefix("--") ? takeLong(word) : takeShort(word) {
        return request
      }
    }
    return try finish()
  }

  // MARK: Words

  private mutating func takePlain(_ word: String, mayBeCommand: Bool) throws(ArgumentError) -> Request<Action>? {
    guard command.isGroup, loose.isEmpty, mayBeCommand else {
      loose.append(word)
      return nil
    }
    if word.hasSameBytes(as: "help") { return try helpForRest() }
    guard let chosen = command.subcommand(named: word) else {
      if !command.positionals.isEmpty {
        loose.append(word)
        return nil
      }
      throw unknownCommand(word)
    }
    enter(chosen)
    return nil
  }

  private mutating func enter(_ chosen: Command<Action>) {
    command = chosen
    invocation.path.append(chosen.name)
  }

  private mutating func helpForRest() throws(ArgumentError) -> Request<Action> {
    while position < words.count {
      let word = words[position]
      position += 1
      if word.hasBytePrefix("-") { continue }
      guard let chosen = command.subcommand(named: word) else { throw unknownCommand(word) }
      enter(chosen)
    }
    return help(long: true)
  }

  private func help(long: Bool, isMissing: Bool = false) -> Request<Action> {
    .help(
      text: command.help(path: invocation.path, globals: root.globals, long: long), isMissing: isMissing, invocation)
  }

  // MARK: Options

  private mutating func takeLong(_ word: String) throws(ArgumentError) -> Request<Action>? {
    let body = word.utf8.dropFirst(2)
    let equals = body.firstIndex(of: UInt8(ascii: "="))
    let name = String(decoding: body[..<(equals ?? body.endIndex)], as: UTF8.self)
    let attached = equals.map { String(decoding: body[body.index(after: $0)...], as: UTF8.self) }
    // A third dash is a slip of the fingers that would otherwise hide the two words everybody tries first.
    if ["help", "-help"].containsBytes(of: name) { return help(long: true) }
    if ["version", "-version"].containsBytes(of: name) { return .version(invocation) }
    guard let option = available.first(where: { $0.isCalled(name) }) else {
      throw unexpected(word: "--\(name)", similarTo: name)
    }
    try take(option, attached: attached)
    return nil
  }

  private mutating func takeShort(_ word: String) throws(ArgumentError) -> Request<Action>? {
    var rest = word.droppingBytes(1)
    while let letter = rest.unicodeScalars.first {
      rest = rest.droppingBytes(String(letter).utf8.count)
      if let option = available.first(where: { $0.short == letter }) {
        guard option.takesValue else {
          try take(option, attached: nil)
          continue
        }
        if rest.hasBytePrefix("=") { rest = rest.droppingBytes(1) }
        try take(option, attached: rest.utf8.isEmpty ? nil : rest)
        return nil
      }
      if letter == "h" { return help(long: false) }
      if letter == "V" { return .version(invocation) }
      throw unexpected(word: "-\(String(letter))", similarTo: nil)
    }
    return nil
  }

  private var available: [Option] { command.options + root.globals }

  private mutating func take(_ option: Option, attached: String?) throws(ArgumentError) {
    guard option.takesValue else {
      if let attached {
        throw error("unexpected value '\(attached)' for '\(option.display)' found; no more were expected")
      }
      if let substitute = option.substitute, let target = available.first(where: { $0.isCalled(substitute.option) }) {
        return try record(target, substitute.value)
      }
      return try record(option, "")
    }
    if let attached { return try record(option, attached) }
    guard position < words.count else { throw valueMissing(option, next: nil) }
    let next = words[position]
    if next.hasBytePrefix("-"), next.utf8.count > 1 { throw valueMissing(option, next: next) }
    position += 1
    try record(option, next)
  }

  private mutating func record(_ option: Option, _ value: String) throws(ArgumentError) {
    if !option.accepts(value) {
      let choices = "possible values: \(option.choices.joinedText(", "))"
      let guess = Suggestion.closest(to: value, among: option.choices)
      throw error("invalid value '\(value)' for '\(option.display)'", about: choices, guess: guess)
    }
    if option.kind == .value, let earlier = invocation.value(option) {
      if earlier.hasSameBytes(as: value) { return }
      if let message = option.conflictingValues { throw error(message) }
      throw error("the argument '\(option.display)' cannot be used multiple times")
    }
    if option.kind == .flag, invocation.has(option) { return }
    invocation.given.append(Invocation.Given(option: option.name, value: value, depth: invocation.path.count))
  }

  // MARK: The whole

  private mutating func finish() throws(ArgumentError) -> Request<Action> {
    try checkEarlyOptions()
    let hasOwnOption = invocation.given.contains { given in
      command.options.contains { $0.name.hasSameBytes(as: given.option) }
    }
    if command.requiresSomething, loose.isEmpty, !hasOwnOption { return help(long: false, isMissing: true) }
    try checkCombinations()
    try placePositionals()
    guard let action = command.action else { return help(long: false, isMissing: true) }
    return .run(action, invocation)
  }

  /// What the program itself takes before a command's name must be something that the command takes too.
  private func checkEarlyOptions() throws(ArgumentError) {
    for given in invocation.given where given.depth == 1 && invocation.path.count > 1 {
      guard available.contains(where: { $0.name.hasSameBytes(as: given.option) }) else {
        throw unexpected(word: "--\(given.option)", similarTo: nil)
      }
    }
  }

  private func checkCombinations() throws(ArgumentError) {
    for given in invocation.given {
      guard let option = available.first(where: { $0.name.hasSameBytes(as: given.option) }) else { continue }
      for other in available where invocation.has(other) && !other.name.hasSameBytes(as: option.name) {
        if option.conflicts.containsBytes(of: other.name) || other.conflicts.containsBytes(of: option.name) {
          throw error("the argument '\(option.display)' cannot be used with '\(other.display)'")
        }
      }
      for name in option.requires where !invocation.given.contains(where: { $0.option.hasSameBytes(as: name) }) {
        throw error("--\(option.name) requires --\(name)")
      }
    }
  }

  private mutating func placePositionals() throws(ArgumentError) {
    var rest = loose[...]
    for positional in command.positionals {
      let taken = positional.isRepeated ? rest : rest.prefix(1)
      if taken.isEmpty, positional.isRequired {
        throw error("the following required arguments were not provided: \(positional.display)")
      }
      for word in taken {
        if !positional.choices.isEmpty, !positional.choices.containsBytes(of: word) {
          throw error(
            "invalid value '\(word)' for '\(positional.display)'",
            about: "possible values: \(positional.choices.joinedText(", "))",
            guess: Suggestion.closest(to: word, among: positional.choices))
        }
        invocation.placed.append((positional.name, word))
      }
      rest = rest.dropFirst(taken.count)
    }
    if let extra = rest.first { throw unexpected(word: extra, similarTo: nil) }
  }

  // MARK: Errors

  private func error(_ message: String, about: String? = nil, guess: String? = nil) -> ArgumentError {
    var hint = ""
    if let guess { hint += "Did you mean `\(guess)`? " }
    if let about { hint += "\(about.capitalizingFirstByte). " }
    hint += "Try `\(invocation.commandLine) --help`."
    return ArgumentError(message: message, hint: hint, soFar: invocation)
  }

  private func unexpected(word: String, similarTo name: String?) -> ArgumentError {
    let names = available.filter { !$0.isHidden }.map { $0.name } + ["help", "version"]
    let guess = name.flatMap { Suggestion.closest(to: $0, among: names) }
    return error("unexpected argument '\(word)' found", guess: guess.map { "--\($0)" })
  }

  private func unknownCommand(_ word: String) -> ArgumentError {
    let names = command.shownSubcommands.map { $0.name } + ["help"]
    return error("unrecognized subcommand '\(word)'", guess: Suggestion.closest(to: word, among: names))
  }

  private func valueMissing(_ option: Option, next: String?) -> ArgumentError {
    let about = next.map { "A value that begins with a dash is written `--\(option.name)=\($0)`" }
    return error("a value is required for '\(option.display)' but none was supplied", about: about)
  }
}

extension String {
  /// The same text with an ASCII first letter in upper case.
  fileprivate var capitalizingFirstByte: String {
    var bytes = Array(utf8)
    if let first = bytes.first, first >= UInt8(ascii: "a"), first <= UInt8(ascii: "z") { bytes[0] = first - 32 }
    return String(decoding: bytes, as: UTF8.self)
  }
}
