enum BashCompletion {
  /// The script walks the words before the cursor down the tree of commands, then offers what the command it stands in takes.
  static func script(program: String, nodes: [CompletionNode]) -> String {
    let function = "_\(program)"
    var script = "# bash completion for \(program)\n\n\(function)() {\n"
    script += "  local current=\"${COMP_WORDS[COMP_CWORD]}\" previous=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
    script += "  local at=\(program) index\n"
    script += "  for ((index = 1; index < COMP_CWORD; index++)); do\n    case \"$at ${COMP_WORDS[index]}\" in\n"
    let children = nodes.filter { $0.path.count > 1 }.map { ShellText.quoted($0.path.joinedText(" ")) }
    script += "      \(children.joinedText("|"))) at=\"$at ${COMP_WORDS[index]}\" ;;\n    esac\n  done\n"
    script += "  case \"$at $previous\" in\n"
    for node in nodes {
      for option in node.options where option.takesValue {
        script += "    \(patterns(of: option, in: node))) \(offer(option)) return ;;\n"
      }
    }
    script += "  esac\n  case \"$at\" in\n"
    for node in nodes {
      script += "    \(ShellText.quoted(node.path.joinedText(" "))))\n"
      script +=
        "      mapfile -t COMPREPLY < <(compgen -W \(ShellText.quoted(node.words.joinedText(" "))) -- \"$current\")\n"
      if node.positionals.contains(where: { $0.source == .pool }) {
        script += "      [[ $current == -* ]] || mapfile -t -O \"${#COMPREPLY[@]}\" COMPREPLY < <(compgen -W "
        script +=
          "\"$(\(program) pool list --format pretty 2>/dev/null | awk 'NR > 1 { print $1 }')\" -- \"$current\")\n"
      }
      script += "      ;;\n"
    }
    script += "  esac\n}\n\ncomplete -o default -F \(function) \(program)\n"
    return script
  }

  private static func patterns(of option: Option, in node: CompletionNode) -> String {
    let path = node.path.joinedText(" ")
    var patterns = [ShellText.quoted("\(path) --\(option.name)")]
    if let short = option.short { patterns.append(ShellText.quoted("\(path) -\(String(short))")) }
    return patterns.joinedText("|")
  }

  private static func offer(_ option: Option) -> String {
    if !option.choices.isEmpty {
      return "mapfile -t COMPREPLY < <(compgen -W "
        + ShellText.quoted(option.choices.joinedText(" ")) + " -- \"$current\");"
    }
    switch option.source {
    case .directory: return "mapfile -t COMPREPLY < <(compgen -d -- \"$current\");"
    case .file: return "mapfile -t COMPREPLY < <(compgen -f -- \"$current\");"
    case .pool, .anything: return "COMPREPLY=();"
    }
  }
}
