package import Documents

/// Something worth knowing that is not an error, on the error stream.
package struct Notice {
  package enum Kind {
    case drop, ingestSkip, ingestSummary
    case listening, channelOpened, channelClosed, channelRefused, duplicate, reconnect
    /// What a node says of its work.
    case node
    /// Something that is not safe, or not as it looks.
    case warning

    package var name: String {
      switch self {
      case .drop: "drop"
      case .ingestSkip: "ingest_skip"
      case .ingestSummary: "ingest_summary"
      case .listening: "listening"
      case .channelOpened: "channel_opened"
      case .channelClosed: "channel_closed"
      case .channelRefused: "channel_refused"
      case .duplicate: "duplicate"
      case .reconnect: "reconnect"
      case .node: "node"
      case .warning: "warning"
      }
    }
  }

  /// What it is about, as the user named it.
  package enum Subject {
    case pool(String)
    case address(String)
    case path(String)
  }

  package let kind: Kind
  package let command: String
  package let message: String
  package let subject: Subject
  package let details: [(String, Report)]

  package init(_ kind: Kind, command: String, message: String, subject: Subject, details: [(String, Report)]) {
    self.kind = kind
    self.command = command
    self.message = message
    self.subject = subject
    self.details = details
  }

  package init(
    kind: Kind, command: String, message: String, pool: String, details: [(String, Report)]
  ) {
    self.init(kind, command: command, message: message, subject: .pool(pool), details: details)
  }

  /// - Parameter time: Nanoseconds since 1970-01-01 UTC.
  package func report(time: UInt64) -> Report {
    let about: (String, Report) =
      switch subject {
      case .pool(let text): ("pool", .text(text))
      case .address(let text): ("address", .text(text))
      case .path(let text): ("path", .text(text))
      }
    return .object([
      (
        "notice",
        .object([
          ("kind", .text(kind.name)), ("cmd", .text(command)), ("message", .text(message)), about,
          ("time", .time(time)), ("details", .object(details)),
        ])
      )
    ])
  }

  package var text: String {
    if kind == .warning { return "warning: \(message)\n" }
    guard kind == .drop, case .pool(let pool) = subject else { return "notice: \(message)\n" }
    return "notice: \(message) (pool: \(pool))\n"
  }
}
