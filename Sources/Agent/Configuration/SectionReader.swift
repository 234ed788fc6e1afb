internal import Arguments

/// Reads one section of the configuration: setting after setting, each from where it was last said: an option, a variable, the
/// file, or the default. What is read is noted in `Settings`; a key that nobody asks for is an error.
struct SectionReader {
  private let run: ConfigurationRun
  /// From the top down; empty for the document.
  private let path: [SettingName]
  private let members: [TOMLMember]
  private let origin: SettingOrigin
  /// Whether variables may set it: not where the user chose the section's name, or it is one of a list.
  private let takesVariables: Bool
  private let isLater: Bool
  private var known: [SettingName] = []

  /// The document.
  init(_ run: ConfigurationRun, _ document: TOMLValue) {
    var members: [TOMLMember] = []
    if case .table(let found) = document.content { members = found }
    self.init(
      run: run, path: [], members: members, origin: .standard, takesVariables: true, isLater: false)
  }

  private init(
    run: ConfigurationRun, path: [SettingName], members: [TOMLMember], origin: SettingOrigin, takesVariables: Bool,
    isLater: Bool
  ) {
    self.run = run
    self.path = path
    self.members = members
    self.origin = origin
    self.takesVariables = takesVariables
    self.isLater = isLater
  }

  // MARK: Settings

  /// The setting's value, or its default.
  ///
  /// - Parameter later: Whether nothing reads it yet; as its section has it if nil.
  mutating func read<Value>(
    _ name: SettingName, _ kind: SettingKind<Value>, or standard: @autoclosure () -> Value, later: Bool? = nil
  ) throws(ConfigurationError) -> Value {
    if let (value, origin) = try find(name, kind) {
      note(name, kind.written(value), origin, later: later)
      return value
    }
    let value = standard()
    note(name, kind.written(value), .standard, later: later)
    return value
  }

  /// The setting's value; nil if nobody gives one.
  mutating func readIfGiven<Value>(
    _ name: SettingName, _ kind: SettingKind<Value>, later: Bool? = nil, isSecret: Bool = false
  ) throws(ConfigurationError) -> Value? {
    guard let (value, origin) = try find(name, kind) else {
      note(name, nil, .standard, later: later)
      return nil
    }
    note(name, isSecret ? Settings.mask : kind.written(value), origin, later: later)
    return value
  }

  /// The setting's value. That there is none is reported when all was read: a key or section that is misspelt comes first.
  mutating func require<Value>(_ name: SettingName, _ kind: SettingKind<Value>) throws(ConfigurationError) -> Value {
    if let (value, origin) = try find(name, kind) {
      note(name, kind.written(value), origin, later: nil)
      return value
    }
    if run.missing == nil {
      let variable = takesVariables ? ", or set \(variables(name).first ?? "")" : ""
      run.missing = ConfigurationError(
        .missingKey, "\(display(name)) is missing", hint: "Give it \(kind.expected)\(variable).", at: origin,
        path: run.file)
    }
    return kind.placeholder
  }

  /// Refuses a value for a reason of its own.
  func invalid(_ name: SettingName, _ words: String, hint: String) -> ConfigurationError {
    let origin = (try? member(name)).map { SettingOrigin($0.value.place) } ?? origin
    return ConfigurationError(.invalidValue, "\(display(name)) \(words)", hint: hint, at: origin, path: run.file)
  }

  /// Refuses the section itself.
  func invalid(_ words: String, hint: String) -> ConfigurationError {
    ConfigurationError(.invalidValue, "\(display) \(words)", hint: hint, at: origin, path: run.file)
  }

  private mutating func find<Value>(
    _ name: SettingName, _ kind: SettingKind<Value>
  ) throws(ConfigurationError) -> (Value, SettingOrigin)? {
    known.append(name)
    let inFile = try member(name)
    if let (text, origin) = try said(name) {
      do throws(SettingRefusal) {
        return (try kind.fromText(text), origin)
      } catch {
        throw refused(name, kind, error, at: origin, found: "something else")
      }
    }
    guard let inFile else { return nil }
    do throws(SettingRefusal) {
      return (try kind.fromFile(inFile.value), SettingOrigin(inFile.value.place))
    } catch {
      throw refused(name, kind, error, at: SettingOrigin(inFile.value.place), found: inFile.value.kindName)
    }
  }

