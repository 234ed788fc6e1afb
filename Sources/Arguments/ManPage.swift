// Manual pages in the man(7) macros, made from the description alone.

extension Command {
  /// One page for this command, reached by the names in `path`.
  package func manualPage(path: [String], globals: [Option], version: String) -> String {
    let title = path.joinedText("-")
    var page =
      ".TH \"\(Roff.text(title.uppercasedBytes))\" 1 \"\" \"\(Roff.text("weir \(version)"))\" \"User Commands\"\n"
    page += ".SH NAME\n\(Roff.text(title)) \\- \(Roff.text(summary))\n"
    page += ".SH SYNOPSIS\n.B \(Roff.text(path.joinedText(" ")))\n"
    page += Roff.text(usage(path: [])) + "\n"
    if let details { page += ".SH DESCRIPTION\n" + Roff.paragraphs(details) }
    if isGroup {
      page += ".SH COMMANDS\n"
      for command in shownSubcommands {
        page += Roff.entry(HelpRow(term: command.name, summary: command.summary))
      }
    }
    let sections = [
      ("ARGUMENTS", positionals.map { $0.helpRow }),
      ("OPTIONS", shownOptions.map { $0.helpRow }),
      ("GLOBAL OPTIONS", globals.filter { !$0.isHidden }.map { $0.helpRow } + Option.builtInRows(long: true)),
    ]
    for (heading, rows) in sections where !rows.isEmpty {
      page += ".SH \(heading)\n"
      for row in rows { page += Roff.entry(row) }
    }
    if !examples.isEmpty {
      page += ".SH EXAMPLES\n"
      for example in examples {
        page += ".PP\n\(Roff.text(example.purpose)):\n.PP\n.nf\n"
        for line in example.line.utf8.split(separator: UInt8(ascii: "\n")) {
          page += "  $ \(Roff.text(String(decoding: line, as: UTF8.self)))\n"
        }
        page += ".fi\n"
      }
    }
    return page
  }
}

private enum Roff {
  /// Text that means itself: backslashes and dashes escaped, and no line that starts with a control character.
  static func text(_ plain: String) -> String {
    var result: [UInt8] = []
    for byte in plain.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): result += Array("\\e".utf8)
      case UInt8(ascii: "-"): result += Array("\\-".utf8)
      case UInt8(ascii: "\""): result += Array("\\(dq".utf8)
      case UInt8(ascii: "."), UInt8(ascii: "'"):
        if result.isEmpty { result += Array("\\&".utf8) }
        result.append(byte)
      default: result.append(byte)
      }
    }
    return String(decoding: result, as: UTF8.self)
  }

  static func entry(_ row: HelpRow) -> String {
    var result = ".TP\n.B \(text(row.term.trimmingLeadingSpaces))\n"
    result += text(([row.summary] + row.notes).joinedText(" ")) + "\n"
    if let details = row.details { result += ".IP\n" + paragraphs(details) }
    return result
  }

  static func paragraphs(_ plain: String) -> String {
    var result = ""
    var isLiteral = false
    for line in plain.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let line = String(decoding: line, as: UTF8.self)
      if line.hasBytePrefix("  ") != isLiteral {
        isLiteral.toggle()
        result += isLiteral ? ".nf\n" : ".fi\n"
      }
      result += line.utf8.isEmpty ? ".PP\n" : text(line) + "\n"
    }
    if isLiteral { result += ".fi\n" }
    return result
  }
}

extension String {
  /// ASCII letters in upper case.
  fileprivate var uppercasedBytes: String {
    String(decoding: utf8.map { $0 >= 0x61 && $0 <= 0x7A ? $0 - 32 : $0 }, as: UTF8.self)
  }

  fileprivate var trimmingLeadingSpaces: String {
    String(decoding: utf8.drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
  }
}
