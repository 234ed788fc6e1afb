internal import Arguments

/// The effective settings: every one with its value and where that comes from.
package struct Settings: Sendable {
  /// What is shown for a secret.
  static let mask = "\"********\""

  struct Setting: Sendable {
    let name: String
    /// As TOML; nil if it has none.
    let value: String?
    let origin: SettingOrigin
    let isLater: Bool
  }

  struct Section: Sendable {
    let path: [String]
    /// Whether it is one of a list of tables.
    let isElement: Bool
    var settings: [Setting] = []
  }

  private(set) var sections: [Section] = []

  // MARK: Noting

  /// One more table of a list begins.
  mutating func beginElement(_ path: [String]) { sections.append(Section(path: path, isElement: true)) }

  mutating func add(_ setting: Setting, to path: [String]) {
    if let index = index(of: path) { return sections[index].settings.append(setting) }
    sections.append(Section(path: path, isElement: false, settings: [setting]))
  }

  /// The last section of this name, but not one inside an earlier table of the list that the path goes through.
  private func index(of path: [String]) -> Int? {
    for (index, section) in sections.enumerated().reversed() {
      let isPrefix = zip(section.path, path).allSatisfy { $0.hasSameBytes(as: $1) }
      if isPrefix, section.path.count == path.count { return index }
      if isPrefix, section.path.count < path.count, section.isElement { return nil }
    }
    return nil
  }

  // MARK: Showing

  /// The settings that somebody gave and that nothing reads yet: `gossip.addr (line 7)`, in the order of the sections.
  package var unused: [String] {
    sections.flatMap { section in
      section.settings.compactMap { setting in
        guard setting.isLater, let origin = setting.origin.comment else { return nil }
        return "\((section.path + [setting.name]).map(TOMLText.key).joinedText(".")) (\(origin))"
      }
    }
  }

  /// All of it as TOML: what is not the default has a comment that says where it comes from, and secrets are masked.
  ///
  /// - Parameter file: The configuration file, if there is one.
  package func text(file: String?) -> String {
    var text = file.map { "# The effective configuration. Lines are those of \(oneLine($0)).\n" } ?? ""
    if file == nil { text = "# The effective configuration. There is no configuration file.\n" }
    for section in sections where !section.settings.isEmpty {
      text += "\n" + header(of: section) + "\n"
      for setting in section.settings { text += line(setting) + "\n" }
    }
    return text
  }

  private func header(of section: Section) -> String {
    let name = section.path.map(TOMLText.key).joinedText(".")
    return section.isElement ? "[[\(name)]]" : "[\(name)]"
  }

  private func line(_ setting: Setting) -> String {
    guard let value = setting.value else { return "# \(setting.name) is not set" }
    var comments: [String] = []
    if let comment = setting.origin.comment { comments.append(comment) }
    if setting.isLater, setting.origin != .standard { comments.append("not used yet") }
    let assignment = "\(TOMLText.key(setting.name)) = \(value)"
    return comments.isEmpty ? assignment : "\(assignment)  # \(comments.joinedText(", "))"
  }

  /// A path may have line ends, and comments must not.
  private func oneLine(_ path: String) -> String {
    String(decoding: path.utf8.map { $0 < 0x20 || $0 == 0x7F ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
  }
}
