internal import CommandSupport
internal import Documents

/// The server itself.
enum GatewayProgram {
  /// Serves until somebody asks it to stop.
  static func run(_ setup: ServerSetup, _ session: Session) throws(CommandError) -> ExitCode {
    throw .failed(Failure(.internal, "not wired"))
  }
}
