internal import Arguments
internal import Documents
package import Platform

/// How commands that go on for long end when they are asked to.
package enum Stopping {
  /// How long a command may take to finish what it has begun, in nanoseconds.
  private static let grace: Int64 = 10_000_000_000

  /// From now on a stop request is something to look for, not the end of the process. Writing to a closed pipe is an error
  /// from now on.
  ///
  /// A command may wait for a lock that nobody gives back, or on a disk that hangs. So that it can be stopped all the same, the
  /// process ends without further ado some time after the request.
  package static func begin() throws(CommandError) {
    try listen()
    try onRequest { reason in
      Clock.sleep(until: .after(nanoseconds: grace))
      Process.exit(code(reason).value)
    }
  }

  /// For commands that leave nothing half done: a stop request ends the process at once. Writing to a closed pipe, or to a
  /// connection that is gone, is an error from now on.
  package static func beginEndingAtOnce() throws(CommandError) {
    try listen()
    try onRequest { reason in Process.exit(code(reason).value) }
  }

  /// Like `begin`, for commands that end when something else does, however long that takes.
  package static func listen() throws(CommandError) {
    do throws(SystemError) {
      try StopRequests.listen()
    } catch {
      throw .failed(Failure(.internal, "failed to listen for stop requests", causes: [error.message]))
    }
  }

  /// Does something when a stop request comes, on a thread of its own that ends with the process.
  package static func onRequest(
    _ action: @escaping @Sendable (StopRequests.Reason) -> Void
  ) throws(CommandError) {
    do throws(SystemError) {
      // Never joined.
      _ = Unmanaged.passRetained(
        Watch(
          try Thread {
            if let reason = StopRequests.wait(until: .never) { action(reason) }
          }))
    } catch {
      throw .failed(Failure(.internal, "failed to wait for stop requests", causes: [error.message]))
    }
  }

  package static func code(_ reason: StopRequests.Reason) -> ExitCode {
    switch reason {
    case .interrupt: .interrupted
    case .terminate: .terminated
    }
  }

  private final class Watch {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }
}
