internal import Arguments
internal import Documents
internal import Platform

/// The frame around every command: reads the arguments, runs what they choose, reports what went wrong.
package enum Program {
  /// The whole life of the process: runs what its arguments choose on its standard streams, and ends it.
  package static func main(_ root: ProgramCommand) -> Never {
    let output = Output(File.standardOutput())
    let errors = Output(File.standardError())
    let noColor = Process.environment("NO_COLOR")?.isEmpty == false
    let status: ExitCode
    if let index = Process.unreadableArgument {
      let error = Failure(
        .usage, "argument \(index) is not valid UTF-8",
        hint: "Check the terminal's encoding. Try `\(root.name) --help`.")
      Session(Invocation(root), output: output, errors: errors, noColor: noColor).report(error)
      status = .failure(error.kind)
    } else {
      status = run(root, Process.arguments, output: output, errors: errors, noColor: noColor)
    }
    StopRequests.finished()
    Process.exit(status.value)
  }

  /// Runs the command that `words` choose and returns its exit code. Everything it wrote is out by then.
  ///
  /// - Parameter noColor: Whether the user wants no colours anywhere unless they are asked for.
  package static func run(
    _ root: ProgramCommand, _ words: [String], output: Output, errors: Output, noColor: Bool = false
  ) -> ExitCode {
    func session(_ invocation: Invocation) -> Session {
      Session(invocation, output: output, errors: errors, noColor: noColor)
    }
    let request: Request<Action>
    do throws(ArgumentError) {
      request = try root.parse(words)
    } catch {
      let session = session(error.soFar)
      return end(session, .failure(CommandError(error)))
    }
    switch request {
    case .help(let text, let isMissing, let invocation):
      let session = session(invocation)
      return end(session, printing(text, in: session).map { isMissing ? .failure(.usage) : .success })
    case .version(let invocation):
      let session = session(invocation)
      return end(session, printing("\(root.name) \(Version.number)\n", in: session).map { .success })
    case .run(let action, let invocation):
      let session = session(invocation)
      return end(session, running(action, invocation, session))
    }
  }

  private static func running(
    _ action: Action, _ invocation: Invocation, _ session: Session
  ) -> Result<ExitCode, CommandError> {
    do throws(CommandError) {
      try Globals.check(invocation)
      return .success(try action.run(invocation, session))
    } catch {
      return .failure(error)
    }
  }

  private static func printing(_ text: String, in session: Session) -> Result<Void, CommandError> {
    do throws(CommandError) {
      return .success(try session.output.write(text))
    } catch {
      return .failure(error)
    }
  }

  private static func end(_ session: Session, _ result: Result<ExitCode, CommandError>) -> ExitCode {
    let flushed: CommandError?
    do throws(CommandError) {
      try session.output.flush()
      flushed = nil
    } catch {
      flushed = error
    }
    switch result {
    case .success(let status):
      guard case .failed(let error) = flushed else { return status }
      session.report(error)
      return .failure(error.kind)
    case .failure(.outputClosed): return .success
    case .failure(.failed(let error)):
      session.report(error)
      return .failure(error.kind)
    }
  }
}
