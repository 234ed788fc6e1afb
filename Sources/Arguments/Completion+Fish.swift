enum FishCompletion {
  static func script(program: String, nodes: [CompletionNode]) -> String {
    var script = "# fish completion for \(program)\n\n"
    script += "# True when the words typed so far, options left out, begin with these and name no further command.\n"
    script += "function __\(program)_at\n"
    script += "  set -l words (string match -v -- '-*' (commandline -opc))\n"
    script += "  set -l depth (count $argv)\n"
    script += "  test (count $words) -ge $depth; or return 1\n"
    script += "  test \"$words[1..$depth]\" = \"$argv\"; or return 1\n"
    script += "  set -l next $words[(math $depth + 1)]\n"
    script += "  test -z \"$next\"; and return 0\n"
    script +=
      "  not contains -- \"$argv $next\" \(nodes.map { ShellText.quoted($0.path.joinedText(" ")) }.joinedText(" "))\n"
    script += "end\n\n"
    script += "function __\(program)_pools\n"
    script += "  \(program) pool list --format pretty 2>/dev/null | awk 'NR > 1 { print $1 }'\nend\n\n"
    for node in nodes {
      let here = "complete -c \(program) -n \(ShellText.quoted("__\(program)_at \(node.path.joinedText(" "))"))"
      for command in node.subcommands {
        script += "\(here) -f -a \(command.name) -d \(quoted(command.summary))\n"
      }
      for option in node.options {
        script += here + (option.short.map { " -s \(String($0))" } ?? "") + " -l \(option.name)"
        if option.takesValue { script += " -r" }
        if !option.choices.isEmpty { script += " -f -a \(quoted(option.choices.joinedText(" ")))" }
        script += " -d \(quoted(option.summary))\n"
      }
      for positional in node.positionals {
        if positional.source == .pool { script += "\(here) -f -a '(__\(program)_pools)' -d Pool\n" }
        if !positional.choices.isEmpty { script += "\(here) -f -a \(quoted(positional.choices.joinedText(" ")))\n" }
      }
    }
    return script
  }

  /// Fish reads backslashes inside single quotes.
  private static func quoted(_ text: String) -> String {
    let escaped = ShellText.replacing(UInt8(ascii: "\\"), in: text, with: "\\\\")
    return "'" + ShellText.replacing(UInt8(ascii: "'"), in: escaped, with: "\\'") + "'"
  }
}
