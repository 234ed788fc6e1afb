enum PowerShellCompletion {
  /// The script keeps two tables: what each command takes, and the values of options that have fixed ones.
  static func script(program: String, nodes: [CompletionNode]) -> String {
    var script = "# PowerShell completion for \(program)\n\n"
    script += "Register-ArgumentCompleter -Native -CommandName \(quoted(program)) -ScriptBlock {\n"
    script += "  param($wordToComplete, $commandAst, $cursorPosition)\n"
    script += "  $table = @{\n" + nodes.map { entry(of: $0) }.joinedText("") + "  }\n"
    script += "  $values = @{\n" + nodes.flatMap { values(in: $0) }.joinedText("") + "  }\n"
    script += """
        $at = \(quoted(program))
        $previous = ''
        foreach ($element in $commandAst.CommandElements | Select-Object -Skip 1) {
          if ($element.Extent.EndOffset -ge $cursorPosition) { break }
          $previous = "$element"
          if ($table.ContainsKey("$at $element")) { $at = "$at $element" }
        }
        $rows = if ($values.ContainsKey("$at $previous")) { $values["$at $previous"] } else { $table[$at] }
        $rows | Where-Object { $_[0] -like "$wordToComplete*" } | ForEach-Object {
          [System.Management.Automation.CompletionResult]::new($_[0], $_[0], $_[2], $_[1])
        }
      }

      """
    return script
  }

  private static func entry(of node: CompletionNode) -> String {
    var entry = "    \(quoted(node.path.joinedText(" "))) = @(\n"
    for command in node.subcommands { entry += row(command.name, command.summary, "ParameterValue") }
    for option in node.options {
      entry += row("--\(option.name)", option.summary, "ParameterName")
    }
    for choice in node.positionals.flatMap({ $0.choices }) { entry += row(choice, choice, "ParameterValue") }
    return entry + "    )\n"
  }

  private static func values(in node: CompletionNode) -> [String] {
    var entries: [String] = []
    for option in node.options where !option.choices.isEmpty {
      var entry = "    \(quoted("\(node.path.joinedText(" ")) --\(option.name)")) = @(\n"
      for choice in option.choices { entry += row(choice, choice, "ParameterValue") }
      entries.append(entry + "    )\n")
    }
    return entries
  }

  private static func row(_ word: String, _ summary: String, _ kind: String) -> String {
    "      , @(\(quoted(word)), \(quoted(summary)), \(quoted(kind)))\n"
  }

  private static func quoted(_ text: String) -> String {
    "'" + ShellText.replacing(UInt8(ascii: "'"), in: text, with: "''") + "'"
  }
}
