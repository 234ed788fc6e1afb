import Arguments
import Channels
import CommandSupport
import Documents
import Testing

@testable import ChannelCommands

/// The command line of a test, run on a tree of the real commands.
func parse(_ words: [String]) throws -> Invocation {
  let root = ProgramCommand("weir", "").with {
    $0.globals = Globals.all
    $0.subcommands = [ChannelFamily.command(secure: nil)]
  }
  guard case .run(_, let invocation) = try root.parse(["channel"] + words) else {
    throw ValueError("not a command to run", hint: "")
  }
  return invocation
}

/// A session whose output is kept.
func session(_ invocation: Invocation, terminal: Bool = false) -> (Session, Output) {
  let output = Output(keepingAsTerminal: terminal)
  return (Session(invocation, output: output, errors: Output(keepingAsTerminal: false)), output)
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

/// An engine that only makes messages.
func messages() throws -> Engine { try Engine() }

/// A message as if it had come.
func message(
  _ engine: Engine, _ opCode: OpCode = .signal, channel: UInt16 = 7, id: UInt64 = 9, more: Bool = false,
  headers: [(String, String)] = [], body: [UInt8] = []
) throws -> Message {
  var message = engine.makeMessage(opCode, channel: channel, id: id)
  for (name, value) in headers { try message.appendHeader(Array(name.utf8), Array(value.utf8)) }
  try message.appendBody(body.span.bytes)
  message.hasMore = more
  return message
}
