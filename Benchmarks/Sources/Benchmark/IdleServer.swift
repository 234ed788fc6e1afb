import CMachine
import Platform

/// A server whose clients say nothing, each connection having been used once.
struct IdleServer {
  var name: String
  /// The program and its first arguments; the roles are `hold-server` and `hold-client`.
  var program: [String]
  var connections: Int
  /// What may be resident.
  var megabytes: Double?
  /// Whether memory and processor time have to stay within what was asked for.
  var isWeir = false

  /// Reports what stays resident and how much processor time a second costs. Where this process may not open that many files,
  /// it says so and measures nothing.
  func run(_ report: inout Report) throws {
    let files = machine_open_files_limit()
    guard files > UInt64(connections) + 100 else {
      try File.standardError().write(
        Array("  \(connections) idle connections: left out, only \(files) files may be open\n".utf8))
      return
    }
    let cost = try measure()
    let title = "\(connections) idle connections" + (isWeir ? "" : ", \(name)")
    report.add(
      Row(
        name: title, figure: "\(decimals(cost.megabytes)) MB resident", beside: megabytes == nil ? "" : "asked for",
        peerFigure: megabytes.map { "\(decimals($0)) MB" } ?? "", ratio: cost.megabytes / (megabytes ?? .nan),
        target: isWeir && megabytes != nil ? 1 : nil, better: .lower))
    report.add(
      Row(
        name: "\(title), processor time", figure: "\(duration(cost.nanoseconds)) in 1 s", beside: "none",
        peerFigure: "0",
        ratio: cost.nanoseconds / 1e9, target: isWeir ? 0.001 : nil, better: .lower))
  }

  private func measure() throws -> (megabytes: Double, nanoseconds: Double) {
    let server = try RoleProcess(program + ["hold-server", "place=0"], seconds: 60)
    let place = try server.place()
    let client = try RoleProcess(
      program + ["hold-client", "place=\(place)", "connections=\(connections)"], seconds: 60)
    try client.measure()
    let before = machine_processor_time(server.id)
    Clock.sleep(until: .after(nanoseconds: 1_000_000_000))
    let nanoseconds = machine_processor_time(server.id) - before
    let resident = machine_resident_bytes(server.id)
    try client.finish()
    try server.finish()
    return (Double(resident) / 1e6, Double(nanoseconds))
  }
}
