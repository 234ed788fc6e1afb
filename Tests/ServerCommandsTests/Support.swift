import Arguments
import CommandSupport
import Documents
import JSON
import Platform
import Testing

@testable import ServerCommands

/// The tree of the real commands.
let root = ProgramCommand("weir", "").with {
  $0.globals = Globals.all
  $0.subcommands = ServerFamily.commands
}

/// The command line of a test.
func parse(_ words: [String]) throws -> Invocation {
  guard case .run(_, let invocation) = try root.parse(words) else { throw ValueError("not a command to run", hint: "") }
  return invocation
}

/// What a command printed, and how it ended.
struct Run {
  let status: Int32
  let output: String
  let errors: String
}

/// Runs a command line.
func run(_ words: [String], terminal: Bool = false) -> Run {
  let output = Output(keepingAsTerminal: terminal)
  let errors = Output(keepingAsTerminal: terminal)
  let status = Program.run(root, words, output: output, errors: errors, noColor: true).value
  return Run(status: status, output: output.takeText(), errors: errors.takeText())
}

/// The failure that `body` ends with; nil if it does not.
func failure(_ body: () throws(CommandError) -> Void) -> Failure? {
  do throws(CommandError) {
    try body()
    return nil
  } catch {
    guard case .failed(let failure) = error else { return nil }
    return failure
  }
}

/// The text of the member at the end of this path of names in one line of JSON; nil if there is none.
func text(_ json: String, _ names: StaticString...) -> String? {
  var parser = JSONParser()
  let bytes = Array(json.utf8)
  guard let tape = try? parser.parse(bytes.span.bytes) else { return nil }
  var index = tape.root
  for name in names {
    guard let next = tape.member(name, of: index) else { return nil }
    index = next
  }
  return tape.text(at: index)
}
