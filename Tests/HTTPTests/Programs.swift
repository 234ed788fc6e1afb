import Platform

/// What came of a program.
struct Run {
  let end: ChildProcess.End?
  let output: [UInt8]
  var text: String { String(decoding: output, as: UTF8.self) }
  var succeeded: Bool { end == .exited(0) }
}

/// Runs a program to its end.
func run(_ arguments: [String]) throws -> Run {
  let child = try ChildProcess(arguments, input: .null, output: .pipe, error: .null)
  var output: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 64 << 10)
  while true {
    let count = try buffer.withUnsafeMutableBytes { try child.readOutput(into: $0) }
    if count == 0 { break }
    output += buffer[..<count]
  }
  return Run(end: try child.wait(until: .after(nanoseconds: 60_000_000_000)), output: output)
}

/// Whether the clients of other people are there; `make test` installs them.
let hasPrograms: Bool = ["curl", "nghttp", "h2load"].allSatisfy { name in
  (try? run([name, "--version"]))?.succeeded == true
}

extension TestServer {
  /// Asks with curl, which gives up after a minute.
  func curl(_ wire: Wire, _ path: String, _ options: [String] = []) throws -> Run {
    try run(["curl", "-sS", "-m", "60"] + wire.curlOptions + options + [url(wire, path)])
  }
}
