import Agent
import Arguments
import CommandSupport
import Platform
import RawServer
import Support
import Synchronization

@testable import StateCommands

/// The tree of the real commands.
let root = ProgramCommand("weir", "").with {
  $0.globals = Globals.all
  $0.options = StateFamily.options
  $0.subcommands = StateFamily.commands
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

/// A server that says what a test wants it to, and remembers what it was asked.
final class FakeNode: Sendable {
  private let server: RawServer
  private let seen: SeenRequests

  init(_ answer: @escaping RawServer.Answer) throws {
    let seen = SeenRequests()
    self.seen = seen
    server = try RawServer { request, connection in
      seen.add(request)
      answer(request, connection)
    }
  }

  var address: String { "127.0.0.1:\(server.port)" }
  var requests: [RawRequest] { seen.all }

  /// The words of a command line that asks this node, whatever the configuration says.
  func words(_ words: String...) -> [String] { words + ["--api-addr", address] }
}

private final class SeenRequests: Sendable {
  private let requests = Mutex<[RawRequest]>([])
  func add(_ request: RawRequest) { requests.withLock { $0.append(request) } }
  var all: [RawRequest] { requests.withLock { $0 } }
}

/// A whole answer to a query: the names of the columns, rows as JSON, and the end.
func rows(_ columns: String, _ rows: [String]) -> String {
  "{\"columns\":\(columns)}\n"
    + rows.enumerated().map { "{\"row\":[\($0.offset + 1),\($0.element)]}\n" }.joined()
    + "{\"eoq\":{\"time\":8e-8}}\n"
}
