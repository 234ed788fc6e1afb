import Platform

/// A server that runs as long as this value lives.
final class Server {
  private let process: ChildProcess
  var id: UInt64 { process.id() }

  /// - Parameter isReady: asked again and again, until it says so or ten seconds have passed.
  init(_ arguments: [String], environment: [String: String] = [:], isReady: () -> Bool) throws {
    process = try ChildProcess(
      environment.isEmpty ? arguments : ["env"] + environment.map { "\($0.key)=\($0.value)" } + arguments,
      input: .null, output: .null, error: .null)
    let deadline = Deadline.after(nanoseconds: 10_000_000_000)
    while !isReady() {
      guard !deadline.hasPassed, try process.wait(until: .now) == nil else {
        throw RoleProcess.Failure(description: "\(arguments[0]): did not start")
      }
      Clock.sleep(until: .after(nanoseconds: 10_000_000))
    }
  }

  deinit {
    try? process.send(.terminate)
    if (try? process.wait(until: .after(nanoseconds: 5_000_000_000))) == nil {
      try? process.send(.kill)
      _ = try? process.wait()
    }
  }

  /// Whether something listens at a port of 127.0.0.1.
  static func listens(at port: UInt16) -> Bool {
    guard let address = try? SocketAddress.literal("127.0.0.1", port: port),
      let (socket, isPending) = try? Sockets.connect(address)
    else { return false }
    defer { Sockets.close(socket, aborting: true) }
    guard isPending else { return true }
    let deadline = Deadline.after(nanoseconds: 1_000_000_000)
    while !deadline.hasPassed {
      guard let isConnected = try? Sockets.connectResult(socket) else { return false }
      if isConnected { return true }
      Clock.sleep(until: .after(nanoseconds: 1_000_000))
    }
    return false
  }

  /// A port that is free now.
  static func freePort() throws -> UInt16 {
    let listener = try Sockets.listen(.literal("127.0.0.1", port: 0), backlog: 1)
    defer { Sockets.closeListener(listener) }
    return try Sockets.localAddress(listener).port
  }
}

/// A program that is run to its end for what it prints.
enum Tool {
  static func run(_ arguments: [String]) throws -> String {
    let process = try ChildProcess(arguments, input: .null, output: .pipe, error: .null)
    var text: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let got = try chunk.withUnsafeMutableBytes { try process.readOutput(into: $0) }
      if got == 0 { break }
      text += chunk[..<got]
    }
    guard try process.wait() == .exited(0) else {
      throw RoleProcess.Failure(description: "\(arguments[0]): failed")
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Whether there is a program of this name.
  static func exists(_ name: String) -> Bool { (try? run(["sh", "-c", "command -v \(name)"])) != nil }

  /// The number that stands behind `word`, or else before it.
  static func number(in text: String, behind word: String) -> Double? {
    guard let place = text.utf8.firstRange(of: word.utf8) else { return nil }
    return Double(String(text[place.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "." }))
  }

  static func number(in text: String, before word: String) -> Double? {
    guard let place = text.utf8.firstRange(of: word.utf8) else { return nil }
    let digits = text[..<place.lowerBound].reversed().prefix { $0.isNumber || $0 == "." }
    return Double(String(digits.reversed()))
  }
}
