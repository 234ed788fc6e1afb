internal import CPlatform

/// Requests from outside to end the process: Ctrl-C, SIGTERM, a closed console, shutdown.
public enum StopRequests {
  /// Who asked.
  public enum Reason: Int32, Sendable {
    /// SIGINT or Ctrl-C.
    case interrupt = 1
    /// SIGTERM, SIGHUP, Ctrl-Break, console closed, log-off, shutdown.
    case terminate
  }

  /// From now on requests are kept instead of ending the process, and end every wait on a `Wake`; writing to a closed pipe
  /// fails with `.closed`. Call once, before other threads start.
  public static func listen() throws(SystemError) { try check(platform_stop_listen()) }

  /// The request that came, if any.
  public static var requested: Reason? { Reason(rawValue: platform_stop_requested()) }

  /// Waits for a request; nil at the deadline.
  public static func wait(until deadline: Deadline) -> Reason? {
    Reason(rawValue: platform_stop_wait(deadline.nanoseconds))
  }

  /// Says that everything is put away, so that the system need not wait longer.
  public static func finished() { platform_stop_finished() }
}
