// What `-h` and `--help` print, made from the description alone.

/// One row of a help section: what is typed, and what it does.
struct HelpRow {
  let term: String
  let summary: String
  /// Shown with `--help` only.
  var details: String?
  /// `[default: fast]` and the like.
  var notes: [String] = []
}

extension Command {
  /// The help of this command, reached by the names in `path`. The short form has one line an argument; the long one adds what
  /// the description says beyond summaries. Both end with examples.
  package func help(path: [String], globals: [Option], long: Bool) -> String {
    var sections: [String] = [summary + "\n"]
    if long, let details { sections.append(TextLayout.paragraphs(details, indent: 0) + "\n") }
    sections.append("Usage: \(usage(path: path))\n")
    let commands = shownSubcommands.map { HelpRow(term: $0.name, summary: $0.summary) }
    let rows = [
      ("Commands:", isGroup ? commands + [HelpRow(term: "help", summary: "Print help for a command")] : []),
      ("Arguments:", positionals.map { $0.helpRow }),
      ("Options:", shownOptions.map { $0.helpRow }),
      ("Global options:", globals.filter { !$0.isHidden }.map { $0.helpRow } + Option.builtInRows(long: long)),
    ]
    for (title, rows) in rows where !rows.isEmpty {
      sections.append(title + "\n" + Self.render(rows, long: long && !title.hasSameBytes(as: "Commands:")))
    }
    if !examples.isEmpty { sections.append("EXAMPLES\n" + Self.render(examples)) }
    return sections.joinedText("\n")
  }

  /// `weir feed [OPTIONS] <POOL> [DATA]`
  func usage(path: [String]) -> String {
    var words = path
    words.append("[OPTIONS]")
    words += positionals.map { $0.display }
    if isGroup { words.append(action == nil ? "<COMMAND>" : "[COMMAND]") }
    return words.joinedText(" ")
  }

  private static func render(_ rows: [HelpRow], long: Bool) -> String {
    var result = ""
    if long {
      for (number, row) in rows.enumerated() {
        if number > 0 { result += "\n" }
        result += "  \(row.term)\n"
        result += TextLayout.paragraphs(row.withNotes(row.summary), indent: 10) + "\n"
        if let details = row.details { result += "\n" + TextLayout.paragraphs(details, indent: 10) + "\n" }
      }
      return result
    }
    let widest = rows.map { TextLayout.columns(of: $0.term.utf8) }.max() ?? 0
    let column = 2 + widest + 2
    for row in rows {
      let text = TextLayout.fill(row.withNotes(row.summary), from: column, indent: column)
      result += "  " + TextLayout.padded(row.term, to: widest) + "  " + text + "\n"
    }
    return result
  }

  private static func render(_ examples: [Example]) -> String {
    var result = ""
    for (number, example) in examples.enumerated() {
      if number > 0 { result += "\n" }
      result += "  # \(example.purpose)\n"
      for line in example.line.utf8.split(separator: UInt8(ascii: "\n")) {
        result += "  $ \(String(decoding: line, as: UTF8.self))\n"
      }
    }
    return result
  }
}

extension HelpRow {
  fileprivate func withNotes(_ text: String) -> String { ([text] + notes).joinedText(" ") }
}

extension Option {
  var helpRow: HelpRow {
    var term = short.map { "-\(String($0)), --\(name)" } ?? "    --\(name)"
    if takesValue { term += " <\(placeholder)>" }
    if kind == .values { term += "..." }
    var row = HelpRow(term: term, summary: summary, details: details)
    if let fallback { row.notes.append("[default: \(fallback)]") }
    if !choices.isEmpty { row.notes.append("[possible values: \(choices.joinedText(", "))]") }
    return row
  }

  static func builtInRows(long: Bool) -> [HelpRow] {
    let other = long ? "Print help (a summary with -h)" : "Print help (more with --help)"
    return [
      HelpRow(term: "-h, --help", summary: other),
      HelpRow(term: "-V, --version", summary: "Print the version"),
    ]
  }
}

extension Positional {
  var helpRow: HelpRow {
    var row = HelpRow(term: display, summary: summary, details: details)
    if !choices.isEmpty { row.notes.append("[possible values: \(choices.joinedText(", "))]") }
    return row
  }
}
