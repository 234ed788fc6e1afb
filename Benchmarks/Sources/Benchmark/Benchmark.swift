import Platform

/// Measures pools, channels and replicated tables against what the machine can do and against what people use instead, everything in one run.
///
///     benchmark [--json] [--quick] [--only encode|append|read|writers|follow|start|channels|http|state]
///         [--weir PATH --empty PATH]
///
/// Figures are medians of five runs; a ratio is the median of the ratios of single runs, ours and the peer's taken in turn.
@main enum Benchmark {
  static func main() {
    do {
      let arguments = Process.arguments
      if arguments.first == "channel" { ChannelRoles.run(Array(arguments.dropFirst())) }
      if try Role.run(arguments) { Process.exit(0) }
      try measure(arguments)
    } catch {
      try? File.standardError().write(Array("benchmark: \(error)\n".utf8))
      Process.exit(1)
    }
    Process.exit(0)
  }

  private static func measure(_ arguments: [String]) throws {
    let count = arguments.contains("--quick") ? 20_000 : 200_000
    var report = Report()
    let only = value("--only", arguments)
    let wanted = { (part: String) in only == nil || only == part }
    if wanted("encode") { try EncodingBenchmarks(count: count).run(&report) }
    if wanted("append") { try AppendBenchmarks(count: count).run(&report) }
    if wanted("read") { try ReadBenchmarks(count: count).run(&report) }
    if wanted("writers") { try ProcessBenchmarks(count: count).writers(&report) }
    if wanted("follow") { try ProcessBenchmarks(count: count).follow(&report) }
    if wanted("state") { try StateBenchmarks(count: count).run(&report) }
    if wanted("node"), let weir = value("--weir", arguments),
      let node = try NodeBenchmarks(count: count, weir: weir)
    {
      try node.run(&report)
    }
    if wanted("channels"), let channels = try ChannelBenchmarks(count: count) { try channels.run(&report) }
    if wanted("http"), let weir = value("--weir", arguments),
      let http = try HTTPBenchmarks(count: count, weir: weir)
    {
      try http.run(&report)
    }
    if wanted("start"), let weir = value("--weir", arguments), let empty = value("--empty", arguments) {
      try StartBenchmark.run(weir: weir, empty: empty, &report)
    }
    try File.standardOutput().write(Array((arguments.contains("--json") ? report.json : report.table).utf8))
  }

  private static func value(_ option: String, _ arguments: [String]) -> String? {
    arguments.firstIndex(of: option).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
  }
}
