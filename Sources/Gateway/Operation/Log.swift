package import Documents
internal import HTTP
internal import JSON
package import Platform
internal import Synchronization

/// The server's log: one line an event, JSON or text. Safe from any thread.
///
/// A stream that does not take it is ignored: serving goes on.
package final class Log: @unchecked Sendable {
  private let format: GatewaySettings.LogFormat
  private let level: Atomic<UInt8>
  private let isColored: Bool
  private let write: ([UInt8]) -> Void
  private let lock: Lock

  /// - Parameters:
  ///   - isColored: whether the level of a line of text has a colour, for a terminal.
  ///   - write: takes a line with its end; called by one thread at a time.
  package init(
    _ format: GatewaySettings.LogFormat, _ level: GatewaySettings.LogLevel, isColored: Bool = false,
    write: @escaping ([UInt8]) -> Void
  ) throws(SystemError) {
    self.format = format
    self.level = Atomic(level.rawValue)
    self.isColored = isColored
    self.write = write
    lock = try Lock()
  }

  /// Whether an event of this level is written.
  func takes(_ level: GatewaySettings.LogLevel) -> Bool { level.rawValue <= self.level.load(ordering: .relaxed) }

  /// Writes events of this level, and of those that are graver, from now on.
  package func set(_ level: GatewaySettings.LogLevel) { self.level.store(level.rawValue, ordering: .relaxed) }

  /// Writes an event: what happened, and what is known of it.
  package func event(
    _ level: GatewaySettings.LogLevel, _ message: StaticString, _ details: [(String, Report)] = []
  ) {
    guard takes(level) else { return }
    let now = Clock.wall()
    var line: [UInt8] = []
    switch format {
    case .json:
      let members: [(String, Report)] = [
        ("time", .time(now)), ("level", .text(level.name)), ("event", .text(message.text)),
      ]
      let json = Report.object(members + details).line(.compact)
      json.output.withUnsafeBytes { line.append(contentsOf: $0) }
    case .text:
      let name = isColored ? level.coloredName : level.name
      line += Array("\(timestamp(now)) \(name) \(message)".utf8)
      for (name, value) in details {
        let json = value.line(.compact)
        line += Array(" \(name)=".utf8)
        json.output.withUnsafeBytes { line.append(contentsOf: $0.dropLast()) }
      }
      line.append(0x0a)
    }
    lock.lock()
    write(line)
    lock.unlock()
  }

  /// The same about an error.
  package func event(_ level: GatewaySettings.LogLevel, _ message: StaticString, _ failure: Failure) {
    event(level, message, [("error", failure.report)])
  }

  /// Writes an event about a request that was answered.
  func request(_ request: Request, status: UInt16, bytes: UInt64, nanoseconds: Int64) {
    let level: GatewaySettings.LogLevel = status >= 500 ? .warn : status >= 400 ? .info : .debug
    guard takes(level) else { return }
    event(
      level, "request",
      [
        ("method", .text(request.method.text.text)), ("path", .text(request.pathText)),
        ("status", .whole(UInt64(status))),
        ("bytes", .whole(bytes)), ("ms", .decimal(Double(nanoseconds / 1000) / 1000)),
        ("peer", .text(request.peer.address.text)),
      ])
  }
}

extension GatewaySettings.LogLevel {
  /// The name in a colour that terminals know.
  fileprivate var coloredName: String {
    let color =
      switch self {
      case .error: 31
      case .warn: 33
      case .info: 32
      case .debug: 36
      }
    return "\u{1b}[\(color)m\(name)\u{1b}[0m"
  }
}
