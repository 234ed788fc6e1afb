import Platform

/// What a worker reports: a pair of numbers.
package struct WorkerRecord: Equatable {
  package var sequence: UInt64
  package var number: UInt64
  /// Whether it is a gap, from `sequence` to `number` without its top bit.
  package var isGap: Bool { number >> 63 == 1 }
}

/// The process of another program of the tests, and what it has said. Killed, if it still runs, when nobody needs it.
package final class Worker {
  private let child: ChildProcess
  private var pending: [UInt8] = []
  private var records: [WorkerRecord] = []

  /// Starts a program that was built beside the tests.
  package init(_ program: String, _ arguments: [String]) throws {
    let folder = Paths.parent(of: try Paths.executable()) ?? "."
    child = try ChildProcess([Paths.join(folder, program)] + arguments, input: .null, output: .pipe)
  }

  deinit { try? child.send(.kill) }

  /// How many records have come.
  package var recordCount: Int { records.count }

  /// Reads what has come; false at the end of its output.
  package func read() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let got = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
    pending += buffer[..<got]
    var at = 0
    while pending.count - at >= 16 {
      records.append(WorkerRecord(sequence: word(at), number: word(at + 8)))
      at += 16
    }
    pending.removeFirst(at)
    return got > 0
  }

  private func word(_ at: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(pending[at + $1]) << UInt64(8 * $1) }
  }

  /// Ends it without a warning.
  package func kill() throws { try child.send(.kill) }

  /// Reads to the end of its output; nil if it does not end then.
  package func finish() throws -> (end: ChildProcess.End, records: [WorkerRecord])? {
    while try read() {}
    return try child.wait(until: .after(nanoseconds: 60_000_000_000)).map { ($0, records) }
  }
}

/// Starts a worker for each list of arguments.
package func withWorkers(
  _ arguments: [[String]], of program: String = "PoolWorker", _ body: ([Worker]) throws -> Void
) throws {
  try body(try arguments.map { try Worker(program, $0) })
}