  /// What an option, else a variable says.
  private func said(_ name: SettingName) throws(ConfigurationError) -> (String, SettingOrigin)? {
    let dotted = (path + [name]).map { $0.name }.joinedText(".")
    if let given = run.inputs.options.first(where: { $0.setting.hasSameBytes(as: dotted) }) {
      return (given.value, .option(given.option))
    }
    guard takesVariables else { return nil }
    var found: (String, String)?
    for variable in variables(name) {
      guard let value = run.inputs.environment(variable), !value.utf8.isEmpty else { continue }
      if let (other, earlier) = found, !earlier.hasSameBytes(as: value) {
        throw ConfigurationError(
          .duplicate, "\(other) and \(variable) say different things about \(display(name))",
          hint: "Unset one of them.",
          at: .environment(variable))
      }
      found = found ?? (variable, value)
    }
    return found.map { ($0.1, .environment($0.0)) }
  }

  /// Every name that a variable may have for it, ours first.
  private func variables(_ name: SettingName) -> [String] {
    var names = [""]
    for part in path + [name] {
      names = names.flatMap { before in
        part.all.map { (before.utf8.isEmpty ? "" : before + "__") + SettingName.forEnvironment($0) }
      }
    }
    return names
  }

  private func member(_ name: SettingName) throws(ConfigurationError) -> TOMLMember? {
    let found = members.filter { name.isCalled($0.name) }.sorted { $0.place.line < $1.place.line }
    guard found.count < 2 else {
      throw ConfigurationError(
        .duplicate, "\(found[1].name) in \(display) is the same as \(found[0].name), which stands there too",
        hint: "Take one of the two out.", at: SettingOrigin(found[1].place), path: run.file)
    }
    return found.first
  }

  private func refused<Value>(
    _ name: SettingName, _ kind: SettingKind<Value>, _ refusal: SettingRefusal, at origin: SettingOrigin,
    found: String
  ) -> ConfigurationError {
    let hint = "Give it \(kind.expected)."
    switch refusal {
    case .otherType:
      return ConfigurationError(
        .wrongType, "\(display(name)) is \(found)", hint: hint, at: origin, path: run.file)
    case .words(let words):
      return ConfigurationError(.invalidValue, "\(display(name)) \(words)", hint: hint, at: origin, path: run.file)
    }
  }

  // MARK: Sections within

  /// Whether the file has it.
  func has(_ name: SettingName) -> Bool { members.contains { name.isCalled($0.name) } }

  /// Whether the file has a table there.
  func isTable(_ name: SettingName) -> Bool {
    members.contains { member in
      guard name.isCalled(member.name), case .table = member.value.content else { return false }
      return true
    }
  }

  /// Whether a variable says anything about a setting of the section.
  func isSetByVariable(_ section: SettingName, _ name: SettingName) -> Bool {
    let inside = SectionReader(
      run: run, path: path + [section], members: [], origin: .standard, takesVariables: takesVariables,
      isLater: isLater)
    return takesVariables && inside.variables(name).contains { run.inputs.environment($0)?.utf8.isEmpty == false }
  }

