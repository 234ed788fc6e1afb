import Platform

/// One of the programs under `Examples`, running. Killed, if it still runs, when nobody needs it.
final class Example {
  private let child: ChildProcess
  private var pending: [UInt8] = []
  private var isOver = false

  init(_ name: String, _ arguments: [String] = []) throws {
    let folder = Paths.parent(of: try Paths.executable()) ?? "."
    child = try ChildProcess([Paths.join(folder, name)] + arguments, input: .null, output: .pipe)
  }

  deinit { try? child.send(.kill) }

  /// The next line of its output, waited for; nil at the end.
  func nextLine() throws -> String? {
    while true {
      if let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: pending[..<end], as: UTF8.self)
        pending.removeFirst(end + 1)
        return line
      }
      guard !isOver else { return nil }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let got = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
      isOver = got == 0
      pending += buffer[..<got]
    }
  }

  /// What a server says first ends with the address that it is at.
  func address() throws -> String {
    String(try nextLine()?.split(separator: " ").last ?? "")
  }

  /// All other lines, and how it ended; nil if it does not end.
  func finish() throws -> (lines: [String], end: ChildProcess.End?) {
    var lines: [String] = []
    while let line = try nextLine() { lines.append(line) }
    return (lines, try child.wait(until: .after(nanoseconds: 60_000_000_000)))
  }
}
