public import Pools
public import State

/// How changes are put into pools.
public struct CaptureSettings: Sendable {
  /// What has to survive before a change counts as put into its pool. With `.fast` a loss of power may lose the newest messages.
  public var durability = Durability.flush
  /// How long to wait after the first failure, in nanoseconds; twice as long after each further one.
  public var firstPause: Int64 = 100_000_000
  /// The longest wait between attempts, in nanoseconds.
  public var longestPause: Int64 = 30_000_000_000
  /// How long `TableCapture` goes on when it is let go without `stop`, in nanoseconds.
  public var grace: Int64 = 2_000_000_000
  /// Rows that are put into a pool at once.
  package var rowsPerBatch = 256
  /// Bytes that are put into a pool at once, about.
  package var bytesPerBatch = 4 << 20
  /// Rows in pools after which the database is told. After a crash these are looked for in the pool.
  package var rowsPerMark: Int64 = 1024
  /// How long the database may not know of a row that is in its pool, in nanoseconds.
  package var markDelay: Int64 = 20_000_000
  /// Asked at each step whether the thread is to end there, as if the process had been killed. Tests only.
  package var dies: (@Sendable (CaptureStep) -> Bool)?

  /// The usual ones.
  public init() {}
}

/// A step at which a test may end the thread.
package enum CaptureStep: Sendable {
  /// Messages are in a pool, and nobody knows it.
  case appended
  /// The database knows.
  case marked
}

/// What those should hear who run a node. Each is told once.
public enum CaptureEvent: Sendable {
  /// A pool cannot be written; the capture waits and tries again.
  case waiting(CaptureDefinition, PoolError)
  /// It can be written again.
  case resumed(CaptureDefinition)
  /// The outbox was full: changes with these numbers are lost to the capture, whose pool says so too.
  case lost(CaptureDefinition, ClosedRange<Int64>)
  /// The database cannot be read or written; all captures wait and try again.
  case stalled(StateError)

  /// One line for a log.
  public var text: String {
    switch self {
    case .waiting(let capture, let error):
      "the capture into pool \(capture.pool) waits: \(error.message)" + (error.path.map { " (\($0))" } ?? "")
        + (error.hint.map { "; \($0)" } ?? "")
    case .resumed(let capture): "the capture into pool \(capture.pool) goes on"
    case .lost(let capture, let numbers):
      "the outbox was full: the capture into pool \(capture.pool) lost changes \(numbers.lowerBound) to \(numbers.upperBound)"
    case .stalled(let error):
      "captures wait for the database: \(error.message)" + (error.hint.map { "; \($0)" } ?? "")
    }
  }
}

/// How far a capture is.
public struct CaptureStatus: Sendable {
  /// What is captured.
  public let definition: CaptureDefinition
  /// The last change of the outbox that is in the pool, or is not wanted there.
  public let done: Int64
  /// Changes of the outbox behind that one, wanted or not.
  public let waiting: Int64
  /// Messages that were put into the pool since the start.
  public let messages: UInt64
  /// Why nothing more is put there now; nil if nothing is wrong.
  public let lastError: PoolError?
}