  /// Reads a section by `body`, whether or not the file has it.
  mutating func section<Value>(
    _ name: SettingName, later: Bool = false,
    _ body: (inout SectionReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value {
    known.append(name)
    let found = try member(name)
    return try inside(name, found, takesVariables: takesVariables, later: later, body)
  }

  /// Reads a section by `body` if the file has it.
  mutating func sectionIfGiven<Value>(
    _ name: SettingName, later: Bool = false,
    _ body: (inout SectionReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value? {
    guard has(name) else {
      known.append(name)
      return nil
    }
    return try section(name, later: later, body)
  }

  /// Reads each table that stands under the name: one, or a list of them.
  mutating func tables<Value>(
    _ name: SettingName, later: Bool = false,
    _ body: (inout SectionReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> [Value] {
    known.append(name)
    guard let found = try member(name) else { return [] }
    guard case .array(let elements) = found.value.content else {
      return [try inside(name, found, takesVariables: false, later: later, isElement: true, body)]
    }
    var values: [Value] = []
    for element in elements {
      let one = TOMLMember(name: found.name, place: element.place, value: element)
      values.append(try inside(name, one, takesVariables: false, later: later, isElement: true, body))
    }
    return values
  }

  /// Reads each table of a section whose keys are names that the user chose, in ascending order of their bytes.
  mutating func named<Value>(
    _ name: SettingName, later: Bool = false,
    _ body: (String, inout SectionReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> [Value] {
    try section(name, later: later) { (section) throws(ConfigurationError) in
      var values: [Value] = []
      for member in section.members.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
        let chosen = SettingName(member.name)
        section.known.append(chosen)
        values.append(
          try section.inside(chosen, member, takesVariables: false, later: later) { (one) throws(ConfigurationError) in
            try body(member.name, &one)
          })
      }
      return values
    }
  }

  private func inside<Value>(
    _ name: SettingName, _ member: TOMLMember?, takesVariables: Bool, later: Bool, isElement: Bool = false,
    _ body: (inout SectionReader) throws(ConfigurationError) -> Value
  ) throws(ConfigurationError) -> Value {
    var members: [TOMLMember] = []
    if let member {
      guard case .table(let found) = member.value.content else {
        throw ConfigurationError(
          .wrongType, "\(display(name)) is \(member.value.kindName)", hint: "Make it a section, [\(display(name))].",
          at: SettingOrigin(member.value.place), path: run.file)
      }
      members = found
    }
    var section = SectionReader(
      run: run, path: path + [name], members: members, origin: member.map { SettingOrigin($0.place) } ?? origin,
      takesVariables: takesVariables, isLater: isLater || later)
    if isElement { run.settings.beginElement(section.names) }
    let value = try body(&section)
    try section.finish()
    return value
  }

  /// Reports keys that nobody asked for.
  func finish() throws(ConfigurationError) {
    for member in members.sorted(by: { $0.place.line < $1.place.line })
    where !known.contains(where: { $0.isCalled(member.name) }) {
      let names = known.flatMap { $0.all }
      let guess = Suggestion.closest(to: member.name, among: names).map { "Did you mean `\($0)`? " } ?? ""
      let choice = known.isEmpty ? "Take it out." : "There are: \(known.map { $0.name }.joinedText(", "))."
      throw ConfigurationError(
        .unknownKey, "unknown key \(TOMLText.key(member.name)) in \(display)", hint: guess + choice,
        at: SettingOrigin(member.place), path: run.file)
    }
  }

  // MARK: Names and notes

  private var names: [String] { path.map { $0.name } }
  private var display: String { path.isEmpty ? "the configuration" : "[\(dotted(names))]" }
  private func display(_ name: SettingName) -> String { dotted(names + [name.name]) }
  private func dotted(_ names: [String]) -> String { names.map(TOMLText.key).joinedText(".") }

  private func note(_ name: SettingName, _ value: String?, _ origin: SettingOrigin, later: Bool?) {
    run.settings.add(
      Settings.Setting(name: name.name, value: value, origin: origin, isLater: later ?? isLater), to: names)
  }
}

/// One reading of a configuration: what it is read from, and what was found.
final class ConfigurationRun {
  let inputs: ConfigurationInputs
  let file: String?
  var settings = Settings()
  /// The first setting that must be there and is not.
  var missing: ConfigurationError?

  init(_ inputs: ConfigurationInputs, file: String?) {
    self.inputs = inputs
    self.file = file
  }
}
