// Completion scripts, made from the description alone.

/// A shell that a completion script can be made for.
package enum Shell: Sendable, CaseIterable {
  case bash, zsh, fish, powershell

  package var name: String {
    switch self {
    case .bash: "bash"
    case .zsh: "zsh"
    case .fish: "fish"
    case .powershell: "powershell"
    }
  }
}

/// A command as completion scripts see it: with its whole path and everything that may be typed after it.
struct CompletionNode {
  let path: [String]
  let summary: String
  /// Names and summaries.
  let subcommands: [(name: String, summary: String)]
  let options: [Option]
  let positionals: [Positional]

  var words: [String] {
    subcommands.map { $0.name }
      + options.map { "--\($0.name)" }
      + options.compactMap { $0.short.map { "-\(String($0))" } }
      + positionals.flatMap { $0.choices }
  }
}

extension Command {
  /// A script that teaches the shell to complete this command; `self` is the root.
  package func completionScript(for shell: Shell) -> String {
    let nodes = completionNodes(path: [name], globals: globals + [Option.help, Option.version])
    switch shell {
    case .bash: return BashCompletion.script(program: name, nodes: nodes)
    case .zsh: return ZshCompletion.script(program: name, nodes: nodes)
    case .fish: return FishCompletion.script(program: name, nodes: nodes)
    case .powershell: return PowerShellCompletion.script(program: name, nodes: nodes)
    }
  }

  private func completionNodes(path: [String], globals: [Option]) -> [CompletionNode] {
    var commands = shownSubcommands.map { (name: $0.name, summary: $0.summary) }
    if isGroup { commands.append((name: "help", summary: "Print help for a command")) }
    let node = CompletionNode(
      path: path, summary: summary, subcommands: commands, options: shownOptions + globals.filter { !$0.isHidden },
      positionals: positionals)
    return [node]
      + shownSubcommands.flatMap { $0.completionNodes(path: path + [$0.name], globals: globals) }
  }
}

extension Option {
  fileprivate static let help = Option.flag("help", short: "h", "Print help")
  fileprivate static let version = Option.flag("version", short: "V", "Print the version")
}

enum ShellText {
  /// In single quotes, as POSIX shells, zsh and fish read them.
  static func quoted(_ text: String) -> String { "'" + replacing(UInt8(ascii: "'"), in: text, with: "'\\''") + "'" }

  static func replacing(_ byte: UInt8, in text: String, with replacement: String) -> String {
    var result: [UInt8] = []
    for other in text.utf8 {
      if other == byte { result += Array(replacement.utf8) } else { result.append(other) }
    }
    return String(decoding: result, as: UTF8.self)
  }
}
