enum ZshCompletion {
  /// One function a command: it hands its options and positionals to `_arguments`, and a group goes on to its subcommands.
  static func script(program: String, nodes: [CompletionNode]) -> String {
    var script = "#compdef \(program)\n\n"
    for node in nodes {
      script += "\(function(node.path))() {\n"
      if !node.subcommands.isEmpty { script += "  local context state line\n  typeset -A opt_args\n" }
      script += "  _arguments -s -S" + (node.subcommands.isEmpty ? "" : " -C")
      for option in node.options { script += " \\\n    " + ShellText.quoted(specification(option)) }
      for positional in node.positionals {
        script += " \\\n    " + ShellText.quoted(specification(positional, program: program))
      }
      if !node.subcommands.isEmpty { script += " \\\n    '1: :->command' \\\n    '*::argument:->arguments'" }
      script += "\n"
      if !node.subcommands.isEmpty { script += next(node, nodes) }
      script += "}\n\n"
    }
    script += "__\(program)_pools() {\n  local -a pools\n"
    script += "  pools=(${(f)\"$(\(program) pool list --format pretty 2>/dev/null | awk 'NR > 1 { print $1 }')\"})\n"
    script += "  compadd -a pools\n}\n\n"
    script +=
      "if [[ \"$funcstack[1]\" == _\(program) ]]; then\n  _\(program) \"$@\"\nelse\n  compdef _\(program) \(program)\nfi\n"
    return script
  }

  private static func function(_ path: [String]) -> String { "_" + path.joinedText("_") }

  private static func next(_ node: CompletionNode, _ nodes: [CompletionNode]) -> String {
    var script = "  case $state in\n    command)\n      local -a commands=(\n"
    for command in node.subcommands {
      script += "        " + ShellText.quoted("\(command.name):\(plain(command.summary))") + "\n"
    }
    script += "      )\n      _describe -t commands command commands ;;\n    arguments)\n      case $line[1] in\n"
    for command in node.subcommands where nodes.contains(where: { $0.path == node.path + [command.name] }) {
      script += "        \(command.name)) \(function(node.path + [command.name])) ;;\n"
    }
    return script + "      esac ;;\n  esac\n"
  }

  private static func specification(_ option: Option) -> String {
    let names = option.short.map { ["-\(String($0))", "--\(option.name)"] } ?? ["--\(option.name)"]
    let repeats = option.kind == .values ? "*" : "(\(names.joinedText(" ")))"
    // A brace list would have to stand outside the quotes; one specification a spelling says the same.
    let spelled = names.count == 2 ? "\(repeats)\(names[1])" : "\(repeats)\(names[0])"
    guard option.takesValue else { return "\(spelled)[\(plain(option.summary))]" }
    return "\(spelled)=[\(plain(option.summary))]:\(option.placeholder):\(values(option.choices, option.source, nil))"
  }

  private static func specification(_ positional: Positional, program: String) -> String {
    let place = positional.isRepeated ? "*" : ""
    let optional = positional.isRequired || positional.isRepeated ? ":" : "::"
    return "\(place)\(optional)\(positional.name):\(values(positional.choices, positional.source, program))"
  }

  private static func values(_ choices: [String], _ source: ValueSource, _ program: String?) -> String {
    if !choices.isEmpty { return "(\(choices.joinedText(" ")))" }
    switch source {
    case .file: return "_files"
    case .directory: return "_files -/"
    case .pool: return program.map { "__\($0)_pools" } ?? " "
    case .anything: return " "
    }
  }

  /// Without the characters that `_arguments` and `_describe` read as their own.
  private static func plain(_ text: String) -> String {
    let special: [UInt8] = [UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ":")]
    return String(decoding: text.utf8.filter { !special.contains($0) }, as: UTF8.self)
  }
}
