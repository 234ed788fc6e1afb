import Platform

/// Two processes that talk to each other, and who of them measures.
struct Duo {
  enum Side { case server, client }
  /// The program and its first arguments; a role follows, and then the settings.
  var program: [String]
  var server: String
  var client: String
  var measuring: Side
  /// `KEY=VALUE`, for both.
  var settings: [String]
  /// Where to listen: a path, or "0" for a free TCP port.
  var place = "0"
  /// How long one run may take.
  var seconds: Int64 = 60

  /// Starts both, waits for the figures, and sees them end.
  ///
  /// - Returns: What they said. What both said is added up, as heap allocations are.
  func run() throws -> [String: Double] {
    if place != "0" { try? Paths.remove(place) }
    let server = try RoleProcess(program + [self.server, "place=\(place)"] + settings, seconds: seconds)
    let found = try server.place()
    let client = try RoleProcess(program + [self.client, "place=\(found)"] + settings, seconds: seconds)
    try (measuring == .server ? server : client).measure()
    try client.finish()
    try server.finish()
    return server.figures.merging(client.figures, uniquingKeysWith: +)
  }
}

/// Weir and its rivals at the same thing, in turn, so that all see the same machine.
struct Contest {
  enum Quantity {
    /// Nanoseconds: less is better.
    case duration
    /// A second: more is better.
    case rate
    /// Messages of so many bytes a second, shown as bytes.
    case bytes(Int)

    var better: Row.Better {
      if case .duration = self { .lower } else { .higher }
    }
  }

  /// What one side says under a key, and how a row calls it.
  struct Figure {
    var key: String
    var title: String
    var quantity: Quantity
  }

  struct Rival {
    var name: String
    /// Different settings of one library. The best counts, run by run.
    var ways: [Duo]
    /// What the ratio of Weir's figure to this one has to reach, by key.
    var targets: [String: Double] = [:]
  }

  /// What Weir's figure has to reach whatever the others do.
  struct Wish {
    var key: String
    var value: Double
  }

  var figures: [Figure]
  var weir: Duo?
  var rivals: [Rival]
  var wishes: [Wish] = []

  /// Measures everybody and reports Weir beside each rival and each wish; without Weir, the first rival beside the others.
  func run(_ report: inout Report) throws {
    let ours = weir.map { [Rival(name: "Weir", ways: [$0])] } ?? []
    let contenders = ours + rivals
    var results = contenders.map { _ in [[String: Double]]() }
    for _ in 0..<runs {
      for (index, contender) in contenders.enumerated() { results[index].append(try best(of: contender.ways)) }
    }
    for figure in figures {
      let values = results.map { $0.map { $0[figure.key] ?? .nan } }
      for index in contenders.indices.dropFirst() {
        report.add(row(figure, contenders, values, beside: index))
      }
      guard weir != nil else { continue }
      for wish in wishes where wish.key == figure.key { report.add(row(figure, values[0], wish)) }
    }
    if weir != nil { addAllocations(results[0].compactMap { $0["allocations"] }, &report) }
  }

  /// What Weir's two sides allocated for one message once they were warm, if they count it.
  private func addAllocations(_ values: [Double], _ report: inout Report) {
    if values.isEmpty { return }
    let worst = values.max() ?? .nan
    report.add(
      Row(
        name: "heap allocations, \(figures[0].title)", figure: "\(decimals(worst)) each", beside: "none",
        peerFigure: "0",
        ratio: worst, target: 0.001, better: .lower))
  }

  private func row(_ figure: Figure, _ contenders: [Rival], _ values: [[Double]], beside index: Int) -> Row {
    let rival = contenders[index]
    return Row(
      name: weir == nil ? "\(figure.title), \(contenders[0].name)" : figure.title,
      figure: text(median(values[0]), figure.quantity), beside: rival.name,
      peerFigure: text(median(values[index]), figure.quantity),
      ratio: median(zip(values[0], values[index]).map { $0 / $1 }),
      target: weir == nil ? nil : rival.targets[figure.key], better: figure.quantity.better)
  }

  private func row(_ figure: Figure, _ values: [Double], _ wish: Wish) -> Row {
    let wanted = text(wish.value, figure.quantity)
    return Row(
      name: figure.title, figure: text(median(values), figure.quantity), beside: "asked for", peerFigure: wanted,
      ratio: median(values) / wish.value, target: 1, better: figure.quantity.better)
  }

  private func best(of ways: [Duo]) throws -> [String: Double] {
    let key = figures[0].key
    let results = try ways.map { try $0.run() }
    let sorted = results.sorted { ($0[key] ?? .nan) < ($1[key] ?? .nan) }
    return (figures[0].quantity.better == .lower ? sorted.first : sorted.last) ?? [:]
  }

  private func text(_ value: Double, _ quantity: Quantity) -> String {
    switch quantity {
    case .duration: duration(value)
    case .rate: rate(1e9 / value)
    case .bytes(let size): "\(decimals(value * Double(size) / 1e9)) GB/s"
    }
  }
}
