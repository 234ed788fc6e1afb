package import Arguments
package import Documents
package import Pools

/// How a command ended. See "exit codes" in `weir --help`.
package struct ExitCode: Equatable, Sendable {
  package let value: Int32

  package init(_ value: Int32) { self.value = value }

  package static let success = ExitCode(0)
  /// Nothing arrived within `--timeout`.
  package static let timedOut = ExitCode(124)
  /// As a shell reports a process that SIGINT, or SIGTERM, ended.
  package static let interrupted = ExitCode(130)
  package static let terminated = ExitCode(143)

  package static func failure(_ kind: Failure.Kind) -> ExitCode { ExitCode(Int32(kind.rawValue)) }
}

/// Why a command did not do what it was asked.
package enum CommandError: Error {
  /// To be reported on the error stream; the kind is the exit code.
  case failed(Failure)
  /// Nobody reads the output any more. Not a fault: there is nothing to say, and nobody to say it to.
  case outputClosed

  package init(_ error: PoolError) { self = .failed(Failure(error)) }

  package init(_ error: ArgumentError) {
    self = .failed(Failure(.usage, error.message, hint: error.hint))
  }

  package init(_ error: ValueError) {
    self = .failed(Failure(.usage, error.message, hint: error.hint))
  }

  package static func usage(_ message: String, hint: String) -> CommandError {
    .failed(Failure(.usage, message, hint: hint))
  }
}

/// Runs `body`, and carries its error on as a `CommandError`.
package func storing<Value>(_ body: () throws(PoolError) -> Value) throws(CommandError) -> Value {
  do throws(PoolError) { return try body() } catch { throw CommandError(error) }
}

/// Runs `body`, and carries its error on as a `CommandError`.
package func reading<Value>(_ body: () throws(ValueError) -> Value) throws(CommandError) -> Value {
  do throws(ValueError) { return try body() } catch { throw CommandError(error) }
}
