import Platform

/// How long `weir version` takes from start to end, beside a program that does nothing. Both are static release builds.
enum StartBenchmark {
  static func run(weir: String, empty: String, _ report: inout Report) throws {
    let result = try sideBySide(ours: { try start([weir, "version"]) }, peer: { try start([empty]) })
    report.add(
      Row(
        name: "weir version, start to end", figure: duration(result.ours), beside: "empty static Swift program",
        peerFigure: duration(result.peer), ratio: result.ours / result.peer, target: 3, better: .lower))
  }

  private static func start(_ arguments: [String]) throws -> Double {
    median(
      try (0..<40).map { _ in
        try nanoseconds(for: 1) {
          let child = try ChildProcess(arguments, input: .null, output: .null)
          _ = try child.wait()
        }
      })
  }
}
