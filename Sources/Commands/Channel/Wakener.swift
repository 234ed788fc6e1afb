internal import Channels
internal import CommandSupport
internal import Documents
internal import Platform

/// Wakes whoever waits for messages when the process is asked to stop.
enum Wakener {
  private final class Holder {
    let thread: Thread
    init(_ thread: consuming Thread) { self.thread = thread }
  }

  /// `Stopping.begin` comes before: an engine has threads, which have to leave such requests to the thread that takes them.
  static func begin(_ group: ChannelGroup) throws(CommandError) {
    try start("failed to wait for stop requests") {
      _ = StopRequests.wait(until: .never)
      try? group.update()
    }
  }

  /// Starts a thread that is never joined: it ends with the process.
  static func start(_ fault: String, _ body: @escaping @Sendable () -> Void) throws(CommandError) {
    do throws(SystemError) {
      _ = Unmanaged.passRetained(Holder(try Thread(body)))
    } catch {
      throw .failed(Failure(.internal, fault, causes: [error.message]))
    }
  }
}
