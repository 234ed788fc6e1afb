import Platform
import Support

/// What a worker reports: a pair of numbers.
struct Record: Equatable {
  var sequence: UInt64
  var number: UInt64
  /// Whether it is a gap, from `sequence` to `number` without its top bit.
  var isGap: Bool { number >> 63 == 1 }
}

/// A `PoolWorker` process and what it has said. Killed, if it still runs, when nobody needs it.
final class Worker {
  private let child: ChildProcess
  private var pending: [UInt8] = []
  private var records: [Record] = []

  init(_ arguments: [String]) throws {
    let folder = Paths.parent(of: try Paths.executable()) ?? "."
    child = try ChildProcess([Paths.join(folder, "PoolWorker")] + arguments, input: .null, output: .pipe)
  }

  deinit { try? child.send(.kill) }

  var recordCount: Int { records.count }

  /// Reads what has come; false at the end of its output.
  func read() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let got = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
    pending += buffer[..<got]
    var at = 0
    while pending.count - at >= 16 {
      records.append(Record(sequence: word(at), number: word(at + 8)))
      at += 16
    }
    pending.removeFirst(at)
    return got > 0
  }

  private func word(_ at: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(pending[at + $1]) << UInt64(8 * $1) }
  }

  func kill() throws { try child.send(.kill) }

  /// Reads to the end of its output; nil if it does not end then.
  func finish() throws -> (end: ChildProcess.End, records: [Record])? {
    while try read() {}
    return try child.wait(until: .after(nanoseconds: 60_000_000_000)).map { ($0, records) }
  }
}

/// Starts a worker for each list of arguments.
func withWorkers(_ arguments: [[String]], _ body: ([Worker]) throws -> Void) throws {
  try body(try arguments.map { try Worker($0) })
}
